"""Counting in dicts, adding to items and grouping in lists: with containers, keys and numbers of every kind, and errors on the way."""
import collections
import sys
import traceback


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)
        return f"{type(error).__name__}: {error} at " + " ".join(f"{w.lineno - function.__code__.co_firstlineno}:{w.colno}-{w.end_colno}" for w in where[1:])


def count(d, k):
    d[k] = d.get(k, 0) + 1
    return d


def count_down(d, k):
    d[k] = d.get(k, 10) + -3
    return d


def count_floats(d, k):
    d[k] = d.get(k, 0.5) + 1.25
    return d


def count_mixed(d, k):
    d[k] = d.get(k, 0) + 0.5
    return d


def count_large(d, k):
    d[k] = d.get(k, 0) + 536870912
    return d


def augment(c, k):
    c[k] += 1
    return c


def diminish(c, k):
    c[k] -= 1
    return c


def augment_float(c, k):
    c[k] += 0.5
    return c


def augment_by(c, k, v):
    c[k] += v
    return c


def diminish_by(c, k, v):
    c[k] -= v
    return c


def group(d, k, x):
    d.setdefault(k, []).append(x)
    return d


class Key:
    log = []

    def __init__(self, name):
        self.name = name

    def __hash__(self):
        Key.log.append(("hash", self.name))
        return 5

    def __eq__(self, other):
        Key.log.append(("eq", self.name, getattr(other, "name", other)))
        return isinstance(other, Key) and self.name == other.name

    def __repr__(self):
        return f"Key({self.name})"


class Plain:
    def __repr__(self):
        return "plain"


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)

    def __iadd__(self, other):
        print("iadd", self.name, other)
        return Noisy(self.name + "+")

    def __add__(self, other):
        print("add", self.name, other)
        return 1


class OwnGet(dict):
    def get(self, key, default):
        return 40


class OwnItem(dict):
    def __getitem__(self, key):
        return 70

    def __setitem__(self, key, value):
        print("set", key, value)


class Missing(dict):
    def __missing__(self, key):
        print("missing", key)
        return 100


class Int(int):
    pass


class Str(str):
    pass


plain = Plain()
KEYS = ["a", "b", "ab" * 3, 1, 1.0, True, 2**40, (1, "a"), (1, (2, "b")), None, b"x", plain, Str("a"), Int(1), [1], {}, Key("k"), float("nan"), -1, 0]
NUMBERS = [0, 1, -1, 255, 256, 257, -5, -6, -7, 2**30 - 1, 2**30, -(2**30), -(2**30) + 1, 2**60, 1.5, float("inf"), True, "s", None, [1], Int(5), 1j]


def every_key():
    for function in (count, count_down, count_floats, count_mixed, count_large):
        for key in KEYS:
            d = {}
            print(function.__name__, key, [str(attempt(function, d, key)) for _ in range(3)], Key.log)
            Key.log.clear()
        d = {}
        for _ in range(3):
            for key in KEYS[:13]:
                attempt(function, d, key)
        print(d)
    for function in (augment, diminish, augment_float):
        for key in KEYS:
            print(function.__name__, key, attempt(function, {}, key), end=" ")
            d = attempt(lambda: {key: 255, "other": 1})
            print([str(attempt(function, d, key)) for _ in range(3)], Key.log)
            Key.log.clear()
    for key in KEYS:
        d = {}
        print([str(attempt(group, d, key, x)) for x in (1, "x", None)], Key.log)
        Key.log.clear()


def every_number():
    for old in NUMBERS:
        for function in (count, count_down, count_floats, count_large, augment, diminish, augment_float):
            print(function.__name__, old, attempt(function, {"k": old}, "k"), attempt(function, [0, old], 1), attempt(function, {5: old}, 5), attempt(function, [old, 0], -2))
        for new in NUMBERS:
            print(old, new, attempt(augment_by, {"k": old}, "k", new), attempt(diminish_by, {"k": old}, "k", new), attempt(augment_by, [old], 0, new), attempt(diminish_by, [old], -1, new))


def containers():
    for make in (dict, OwnGet, OwnItem, Missing, collections.Counter, collections.OrderedDict, lambda: collections.defaultdict(int), lambda: collections.defaultdict(lambda: 7),
                 lambda: [5, 6], lambda: (5, 6), lambda: "text", lambda: None, lambda: bytearray(b"ab"), lambda: Plain().__dict__, lambda: collections.ChainMap({}, {1: 5}),
                 lambda: collections.UserDict({1: 2}), lambda: {1: 2}.items()):
        for function in (count, augment, diminish, augment_float):
            container = make()
            print(function.__name__, [attempt(lambda: repr(function(container, key))) for key in (1, 1, "k", -1, 2, None)])
        container = make()
        print([attempt(lambda: repr(group(container, key, "x"))) for key in (1, 1, "k")])


