"""Slices, displays, comprehensions, unpacking, f-strings, iter(): results, identity, errors, collection in the middle."""
import collections
import gc
import sys
import traceback


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)

    def __repr__(self):
        return self.name


class Index:
    def __index__(self):
        print("index")
        return 1

    def __repr__(self):
        return "Index()"


class ShowsSlice:
    def __repr__(self):
        return "ShowsSlice()"

    def __getitem__(self, key):
        return key

    def __setitem__(self, key, value):
        print("set", key, value)


def attempt(function, *arguments):
    try:
        result = function(*arguments)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} at {where.lineno - function.__code__.co_firstlineno}:{where.colno}-{where.end_colno}"
    return repr(result)


def slices(a, i, j):
    return a[i:j], a[:j], a[i:], a[:], a[1:3], a[-2:], a[::2], a[::-1], a[i::-1], a[i:j:2], a[i:j:-2], a[5:1]


def stepped(a, i, j, k):
    return a[i:j:k]


def odd_steps(a):
    return a[::1], a[0:2:1], a[::1000], a[:: -(2**40)]


def store_slice(a, i, j, values):
    a[i:j] = values
    a[:1] = values
    a[-1:] = values
    return a


def store_self(a):
    a[1:2] = a
    a[: 2] = a[1::-1]
    return a


def all_slices():
    for a in ([1, 2, 3, 4], (1, 2, 3, 4), "abcd", "abéd", "日本語文", b"abcd", bytearray(b"abcd"), range(4), "", [], (),
              ShowsSlice(), None, 5, {1: 2}, "x", collections.deque([1])):
        for i, j in ((1, 3), (0, 10), (-3, -1), (3, 1), (None, None), (2**70, -(2**70)), (True, False), ("a", 1), (1.0, 2)):
            print(type(a).__name__, i, j, attempt(slices, a, i, j), attempt(stepped, a, i, j, 2))
        print(attempt(stepped, a, 0, 3, 0), attempt(stepped, a, 0, 3, None), attempt(odd_steps, a))
    print(attempt(slices, [1, 2, 3], Index(), 3))
    text, pair, data = "some text", (1, 2), b"some"
    assert text[:] is text and text[0:100] is text and pair[:] is pair and data[:] is data
    letters = "ab"
    print(text[1:1] is text[2:2], text[3:4] is text[3], letters[::-2] is letters[1], letters[1:] is letters[1], letters[::-2])
    five = [1, 2, 3, 4, 5]
    print([sys.getsizeof(made) for made in (five[1:4], five[::2], [five, five], five[:0])])
    for a in ([1, 2, 3, 4], [], ShowsSlice(), (1,), bytearray(b"abc"), "abc"):
        for values in ([8, 9], (8, 9), range(2), "xy", b"xy", 5, {1: 2}):
            copy = a[:] if isinstance(a, (list, bytearray)) else a
            print(attempt(store_slice, copy, 1, 3, values), attempt(store_slice, copy, None, -1, values))
            print(attempt(store_slice, copy, 2**70, Index(), values), attempt(store_slice, copy, "a", 1, values))
    print(store_self([1, 2, 3]))
    items = [Noisy("a"), Noisy("b"), Noisy("c")]
    part = items[1:]
    items[1:] = []
    print("kept", part)
    del part
    print("gone")
    print([Noisy("temporary"), 1][1:], (Noisy("in a tuple"), 1)[1:])


def raises():
    raise KeyError("made while building")


def displays(a, b):
    yield (a,), (a, b), (a, b, a, b, a), [a], [a, b], {a, b}, {a: b}, {"x": a, "y": b}, {a: 1, b: 2, "z": 3}
    yield [*a, b], (*a, b), {*a, b}, {"k": 1, **{"a": b}}, [a, *a, *a]
    yield f"{a}{b}", f"{b}", f"x{b}y{b!r}z{b!s}{b!a}", f"{b:>5}|{b:<5}|", f"{b:{5}}"
    yield [(x, b) for x in a], {x: b for x in a}, {x for x in a}, [x for x in a if x != b], [[x] * 2 for x in a]


