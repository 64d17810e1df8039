"""tests/fuzz/reduce.py PROGRAM.py --mode MODE: makes a program whose output differs from stock's as small as it can, and prints it.

Statements are taken out (many at once first), compound ones give way to their bodies, expressions to their parts or to constants, for as long as
stock still runs to its end in time and the JIT still prints something else. What is kept is the kind of difference (the JIT dies, does not end, or
prints another text), so that a crash is not lost for a wrong line number.
"""
import argparse
import ast
import copy
import pathlib
import sys
import tempfile
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from run import STOCK_SECONDS, mode_settings, run


def kind_of(expected, found):
    """What is wrong with the JIT's outcome; None: nothing."""
    if found == expected:
        return None
    if found is None:
        return "no end"
    return "dies" if found[0] < 0 else "differs"


class Judge:
    """Says whether a program still shows what the first one did."""

    def __init__(self, options, folder):
        self.options = options
        self.path = pathlib.Path(folder) / options.program.name
        self.tries = 0
        self.wanted = None

    def kind(self, text):
        self.path.write_text(text)
        expected = run(self.options.stock, self.path, {}, STOCK_SECONDS)
        if expected is None or expected[0] != 0:
            return None
        return kind_of(expected, run(self.options.jit, self.path, mode_settings(self.options.mode, self.path), 20 * STOCK_SECONDS))

    def accepts(self, tree):
        self.tries += 1
        if self.tries > self.options.tries:
            return False
        try:
            text = ast.unparse(ast.fix_missing_locations(tree))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(text, "reduced", "exec")
        except (SyntaxError, ValueError):
            return False
        return self.kind(text) == self.wanted


def bodies(tree):
    """All lists of statements, the outermost first."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                yield statements


def take_out(tree, judge):
    """Takes statements out, halves of lists before single ones. True: something went."""
    changed = False
    number = 0
    while number < len(lists := list(bodies(tree))):
        size = len(lists[number])
        while size > 0:
            start = 0
            while start < len(list(bodies(tree))[number]):
                smaller = copy.deepcopy(tree)
                statements = list(bodies(smaller))[number]
                del statements[start:start + size]
                if not statements:
                    statements.append(ast.Pass())
                    done = len(list(bodies(tree))[number]) == 1 and isinstance(list(bodies(tree))[number][0], ast.Pass)
                    if done:
                        break
                if judge.accepts(smaller):
                    tree.body = smaller.body
                    changed = True
                    if number >= len(list(bodies(tree))):
                        return changed
                else:
                    start += size
            size //= 2
        number += 1
    return changed


def flatten(tree, judge):
    """Puts the body of a compound statement in its place."""
    changed = False
    number = 0
    while number < len(list(bodies(tree))):
        place = 0
        while place < len(list(bodies(tree))[number]):
            smaller = copy.deepcopy(tree)
            statements = list(bodies(smaller))[number]
            inner = getattr(statements[place], "body", None)
            if isinstance(inner, list) and not isinstance(statements[place], (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler, ast.match_case)):
                statements[place:place + 1] = inner
                if judge.accepts(smaller):
                    tree.body = smaller.body
                    changed = True
                    continue
            place += 1
        number += 1
    return changed


def expression_places(tree):
    """(parent, field, index or None) of each expression that is read, not assigned to."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(item, ast.expr) and not isinstance(getattr(item, "ctx", ast.Load()), (ast.Store, ast.Del)):
                    yield node, field, index


def simplify(tree, judge):
    """Puts parts of expressions, or 0, in their places."""
    changed = False
    number = 0
    while number < len(list(expression_places(tree))):
        parent, field, index = list(expression_places(tree))[number]
        value = getattr(parent, field) if index is None else getattr(parent, field)[index]
        parts = [part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr)]
        choices = [] if isinstance(value, (ast.Constant, ast.Name)) else [*parts, ast.Constant(0)]
        for choice in range(len(choices)):
            smaller = copy.deepcopy(tree)
            parent, field, index = list(expression_places(smaller))[number]
            if index is None:
                setattr(parent, field, copy.deepcopy(choices[choice]))
            else:
                getattr(parent, field)[index] = copy.deepcopy(choices[choice])
            if judge.accepts(smaller):
                tree.body = smaller.body
                changed = True
                break
        number += 1
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--mode", default="tier2-sync")
    parser.add_argument("--jit", default=str(HERE.parent.parent / "build/pyjit"))
    parser.add_argument("--stock", default="/usr/bin/python3.11")
    parser.add_argument("--tries", type=int, default=2000, help="programs to run at most")
    options = parser.parse_args()
    tree = ast.parse(options.program.read_text())
    with tempfile.TemporaryDirectory(prefix="pyjit-reduce-") as folder:
        judge = Judge(options, folder)
        judge.wanted = judge.kind(ast.unparse(tree))
        if judge.wanted is None:
            sys.exit(f"{options.program} does the same on stock in mode {options.mode}")
        while any([take_out(tree, judge), flatten(tree, judge), simplify(tree, judge)]) and judge.tries < options.tries:
            pass
        print(ast.unparse(tree))
        print(f"{judge.wanted} in mode {options.mode}, after {judge.tries} tries", file=sys.stderr)


if __name__ == "__main__":
    main()
