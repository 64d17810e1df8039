"""Loops and the classes they are fed by, whose iterators use memory again: ends, shared iterators, what dies when, arguments of every kind."""
import gc
import sys
import traceback


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)

    def __repr__(self):
        return f"Noisy {self.name}"


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} at {where.lineno - function.__code__.co_firstlineno}:{where.colno}-{where.end_colno}"


# ---- range() with the loop behind it ----


def loop_1(stop):
    seen = []
    for i in range(stop):
        seen.append(i)
        if len(seen) == 4:
            break
    return seen


def loop_2(start, stop):
    return [i for i in range(start, stop)][:4]


def loop_3(start, stop, step):
    seen = []
    for i in range(start, stop, step):
        seen.append(i)
        if len(seen) == 4:
            break
    else:
        seen.append("whole")
    return seen


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class Int(int):
    pass


NUMBERS = [0, 1, 2, -1, 5, 2**30 - 1, 2**30, -(2**30), 2**59, 2**60 - 1, -(2**60) + 1, 2**60, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**64),
           True, False, 1.5, "a", None, Index(3), Int(4)]


def ranges():
    for a in NUMBERS:
        if not (isinstance(a, int) and a > 2**30 * 9) or True:
            print("range", a if not isinstance(a, Index) else "index", attempt(loop_1, a))
    for a in NUMBERS[:16]:
        for b in NUMBERS[:16]:
            if b - a < 100:
                print("range", a, b, attempt(loop_2, a, b))
            print("range", a, b, attempt(loop_3, a, b, 1), attempt(loop_3, a, b, -1), attempt(loop_3, a, b, 2**59),
                  attempt(loop_3, a, b, -(2**60) + 1), attempt(loop_3, a, b, 0), attempt(loop_3, a, b, 2**61))
    print(attempt(loop_3, 1, 2, Index(1)), attempt(loop_3, 1, 2, "x"), attempt(loop_2, 1, None))


def shadowed(range):
    seen = []
    for i in range(3):
        seen.append(i)
    return seen


def global_range():
    seen = []
    for i in range(3):
        seen.append(i)
    return seen


def changes_of_range():
    global range
    print(shadowed(lambda n: "abc"[:n]), shadowed(lambda n: (n, n)))
    for _ in range(400):
        global_range()
    range = lambda n: [n] * n
    print(global_range())
    range = lambda n: 5
    print(attempt(global_range))
    range = lambda n: 1 // 0
    print(attempt(global_range))
    del range
    print(global_range())
    kept = []
    for i in range(500):
        it = iter(range(i, i + 3))
        next(it)
        if i % 50 == 0:
            kept.append(it)
    print([list(it) for it in kept], [it.__length_hint__() for it in kept])


# ---- ends ----


def walk(iterable):
    for item in iterable:
        pass
    return item


def walk_twice(iterator):
    seen = []
    for item in iterator:
        seen.append(item)
    for item in iterator:
        seen.append(item)
    return seen


def grow_after_end(container):
    it = iter(container)
    for item in it:
        pass
    container.append(9)
    return list(it), next(it, "none")


def ends():
    text = "text"
    items = [1, 2, 3]
    pair = (1, 2)
    for _ in range(400):
        walk(items), walk(pair), walk(text), walk_twice(iter(items)), walk_twice(reversed(items)), walk(b"bytes"), walk(bytearray(b"ab"))
    print(sys.getrefcount(items), sys.getrefcount(pair))
    print(walk_twice(iter(items)), walk_twice(reversed(items)), walk_twice(iter(text)), walk_twice(iter(pair)))
    print(grow_after_end([1, 2]), items, walk_twice(b"\x00\x7f\x80\xff"), walk_twice(iter(b"ab")), walk_twice(bytearray(b"ab")))
    data = bytes(text, "ascii") * 3
    it = iter(data)
    print(walk_twice(it), it.__reduce__(), it.__length_hint__(), sys.getrefcount(data), pairs(data, b"xyz"), numbered(data[:2]))
    it = reversed(items)
    print(it.__length_hint__(), walk_twice(it), it.__length_hint__(), it.__reduce__())
    it = iter(items)
    print(walk_twice(it), it.__reduce__(), it.__length_hint__())
    for shrink in range(3):
        data = [1, 2, 3, 4, 5]
        back = reversed(data)
        seen = []
        for item in back:
            seen.append(item)
            if item == 5 - shrink:
                del data[1:]
        print(seen, back.__reduce__())


