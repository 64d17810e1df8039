"""Methods of built-in types that compiled code carries out itself: results, errors, impostors, who dies when, counts, the recursion limit."""
import collections
import sys
import traceback


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)

    def __repr__(self):
        return f"Noisy({self.name})"


class Key:
    def __init__(self, like):
        self.like = like

    def __hash__(self):
        return hash(self.like)

    def __eq__(self, other):
        print("compared", self.like)
        return self.like == other


class Impostor:
    """Methods of the same names, and one borrowed from a built-in type."""

    def get(self, *a): return ("get", a)
    def setdefault(self, *a): return ("setdefault", a)
    def pop(self, *a): return ("pop", a)
    def add(self, *a): return ("add", a)
    def discard(self, *a): return ("discard", a)
    def remove(self, *a): return ("remove", a)
    def startswith(self, *a): return ("startswith", a)
    def endswith(self, *a): return ("endswith", a)
    def join(self, *a): return ("join", a)
    def append(self, *a): return ("append", a)


class Borrows:
    get = dict.get
    pop = list.pop
    add = set.add
    join = str.join
    startswith = str.startswith
    remove = set.remove
    setdefault = dict.setdefault
    discard = set.discard
    endswith = str.endswith


class Dict(dict):
    def __missing__(self, key):
        return ("missing", key)

    def get(self, key, default=None):
        return ("mine", super().get(key, default))


class PlainDict(dict):
    pass


class List(list):
    pass


class Set(set):
    pass


class Str(str):
    def __hash__(self):
        print("hash")
        return 5

    def __eq__(self, other):
        print("eq")
        return True


def attempt(function, *arguments):
    try:
        return repr(function(*arguments))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} at {where.lineno - function.__code__.co_firstlineno}:{where.colno}"


def get(d, k): return d.get(k)
def get_default(d, k, x): return d.get(k, x)
def get_nothing(d): return d.get()
def get_many(d, k): return d.get(k, 1, 2)
def get_named(d, k): return d.get(k, default=5)
def set_default(d, k): return d.setdefault(k), len(d)
def set_default_to(d, k, x): return d.setdefault(k, x), len(d)
def pop(a): return a.pop()
def pop_at(a, i): return a.pop(i)
def add(s, x): return s.add(x)
def discard(s, x): return s.discard(x)
def remove(s, x): return s.remove(x)
def starts(s, x): return s.startswith(x)
def ends(s, x): return s.endswith(x)
def starts_at(s, x): return s.startswith(x, 1)
def join(s, x): return s.join(x)
def deep(a, d, k): return a + (d.get(k, 0) + a * d.get("none", 2)), [a, d.get(k)], (d.setdefault(k, a), a)
def of_temporary(k): return {"a": 1, k: 2}.get(k), [1, 2].pop(), {1}.add(2), "a,b".join([k, k]), (k + "x").startswith(k)


def everything():
    keys = ["a", 1, 1.0, None, (1, "a"), ([],), [], Key("a"), Key(7), Str("a"), float("nan"), True, "zz", b"a", 2**80]
    tables = [{"a": 1}, {1: "one", "a": 2}, Dict(a=1), PlainDict(a=1), collections.defaultdict(list, a=1), collections.OrderedDict(a=1),
              collections.Counter("aab"), {Key("a"): "key"}, {(1, "a"): 5}, {}, Impostor(), Borrows(), None, [1]]
    for table in tables:
        for key in keys:
            print(attempt(get, table, key), attempt(get_default, table, key, "default"))
        for key in keys:
            copy = table.copy() if hasattr(table, "copy") and hasattr(table, "keys") else table
            print(attempt(set_default, copy, key), attempt(set_default_to, copy, key, []), attempt(set_default_to, copy, key, 5))
        print(attempt(get_nothing, table), attempt(get_many, table, 1), attempt(get_named, table, 1))
    for items in ([1, 2, 3], [1], [], List([1, 2]), {1}, {1: 2}, Impostor(), Borrows(), bytearray(b"ab"), list(range(40))):
        print([attempt(pop, items) for _ in range(3)], attempt(pop_at, items, 0), items if not isinstance(items, (Impostor, Borrows)) else "")
    shrinking = list(range(100))
    print(sum(shrinking.pop() for _ in range(95)), shrinking, sys.getsizeof(shrinking) < 300)
    for members in ({1, "a"}, set(), Set([1]), frozenset([1]), {Key("a")}, {(1, "a")}, Impostor(), Borrows(), [1]):
        for key in keys:
            print(attempt(add, members, key), attempt(discard, members, key), attempt(remove, members, key))
            if isinstance(members, (set, frozenset)):
                print(len(members))
    for text in ("abc", "", Str("abc"), "é日", b"abc", Impostor(), Borrows(), None):
        for part in ("ab", "bc", "", "é", "日", "abcd", ("x", "ab"), Str("ab"), b"ab", None, 5):
            print(attempt(starts, text, part), attempt(ends, text, part), attempt(starts_at, text, part))
        for parts in (["a", "b"], ("a", "b"), ["a"], [], ["a", 5], "xy", [Str("s"), "t"], {"k": 1}, (x for x in "ab"), None, ["é", "日"]):
            print(attempt(join, text, parts))
    print(deep(1, {"k": 5}, "k"), deep(1, {}, "k"), attempt(deep, 1, {}, []), of_temporary("k"))
    same = ["only"]
    print("".join(same) is same[0], ",".join(("abc",)), get({}, "x") is None)


