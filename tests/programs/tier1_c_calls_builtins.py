"""Calls of builtin functions and types that tier 1 carries out in line: results, errors, counts, and everything that makes a site's
guess wrong."""
import abc
import builtins
import sys
import traceback
import typing


def show(name, function, *arguments):
    """The outcome of several calls: the first may run in tier 0, the others compiled."""
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException as error:
            lines = traceback.format_exception(error)
            outcomes.append("".join(lines[2:]) if len(lines) > 3 else "".join(lines))
    print(name, outcomes[0] if len(set(outcomes)) == 1 else outcomes)


class Sized:
    def __init__(self, size):
        self.size = size

    def __len__(self):
        if isinstance(self.size, Exception):
            raise self.size
        return self.size


class ListOfTen(list):
    def __len__(self):
        return 10


class StrOfTen(str):
    def __len__(self):
        return 10


# ---- len ---------------------------------------------------------------------------------------------

def length(x):
    return len(x)


def length_of_temporary(x):
    return len(x + x)


def length_twice(x, y):
    return len(x) + len(y) * len("constant")


for value in ([], [1], (), (1, 2, 3), "", "abc", "a\u0100\U00010000", b"", b"1234", {}, {1: 2}, set(), {1, 2}, frozenset([3]), range(7),
              bytearray(5), Sized(3), Sized(0), Sized(-1), Sized(1 << 70), Sized(ValueError("no length")), Sized("x"),
              ListOfTen(), StrOfTen("x"), 5, None, [0] * 255, [0] * 256, [0] * 257, [0] * 100000):
    show(f"len {str(value)[:20] if not isinstance(value, Sized) else 'Sized'}", length, value)
for value in ([1, 2], (1,), "ab", b"xy", Sized(2)):
    show("len of a temporary", length_of_temporary, value)
show("len twice", length_twice, [1, 2], (3,))
show("len twice", length_twice, [1, 2], 3)


def length_wrongly(kind):
    if kind == 0:
        return len()
    if kind == 1:
        return len([], [])
    if kind == 2:
        return len(obj=[])
    return len(*[[1, 2]])


for kind in range(4):
    show("len of so many", length_wrongly, kind)


class Dying:
    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Dying.log.append((self.name, sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno))


def length_of_dying():
    n = len([Dying("in list"), Dying("second")])
    t = type(Dying("type"))
    i = isinstance(Dying("instance"), Dying)
    j = isinstance(Dying("instance of tuple"), (int, Dying))
    return n, t is Dying, i, j, [entry[0] + " " + entry[1] for entry in Dying.log], Dying.log.clear()


show("operands that die", length_of_dying)

# ---- ord, chr, abs, min, max -------------------------------------------------------------------------------


def code_point(x):
    return ord(x)


def code_point_of_constant():
    return ord("a"), ord("\xff"), ord("\u1234"), ord("\U0010ffff"), ord("\0")


for value in ("a", "\0", "\x7f", "\x80", "\xff", "\u0100", "\uffff", "\U00010000", "\U0010ffff", "", "ab", b"a", b"", bytearray(b"b"), 5, None,
              StrOfTen("q"), StrOfTen("long")):
    show("ord", code_point, value)
show("ord of constants", code_point_of_constant)


def character(x):
    return chr(x)


for value in (0, 65, 127, 128, 255, 256, 0xd800, 0xffff, 0x10000, 0x10ffff, 0x110000, -1, 1 << 30, 1 << 70, True, 65.0, "a", None):
    show("chr", character, value)
print([character(i) is chr(i) for i in (0, 65, 127, 200, 255)])


def absolute(x):
    return abs(x)


def absolute_of_temporary(x):
    return abs(x - x - x)


class Absolute:
    def __abs__(self):
        return "absolute"


class MyInt(int):
    def __abs__(self):
        return "mine"


for value in (0, 1, -1, 5, -5, -256, -257, 1000, -1000, (1 << 30) - 1, 1 - (1 << 30), -(1 << 30), -(1 << 70), 0.0, -0.0, 1.5, -1.5,
              float("inf"), -float("inf"), -float("nan"), True, False, -3j, Absolute(), MyInt(-3), int.__new__(type("Sub", (int,), {}), -4),
              "x", None):
    show("abs", absolute, value)
