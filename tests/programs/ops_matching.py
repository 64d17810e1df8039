"""Structural pattern matching."""
import collections
import dataclasses
import traceback

TURNS = 5


def show(function, *arguments):
    """Prints what some turns of the function give; once, when they all give the same."""
    outcomes = []
    for _ in range(TURNS):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException:
            outcomes.append(traceback.format_exc())
    same = all(outcome == outcomes[0] for outcome in outcomes)
    for outcome in outcomes[:1] if same else outcomes:
        print(function.__name__, outcome, sep=": ")


def sequences(subject):
    match subject:
        case []:
            return "empty"
        case [x]:
            return "one", x
        case [1, x, *_]:
            return "starts with 1", x
        case (x, y):
            return "two", x, y
        case [x, *middle, y]:
            return "ends", x, middle, y
        case _:
            return "no sequence"


def mappings(subject):
    match subject:
        case {}  if not subject:
            return "empty"
        case {"kind": "point", "x": x, "y": y}:
            return "point", x, y
        case {"kind": str(kind), **rest}:
            return kind, sorted(rest)
        case {1: one, None: nothing}:
            return one, nothing
        case {"deep": {"er": [a, {"est": b}]}}:
            return a, b
        case {}:
            return "some mapping"
    return "no mapping"


class Keys:
    first = "k"
    second = "k"
    unhashable = []


def duplicate_keys(subject):
    match subject:
        case {Keys.first: a, Keys.second: b}:
            return a, b


def unhashable_key(subject):
    match subject:
        case {Keys.unhashable: a}:
            return a
    return "none"


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class NoArgs:
    x = 1


class ListArgs:
    __match_args__ = ["x"]
    x = 1


class NumberArgs:
    __match_args__ = (1,)


class DoubleArgs:
    __match_args__ = ("x", "x")
    x = 1


class RaisingArgs(type):
    @property
    def __match_args__(cls):
        raise ValueError("no match arguments")


class Raising(metaclass=RaisingArgs):
    pass


class RaisingAttribute:
    __match_args__ = ("a",)

    @property
    def a(self):
        raise KeyError("attribute refuses")

    @property
    def b(self):
        raise AttributeError("no b")


class LyingMeta(type):
    def __instancecheck__(cls, other):
        if other == "raise":
            raise ValueError("instance check refuses")
        return True


class Liar(metaclass=LyingMeta):
    pass


@dataclasses.dataclass
class Data:
    a: int
    b: object = None


class IntSubclass(int):
    pass


class IntWithArgs(int):
    __match_args__ = ("real",)


def classes(subject):
    match subject:
        case Point(0, 0):
            return "origin"
        case Point(x=0, y=y):
            return "on y", y
        case Point(x, y=Point(a, b)):
            return "nested", x, a, b
        case Point():
            return "point"
        case Data(1 | 2 as a, b=Data(b=[_, *rest])):
            return a, rest
        case Data(a):
            return "data", a
        case IntWithArgs(real):
            return "with args", real
        case bool(x):
            return "bool", x
        case int(x) | float(x):
            return "number", x
        case str(x, ):
            return "string", x
        case dict(x) | list(x):
            return "container", x
        case RaisingAttribute(b=1):
            return "impossible"
    return "nothing"


def one_positional(kind, subject):
    match subject:
        case kind(x):
            return x
    return "no match"


def two_positional(kind, subject):
    match subject:
        case kind(x, y):
            return x, y
    return "no match"


def positional_and_keyword(kind, subject):
    match subject:
        case kind(a, x=b):
            return a, b
    return "no match"


def keyword(kind, subject):
    match subject:
        case kind(a=a):
            return a
    return "no match"


def values(subject):
    match subject:
        case 1:
            return "one"
        case "a" | "b":
            return "letter"
        case None | True:
            return "singleton"
        case -1.5 | 2 + 1j:
            return "number"
        case b"x":
            return "bytes"
        case Keys.first:
            return "dotted"
    return "other"


def guards(subject):
    match subject:
        case [x, y] if x > y:
            return "greater"
        case [x, y] if x / y:
            return "ratio"
    return "neither"


class BadLen(collections.abc.Sequence):
    def __len__(self):
        raise TypeError("no length")

    def __getitem__(self, i):
        return i


class LongLen(collections.abc.Sequence):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        if i > 1:
            raise IndexError(i)
        return i


class GetMapping(collections.abc.Mapping):
    def __init__(self, **items):
        self.items_ = items

    def __len__(self):
        return len(self.items_)

    def __iter__(self):
        return iter(self.items_)

    def __getitem__(self, key):
        return self.items_[key]

    def get(self, key, default):
        if key == "y":
            raise ValueError("get refuses y")
        return self.items_.get(key, default)


class NoGet(dict):
    @property
    def get(self):
        raise AttributeError("no get")


for subject in [[], (), "abc", b"ab", [5], (1, 2), [1, 2, 3], [2, 3, 4, 5], range(3), collections.deque([1, 2]), {1, 2}, 5, None,
                BadLen(), LongLen(), bytearray(b"x")]:
    show(sequences, subject)
for subject in [{}, {"kind": "point", "x": 1, "y": 2}, {"kind": "point", "x": 1}, {"kind": "circle", "r": 1}, {"kind": 5},
                {1: "a", None: "b"}, {1: "a"}, {"deep": {"er": [1, {"est": 2}]}}, {"deep": {}}, [], 5,
                collections.defaultdict(list), collections.OrderedDict(kind="k"), collections.ChainMap({"kind": "c"}),
                GetMapping(kind="point", x=1), GetMapping(kind="p"), NoGet(kind="x")]:
    show(mappings, subject)
show(duplicate_keys, {})
show(duplicate_keys, {"k": 1})
show(duplicate_keys, [])
show(unhashable_key, {})
show(unhashable_key, 5)
for subject in [Point(0, 0), Point(0, 5), Point(1, Point(2, 3)), Point(1, 1), Data(1, Data(0, [1, 2, 3])), Data(2, Data(0, 5)),
                Data(9), True, 5, 2.5, IntSubclass(3), IntWithArgs(4), "s", {1: 2}, [1], RaisingAttribute(), None]:
    show(classes, subject)
for kind in [Point, NoArgs, ListArgs, NumberArgs, DoubleArgs, Raising, RaisingAttribute, Liar, int, object, 5, "Point", (int, str), list,
             IntSubclass]:
    for function in (one_positional, two_positional, positional_and_keyword, keyword):
        subject = kind(1, 2) if kind is Point else kind() if isinstance(kind, type) else kind
        show(function, kind, subject) if type(subject) is not object else print(function.__name__, "object")
show(one_positional, Liar, 5)
show(one_positional, Liar, "raise")
show(keyword, Point, 5)
for subject in [1, 1.0, True, False, "a", "b", "k", "c", None, -1.5, 2 + 1j, b"x", [1], float("nan")]:
    show(values, subject)
show(guards, [2, 1])
show(guards, [1, 2])
show(guards, [0, 1])
show(guards, [0, 0])
show(guards, [1, "a"])
show(guards, [])
