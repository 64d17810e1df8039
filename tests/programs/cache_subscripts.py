"""Subscripts: sequences, dicts, strings, Python __getitem__ and __setitem__, errors, who dies when."""
import array
import collections


def get(container, key):
    return container[key]


def put(container, key, value):
    container[key] = value


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __repr__(self):
        return f"Index({self.value})"


class Dict(dict):
    def __missing__(self, key):
        return ("missing", key)


class List(list):
    def __getitem__(self, key):
        return ("mine", key)

    def __setitem__(self, key, value):
        super().__setitem__(key, ("wrapped", value))


class Both:
    def __init__(self):
        self.store = {}

    def __getitem__(self, key):
        return self.store[key]

    def __setitem__(self, key, value):
        self.store[key] = value


class Generated:
    def __getitem__(self, key):
        yield key


class Defaulted:
    def __getitem__(self, key, extra="default"):
        return (key, extra)


class Classy:
    def __class_getitem__(cls, key):
        return (cls.__name__, key)


keys = [0, 1, -1, 2, -3, 3, -4, True, False, 10**30, -(10**30), 2**30, 2**31, 1.0, "a", None, slice(None), slice(0, 2),
        Index(1), Index(-1), Index(99), (1, 2), [1], b"x"]
containers = [[10, 20, 30], (10, 20, 30), "abc", "a\xe9\u20ac", "\xe9\xff", "", [], (), b"abc", {0: "zero", 1: "one", "a": "A", None: "none"},
              Dict({1: "one"}), List([1, 2, 3]), Both(), Defaulted(), range(3), array.array("i", [1, 2, 3]),
              collections.OrderedDict(a=1), collections.defaultdict(lambda: "default"), 5, None, Classy, list, int]
for container in containers:
    print(type(container).__name__, [attempt(get, container, key) for key in keys])
print([list(get(Generated(), key)) for key in (1, 2)])
for container in (lambda: [1, 2, 3], lambda: {}, lambda: Both(), lambda: List([1, 2, 3]), lambda: Dict(), lambda: (1, 2),
                  lambda: "abc", lambda: bytearray(b"abc"), lambda: None, lambda: array.array("i", [1, 2, 3])):
    row = []
    for key in keys:
        fresh = container()
        row.append((attempt(put, fresh, key, 7), fresh.store if isinstance(fresh, Both) else list(fresh) if fresh is not None else None))
    print(type(container()).__name__, row)

values = list(range(50))
table = {str(number): number for number in range(50)}
total = 0
for turn in range(5000):
    put(values, turn % 50, turn)
    put(table, str(turn % 50), turn)
    total += get(values, -(turn % 50) - 1) + get(table, str((turn * 7) % 50)) + len(get("abcdef\xe9", turn % 7))
print(total)


class Loud:
    def __init__(self, label):
        self.label = label

    def __del__(self):
        print("dies", self.label)

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return isinstance(other, Loud) and other.label == self.label


holder = [Loud("first"), Loud("second")]
put(holder, 0, "new")
put(holder, -1, Loud("third"))
print(get([Loud("item of a temporary")], 0).label)
get({Loud("key"): 1}, Loud("key"))
mapping = {Loud("stored key"): Loud("stored value")}
put(mapping, Loud("stored key"), Loud("other value"))
print("cleared", mapping.clear())
print(attempt(get, {}, Loud("missing")) and "error")


# Methods replaced under the site.
both = Both()
put(both, "k", "v")
print(get(both, "k"))
Both.__getitem__ = lambda self, key: "replaced"
print(get(both, "k"), get(both, "nothing"))
Both.__setitem__ = lambda self, key, value: print("set", key, value)
print(put(both, "k", 1))
del Both.__getitem__
print(attempt(get, both, "k"))
Both.__getitem__ = dict.get
print(attempt(get, both, "k"))
Both.__getitem__ = staticmethod(lambda key: ("static", key))
print(attempt(get, both, "k"))
del Both.__setitem__
print(attempt(put, both, "k", 1))
Both.__setitem__ = lambda self, key: None
print(attempt(put, both, "k", 1))
Both.__getitem__ = lambda self: None
print(attempt(get, both, "k"))


class Recursive:
    def __getitem__(self, key):
        return self[key + 1]


try:
    get(Recursive(), 0)
except RecursionError as error:
    print(error)


class Unset:
    def __getitem__(self, key):
        raise KeyError(key)


print(attempt(get, Unset(), "k"))
odd = {1: "int", "one": "str"}
for turn in range(6):
    print(get(odd, 1), get(odd, 1.0), get(odd, True), get(odd, "one"), get(odd, "".join(["o", "ne"])))


class Holder:
    pass


split = Holder()
split.a = 1
split.b = 2
space = split.__dict__
print(get(space, "a"), attempt(get, space, "c"), put(space, "c", 3), get(space, "c"))
del split.a
print(attempt(get, space, "a"), get(space, "b"))
