"""tests/fuzz/generate.py SEED: prints a random Python program that ends, prints what it did, and is the same for the same seed.

Functions are made of random statements over a few locals, cells, globals and objects: arithmetic on mixed types,
subscripts, attributes, calls of all shapes, loops, try/except/finally, with, match, closures, generators, classes whose
attributes change. Every loop is bounded and every call goes to a function made earlier, so the program ends. Each
function is called with many argument combinations, often enough to be compiled in the middle; what it returns or
raises (with line numbers) is folded into a few lines of output.
"""
import random
import sys

HEADER = '''
import sys, traceback

class P:
    shared = 3
    def __init__(self, a=1, b=2.5):
        self.a = a
        self.b = b
    def get(self, k=0): return self.a if k else self.b
    @property
    def prop(self): return self.a
    def __add__(self, other): return P(self.a, other)
    def __lt__(self, other): return bool(self.a)
    def __eq__(self, other): return type(other) is P and self.a == other.a
    def __hash__(self): return 7
    def __getitem__(self, k): return (self.a, k)
    def __len__(self): return 2
    def __repr__(self): return f"P({self.a!r}, {self.b!r})"
    def __enter__(self): LOG.append("enter"); return self
    def __exit__(self, kind, value, tb): LOG.append(kind and kind.__name__); return self.a == 1
    def __del__(self): LOG.append("del")

class S:
    __slots__ = ("a", "b")
    shared = "slot"
    def __init__(self, a=2, b="s"): self.a, self.b = a, b
    def get(self, k=1): return self.b
    @classmethod
    def make(cls, *args): return cls(*args)
    def __repr__(self): return f"S({getattr(self, 'a', None)!r}, {getattr(self, 'b', None)!r})"

class Q(P):
    def get(self, k=0): return super().get(1)
    def __iter__(self): yield self.a; yield self.b

LOG = []
G0 = 5
G1 = 1.5
G2 = "global"

def peek():
    frame = sys._getframe(1)
    return len(frame.f_locals), frame.f_lineno

def show(value, depth=0):
    if depth > 3: return "..."
    if isinstance(value, (list, tuple)): return "[" + ",".join(show(v, depth + 1) for v in value[:5]) + "]"
    if isinstance(value, dict): return "{" + ",".join(show(k, 3) + ":" + show(v, depth + 1) for k, v in list(value.items())[:5]) + "}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**30: return f"int%{value % 1000003}"
    if isinstance(value, str): return repr(value[:40]) + str(len(value))
    if isinstance(value, (bool, int, float, P, S, type(None), bytes)): return repr(value)[:200]
    return type(value).__name__

def attempt(function, *args):
    LOG.clear()
    try:
        result = show(function(*args))
    except RecursionError:
        result = "RecursionError"
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)]
        spots = [(frame.colno, frame.end_colno) for frame in traceback.extract_tb(error.__traceback__)]
        if isinstance(error, UnboundLocalError):
            # Stock itself tells the line of the instruction before, once it has joined the two (STORE_FAST__LOAD_FAST and others).
            lines.pop()
            spots = [None]
        result = f"{type(error).__name__}: {str(error)[:100]} {lines[:6]} {spots[-1]} ctx={type(error.__context__).__name__}"
    return result, "".join(map(str, LOG[:20]))
'''

ARGUMENTS = ["0", "1", "-3", "7", "2**30", "-(2**62)", "2**63", "2**80", "0.0", "-0.0", "1.5", "-2.25", "1e300", "float('inf')", "float('nan')", "'a'",
             "''", "'long text'", "[1, 2, 3]", "[]", "[1.5, 'x']", "(1, 2)", "()", "{'k': 1, 2: 3}", "{}", "None", "True", "False", "P()", "P(0, 1)",
             "Q()", "S()", "S(1)", "{1, 2}", "range(4)", "b'ab'", "len", "int", "P"]