for value in (3, -3, 2.5, 1 << 40):
    show("abs of a temporary", absolute_of_temporary, value)
big = 123456
print(absolute(big) is big, absolute(-0.0), str(absolute(-0.0)))


def smaller(a, b):
    return min(a, b)


def larger(a, b):
    return max(a, b)


def of_temporaries(a, b):
    return min(a + 1000, b + 2000), max(a + 1000, b + 2000), min(a + 1000, b), max(a, b + 1000), min(5, a), max(b, 5)


one, other = 1000.5, float("1000.5")
print(smaller(one, other) is one, larger(one, other) is one)
one, other = 100000, int("100000")
print(smaller(one, other) is one, larger(one, other) is one)
nan = float("nan")
for pair in ((1, 2), (2, 1), (-1, 1), (0, 0), (1.5, 2.5), (2.5, 1.5), (nan, 1.0), (1.0, nan), (0.0, -0.0), (-0.0, 0.0), (1, 1.0), (1.0, 1),
             (1 << 40, 5), (5, 1 << 40), (-(1 << 40), 1 << 40), ("a", "b"), (True, 2), (None, 1), ([2], [1])):
    show("min", smaller, *pair)
    show("max", larger, *pair)
for pair in ((1, 2), (1.5, 0.5), (1 << 40, 3)):
    show("min and max of temporaries", of_temporaries, *pair)


def extremes_otherwise(a, kind):
    if kind == 0:
        return min(a)
    if kind == 1:
        return min(a, a, a)
    if kind == 2:
        return max(a, key=lambda x: -x)
    if kind == 3:
        return max(3, 5, key=lambda x: -x)
    if kind == 4:
        return min([], default=3)
    return min()


for kind in range(6):
    show("min and max otherwise", extremes_otherwise, [3, 1, 2], kind)

# ---- type, str, classes ----------------------------------------------------------------------------------------


def kind_of(x):
    return type(x)


def text_of(x):
    return str(x)


class Lying:
    @property
    def __class__(self):
        return int


class Text:
    def __str__(self):
        return "text"


class BadText:
    def __str__(self):
        return 5


for value in (1, "s", None, Lying(), Sized(1), int, type, type(1)):
    show("type", lambda x: kind_of(x).__name__, value)
for value in (1, "s", None, 2.5, Text(), BadText(), StrOfTen("u"), b"x", [1]):
    show("str", text_of, value)


def make(kind, x):
    if kind == 0:
        return int(x)
    if kind == 1:
        return float(x)
    if kind == 2:
        return tuple(x)
    if kind == 3:
        return list(x)
    if kind == 4:
        return dict(x)
    if kind == 5:
        return set(x)
    if kind == 6:
        return range(x)
    if kind == 7:
        return bool(x)
    if kind == 8:
        return bytes(x)
    if kind == 9:
        return int(x, 16)
    if kind == 10:
        return str(x, "latin-1")
    if kind == 11:
        return type("Made", (x,), {"a": 1}).a
    if kind == 12:
        return dict(x, b=2)
    if kind == 13:
        return int(x, base=8)
    return list(enumerate(x, start=2))


for kind in range(15):
    for value in (5, "77", [(1, 2)], b"12", 2.75, object):
        show(f"make {kind}", make, kind, value)

# ---- isinstance ---------------------------------------------------------------------------------------------------


def instance(x, c):
    return isinstance(x, c)


def branch(x, c):
    if isinstance(x, c):
        return "yes"
    return "no"


def branch_of_tuple(x):
    if not isinstance(x, (int, Sized)):
        return "no"
    return "yes"


class Checked(type):
    def __instancecheck__(cls, x):
        if x == "raise":
            raise RuntimeError("in __instancecheck__")
        return x == 5


class WithMeta(metaclass=Checked):
    pass


class Derived(Sized):
    pass


class Base(abc.ABC):
    pass


@Base.register
class Registered:
    pass


class Proxy:
    def __init__(self, target):
        self.__dict__["target"] = target

    def __getattribute__(self, name):
        if name == "__class__":
            return int
        return object.__getattribute__(self, name)


class RaisingClass:
    @property
    def __class__(self):
        raise ZeroDivisionError("class")