def temporary(names):
    for item in [Noisy(name) for name in names]:
        print("item", item)
    print("behind")
    for item in (Noisy("t"), 1):
        print("item", item)
    item = None
    print("end")


def broken_off(names):
    for item in [Noisy(name) for name in names]:
        break
    print("broken", item)
    del item
    for item in reversed([Noisy(name) for name in names]):
        if item.name == "b":
            return "returned"


def raised(names):
    for item in [Noisy(name) for name in names]:
        raise ValueError(item.name)


def lifetimes():
    for _ in range(3):
        temporary(["a", "b"])
        print(broken_off(["a", "b", "c"]))
        print(attempt(raised, ["x", "y"]))
    gc.collect()


# ---- map, reversed, enumerate, zip ----


def through_map(function, source):
    return sum(map(function, source))


def map_object(function, source):
    found = map(function, source)
    return found, list(found), list(found), type(found) is map


def pairs(a, b):
    return [(x, y) for x, y in zip(a, b)]


def numbered(a):
    return [(i, x) for i, x in enumerate(a)]


def backwards(a):
    return [x for x in reversed(a)]


def kept_pairs(a, b):
    return list(zip(a, b)), [pair for pair in zip(a, b)], [id(pair) for pair in zip(a, b)] == []


def kept_numbers(a):
    all_of_them = [pair for pair in enumerate(a)]
    return all_of_them, len({id(pair) for pair in all_of_them})


SOURCES = [
    lambda: [1, 2, 3], lambda: (1, 2), lambda: "ab", lambda: "aé", lambda: range(3), lambda: {1: 2}, lambda: {1: 2}.items(), lambda: {7},
    lambda: (x for x in (1, 2)), lambda: iter([5]), lambda: [], lambda: (), lambda: "", lambda: b"xy", lambda: enumerate([1]), lambda: 5,
    lambda: None, lambda: [Noisy("in a list")],
]


def classes():
    for source in SOURCES:
        print(attempt(numbered, source()))
        print(attempt(backwards, source()))
        print(attempt(lambda s: [x for x in map(repr, s)], source()))
        print(attempt(kept_numbers, source()))
        for other in SOURCES[:9]:
            print(attempt(pairs, source(), other()), attempt(kept_pairs, source(), other()))
    print(attempt(through_map, lambda x: x * 2, [1, 2, 3]), attempt(through_map, lambda x: x / 0, [1]), attempt(through_map, None, [1]))
    print(attempt(through_map, lambda x: x, 5), attempt(lambda: list(map(lambda x: x))), attempt(lambda: list(map(5))))
    print(attempt(lambda: zip([1], 5)), attempt(lambda: enumerate(5)), attempt(lambda: reversed(5)), attempt(lambda: reversed({1})))


class Reversible:
    def __reversed__(self):
        return iter("reversed")


class ListLike(list):
    def __iter__(self):
        return iter("own")

    def __reversed__(self):
        return iter("owner")


def subclasses():
    print(backwards(Reversible()), backwards(ListLike([1])), numbered(ListLike([1])), pairs(ListLike([1]), [1, 2]))

    class Map(map):
        pass

    class Enumerate(enumerate):
        pass

    class Zip(zip):
        pass

    def each(first, second, third):
        return list(first(str, [1, 2])), list(second("ab")), list(third("ab", "cd"))

    for kinds in ((map, enumerate, zip), (Map, Enumerate, Zip), (map, Enumerate, zip)):
        print(each(*kinds), [type(kind).__name__ for kind in (kinds[0](str, ()), kinds[1](()), kinds[2]())])


