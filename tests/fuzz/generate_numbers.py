"""tests/fuzz/generate_numbers.py SEED: prints a random program of arithmetic on ints of every length, floats and what is neither.

Functions are straight lines and bounded loops over a few locals; each is made hot with operands of one kind, then called with the edges of
all kinds, so that guards fail at every place. What it returns or raises, with the columns, is printed.
"""
import random
import sys

HEADER = '''
import sys, traceback

class Other:
    def __init__(self, log): self.log = log
    def __repr__(self): return "Other"
    def note(name):
        def method(self, other):
            self.log.append((name, repr(other)[:30]))
            return 3 if name in ("__rand__", "__rsub__") else 1.5 if name in ("__radd__", "__rmul__") else self
        return method
    for name in ("add", "radd", "sub", "rsub", "mul", "rmul", "and", "rand", "xor", "truediv", "rtruediv", "mod", "lshift", "lt", "gt", "eq"):
        locals()[f"__{name}__"] = note(f"__{name}__")
    __hash__ = None
    def __bool__(self): self.log.append("bool"); return False

class Box: pass
box = Box()
box.i, box.f, box.l = 12345, 2.5, [1, 2.5, 3, 2**40]
VALUES = [0, 1, -1, 7, 255, 257, -300, 2**29 + 3, 2**30 - 1, 2**30, -2**30, 2**31, 2**32 - 1, -2**45, 2**53 + 1, 2**60 - 1, 2**60, 2**62, 2**63 - 1, -2**63, 2**63,
          2**64 - 1, 2**70, True, 0.0, -0.0, 1.0, 0.5, -2.25, 1e16, 1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 1j, None]

def attempt(function, *arguments):
    log = []
    arguments = [Other(log) if a is Other else a for a in arguments]
    try:
        result = repr(function(*arguments))
        result = result if len(result) < 300 else hash(result)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        result = f"{type(error).__name__}: {str(error)[:60]} {last.lineno, last.colno, last.end_colno}"
    return result, log[:6]
'''
HOT = ["1000, 37, 2", "1.5, 2.5, 3.5", "2**33 + 1, 2**31 + 5, 3", "0.25, 3, 7", "5, 1.5, 2**40", "2**62, 2**50, 5", "1, 2, 3"]
MASKS = ["0xFF", "0xFFFF", "0xFFFFFFFF", "0x7FFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFF", "1", "-8", "1023"]
CONSTANTS = ["0", "1", "2", "3", "-1", "7", "10", "31", "255", "65521", "0x01000193", "2**31", "2**40", "6364136223846793005", "0.5", "2.0", "-1.5", "1e10", "0.0"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def pick(self, items):
        return self.r.choice(items)

    def expression(self, depth):
        r = self.r.random()
        if depth == 0 or r < 0.12:
            return self.pick(["a", "b", "c", "x", "y", "z"]) if self.r.random() < 0.75 else self.pick(CONSTANTS)
        e = lambda: self.expression(depth - 1)
        if r < 0.55:
            return f"({e()} {self.pick(['+', '-', '*', '+', '-', '*', '/', '//', '%'])} {e()})"
        if r < 0.66:
            return f"({e()} {self.pick(['&', '|', '^'])} {e()})"
        if r < 0.76:
            return f"(({e()} {self.pick(['+', '-', '*', '<<'])} {self.pick([e(), '3', '13', '29'])} % 64) & {self.pick(MASKS)})" if self.r.random() < 0.4 else (
                f"(({e()} {self.pick(['+', '-', '*'])} {e()}) & {self.pick(MASKS)})")
        if r < 0.84:
            return f"({e()} {self.pick(['>>', '<<'])} {self.pick(['0', '1', '5', '17', '30', '31', '(b & 31)'])})"
        if r < 0.89:
            return f"({self.pick(['-', '~', '-'])}{e()})"
        if r < 0.92:
            return f"(({e()} % 50.0) ** {self.pick(['2', '0.5', '-1', '1.5'])})"
        if r < 0.94:
            return f"box.l[{e()} & 3]"
        if r < 0.96:
            return self.pick(["box.i", "box.f", "len(box.l)", "abs(x)"])
        if r < 0.98:
            return f"({e()} if {self.condition(depth - 1)} else {e()})"
        return f"({self.pick('xyz')} := {e()})"

    def condition(self, depth):
        r = self.r.random()
        e = lambda: self.expression(depth)
        if r < 0.75:
            return f"{e()} {self.pick(['<', '<=', '==', '!=', '>', '>='])} {e()}"
        return self.pick([e(), "not " + e(), f"{e()} < {e()} <= {e()}", f"({e()} > {e()} and {e()})"])

    def statement(self, indent, depth):
        pad = "    " * indent
        r = self.r.random()
        if depth == 0 or r < 0.6:
            return [f"{pad}{self.pick('xyz')} = {self.expression(self.pick([1, 2, 3, 4]))}"]
        if r < 0.78:
            return [f"{pad}{self.pick('xyz')} {self.pick(['+', '-', '*', '^', '&', '//', '%', '/', '|'])}= {self.expression(2)}"]
        if r < 0.82:
            return [f"{pad}{self.pick('xy')}, {self.pick('yz')} = {self.expression(2)}, {self.expression(2)}"]
        body = [line for _ in range(self.r.randint(1, 3)) for line in self.statement(indent + 1, depth - 1)]
        if r < 0.93:
            return [f"{pad}if {self.condition(2)}:", *body]
        return [f"{pad}for {self.pick(['i', 'z', 'y'])} in {self.pick(['range(3)', 'range(1, 9, 3)', '[1, 2.5, 2**40]'])}:", *body]

    def program(self):
        lines = HEADER.splitlines()
        for number in range(10):
            lines += [f"def f{number}(a, b, c):", f"    x, y, z = c, a, b", f"    x, y = {self.expression(1)}, b"]
            lines += [f"    z = {self.pick(['a', 'b', 'c', '0', '0.0', 'None'])}"]
            for _ in range(self.r.randint(2, 6)):
                lines += self.statement(1, 2)
            lines += [f"    return x, y, z, {self.expression(3)}"]
            hot = self.pick(HOT)
            lines += [f"for _ in range(60): attempt(f{number}, {hot})", f"print('f{number}', attempt(f{number}, {hot}))"]
            for _ in range(40):
                values = [f"VALUES[{self.r.randrange(37)}]" if self.r.random() < 0.97 else "Other" for _ in range(3)]
                if self.r.random() < 0.5:
                    values[self.r.randrange(3)] = self.pick(["1.5", "1000"])
                lines += [f"print(attempt(f{number}, {', '.join(values)}))"]
            lines += [f"print('f{number}', attempt(f{number}, {hot}))"]
        return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(Maker(int(sys.argv[1])).program())