def all_displays():
    for a, b in ((("p", "q"), "r"), ((1, 2), 3), ((1.5, 2), 2.5), ("xyz", True), ((), None)):
        results = displays(a, b)
        while True:
            try:
                print(next(results))
            except StopIteration:
                break
            except Exception as error:
                print(type(error).__name__, error)
                break
    print(attempt(lambda: [1, raises()]), attempt(lambda: (Noisy("lost"), raises())), attempt(lambda: {"a": [], "b": raises()}))
    print(attempt(lambda: {[]: 1}), attempt(lambda: {[]}), attempt(lambda: {x: 1 for x in ([],)}), attempt(lambda: {x for x in ([],)}))
    print(attempt(lambda: f"{'a':d}"), attempt(lambda: f"{5:s}"), attempt(lambda: f"{1.5:d}"), attempt(lambda: f"{None:>5}"))
    print(attempt(lambda v: f"{v}", 10**5000)[:60], f"{-7:05d} {3.14159:.3f} {1e300!s} {'é':^5} {12:x} {0.1}")
    values = {"b": 1, "a": 2, "b": 3}
    print(values, {1: "x", True: "y", 1.0: "z"}, {True: 1, 1: 2}, {1, True, 1.0}, {"a", "b", "a"} == {"a", "b"})
    print({Noisy("key 1"): Noisy("value 1"), Noisy("key 2"): 2}.__len__())
    table = {}
    for i in range(20):
        table[i] = {x: Noisy(f"{i} {x}") for x in (1, 1)} if i == 3 else 0
    print("replaced once")


def unpack(a):
    x, y = a
    return x, y


def unpack_3(a):
    x, y, z = a
    return z, y, x


def unpack_1(a):
    (x,) = a
    return x


def unpack_5(a):
    (p, q, *r, s), t = a
    return p, q, r, s, t


def unpack_4(a):
    p, q, r, s = a
    return s, r, q, p


def all_unpacking():
    for a in ((1, 2), [1, 2], "ab", {1: 2, 3: 4}, iter([1, 2]), (1,), (1, 2, 3), [1, 2, 3], [1, 2, 3, 4], (4, 3, 2, 1), 5, None, range(2),
              [[1, 2, 3], 4], ("abcd", 5)):
        print(*(attempt(f, a) for f in (unpack, unpack_3, unpack_1, unpack_4, unpack_5)))
    x = Noisy("first")
    y = Noisy("second")
    x, y = y, x
    print("swapped", x, y)
    (x, y) = (Noisy("third"), Noisy("fourth"))
    print("unpacked", x, y)
    x, x = Noisy("fifth"), Noisy("sixth")
    print("twice", x)
    pair = [Noisy("seventh"), x]
    x, pair = pair
    print("self", x, pair)


class Collects:
    seen = 0

    def __del__(self):
        Collects.seen += 1


def collections_happen():
    """The collector runs while displays are built: cyclic garbage is found, nothing else is harmed."""
    gc.collect()
    made = []
    for i in range(3000):
        node = Collects()
        node.self = node
        made = [i, (i, [i]), {i: [i]}, {"a": (i,)}, [x for x in (i, i)]][1:3]
    del node
    assert made == [(2999, [2999]), {2999: [2999]}]
    print(Collects.seen > 1000)
    gc.collect()
    print(Collects.seen)
    gc.disable()
    kept = [[i, (i, i)] for i in range(5000)]
    gc.enable()
    print(len(kept), kept[-1])


def iterators():
    for source in ([1], (1,), "a", {1: 2}, {1}, range(3), b"x", {1: 2}.items(), {1: 2}.values(), {1: 2}.keys(), enumerate([1]), zip([1]),
                   iter([1]), (x for x in [1]), map(str, [1]), None, 5, reversed([1])):
        print(type(source).__name__, attempt(lambda s: [x for x in s], source))
    own = iter([1, 2, 3])
    print(sum(1 for x in own for y in own))
    view = {1: Noisy("in a view")}.items()
    for pair in view:
        print(pair)
    del view, pair
    print("view gone")


print("slices")
all_slices()
print("displays")
all_displays()
print("unpacking")
all_unpacking()
collections_happen()
iterators()
