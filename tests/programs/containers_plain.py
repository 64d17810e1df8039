"""Subscripts, stores, slices, displays, unpacking: every kind of operand, errors with columns, who dies when, reference counts."""
import collections
import enum
import gc
import sys
import traceback


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


class Key:
    """Hashes like a number or string, and says when it is compared."""

    def __init__(self, like):
        self.like = like

    def __hash__(self):
        return hash(self.like)

    def __eq__(self, other):
        print("compared", self.like, type(other).__name__)
        return self.like == other


class Missing(dict):
    def __missing__(self, key):
        return ("missing", key)


class Own(dict):
    def __getitem__(self, key):
        return ("own", key)

    def __setitem__(self, key, value):
        print("own store", key)
        super().__setitem__(key, value)

    def __contains__(self, key):
        return ("own contains", key)


class Text(str):
    def __hash__(self):
        print("hash of", str(self))
        return super().__hash__()

    __eq__ = str.__eq__


class Colour(enum.Enum):
    RED = 1


def attempt(function, *arguments):
    try:
        result = function(*arguments)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} at {where.lineno - function.__code__.co_firstlineno}:{where.colno}-{where.end_colno}"
    return repr(result)


def get(container, key):
    return container[key]


def put(container, key, value):
    container[key] = value


def get_of_call(container, key):
    return (lambda: container)()[(lambda: key)()]


def put_of_call(container, key, value):
    (lambda: container)()[(lambda: key)()] = (lambda: value)()


def add_one(container, key):
    container[key] += 1
    return container


def constants(a):
    return a[0], a[-1], a[1], a[-2]


def swap(a, i, j):
    a[i], a[j] = a[j], a[i]
    a[0], a[-1] = a[-1], a[0]
    return a


def contains(container, item):
    return item in container, item not in container, "yes" if item in container else "no"


def subscripts():
    containers = [
        [10, 20, 30, 40],
        (10, 20, 30, 40),
        "abcé",
        "abcd",
        "日本語文",
        b"abcd",
        bytearray(b"abcd"),
        range(5, 9),
        {0: "a", -1: "b", 1: "c", -2: "d"},
        {"0": 1},
        Missing({0: 5}),
        collections.defaultdict(list, {0: 5, -1: 6, 1: 7, -2: 8}),
        collections.OrderedDict({0: 5, -1: 6, 1: 7, -2: 8}),
        collections.Counter("aab"),
        Own(),
        None,
        5,
    ]
    keys = [0, 1, -1, -4, -5, 4, 3, True, 2**40, -(2**40), 1.0, "0", "a", None, (1, 2), slice(1, 3), Colour.RED, int]
    for container in containers:
        print(attempt(constants, container))
        for key in keys:
            print(type(container).__name__, repr(key), attempt(get, container, key), attempt(get_of_call, container, key))
            print(attempt(contains, container, key))
    for container in containers[:15]:
        for key in keys:
            if hasattr(container, "copy"):
                print(attempt(put, container.copy(), key, "new"), attempt(put_of_call, container.copy(), key, "new"))
                copy = container.copy()
                attempt(put, copy, key, 77)
                print(copy, attempt(add_one, copy, key), len(copy))
            else:
                print(attempt(put, container, key, "new"))
    print(swap([1, 2, 3, 4], 1, -2), attempt(swap, [1, 2], 5, 0), attempt(swap, (1, 2), 0, 1))
    assert "abc"[1] is "xby"[1] and get("xyz", -1) is "z"
    assert get("\xe9a", 0) is get("b\xe9", 1)


def keys_that_compare():
    table = {Key(1): "one", Key("s"): "text", Key((1, 2)): "pair", Key(None): "none"}
    for key in (1, "s", (1, 2), None, 2, "t", 1.0, True, Key(1)):
        print(repr(key) if not isinstance(key, Key) else "Key", attempt(get, table, key), attempt(contains, table, key))
        print(attempt(put, table, key, 5))
    members = {Key(1), Key("s"), 7}
    for item in (1, "s", 7, 8, 7.0, (1,)):
        print(item, contains(members, item), contains(frozenset(members), item), contains([Key(1), 7], item))
    text = Text("s")
    print(attempt(get, {"s": 1}, text), attempt(get, {text: 1}, "s"), attempt(contains, {"s"}, text))
    mixed = {1: "int", 2.0: "float", "1": "str", b"1": "bytes", (1, 2.0): "tuple", None: "none", Colour.RED: "enum"}
    for key in (1.0, True, 2, "1", b"1", (1, 2), (1.0, 2), (True, 2.0), None, Colour.RED, 3, (3,), float("nan")):
        print(repr(key), attempt(get, mixed, key), attempt(contains, mixed, key), attempt(contains, set(mixed), key))
    nan = float("nan")
    assert contains([nan], nan)[0] and not contains([nan], float("nan"))[0] and get({nan: 1}, nan) == 1
    big = {2**70 + i: i for i in range(50)}
    print([get(big, 2**70 + i) for i in range(0, 50, 7)], contains(big, 2**70 - 1), contains(set(big), 2**70 + 3))
    collide = {i << 60: i for i in range(20)}
    print([get(collide, i << 60) for i in range(20)])
    pairs = {}
    for i in range(200):
        pairs[i % 13, str(i % 7)] = i
        pairs[i % 13, str(i % 7)] += 1
    print(len(pairs), sorted(pairs.items())[:3])
    members = set()
    for i in range(300):
        members.add((i % 31, i % 3))
    print(len(members), (5, 2) in members, (31, 0) in members)


