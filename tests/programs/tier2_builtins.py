"""Built-in functions, methods and classes in hot loops of tier 2: usual arguments, then subclasses, wrong types, errors and what is at the edge;
references; names bound anew in the middle."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-fail-alloc
import builtins
import math
import sys
from collections import deque


class Int(int):
    def __abs__(self):
        return "abs of Int"

    def __round__(self, *digits):
        return "round of Int", digits

    def __index__(self):
        return 65


class Float(float):
    def __int__(self):
        return 77

    def __floor__(self):
        return "floor of Float"

    def __float__(self):
        return 0.5

    def __lt__(self, other):
        return NotImplemented


class Str(str):
    def __len__(self):
        return 99

    def __eq__(self, other):
        return "equal?"

    __hash__ = str.__hash__


class List(list):
    def append(self, item):
        super().append(("own", item))

    def __len__(self):
        return 42

    def __iter__(self):
        return iter("own")


class Dict(dict):
    def __missing__(self, key):
        return "missing", key


class Sized:
    def __len__(self):
        return 7

    def __bool__(self):
        return False

    def __contains__(self, item):
        return item == 3

    def __getitem__(self, index):
        if index > 2:
            raise IndexError("no more")
        return index * 10


class Negative:
    def __len__(self):
        return -1


class Proxy:
    @property
    def __class__(self):
        return int


class Meta(type):
    def __instancecheck__(cls, instance):
        return "asked" if instance == 1 else ""


class Checked(metaclass=Meta):
    pass


BIG = 10**30
INF = float("inf")
NAN = float("nan")
ODD = [
    None, True, False, 0, -1, 5, BIG, -BIG, 0.0, -0.0, 2.5, -2.5, 0.5, 1.5, 1e300, INF, -INF, NAN, "", "x", "\xe9", "\u20ac", "longer", b"b", b"",
    bytearray(b"q"), (), (1, 2), [], [3, 1, 2], ["b", "a"], [1, "a"], [1.5, 2, True], {}, {"a": 1}, {1: 2}, set(), {1, 2}, frozenset([1]), range(3),
    Int(3), Float(1.25), Str("s"), List([1]), Dict(a=1), Sized(), Negative(), Proxy(), Checked(), deque([1, 2]), 3j, int, Checked, print, len, 2**62,
    -(2**63), 2**63 - 1, 1114111, 1114112, 255, 256, 128,
]

TEMPLATE = """
def hot(a, b, turns):
    r = None
    for i in range(turns):
        r = {expression}
    return r