def instances():
    class Box:
        def __init__(self):
            self.n = 1
            self.m = 255

    boxes = [Box() for _ in range(5)]
    for _ in range(400):
        for box in boxes:
            count(box.__dict__, "n")
            augment(box.__dict__, "m")
            augment_by(box.__dict__, "m", 2)
    print([(box.n, box.m) for box in boxes])
    for box in boxes:
        group(box.__dict__, "names", 1)
        group(box.__dict__, "names", 2)
    print([box.names for box in boxes], attempt(group, boxes[0].__dict__, "n", 5))


def identity():
    """Values that somebody else has do not change in place; those that nobody has may."""
    d = {"k": 1000}
    seen = []
    for _ in range(400):
        count(d, "k")
        seen.append(d["k"])
    print(seen[:3], seen[-3:], len(set(seen)), len({id(x) for x in seen}) == len(seen))
    rows = [10**6]
    for _ in range(400):
        augment(rows, 0)
    kept = rows[0]
    augment(rows, 0)
    print(kept, rows[0], sys.getrefcount(kept))
    half = 0.5
    values = {"x": half}
    for _ in range(400):
        augment_by(values, "x", half)
    print(half, values)
    same = 5000 + len(rows)
    table = {"s": same}
    print(augment_by(table, "s", same), augment_by(table, "s", table["s"]), same)
    both = {}
    both["a"] = both["b"] = 10**5 + len(rows)
    print(count(both, "a"), augment(both, "b"), both)
    key, item = "key" + str(len(rows)), object()
    lists = {}
    for _ in range(400):
        group(lists, key, item)
    print(sys.getrefcount(item), sys.getrefcount(key), len(lists[key]), sys.getrefcount(lists[key]))
    print(sys.getrefcount(group(lists, "other", item)["other"]))
    counts = {}
    for letter in "the quick brown fox jumps over the lazy dog" * 30:
        count(counts, letter)
    print(counts)
    for text in ("é", "日", "a" * 100):
        for _ in range(3):
            count(counts, text)
            count(counts, "".join(list(text)))
    print(counts["é"], counts["日"], counts["a" * 100])


def deaths():
    d = {"n": Noisy("n")}
    print(attempt(augment, d, "n") is d)
    print(attempt(augment, d, "n") is d)
    print(attempt(count, d, "n"))
    items = [Noisy("in list")]
    print(attempt(augment, items, 0) is items)
    del items[:]
    print("end", attempt(augment, items, 0), attempt(augment_by, items, 2**70, 1))


def changing():
    """The dict changes between the calls: what was found last is not found again where it was."""
    d = {}
    for turn in range(500):
        count(d, turn % 7)
        count(d, "x")
        if turn % 50 == 0:
            d.pop("x")
        if turn % 90 == 0:
            d = dict(d)
        if turn % 120 == 0:
            d.clear()
        if turn % 130 == 0:
            d[turn] = turn
    print(d)
    other = {"x": "text"}
    for target in (d, other, d, {}, [1], d):
        print(attempt(count, target, "x"))
    unbound()


def unbound():
    def inner(flag):
        if flag:
            d = {}
            k = 1
        d[k] = d.get(k, 0) + 1
        d[k] += 1
        return d

    print(inner(True), attempt(inner, False))


def in_expressions(d, k, n):
    total = 0
    for i in range(n):
        total += i * 2
        d[k] = d.get(k, 0) + 1
        total += d[k]
        try:
            d[i] += 1
        except KeyError as error:
            total += error.args[0]
            d[i] = i
        d[k] -= 2
        d.setdefault("list", []).append(total)
    return total, d


for _ in range(2):
    every_key()
    every_number()
    containers()
    instances()
    identity()
    deaths()
    changing()
for _ in range(300):
    d = {}
    count(d, "a"), augment(d, "a"), group(d, "l", 1), augment_by(d, "a", 2), diminish(d, "a"), count_floats(d, "f"), augment_float(d, "f"), diminish_by(d, "a", 1), count_down(d, "x"), count_mixed(d, "m"), count_large(d, "q")
for n in (3, 50, 300):
    print(in_expressions({}, "k", n)[0], sum(in_expressions({}, n, n)[1]["list"]), in_expressions({5: 1.5}, "k", n)[1]["k"])
every_key()
every_number()
containers()
