"""Classes with a Python __new__: named tuples, caches, singletons, subclasses of immutable types; tuple.__new__ called directly."""

import gc
import sys
import traceback
from collections import namedtuple

Point = namedtuple("Point", "x y")
Tagged = namedtuple("Tagged", "name value", defaults=(7,))


class Pair(tuple):
    def __new__(cls, a, b):
        return tuple.__new__(cls, (a, b))


class Deeper(Point):
    __slots__ = ()

    def both(self):
        return self.x + self.y


class WithDict(Point):
    pass


def points(n):
    total = 0
    p = Point(0, 0)
    for i in range(n):
        p = Point(p.x + i, p.y - 1)
        total += Tagged("a", i).value + Tagged("b").value + Tagged(value=1, name=2).value
        total += Pair(i, 2)[0] + Deeper(i, 1).both()
        d = WithDict(i, 2)
        d.extra = i
        total += d.extra + len(d.__dict__)
    return p, total, gc.is_tracked(p), gc.is_tracked(Point(1, 2)), type(d), p._replace(x=1), Point(*p), Point(y=1, x=2)


print(points(200))


class Cached:
    known = {}

    def __new__(cls, key):
        if key in cls.known:
            return cls.known[key]
        made = object.__new__(cls)
        made.key = key
        cls.known[key] = made
        return made


class Other:
    def __new__(cls, what, *rest):
        if what == 0:
            return object.__new__(cls)
        if what == 1:
            return [cls.__name__, rest]
        if what == 2:
            return OtherSub(3)
        if what == 4:
            return Point(1, 2)
        if what == 5:
            raise ValueError("new")
        return object.__new__(cls)


class OtherSub(Other):
    def __init__(self, what, *rest):
        self.what = (what, rest)


def mixed(n):
    out = []
    for i in range(n):
        made = Cached(i % 3)
        assert made is Cached(made.key)
        what = i % 6
        try:
            made = Other(what, i)
        except ValueError:
            if i > n - 7:
                out.append(traceback.format_exc())
            continue
        if i > n - 7:
            out.append((type(made).__name__, getattr(made, "what", None)))
    return out


for line in mixed(120):
    print(line)


class Counting:
    def __new__(cls, a, b):
        global seen
        seen = (sys.getrefcount(cls) - base, sys.getrefcount(a), sys.getrefcount(b))
        return object.__new__(cls)


base = sys.getrefcount(Counting)


def counting():
    for i in range(50):
        x = object()
        Counting(x, [])
    print(seen[1:], seen[0], sys.getrefcount(Counting) - base, sys.getrefcount(x))


counting()


def errors():
    for i in range(60):
        try:
            Point(1, 2) if i < 55 else Point(1)
        except TypeError as error:
            print(error)
        try:
            Point(1, 2) if i < 55 else Point(1, 2, 3)
        except TypeError as error:
            print(error)
        try:
            Point(1, 2) if i < 55 else Point(1, z=3)
        except TypeError as error:
            print(error)


errors()


def changed():
    class C:
        def __new__(cls, a):
            return [a]

    out = []
    for i in range(100):
        if i == 40:
            C.__new__ = lambda cls, a: (a,)
        if i == 50:
            C.__new__ = staticmethod(lambda cls, a: {a})
        if i == 60:
            C.__init__ = lambda self, a: out.append("init")
        if i == 70:
            C.__new__ = lambda cls, a: object.__new__(cls)
        if i == 80:
            del C.__init__
        if i == 90:
            del C.__new__
        try:
            made = C(i)
        except TypeError as error:
            made = error
        if i % 10 == 1:
            out.append(type(made).__name__)
    print(out)


changed()


def direct():
    out = []
    new = tuple.__new__
    for i in range(80):
        kind, items = [(Point, (1, 2)), (tuple, (1, 2)), (Pair, [3, 4]), (int, (1,)), (Deeper, (i,)), (5, ()),
                       (Point, 5), (type(sys.version_info), (1,))][i % 8]
        try:
            made = new(kind, items)
            entry = (type(made).__name__, tuple(made), gc.is_tracked(made))
        except TypeError as error:
            entry = str(error)
        if i >= 72:
            out.append(entry)
    items = (object(), [])
    made = new(Point, items)
    out.append((sys.getrefcount(items[1]), sys.getrefcount(items), made[0] is items[0], new(tuple, items) is items))
    for entry in out:
        print(entry)


direct()


class Deep:
    def __new__(cls, n):
        global deepest
        deepest = n
        return Deep(n + 1)


def too_deep():
    found = []
    for _ in range(3):
        try:
            Deep(0)
        except RecursionError as error:
            found.append((deepest, str(error)))
    print(found)


too_deep()


# Functions whose builtins are not the interpreter's.
def other_builtins():
    space = {"__builtins__": {"len": lambda x: 1000, "abs": abs}, "abs": lambda x: "own"}
    exec("def f(x):\n    return len(x), abs(-1)\ndef g(x):\n    return print", space)
    out = None
    for i in range(100):
        out = space["f"]("ab")
        if i == 90:
            space["__builtins__"]["len"] = lambda x: "changed"
            del space["abs"]
        if i == 95:
            space["__builtins__"].clear()
            try:
                space["f"]("ab")
            except NameError as error:
                print(error)
            space["__builtins__"].update(len=len, abs=abs)
    print(out)
    try:
        space["g"](1)
    except NameError:
        print(traceback.format_exc())


other_builtins()