"""


def describe(value):
    if isinstance(value, (set, frozenset)):
        return type(value).__name__, sorted(map(repr, value))
    if isinstance(value, (type({}.items()), type({}.keys()), type({}.values()))):
        return type(value).__name__, list(value)
    if type(value) in (type(reversed([])), zip, map, enumerate):
        return type(value).__name__, list(value)
    text = repr(value)
    return type(value).__name__, text if "0x" not in text else "object", str(value)[:1] == "-"


def attempt(function, a, b, turns):
    try:
        return describe(function(a, b, turns))
    except Exception as error:
        trace = error.__traceback__.tb_next
        where = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2], trace.tb_next is None
        return type(error).__name__, str(error) if "0x" not in str(error) else "", where


def copied(value):
    return type(value)(value) if type(value) in (list, dict, set) else value


def check(expression, a, b=None):
    make = copied
    space = {"math": math, "Checked": Checked, "deque": deque}
    exec(TEMPLATE.format(expression=expression), space)
    hot = space["hot"]
    outcome = [attempt(hot, make(a), make(b), 70) for _ in range(3)]
    print(expression, outcome[0], outcome[0] == outcome[1] == outcome[2])
    for odd in ODD:
        if isinstance(odd, (list, dict, set, bytearray, deque)) and type(odd).__module__ != "__main__":
            odd = type(odd)(odd)
        print("   ", attempt(hot, odd, b, 3))
    print("   ", attempt(hot, make(a), make(b), 70) == outcome[0])
    counts = [sys.getrefcount(a), sys.getrefcount(b)]
    attempt(hot, a, b, 50)
    if not isinstance(a, list):
        print("   ", sys.getrefcount(a) - counts[0], sys.getrefcount(b) - counts[1])


def one_argument():
    for a in ("four", [1, 2, 3], (1,), {1: 2}, {5}, b"xy", deque([1, 2, 3]), range(9)):
        check("len(a)", a)
    for expression in ("ord(a)", "ord(a) + i", "str(a)", "repr(a)", "hash(a) * 0", "type(a)", "bool(a)", "callable(a)", "list(a)", "tuple(a)", "sorted(a)"):
        check(expression, "Q")
    for expression in ("chr(a)", "abs(a)", "round(a)", "int(a)", "float(a)", "a.bit_length()", "abs(a - 20)", "chr(a + 200)"):
        check(expression, 10)
    for expression in ("abs(a)", "round(a)", "int(a)", "float(a)", "math.floor(a)", "math.ceil(a)", "math.trunc(a)", "math.fabs(a)", "math.sqrt(a)"):
        check(expression, 6.5)
        check(expression, 0.4)
    for name in ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10", "log1p", "log2", "sin", "sinh", "tan", "tanh"):
        check("math." + name + "(a)", 0.75)
    for a in ([1, 2], (1.5, 2), [True, 0], [0, ""]):
        for expression in ("sum(a)", "any(a)", "all(a)", "sorted(a)", "list(a)", "tuple(a)", "[x for x in reversed(a)]", "[x for x in enumerate(a)]"):
            check(expression, a)


def two_arguments():
    for a, b in ((3, 8), (3.5, 2.5), (2, 2.0), (-1, 0)):
        for expression in ("min(a, b)", "max(a, b)", "min(a + i, b + 1)", "max(a + i, b * 2, 7)", "min(a, b, i)", "divmod(a, b)", "pow(a, b)", "round(a, 1)",
                           "math.pow(a, b)", "math.atan2(a, b)", "math.fmod(a, b)", "max(a + i, 0)", "min(0.0, a + i)"):
            check(expression, a, b)
    for a, b in ((1, int), ("x", str), (1, str), (True, int), (1, (str, int)), (Proxy(), int), (1, Checked), (2, Checked), ([], list)):
        check("isinstance(a, b)", a, b)
    for expression in ("isinstance(a, int)", "isinstance(a, (str, list))", "isinstance(a, Checked)", "isinstance(i, int)", "isinstance(i, float)"):
        check(expression, 5)


def methods():
    check("a.append(i)", [1])
    check("[a].append(i)", 5)
    check("a.pop()", list(range(100)))
    check("a.pop(b)", list(range(100)), 0)
    check("a.extend(b)", [1], (2, 3))
    check("a.insert(0, b)", [1], (2, 3))
    check("a.sort()", [3, 1, 2])
    check("a.sort()", ["b", "a"])
    check("a.reverse()", [3, 1, 2])
    check("a.get(b)", {"k": 5}, "k")
    check("a.get(b, i)", {"k": 5}, "z")
    check("a.get(1, b)", {"k": 5}, "z")
    check("a.setdefault(b, i)", {"k": 5}, "z")
    check("a.pop(b, None)", {"k": 5}, "k")
    for expression in ("a.items()", "a.keys()", "a.values()", "list(a)", "len(a)"):
        check(expression, {"k": 5, "l": 6})
    check("a.add(i % 5)", {1})
    check("a.discard(i)", {1, 2, 3})
    for expression in ("a.split()", "a.split('b')", "a.split(' ', 1)", "a.strip()", "a.lower()", "a.upper()", "a.title()", "a.find('b')", "a.find('b', 3)",
                       "a.rfind('b')", "a.index('b')", "a.count('b')", "a.replace('b', 'x')", "a.replace('b', 'x', 1)", "a.startswith('a')", "a.endswith('z')",
                       "a.isdigit()", "a.isalpha()", "a.partition('b')", "a.zfill(9)", "a.rjust(12)", "a.ljust(12, '*')", "a.center(i)", "a.join(['x', 'y'])",
                       "a.join(b)", "a.split(b)", "a.split('')", "a.strip(b)", "a.splitlines()", "a.removeprefix('a')", "a.find(b)"):
        check(expression, "a b c b z", "b")


one_argument()
two_arguments()
methods()


# ---- Bound anew in the middle ----

def rebound(values):
    total = 0
    for index, value in enumerate(values):
        if index == 150:
            builtins.len = lambda thing: 1000
        if index == 170:
            globals()["len"] = lambda thing: 100000
        if index == 190:
            del builtins.len
            builtins.len = original_len
            del globals()["len"]
        if index == 200:
            math.sqrt = abs
        if index == 220:
            math.sqrt = original_sqrt
        total += len(value) + math.sqrt(index * index)
    return total


original_len = len
original_sqrt = math.sqrt
for _ in range(4):
    print(rebound(["ab"] * 260))


def shadowed(turns, len):
    total = 0
    for i in range(turns):
        total += len("abc")
    return total


print(shadowed(200, len), shadowed(200, lambda text: 5), shadowed(3, ord if False else str.__len__))


# ---- Which object the result is ----

def same_object(a, b, turns):
    kept = 0
    for i in range(turns):
        kept += (min(a, b) is a) + 2 * (max(a, b) is b) + 4 * (int(a) is a) + 8 * (abs(a) is a) + 16 * (round(a) is a)
    return kept


def same_float(a, b, turns):
    kept = 0
    for i in range(turns):
        kept += (min(a, b) is a) + 2 * (max(a, b) is b) + 4 * (float(a) is a) + 8 * (abs(a) is a) + 16 * (str("s") is "s"[:])
    return kept


for _ in range(3):
    print(same_object(int("1000"), int("2000"), 100), same_float(float("1.5"), float("2.5"), 100))


# ---- What is taken out while it stands on the stack ----

def taken(turns):
    items = [float(i) for i in range(turns + 5)]
    total = 0.0
    for i in range(turns):
        total += items[-1] * (items.pop() * 2.0)
    texts = ["t%d" % i for i in range(turns + 5)]
    joined = []
    for i in range(turns):
        joined.append((texts[-1], texts.pop(), texts[-1], len(texts)))
    return total, joined[-1], items[-1]


for _ in range(3):
    print(taken(200))


def sizes(turns):
    """The size of a list is asked for anew after it has changed."""
    items = list(range(10))
    seen = 0
    for i in range(turns):
        first = items[-1] + len(items)
        items.append(i)
        second = items[-1] + len(items)
        items.pop()
        items.pop()
        third = items[-1] + len(items)
        items.insert(0, i)
        items.extend([i])
        seen += first + 3 * second + 5 * third + 7 * items[-1] + items[0] + len(items)
        items.reverse()
        items.pop(0)
    return seen, items


for _ in range(3):
    print(sizes(150))


# ---- Recursion to the limit ----

def deep(n):
    try:
        return deep(n + 1) + abs(-n) * 0
    except RecursionError:
        results = []
        for call in (lambda: ord("a"), lambda: max(1, 2), lambda: "a".split()):
            try:
                results.append(call())
            except RecursionError as error:
                results.append(str(error)[:30])
        return n * 0 + len(results)


print(deep(0), deep(0))