def lifetimes():
    table = {"a": Noisy("value")}
    print(get_default(table, "b", Noisy("default")))
    print(get_default(table, "a", Noisy("unused default")))
    print(set_default_to(table, "a", Noisy("unused")))
    print(set_default_to(table, "c", Noisy("kept")))
    print({"x": Noisy("in a temporary")}.get("x"))
    print({"x": Noisy("also in a temporary")}.get("y"))
    items = [Noisy("first"), Noisy("second"), Noisy("third")]
    items.pop()
    print("popped")
    items.pop().name
    print("popped again")
    members = {Noisy("member")}
    for member in members:
        break
    members.discard(member)
    print("discarded")
    del member
    print("gone")
    pair = (Noisy("in a pair"), 1)
    seen = set()
    seen.add(pair)
    del pair
    print("added")
    seen.discard((1, 2))
    seen.clear()
    print("".join([str(1), str(2)]))
    table.clear()
    print("cleared")


def counts():
    value, key = object(), "some key"
    table, items, members = {key: value, 1: value}, [value] * 8, {key}
    before = sys.getrefcount(value), sys.getrefcount(key), sys.getrefcount(table), sys.getrefcount(items), sys.getrefcount(members)
    for _ in range(50):
        table.get(key)
        table.get(1, value)
        table.get("none", value)
        table.setdefault(key, value)
        members.add(key)
        members.discard("none")
        key.startswith(key)
        "".join((key,))
        items.append(items.pop())
    after = sys.getrefcount(value), sys.getrefcount(key), sys.getrefcount(table), sys.getrefcount(items), sys.getrefcount(members)
    print([b - a for a, b in zip(before, after)])


def many(things, n):
    seen = []
    for i in range(n):
        thing = things[i % len(things)]
        seen.append(thing.get("a", i))
    return seen


def deepest(n, members):
    """Where the recursion limit strikes, if it does."""
    try:
        members.add(n)
        return deepest(n + 1, members)
    except RecursionError:
        return n


def patched():
    class Later(dict):
        pass

    def ask(d):
        return d.get("a", 0), "a" in d, d["a"]

    d = Later(a=1)
    print([ask(d) for _ in range(3)][-1])
    Later.get = lambda self, key, default: "changed"
    print(ask(d))
    Later.__contains__ = lambda self, key: False
    Later.__getitem__ = lambda self, key: "item"
    print(ask(d))
    d.__class__ = PlainDict
    print(ask(d))


def growing():
    """New keys into tables of every kind, across their growth, deletions included."""
    for make in (str, int, lambda i: (i, str(i)), lambda i: i if i % 3 else str(i), float):
        table, order = {}, []
        for i in range(300):
            key = make(i * 7 % 211)
            table[key] = table.get(key, 0) + 1
            table.setdefault(make(i + 1000), []).append(i)
            if i % 5 == 0:
                del table[key]
            if i % 50 == 0:
                order.append(list(table)[-3:])
        copy = dict(table)
        print(len(table), order, copy == table, list(copy) == list(table), sum(v if isinstance(v, int) else len(v) for v in table.values()))
        print(sys.getsizeof(table) > 0, {**table} == table, table.popitem())


everything()
lifetimes()
for _ in range(3):
    counts()
print(many([{"a": 1}, Impostor(), Dict(a=2), {}, collections.Counter("a")], 300)[-6:])
sys.setrecursionlimit(200)
found = set()
print(deepest(0, found) - len(found) <= 0, len(found) > 50)
sys.setrecursionlimit(1000)
patched()
growing()