def many():
    """More iterators at once than memory is kept for, dying in one go, and cycles through them."""
    for turn in range(5):
        kept = []
        for i in range(300):
            kept.append((iter([i]), enumerate([i]), zip([i], (i,)), map(str, [i]), reversed([i]), iter(range(i, i + 1)), iter("ab"), iter((i,))))
        total = 0
        for group in kept:
            for it in group:
                for item in it:
                    total += len(str(item))
        print(turn, total)
        del kept, group, it
    for i in range(300):
        cycle = []
        cycle.append(iter(cycle))
        cycle.append(enumerate(cycle))
        cycle.append(zip(cycle, cycle))
        cycle.append(map(cycle.append, cycle))
        cycle.append(reversed(cycle))
        if i == 299:
            cycle.append(Noisy("cycle"))
    del cycle
    gc.collect()
    it = iter([1, 2])
    print(gc.is_tracked(it), gc.is_tracked(enumerate(())), gc.is_tracked(map(str, ())), gc.is_tracked(zip((), ())), gc.is_tracked(iter(range(3))))
    print(len([o for o in gc.get_objects() if o is it]))


# ---- int, float, str ----


def to_int(x):
    return int(x)


def to_float(x):
    return float(x)


def to_str(x):
    return str(x)


def bits(value):
    return value.hex() if isinstance(value, float) else value


class Weird(str):
    def __int__(self):
        return 77

    def __float__(self):
        return 7.5

    def __str__(self):
        return "weird"


class Number(float):
    def __int__(self):
        return 5

    def __str__(self):
        return "number"


VALUES = [0, 5, -7, 256, 257, -5, -6, 2**30, 2**60 - 1, 2**60, -(2**63), 10**30, True, 1.5, -0.0, 0.0, -1.99, 1e18, 2.0**61, -(2.0**61), 2.0**62, 1e30,
          float("inf"), float("nan"), "12", "-12", "+12", "007", "0", "-0", " 12", "12 ", "1_000", "1__0", "", "-", "+", "--1", "1-", "0x10",
          "123456789012345678", "1234567890123456789", "999999999999999999", "-999999999999999999", "1.5", "-1.5", "+1.5", ".5", "5.", ".", "-.5", "1..2", "1.2.3", "0.1", "0.3", "1e5",
          "nan", "inf", "-0.0", "-0", "123456789012345", "1234567890123456", "0.000000000001", "00000000000000.1", "3.14159265358979", "99999999999999.", "12.50", "8.41",
          "é", "１２", "٣", b"12", bytearray(b"5"), None, [], Index(9), Weird("12"), Number(2.5), Int(3)]


def conversions():
    for value in VALUES:
        shown = value if not isinstance(value, Index) else "index"
        print(repr(shown), "->", bits(attempt(to_int, value)), bits(attempt(to_float, value)), attempt(to_str, shown))
    number, text, real = 10**6, "text", 2.5
    print(to_int(number) is number, to_float(real) is real, to_str(text) is text, type(to_int(Int(3))), type(to_float(Number(1.0))), type(to_str(Weird("x"))))
    for i in range(400):
        to_int("12"), to_float("1.5"), to_str(12)
    print(sys.getrefcount(number), sys.getrefcount(real))
    for text in ("0.1", "0.2", "0.7", "1.1", "123.456", "0.000001", "4503599627370.4", "999999999999.99", "5.551115123125"):
        if float(text) != eval(text) or to_float(text).hex() != eval(text).hex() or to_float("-" + text) != -eval(text):
            print("wrong", text)


def builtin_changed():
    import builtins

    old = int, zip
    try:
        builtins.int = lambda x: "other"
        print(to_int("5"))
        builtins.zip = lambda *a: [(1, 2)]
        print(pairs([], []))
    finally:
        builtins.int, builtins.zip = old
    print(to_int("5"), pairs([1], [2]))


# ---- min and max ----


def least_3(a, b, c):
    return min(a, b, c)


def greatest_3(a, b, c):
    return max(a, b, c)


def least_2(a, b):
    return min(a, b)


def greatest_4(a, b, c, d):
    return max(a, b, c, d)


class Comparing:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        print("lt", self.value, getattr(other, "value", other))
        return self.value < getattr(other, "value", other)

    def __gt__(self, other):
        print("gt", self.value, getattr(other, "value", other))
        return self.value > getattr(other, "value", other)

    def __repr__(self):
        return f"Comparing({self.value})"