BINARY = ["+", "-", "*", "//", "%", "/", "&", "|", "^", "<<", ">>", "**"]
COMPARE = ["<", "<=", "==", "!=", ">", ">=", "is", "is not", "in", "not in"]
CONSTANTS = ["0", "1", "2", "3", "-1", "5", "10", "255", "256", "2**31", "0.5", "2.0", "-1.5", "'s'", "'ab'", "None", "True", "False", "()", "(1, 2)"]
EXCEPTIONS = ["ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "AttributeError", "(TypeError, ValueError)", "Exception"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines = []
        self.functions = []  # (name, number of positional arguments, is generator)
        self.unique = 0

    def name(self, prefix):
        self.unique += 1
        return f"{prefix}{self.unique}"

    def pick(self, items):
        return self.r.choice(items)

    def chance(self, p):
        return self.r.random() < p

    # ---- Expressions ---------------------------------------------------------------------------

    def variable(self, scope):
        return self.pick(scope) if scope and self.chance(0.9) else self.pick(["G0", "G1", "G2"])

    def number(self, scope, depth):
        """An expression that mostly has a number: functions made of those live longer before something raises."""
        r = self.r.random()
        w = [v for v in scope if v.startswith("w")]
        if depth <= 0 or r < 0.3 or not w:
            return self.pick(w) if w and self.chance(0.75) else self.pick(["0", "1", "2", "3", "7", "-1", "100", "255", "2**31", "0.5", "2.0", "-1.5", "G0", "G1", "True"])
        e = lambda: self.number(scope, depth - 1)
        if r < 0.65:
            op = self.pick(["+", "-", "+", "-", "*", "//", "%", "/", "&", "|", "^", "<<", ">>"])
            if op in ("&", "|", "^", "<<", ">>"):
                right = self.pick(["1", "2", "3", "29", "31"])
                return f"(int({e()}) % 1000003 {op} {right})"
            if op in ("//", "%", "/") and self.chance(0.8):
                return f"({e()} {op} {self.pick(['2', '3', '7', '-5', '2.5', '10**9'])})"
            if op == "*":
                return f"({e()} % 100003 * {e()})"
            return f"({e()} {op} {e()})"
        if r < 0.75:
            return f"({e()} {self.pick(COMPARE[:6])} {e()})"
        if r < 0.8:
            return f"({e()} if {e()} {self.pick(COMPARE[:6])} {e()} else {e()})"
        if r < 0.84:
            return f"({self.pick(['-', '+', 'abs', 'not '])}({e()}))"
        if r < 0.88:
            return f"len({self.pick(['(1, 2)', repr('abc'), '[' + e() + ']', 'str(' + e() + ')'])})"
        if r < 0.91:
            x = self.name("x")
            return f"sum({self.number(scope, depth - 1)} for {x} in range(3))"
        if r < 0.94:
            return f"[{e()}, {e()}][{self.pick(['0', '1', '-1'])}]"
        if r < 0.97:
            return f"{self.pick(['P', 'S', 'Q'])}({e()}).a"
        return f"({self.pick(w)} := {e()})" if not self.in_comprehension(scope) else e()

    def expression(self, scope, depth=3):
        if self.chance(0.6):
            return self.number(scope, depth)
        r = self.r.random()
        if depth == 0 or r < 0.22:
            return self.variable(scope) if self.chance(0.75) else self.pick(CONSTANTS)
        e = lambda: self.expression(scope, depth - 1)
        if r < 0.45:
            op = self.pick(BINARY[:7] if self.chance(0.85) else BINARY)
            if op in ("<<", "**", "*"):
                return f"({e()} {op} {self.pick(['2', '3', self.variable(scope) + ' % 5 if type(' + self.variable(scope) + ') is int else 1'])})"
            return f"({e()} {op} {e()})"
        if r < 0.55:
            comparison = self.pick(COMPARE)
            if comparison.startswith("is"):
                return f"({self.variable(scope)} {comparison} {self.pick(['None', 'True', self.variable(scope)])})"
            return f"({e()} {comparison} {e()})"
        if r < 0.60:
            return f"({e()} {self.pick(['and', 'or'])} {e()})"
        if r < 0.63:
            return f"({self.pick(['not ', '-', '~', '+'])}{e()})"
        if r < 0.66:
            return f"({e()} if {e()} else {e()})"
        if r < 0.71:
            v = self.variable(scope)
            return self.pick([f"{v}[{self.pick(['0', '1', '-1', repr('k'), e()])}]", f"{v}[{self.pick(['1:', ':2', '::-1', '0:3:2'])}]"])
        if r < 0.76:
            v = self.variable(scope)
            return self.pick([f"{v}.a", f"{v}.b", f"{v}.shared", f"{v}.get()", f"{v}.get({e()})", f"{v}.prop", f"{v}.upper()", f"{v}.missing", f"{v}.real"])
        if r < 0.80:
            return self.pick([f"[{e()}, {e()}]", f"({e()}, {e()})", f"{{'k': {e()}, {self.pick(CONSTANTS[:6])}: {e()}}}", f"[*{self.variable(scope)}, {e()}]", f"[{e()}] * 2"])
        if r < 0.84:
            x = self.name("x")
            body = self.expression(scope + [x], depth - 1)
            source = self.pick(["range(3)", "(1, 2.5)", "'ab'", f"[{e()}, {e()}]"])
            return self.pick([f"[{body} for {x} in {source}]", f"[{body} for {x} in {source} if {x}]", f"sum(1 for {x} in {source})", f"{{1: {body} for {x} in {source}}}",
                              f"tuple({body} for {x} in {source})", f"sum(map(lambda {x}: {body}, {source}))", f"(lambda {x}: lambda: {body})({e()})()"])
        if r < 0.88:
            return self.pick([f"len({e()})", f"str({e()})[:5]", f"abs({e()})", f"type({e()}).__name__", f"isinstance({e()}, int)", f"max({e()}, {e()})", f"int({e()})",
                              f"f'{{{self.variable(scope)}}}|{{{self.variable(scope)}!r:>5}}'", "peek()", f"P({e()})", f"S({e()}, b={e()})", f"S.make({e()})", f"Q({e()}, {e()})",
                              f"list({e()})", f"bool({e()})", f"round({e()})", f"[{e()}].append({e()})", f"dict(k={e()})"])
        if r < 0.93 and self.functions:
            name, count, generator = self.pick(self.functions)
            arguments = [self.expression(scope, max(0, depth - 2)) for _ in range(count)]
            if self.chance(0.1) and arguments:
                arguments.pop()
            if self.chance(0.15) and arguments:
                arguments[-1] = f"*[{arguments[-1]}]"
            elif self.chance(0.15) and arguments:
                arguments[-1] = f"p{count - 1}={arguments[-1]}"
            call = f"{name}({', '.join(arguments)})"
            return f"list({call})[:4]" if generator else call
        if r < 0.96:
            x = self.name("l")
            return f"(lambda {x}: {self.expression(scope + [x], depth - 1)})({e()})"
        return f"({self.pick(scope)} := {e()})" if scope and not self.in_comprehension(scope) else e()

    def in_comprehension(self, scope):
        return any(v.startswith(("x", "l")) for v in scope)

    # ---- Statements ----------------------------------------------------------------------------

    def block(self, scope, depth, indent, context):
        for _ in range(self.r.randint(1, 4)):
            self.statement(scope, depth, indent, context)

    def put(self, indent, text):
        self.lines.append("    " * indent + text)

    def target(self, scope):
        """A local that may hold anything; the w* hold numbers, most of the time."""
        if self.chance(0.4) or len(scope) < 5:
            v = self.name("v")
            scope.append(v)
            return v
        return self.pick([v for v in scope if not v.startswith("w") or self.chance(0.05)] or scope)

    def statement(self, scope, depth, indent, context):
        r = self.r.random()
        e = lambda d=3: self.expression(scope, d)
        if depth == 0 or r < 0.33:
            if self.chance(0.6):
                self.put(indent, f"{self.pick(['w0', 'w1', 'w2'])} = {self.number(scope, 3)}")
            else:
                value = e()
                self.put(indent, f"{self.target(scope)} = {value}")
        elif r < 0.43:
            if self.chance(0.8):
                self.put(indent, f"{self.pick(['w0', 'w1', 'w2'])} {self.pick('+-')}= {self.number(scope, 2)}")
            else:
                self.put(indent, f"{self.pick(scope)} {self.pick(BINARY[:6])}= {e(2)}")
        elif r < 0.47:
            v = self.variable(scope)
            self.put(indent, self.pick([f"{v}.a = {e(2)}", f"{v}.b = {e(2)}", f"{v}[{self.pick(['0', repr('k'), e(1)])}] = {e(2)}", f"{v}.new = {e(1)}", f"del {v}[0]", f"{v}.a += {e(1)}",
                                        f"del {v}.b"]))
        elif r < 0.49:
            a, b = self.target(scope), self.target(scope)
            self.put(indent, self.pick([f"{a}, {b} = {e(2)}, {e(2)}", f"{a}, {b} = {e(2)}", f"{a}, *{b} = {e(2)}", f"{a} = {b} = {e(2)}"]))
        elif r < 0.51 and len(scope) > 2:
            self.put(indent, f"del {self.target(scope)}")
        elif r < 0.54:
            self.put(indent, f"global {self.pick(['G0', 'G1'])}" if False else f"globals()[{self.pick(['G0', 'G1', 'G2'])!r}] = {e(1)}")
        elif r < 0.64:
            self.put(indent, f"if {e(2)}:")
            self.block(scope, depth - 1, indent + 1, context)
            if self.chance(0.5):
                self.put(indent, "else:")
                self.block(scope, depth - 1, indent + 1, context)
        elif r < 0.72:
            x = self.target(scope)
            self.put(indent, f"for {x} in {self.pick(['range(4)', 'range(0, 9, 4)', '[1, 2.5, None]', repr('abc'), e(1), '(i for i in range(3))', 'zip([1, 2], (3, 4))'])}:")
            self.block(scope, depth - 1, indent + 1, context | {"loop"})
            if self.chance(0.3):
                self.put(indent, "else:")
                self.block(scope, depth - 1, indent + 1, context)
        elif r < 0.76:
            n = self.name("n")
            self.put(indent, f"{n} = 0")
            self.put(indent, f"while {n} < {self.r.randint(1, 5)} and {e(1)}:")
            self.put(indent + 1, f"{n} += 1")
            self.block(scope, depth - 1, indent + 1, context | {"loop"})
        elif r < 0.86:
            self.put(indent, "try:")
            self.block(scope, depth - 1, indent + 1, context)
            kind = self.r.random()
            if kind < 0.8:
                for _ in range(self.r.randint(1, 2)):
                    if self.chance(0.5):
                        x = self.name("e")
                        self.put(indent, f"except {self.pick(EXCEPTIONS)} as {x}:")
                        self.put(indent + 1, f"{self.target(scope)} = str({x})[:30]")
                    else:
                        self.put(indent, f"except {self.pick(EXCEPTIONS)}:")
                    self.block(scope, depth - 1, indent + 1, context | {"handler"})
                if self.chance(0.3):
                    self.put(indent, "else:")
                    self.block(scope, depth - 1, indent + 1, context)
            if kind > 0.6:
                self.put(indent, "finally:")
                self.block(scope, depth - 1, indent + 1, context)
        elif r < 0.89:
            x = self.target(scope)
            self.put(indent, f"with {self.pick(['P(1)', 'P(0)', 'Q()', e(1)])} as {x}:")
            self.block(scope, depth - 1, indent + 1, context)
        elif r < 0.91:
            self.put(indent, f"match {e(1)}:")
            for pattern in self.r.sample(["int(m)", "[a1, *a2]", "{'k': k1}", "P(a=c1)", "str()", "None", "0 | 1", "(m1, m2)"], 2):
                self.put(indent + 1, f"case {pattern}{self.pick(['', ' if ' + e(1)])}:")
                self.block(scope, depth - 1, indent + 2, context)
            self.put(indent + 1, "case _:")
            self.block(scope, depth - 1, indent + 2, context)
        elif r < 0.93 and "loop" in context:
            self.put(indent, f"if {e(1)}: {self.pick(['break', 'continue'])}")
        elif r < 0.945:
            self.put(indent, f"raise {self.pick(['ValueError', 'KeyError', 'IndexError'])}({e(1)})" if self.chance(0.6) or "handler" not in context else "raise")
        elif r < 0.965 and "generator" in context:
            self.put(indent, self.pick([f"yield {e(2)}", f"{self.target(scope)} = yield {e(1)}", f"yield from {self.pick(['range(2)', repr('ab'), e(1)])}"]))
        elif r < 0.98 and depth > 1 and "inner" not in context:
            f, x = self.name("inner"), self.name("p")
            captured = [v for v in scope if not v.startswith(("x", "l"))]
            self.put(indent, f"def {f}({x}={e(1)}):")
            if captured and self.chance(0.5):
                self.put(indent + 1, f"nonlocal {self.pick(captured)}")
            self.put(indent + 1, "w0 = w1 = w2 = 1" if self.chance(0.5) else "w0 = w1 = w2 = 0.5")
            self.block(captured + [x], 1, indent + 1, {"inner"})
            self.put(indent + 1, f"return {self.expression(captured + [x], 2)}")
            self.put(indent, f"{self.target(scope)} = {f}()")
        elif "generator" in context:
            self.put(indent, f"yield {e(2)}")
        else:
            self.put(indent, f"return {e(2)}")

    def function(self):
        count = self.r.randint(0, 3)
        name = self.name("f")
        parameters = [f"p{i}" for i in range(count)]
        generator = self.chance(0.2)
        start = len(self.lines)
        self.put(0, f"def {name}({', '.join(p + self.pick(['', '=1']) if i == count - 1 else p for i, p in enumerate(parameters))}):")
        scope = parameters + ["w0", "w1", "w2"]
        for w in ("w0", "w1", "w2"):
            self.put(1, f"{w} = {self.number([], 1)}")
        for p in parameters:
            self.put(1, f"if isinstance({p}, (int, float)): {self.pick(['w0', 'w1', 'w2'])} = {p}")
        self.block(scope, 3, 1, {"generator"} if generator else set())
        self.block(scope, 3, 1, {"generator"} if generator else set())
        if generator:
            self.put(1, f"yield {self.expression(scope, 2)}")
        self.put(1, f"return {self.expression(scope, 3)}")
        try:
            compile("\n".join(self.lines[start:]), name, "exec")
        except SyntaxError:  # a nonlocal after use, a name that is both parameter and nonlocal: rare, try again
            del self.lines[start:]
            return
        self.functions.append((name, count, generator))

    def program(self):
        self.lines = HEADER.splitlines()
        for _ in range(14):
            self.function()
        self.put(0, "def reset():")
        self.put(1, "global G0, G1, G2")
        self.put(1, "G0, G1, G2 = 5, 1.5, 'global'")
        for name, count, generator in self.functions:
            sets = [[self.pick(ARGUMENTS) for _ in range(count)] for _ in range(12 if count else 2)]
            callee = f"lambda *a: list({name}(*a))[:6]" if generator else name
            self.put(0, f"for arguments in [{', '.join('lambda: (' + ''.join(a + ', ' for a in arguments) + ')' for arguments in sets)}]:")
            self.put(1, "results = {}")
            self.put(1, f"for turn in range({self.pick([12, 40])}):")
            self.put(2, "reset()")
            self.put(2, f"outcome = attempt({callee}, *arguments())")
            self.put(2, "results.setdefault(outcome, turn)")
            self.put(1, f"print({name!r}, *results.items())")
        return "\n".join(self.lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(Maker(int(sys.argv[1])).program())
