"""tests/fuzz/generate_hot.py SEED: prints a random program made of what tier 2 speculates on, and of what breaks its speculations.

Functions loop over ints at the edges of one and two digits and of 64 bits, floats, lists, dicts, attributes, small callees that are inlined, closures,
recursion, generators and objects with destructors. Each is called until it is hot; then something changes, between calls or in the middle of a
loop (`tick`): a class, the shape of an instance, a global, a builtin, a callee's code or defaults, the type of an item. It is called on, and
what it returns or raises, with the places in all frames, and what it did to its objects is printed.
"""
import random
import sys

HEADER = '''
import builtins, math, sys, traceback

class V:
    kind = 3
    def __init__(self, x=1.5, n=2):
        self.x = x
        self.n = n
    def get(self, k=1): return self.n + k
    def add(self, v):
        self.x += v
        return self.x
    def both(self, a, b=2): return a + self.n if a > b else b - self.n
    @property
    def prop(self): return self.n * 2
    def __add__(self, other): return V(self.x + 1.0, self.n)
    def __lt__(self, other): return self.n < 5
    def __len__(self): return 3
    def __getitem__(self, k): return k + self.n
    def __repr__(self): return f"{type(self).__name__}({self.__dict__})"

class W(V):
    def get(self, k=2): return super().get(k) * 2

class S:
    __slots__ = ("x", "n", "late")
    kind = 4.5
    def __init__(self, x=0.5, n=7): self.x, self.n = x, n
    def get(self, k=3): return self.n - k
    def add(self, v):
        self.x = self.x + v
        return self.x
    def both(self, a, b=1): return a * b
    @property
    def prop(self): return self.x
    def __lt__(self, other): return False
    def __len__(self): return 2
    def __getitem__(self, k): return self.n
    def __repr__(self): return f"S({self.x!r}, {self.n!r})"

class D:
    def __init__(self, n): self.n = n
    def __del__(self): LOG.append(("del", self.n))

LOG = []
G = 3
H = 2.5
LIMIT = 6
ticks = 0
plan = {}

def tick():
    global ticks
    ticks += 1
    change = plan.get(ticks)
    if change is not None:
        change()

def peek():
    frame = sys._getframe(1)
    return len(frame.f_locals) + frame.f_lineno % 7

def names():
    a = 1
    return len(locals())

def simple(a, b): return a + b
def other(a, b): return a - b
def scaled(a, b=2): return a * b
def clamp(a):
    if a > LIMIT: return LIMIT
    return a
def deep(a, b): return scaled(simple(a, b), b=clamp(b))
def guarded(a):
    try:
        return 10 // a
    except ZeroDivisionError:
        return -1
def raises(a):
    if a == 4: raise ValueError(a)
    return a
def factorial(n): return n * factorial(n - 1) if n > 1 else 1
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
def counts(n):
    for k in range(n):
        yield k * G
def doubles(n):
    x = 0.5
    while n > 0:
        got = yield x
        x = x * 2 + (got or 0)
        n -= 1
def adder(k):
    total = 0
    def add(v):
        nonlocal total
        total += v * k
        return total
    return add
def item(l, k): return l[k]
def put(l, k, v):
    l[k] = v
    return len(l)
def swap(a, b): return b, a
def looks(a):
    here = locals()
    return len(here) + sys._getframe(1).f_lineno % 5

def attempt(function, *arguments):
    LOG.clear()
    try:
        result = repr(function(*arguments))
        result = result if len(result) < 400 else hash(result)
    except Exception as error:
        frames = [(f.name, f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        if isinstance(error, UnboundLocalError):
            frames = [f[0] for f in frames]
        result = f"{type(error).__name__}: {str(error)[:80]} {frames[-6:]}"
    return result, repr(arguments[:2])[:400], LOG[:12]
'''
INTS = ["i", "t", "u", "j", "o.n", "G", "len(l)", "k"]
INT_CONSTANTS = ["0", "1", "2", "3", "5", "-1", "7", "255", "257", "2**30", "2**31 - 1", "2**60", "2**62", "2**63 - 1", "-2**63", "10**12"]
FLOATS = ["s", "r", "o.x", "H", "float(i)", "s", "r"]
FLOAT_CONSTANTS = ["0.0", "-0.0", "0.5", "1.0", "-1.5", "3.25", "1e16", "1e-300", "1e300"]
CHANGES = [
    "V.get = lambda self, k=4: self.n - k", "V.kind = 'text'", "V.kind = property(lambda self: 11)", "V.extra = 1", "V.x = property(lambda self: 9.5, lambda self, v: None)",
    "V.add = lambda self, v: v", "V.prop = 5", "del V.both", "V.__getattr__ = lambda self, name: 77", "V.__len__ = lambda self: 1", "V.__add__ = lambda self, o: o",
    "S.get = lambda self, k=1: k", "S.kind = 1", "W.get = V.get", "set_global('G', 2.5)", "set_global('G', 2**70)", "set_global('H', 7)", "set_global('LIMIT', 'a')",
    "set_global('LIMIT', 2)", "set_global('simple', other)", "set_global('len', lambda x: 4)", "set_global('abs', max)", "setattr(builtins, 'min', max)",
    "setattr(builtins, 'isinstance', lambda a, b: False)", "setattr(math, 'sqrt', lambda x: 2)", "setattr(simple, '__code__', other.__code__)",
    "setattr(scaled, '__defaults__', (5,))", "setattr(scaled, '__defaults__', ('z',))", "setattr(scaled, '__defaults__', None)", "setattr(V.get, '__defaults__', (9,))",
    "setattr(clamp, '__code__', (lambda a: -a).__code__)", "setattr(item, '__code__', (lambda l, k: k).__code__)", "setattr(fib, '__code__', factorial.__code__)",
    "set_global('item', lambda l, k: l)", "now.__dict__.update(z=1, y=2)", "now.__dict__.pop('x', 0)", "setattr(now, '__class__', W)", "setattr(now, 'n', 2.5)",
    "setattr(now, 'x', 3)", "setattr(now, 'n', 2**65)", "setattr(now, 'x', None)", "now.late_attribute", "items.clear()", "items.append(1.5)", "items.append('t')",
    "items.__setitem__(0, 2**64)", "items.__setitem__(-1, None)", "items.extend([1] * 9)", "items.insert(0, 0.25)", "sys.setrecursionlimit(120)",
]
# What a change is called with, so that it finds its names, and how all of them are taken back.
CHANGE_CODE = '''
def set_global(name, value): globals()[name] = value
now, items = V(), [1]
ORIGINAL = {c: dict(vars(c)) for c in (V, W, S)}
GLOBALS = dict(globals())
CODES = {f: (f.__code__, f.__defaults__) for f in (simple, other, scaled, clamp, item, fib, V.get)}
BUILTINS = {n: getattr(builtins, n) for n in ("min", "isinstance")}
SQRT = math.sqrt
def restore():
    global ticks
    for c, members in ORIGINAL.items():
        for name in list(vars(c)):
            if name not in members: delattr(c, name)
        for name, value in members.items():
            if not name.startswith("__") and vars(c).get(name) is not value or name in ("__len__", "__add__"): setattr(c, name, value)
    for f, (code, defaults) in CODES.items(): f.__code__, f.__defaults__ = code, defaults
    for name, value in BUILTINS.items(): setattr(builtins, name, value)
    math.sqrt = SQRT
    for name in ("len", "abs"): globals().pop(name, None)
    for name in ("G", "H", "LIMIT", "simple", "item"): globals()[name] = GLOBALS[name]
    sys.setrecursionlimit(1000)
    ticks = 0
    plan.clear()
def new(kind):
    global now
    now = kind()
    return now
def fresh(values):
    global items
    items = list(values)
    return items
'''


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.lines = []

    def pick(self, items):
        return self.r.choice(items)

    def chance(self, p):
        return self.r.random() < p

    # ---- Expressions ---------------------------------------------------------------------------

    def int(self, depth=2):
        r = self.r.random()
        if depth <= 0 or r < 0.25:
            return self.pick(INTS) if self.chance(0.8) else self.pick(INT_CONSTANTS)
        e = lambda: self.int(depth - 1)
        if r < 0.5:
            return f"({e()} {self.pick(['+', '-', '*', '+', '-'])} {e()})"
        if r < 0.58:
            return f"({e()} {self.pick(['//', '%'])} {self.pick(['2', '3', '7', '-5', 'i', '(i + 1)', e()])})"
        if r < 0.64:
            return f"({e()} {self.pick(['&', '|', '^'])} {e()})"
        if r < 0.68:
            return f"({e()} {self.pick(['<<', '>>'])} {self.pick(['1', '3', '(i & 15)', '31'])})"
        if r < 0.71:
            return f"({self.pick(['-', '~', 'abs'])}({e()}))"
        if r < 0.76:
            return f"{self.pick(['min', 'max'])}({e()}, {e()})"
        if r < 0.80:
            return f"l[{self.index()}]"
        if r < 0.95:
            return self.call(depth)
        if r < 0.97:
            return f"({e()} if {self.condition(depth - 1)} else {e()})"
        return f"(u := {e()})"

    def index(self):
        return self.pick(["i % len(l)", "i % len(l)", "-1", "0", "i % 2", "i % 3", "-1 - i % 2", "i", self.pick(["-i", "k", "j - 1", "-1 - i", self.int(0)])])

    def call(self, depth):
        e = lambda: self.int(depth - 1)
        return self.pick([
            f"simple({e()}, {e()})", f"scaled({e()})", f"scaled({e()}, {e()})", f"scaled(a={e()}, b=3)", f"clamp({e()})", f"deep({e()}, i)", f"guarded(i - 2)",
            f"raises(i)", "factorial(i % 7)", "fib(i % 8)", f"item(l, {self.index()})", f"put(l, {self.index()}, {e()})", f"o.get({e()})", "o.get()",
            f"o.both({e()}, {e()})", f"o.both({e()})", "o.prop", "o.kind", f"closure({e()})", f"int({self.float(1)} % 1000.0)", "peek()", "names()", "looks(i)", "len(o)", "o[i]",
            f"sum(counts(i % 4))", f"sum([q * q for q in range(i % 5)])", f"sum(q for q in counts(3))", "ord(name[i % 3])", f"swap({e()}, {e()})[0]",
            f"(lambda q: q + i)({e()})", "len(name)", "d.get(i, 0)", "d[i % 3]", "isinstance(o, V)", "isinstance(s, float)", "D(i).n", "round(s)", "len(l[1:])", "m[i % 2][0]",
        ])

    def float(self, depth=2):
        r = self.r.random()
        if depth <= 0 or r < 0.3:
            return self.pick(FLOATS) if self.chance(0.8) else self.pick(FLOAT_CONSTANTS)
        e = lambda: self.float(depth - 1)
        if r < 0.65:
            return f"({e()} {self.pick(['+', '-', '*', '+', '-', '*'])} {self.pick([e(), e(), self.int(0)])})"
        if r < 0.75:
            return f"({e()} {self.pick(['/', '//', '%'])} {self.pick(['3.0', '0.7', '(i + 1)', '-2.5', e()])})"
        if r < 0.79:
            return f"{self.pick(['-', 'abs', '+'])}({e()})"
        if r < 0.83:
            return f"math.sqrt(abs({e()}))"
        if r < 0.86:
            return f"({self.pick(['math.floor', 'math.sin', 'math.cos', 'math.fabs'])}({e()} % 100.0))"
        if r < 0.90:
            return f"{self.pick(['min', 'max'])}({e()}, {e()})"
        if r < 0.96:
            return self.pick([f"o.add({e()})", f"simple({e()}, {e()})", f"scaled({e()}, 0.5)", f"clamp({e()})", "m[i % 2][1]", f"closure({e()})", "sum(doubles(i % 4))"])
        return f"(abs({e()}) % 10.0) ** {self.pick(['2', '0.5', '-1', '1.5'])}"

    def condition(self, depth=1):
        r = self.r.random()
        if r < 0.45:
            return f"{self.int(depth)} {self.pick(['<', '<=', '==', '!=', '>', '>='])} {self.int(depth)}"
        if r < 0.7:
            return f"{self.float(depth)} {self.pick(['<', '<=', '==', '!=', '>', '>='])} {self.float(depth)}"
        return self.pick([f"0 < {self.int(depth)} < 10", f"{self.int(1)} and {self.float(1)} > 1", f"not {self.int(1)}", "i in d", "i in l", "o < 3", "x is None", "name", "l", "i % 2", "o.n is t",
                          f"{self.int(0)} in (1, 2, 3)", "s in l", "isinstance(l[0], int)"])

    # ---- Statements ----------------------------------------------------------------------------

    def put(self, indent, text):
        self.lines.append("    " * indent + text)

    def block(self, indent, depth, most=3, in_loop=True):
        for _ in range(self.r.randint(1, most)):
            self.statement(indent, depth, in_loop)

    def statement(self, indent, depth, in_loop=True):
        r = self.r.random()
        if depth == 0 or r < 0.40:
            self.put(indent, self.pick([
                f"t = {self.int()}", f"t {self.pick(['+=', '-=', '^=', '&='])} {self.int(1)}", f"u = {self.int()}", f"s = {self.float()}", f"s {self.pick(['+=', '-=', '*='])} {self.float(1)}",
                f"r = {self.float()}", "s, r = r, s", "t, u = u, t", f"t = ({self.int()}) & {self.pick(['0xFF', '0xFFFFFFFF', '0x7FFFFFFFFFFFFFFF', '0xFFFFFFFFFFFFFFFF'])}",
                f"s = r = {self.float(1)}", f"t = u = {self.int(1)}", "x = s", "name += 'z'",
            ]))
        elif r < 0.56:
            self.put(indent, self.pick([
                f"o.x = {self.float(1)}", f"o.x += {self.float(1)}", f"o.n = {self.int(1)}", f"o.n += {self.pick(['1', self.int(0)])}", f"l[{self.index()}] = {self.pick([self.int(1), self.float(1)])}",
                f"l[{self.index()}] += {self.int(0)}", f"l.append({self.int(1)})", "l.pop()", f"d[i] = {self.int(1)}", f"d[i % 3] = d.get(i % 3, 0) + 1", f"m[i % 2][{self.pick('01')}] = {self.float(1)}",
                f"m[i % 2][{self.pick('01')}] += {self.float(0)}", f"o.late = {self.int(0)}", "del o.late", f"LOG.append({self.pick([self.int(1), self.float(1), '(s, t)'])})", "x = D(i)", "D(t)", "x = None",
                "tick()", "tick()", f"y = [{self.int(0)}, {self.float(0)}]", f"(t, s) = swap({self.float(0)}, {self.int(0)})", "o = o + 1", "t = locals()['i']", "q, *rest = l[:3]", "del x",
            ]))
        elif r < 0.68:
            self.put(indent, f"if {self.condition()}:")
            self.block(indent + 1, depth - 1, 2, in_loop)
            if self.chance(0.5):
                self.put(indent, "else:")
                self.block(indent + 1, depth - 1, 2, in_loop)
        elif r < 0.78:
            head = self.pick(["for j in range(3)", "for j in range(i)", "for j in range(5, 0, -2)", "for j in l[:4]", "for j, t in enumerate(l[:3])", "for j, s in zip(range(3), m[0])",
                              "for s in m[1]", "for j in counts(3)", "for s in doubles(2)", "for j in d", "for j, t in list(d.items())", "for j in (1, 2.5, 3)", "for j in map(abs, (1, -2))"])
            self.put(indent, head + ":")
            self.block(indent + 1, depth - 1, 3)
        elif r < 0.82:
            self.put(indent, "k = 0")
            self.put(indent, f"while k < {self.pick(['3', '4', 'i', 'LIMIT'])}:")
            self.put(indent + 1, "k += 1")
            self.block(indent + 1, depth - 1, 2)
        elif r < 0.91:
            self.put(indent, "try:")
            self.block(indent + 1, depth - 1, 2, in_loop)
            self.put(indent, f"except {self.pick(['IndexError', '(ZeroDivisionError, KeyError)', 'Exception', '(ValueError, IndexError, AttributeError)'])} as error:")
            self.put(indent + 1, "LOG.append((type(error).__name__, error.__traceback__.tb_lineno))")
            if self.chance(0.25):
                self.put(indent, "finally:")
                self.block(indent + 1, 0, 1, in_loop)
        elif r < 0.95 and in_loop:
            self.put(indent, f"if {self.condition(0)}: {self.pick(['break', 'continue', 'continue'])}")
        elif r < 0.97:
            self.put(indent, f"if {self.condition(0)}: return {self.pick([self.int(1), self.float(1), '(s, t, u)'])}")
        else:
            self.put(indent, f"t = {self.call(2)}")

    def function(self, name):
        self.put(0, f"def {name}(o, l, n, t, s):")
        self.put(1, "u, r, j, k, d, m, name = 1, 0.5, 0, 0, {0: 1, 1: 2}, [[1.0, 2.0], [3.0, 4.0]], 'abc'")
        self.put(1, f"closure = adder({self.pick(['2', '3', '0.5', 'i_'])})".replace("i_", "n"))
        self.put(1, f"x = {self.pick(['None', '1.5', 'D(99)'])}")
        self.put(1, f"for i in range({self.pick(['n', 'n', '1, n', 'n, 0, -1'])}):")
        self.block(2, 2, 6)
        if self.chance(0.8):
            # Numbers stay below what takes stock seconds.
            self.put(2, "if type(t) is int and not -2**90 < t < 2**90: t = t % 1000003")
            self.put(2, "if type(u) is int and not -2**90 < u < 2**90: u = u % 1000003")
        else:
            self.put(2, "t, u = (t % 2**63 if type(t) is int else 1), 1")
        self.put(1, f"return t, u, s, r, len(d), {self.pick(['x', 'm', 'name', 'x is None', 'k', 'o'])}")

    def program(self):
        self.lines = HEADER.splitlines() + CHANGE_CODE.splitlines()
        for number in range(7):
            name = f"f{number}"
            start = len(self.lines)
            self.function(name)
            kind = self.pick(["V", "V", "V", "W", "S"])
            values = self.pick(["(1, 2, 3)", "(5, 6, 7, 8, 9, 10)", "(1.5, 2.5, 3.5)", "(2**31, 2**40, 3)", "range(12)"])
            usual = f"new({kind}), fresh({values}), {self.pick(['6', '9', '4'])}, {self.pick(['0', '1', '1000', '2**33', '2**61'])}, {self.pick(['0.5', '1.5', '-2.0'])}"
            again = [usual] * 3 + [f"new({self.pick(['V', 'W', 'S'])}), fresh({self.pick(['(1, 2)', '()', '(0.0, None)', '(2**70, 1)', '(True, False, 3)'])}), {self.pick(['5', '0', '1', '12'])}, "
                                   f"{self.pick(['3', '2**62', '-1', '1.5', 'True', '2**64'])}, {self.pick(['2.0', '7', 'math.inf', 'math.nan', '-0.0', '1e308', 'None'])}" for _ in range(4)]
            self.put(0, "for turn in range(14):")
            self.put(1, "restore()")
            self.put(1, f"outcome = attempt({name}, {usual})")
            self.put(1, f"if turn in (0, 13): print({name!r}, outcome)")
            for change in self.r.sample(CHANGES, 8):
                self.put(0, "restore()")
                if self.chance(0.5):
                    self.put(0, f"plan[{self.r.randint(1, 9)}] = lambda: exec({change!r}, globals())")
                    self.put(0, f"print({name!r}, {change!r}, attempt({name}, {usual}))")
                else:
                    self.put(0, f"print({name!r}, {change!r}, attempt(exec, {change!r}, globals())[0])")
                for _ in range(3):
                    self.put(0, f"print({name!r}, attempt({name}, {self.pick(again)}))")
                self.put(0, "restore()")
                self.put(0, f"print({name!r}, attempt({name}, {usual}))")
            try:
                compile("\n".join(self.lines[start:]), name, "exec")
            except SyntaxError:
                del self.lines[start:]
        return "\n".join(self.lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(Maker(int(sys.argv[1])).program())