class Hooked:
    def __getattr__(self, name):
        return int


@typing.runtime_checkable
class Protocol(typing.Protocol):
    def size(self): ...


values = (1, True, "s", 2.5, None, Sized(1), Derived(1), Registered(), Lying(), Proxy(1), RaisingClass(), Hooked(), WithMeta(), 5, "raise")
for checked in (int, bool, object, Sized, Derived, Base, WithMeta, (int, str), (), (int, (str, (float,))), (WithMeta, int), (int, WithMeta),
                (Sized, Base), int | str, int | None, Protocol, typing.Callable, 5, (5,), (int, 5), [int], None, type, list[int]):
    for value in values:
        show(f"isinstance {type(value).__name__} {checked}", instance, value, checked)
for value in values:
    show("branch on isinstance", branch, value, int)
    show("branch on isinstance", branch, value, (Sized, float))
    show("branch on isinstance", branch_of_tuple, value)
sized = Sized(1)
print(instance(sized, Derived))
sized.__class__ = Derived
print(instance(sized, Derived))
print(instance(Derived(1), Sized))


def nested(depth):
    return isinstance(1, depth)


deep = int
for _ in range(100000):
    deep = (deep,)
try:
    print(nested(deep))
except RecursionError as error:
    print("RecursionError", error)
while isinstance(deep, tuple):
    deep = deep[0]

# ---- Shadowed and replaced builtins -----------------------------------------------------------------------------------


def shadowed(x):
    return len(x), abs(x[0]), isinstance(x, list), min(x[0], 3), str(x[0]), ord("a")


show("before", shadowed, [-2, 1])
len = lambda x: "shadowed"
show("global len", shadowed, [-2, 1])
del len
show("deleted", shadowed, [-2, 1])
saved = builtins.len, builtins.abs, builtins.isinstance, builtins.min, builtins.ord
builtins.abs = lambda x: "replaced"
builtins.isinstance = lambda x, y: "replaced"
builtins.ord = builtins.chr
try:
    results = [shadowed([-2, 1]) for _ in range(3)]
except TypeError as error:
    results = str(error)
builtins.len, builtins.abs, builtins.isinstance, builtins.min, builtins.ord = saved
print(results)
show("as before", shadowed, [-2, 1])
min = max
show("min is max", shadowed, [-2, 1])
del min


def parameter(len, x):
    return len(x)


for function in (len, str, lambda x: "lambda", list, sorted, Sized(1).__class__, repr, [].append, {}.get, "abc".join, type, abs):
    show("called through a parameter", lambda f: type(parameter(f, ["b", "a"])).__name__, function)


def polymorphic(functions, x):
    return [f(x) for f in functions]


show("one site, many callees", polymorphic,
     [len, str, repr, lambda x: 1, list, tuple, sorted, "{}".format, print, set, type, id.__class__, bool, iter.__call__, sum, max] * 2, [1, 2])

# ---- Reference counts that C functions see ---------------------------------------------------------------------------------


def counts(parameter):
    local = [1]
    other = local
    count = sys.getrefcount
    result = [sys.getrefcount(local), sys.getrefcount([]), sys.getrefcount(parameter) - count(parameter), count(local), count(other)]
    result.append(sys.getrefcount(local) + sys.getrefcount(other))
    result.append(max(sys.getrefcount(local), sys.getrefcount(object())))
    nested = [local, sys.getrefcount(local), local]
    return result, nested[1]


show("counts", counts, object())


def counts_after(x):
    before = sys.getrefcount(x)
    n = len(x), isinstance(x, list), type(x), abs(len(x)), str(x), min(len(x), 5)
    return sys.getrefcount(x) - before, sys.getrefcount(n), sys.getrefcount(len) - sys.getrefcount(len)


show("counts afterwards", counts_after, [1, 2])
before = [sys.getrefcount(f) for f in (len, abs, ord, isinstance, min, type, int, list.append)]
for _ in range(1000):
    counts_after([1])
    shadowed([-2, 1])
    code_point("a")
    try:
        code_point("ab")
    except TypeError:
        pass
    try:
        length(5)
    except TypeError:
        pass
print([now - then for now, then in zip([sys.getrefcount(f) for f in (len, abs, ord, isinstance, min, type, int, list.append)], before)])