def extremes():
    values = [0, 1, -1, 256, 257, 2**30 - 1, -(2**30) + 1, 2**30, 2**62, 1.5, -0.0, 0.0, float("inf"), float("nan"), True, False, Int(2), Number(3.5), "a", "b", None, Comparing(1)]
    for a in values:
        for b in values:
            for c in values[::3]:
                found = [attempt(function, *arguments) for function, arguments in
                         ((least_3, (a, b, c)), (greatest_3, (a, b, c)), (least_3, (c, a, b)), (greatest_4, (b, a, c, b)))]
                print(a, b, c, [bits(x) for x in found], [[i for i, x in enumerate((a, b, c)) if x is y] for y in found])
            print(attempt(least_2, a, b))
    number = 5000 + len(values)
    real = number / 3
    for _ in range(400):
        least_3(number, number, 7), greatest_3(number, 3, number), greatest_4(real, real, 1.5, real), least_3(real, real, real)
    print(sys.getrefcount(number), sys.getrefcount(real), greatest_3(number, 3, 2) is number, greatest_4(real, 1.0, real, 0.5) is real)
    print(attempt(lambda: max(1, 2, 3, key=lambda x: -x)), attempt(lambda: min(1, 2, 3, default=5)), attempt(lambda: max()), attempt(lambda: max(1)), attempt(lambda: max([1, 3], (2, 1))))


def shadowed_extremes(min):
    return [min(3, i, 5) for i in range(400)][-1]


# ---- containers of ints that die ----


def ints_die():
    for _ in range(300):
        data = [2**20 + i for i in range(8)]
        mixed = [2**20 + 1, "a", 2.5, None, [2**21], (2**22, 2**40)]
        shared = 2**50 + _
        also = [shared, shared]
        del data, mixed, also
    print(shared, sys.getrefcount(shared))
    big = [[2**20 + i + j for j in range(5)] for i in range(2000)]
    total = sum(map(sum, big))
    del big
    fresh = [2**20 + i for i in range(10000)]
    print(total, sum(fresh), len(set(fresh)), len({id(x) for x in fresh}))


# ---- a, *rest = ... ----


def first_rest(s):
    a, *rest = s
    return a, rest


def rest_last(s):
    *rest, b = s
    return rest, b


def both_ends(s):
    a, b, *rest, c = s
    return a, b, rest, c


def only_rest(s):
    *rest, = s
    return rest, rest is s


def long_ends(s):
    *rest, a, b, c = s
    return rest, a, b, c


def unpacking():
    for length in range(9):
        for make in (list, tuple, iter, str, lambda r: (x for x in r), dict.fromkeys):
            source = [str(i) if make is str else i + 1000 for i in range(length)]
            for function in (first_rest, rest_last, both_ends, only_rest, long_ends):
                found = attempt(function, "".join(source) if make is str else make(source))
                sizes = [sys.getsizeof(x) for x in found if isinstance(x, list)]
                counts = [len({id(x) for x in found}), [sys.getrefcount(x) for x in found if isinstance(x, list)]]
                print(function.__name__, length, found, sizes, counts)
    item = Noisy("unpacked")
    for _ in range(400):
        first_rest([item, item, item]), both_ends((item, 1, 2, item)), only_rest([])
    print(sys.getrefcount(item))
    for _ in range(2):
        a, *rest = [Noisy("first"), Noisy("second")]
        del a
        print("then")
        del rest
    a, *rest = (lambda: (Noisy("x"), [Noisy("y")]))()
    rest.append(rest)
    print(gc.is_tracked(rest), len(rest))
    rest.clear()


for _ in range(2):
    unpacking()
    ranges()
    changes_of_range()
    ends()
    lifetimes()
    classes()
    subclasses()
    many()
    conversions()
    builtin_changed()
    ints_die()
    extremes()
    print(shadowed_extremes(min), shadowed_extremes(lambda *a: a))
for _ in range(300):
    loop_1(5), loop_2(1, 4), loop_3(4, 1, -1), numbered("ab"), pairs([1], [2]), backwards([1]), through_map(abs, [1])
ranges()
conversions()
