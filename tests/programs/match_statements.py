"""match: every pattern kind, guards, bindings, class patterns, subclasses of builtins, errors."""
import collections
import dataclasses
import enum
import traceback


@dataclasses.dataclass
class Point:
    x: int
    y: int


@dataclasses.dataclass
class Circle:
    center: Point
    radius: float


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Positional:
    __match_args__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


class Sequence(collections.abc.Sequence):
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, index):
        return self.items[index]

    def __len__(self):
        return len(self.items)


class Named(collections.namedtuple("Named", "p q")):
    pass


def classify(value):
    match value:
        case 0 | 1 | -1:
            return "small"
        case True:
            return "true"
        case 3.5:
            return "float"
        case "text" | b"bytes":
            return "text"
        case None:
            return "none"
        case Colour.RED:
            return "red"
        case int(n) if n > 1000:
            return "big", n
        case int() | float() as number:
            return "number", number
        case str(s) if len(s) == 1:
            return "character", s
        case []:
            return "empty"
        case [x]:
            return "one", x
        case [1, *rest]:
            return "starts with 1", rest
        case [*start, "end"]:
            return "ends", start
        case [first, (second, third), *_]:
            return "nested", first, second, third
        case {"kind": "a", "value": v, **rest}:
            return "a", v, rest
        case {"kind": kind}:
            return "kind", kind
        case {}:
            return "mapping", len(value)
        case Point(0, 0):
            return "origin"
        case Point(x=0, y=y):
            return "on y", y
        case Point(x, y) if x == y:
            return "diagonal", x
        case Circle(Point(x, 0) as center, radius=r):
            return "circle", x, r, center
        case Positional(a, b=[b, *_]):
            return "positional", a, b
        case Named(p, q):
            return "named", p, q
        case [a, b]:
            return "pair", a, b
        case Exception(args=(message, *_)):
            return "exception", message
        case _:
            return "other"


VALUES = [0, 1, True, False, -1, 3.5, 2, 5000, 2.25, "text", b"bytes", "x", "xyz", None, Colour.RED, Colour.BLUE, [], (), [5], (6,),
          [1, 2, 3], (1,), ["a", "b", "end"], ["s", (1, 2), 3, 4], [3, [4, 5]], [3, 4], {"kind": "a", "value": 7, "more": 8}, {"kind": "z"},
          {"a": 1}, {}, Point(0, 0), Point(0, 5), Point(4, 4), Point(4, 5), Circle(Point(1, 0), 2.5), Circle(Point(1, 1), 2.5),
          Positional(1, [2, 3]), Positional(1, 2), Sequence(1, 9), Sequence("q", "r"), Named(1, 2), ValueError("boom", 2), ValueError(),
          collections.OrderedDict(kind="o"), range(3), bytearray(b"ab"), object, {1, 2}, iter([1]), collections.deque([1, 2])]
for _ in range(40):
    results = [classify(value) for value in VALUES]
for value, result in zip(VALUES, results):
    print(type(value).__name__, result)


def interpreter(program):
    """A little machine: matching in a hot loop."""
    stack, pc, steps = [], 0, 0
    while True:
        steps += 1
        match program[pc]:
            case ("push", n):
                stack.append(n)
            case ("add",):
                b, a = stack.pop(), stack.pop()
                stack.append(a + b)
            case ("dup",):
                stack.append(stack[-1])
            case ("jump_if_less", limit, target) if stack[-1] < limit:
                pc = target
                continue
            case ("jump_if_less", _, _):
                pass
            case ("halt",):
                return stack, steps
        pc += 1


print(interpreter([("push", 0), ("push", 1), ("add",), ("jump_if_less", 2000, 1), ("dup",), ("halt",)]))


def bindings_stay(value):
    match value:
        case [a, b, 99]:
            return "full"
    try:
        return a, b
    except UnboundLocalError as error:
        return str(error)


print(bindings_stay([1, 2, 3]), bindings_stay([1]), bindings_stay([1, 2, 99]))


def subject_once(log):
    def subject():
        log.append("evaluated")
        return 7

    match subject():
        case 1 | 2:
            return log
        case x if x > 10:
            return log
        case x:
            return log, x


print([subject_once([]) for _ in range(100)][-1])


class BadArgs:
    __match_args__ = ["a"]


class WrongArgs:
    __match_args__ = (1,)


class NoArgs:
    pass


class TwoOfOne:
    __match_args__ = ("a", "a")
    a = 1


class Raises:
    __match_args__ = ("a",)

    @property
    def a(self):
        raise OSError("from property")


def bad(value, cls):
    match value:
        case cls(1, 2):
            return "two"


def bad_one(value, cls):
    match value:
        case cls(x):
            return "one", x


def duplicate(value):
    match value:
        case TwoOfOne(x, a=y):
            return x, y


for cls in (BadArgs, WrongArgs, NoArgs, TwoOfOne, Raises):
    for function in (bad, bad_one):
        for _ in range(20):
            try:
                result = function(cls(), cls)
            except Exception as error:
                result = type(error).__name__, str(error)
        print(cls.__name__, function.__name__, result)
for value in (bad_one, ):
    try:
        value(1, 5)
    except TypeError:
        print(traceback.format_exc())
try:
    duplicate(TwoOfOne())
except TypeError as error:
    print(error)


class CountingMapping(dict):
    log = []

    def get(self, key, default=None):
        self.log.append(key)
        return super().get(key, default)

    def __missing__(self, key):
        self.log.append("missing")
        return 0


def keys(value):
    match value:
        case {"x": 1, "y": 2}:
            return "both"
        case {"x": x, **rest}:
            return x, rest


print(keys(CountingMapping(x=1, y=3)), CountingMapping.log)
print(keys(collections.defaultdict(int, y=1)), keys(collections.defaultdict(int, x=4)))


def same_key(value):
    k = "x"
    match value:
        case {"x": a, Colour.RED: b}:
            return a, b


print(same_key({"x": 1, Colour.RED: 2}), same_key({"x": 1}))