def unhashable():
    for key in ([], {}, ([],), {1}):
        print(attempt(get, {}, key), attempt(put, {}, key, 1), attempt(contains, {1}, key), attempt(contains, {1: 1}, key))


def order_of_death():
    table = {"a": Noisy("value 1"), 5: Noisy("value 2")}
    put(table, "a", 1)
    print("replaced")
    put(table, 5, None)
    print("replaced 2")
    items = [Noisy("item 1"), Noisy("item 2")]
    put(items, 0, items[1])
    print("stored")
    items[0], items[1] = 1, 2
    print("both gone")

    class Temporary(list):
        def __del__(self):
            print("temporary dies")

    print(get_of_call([Noisy("x")], 0).name)
    Temporary([1, 2])[0] = 5
    [Noisy("in a list")][0].name
    print("then")
    (Noisy("in a tuple"), 2)[1]
    print("then")
    {"k": Noisy("in a dict")}["k"].name
    print("then")
    "k" in {"k": Noisy("looked for in a dict")}
    print("end")
    weird = {}
    weird["self"] = weird
    del weird["self"]
    old = [Noisy("sliced 1"), Noisy("sliced 2"), 3]
    old[:2] = [1]
    print("slice stored", old)


class ChangesOnDeath:
    def __init__(self, target):
        self.target = target

    def __del__(self):
        self.target.clear()
        self.target.extend([7, 8, 9])


def death_changes_locals():
    a = [0, 1]
    a[0] = ChangesOnDeath(a)
    b = a
    b[0] = 5
    return a, b, len(b)


def counts():
    value = object()
    before = sys.getrefcount(value)
    table = {"k": value, 1: value}
    items = [value, value]
    for _ in range(20):
        table["k"]
        table[1]
        items[-1]
        items[0] = items[1]
        table["k"] = table[1]
        "k" in table
        a, b = items
        a, b, c = value, value, value
        (a, b)
        [a, b, c][0]
        {"x": a, "y": b}
        {1: a}
        items[:]
        items[::-1]
        f"{1}{2!s}{3:>4}"
        [x for x in items]
        {x: x for x in (1, 2)}
        {x for x in (1, 2)}
    del table, items, a, b, c
    print(sys.getrefcount(value) - before)
    one = sys.getrefcount(None)
    for _ in range(100):
        put({}, "a", None)
        put([1], 0, None)
    print(abs(sys.getrefcount(None) - one) < 10)
    words = "a b c".split()
    print(sys.getrefcount(words[0]) < 1000, get(words, 0), sys.getrefcount(words))


def tracked():
    table = {"a": 1}
    print(gc.is_tracked(table))
    table["a"] = []
    print(gc.is_tracked(table))
    other = {1: 1}
    other[1] = 2
    print(gc.is_tracked(other))
    other[2] = [1]
    print(gc.is_tracked(other))
    made = {"a": 1, "b": 2}
    print(gc.is_tracked(made), gc.is_tracked({"a": made}), gc.is_tracked((made, 1)), gc.is_tracked([]))


class Shares:
    def __init__(self):
        self.a = 1
        self.b = 2


def split_tables():
    things = [Shares() for _ in range(3)]
    for number, thing in enumerate(things):
        names = thing.__dict__
        names["a"] = number
        names["c"] = number
        names["b"] += 10
        print(names, thing.a, thing.b, thing.c, "c" in names, list(names))
    names = things[0].__dict__
    del names["a"]
    names["a"] = 5
    print(list(names), things[0].__dict__, things[1].__dict__)


def iterate_while_changing():
    table = {i: i for i in range(5)}
    try:
        for key in table:
            table[key] = 0
            table[key + 100] = 1
    except RuntimeError as error:
        print(error)
    for key in table:
        table[key] = 9
    print(table)


print("subscripts")
subscripts()
print("keys")
keys_that_compare()
unhashable()
print("death")
order_of_death()
print(death_changes_locals())
print("counts")
for _ in range(3):
    counts()
tracked()
split_tables()
iterate_while_changing()
