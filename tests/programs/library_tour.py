"""The standard library's pure-Python and C parts at work: what real programs lean on."""
import bisect
import collections
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import fractions
import functools
import hashlib
import heapq
import html.parser
import io
import itertools
import json
import operator
import pickle
import pprint
import random
import re
import sqlite3
import statistics
import string
import struct
import tempfile
import textwrap
import tokenize
import typing
import xml.etree.ElementTree as ElementTree
import zlib


@dataclasses.dataclass(order=True)
class Item:
    name: str
    price: float = 1.0
    tags: list = dataclasses.field(default_factory=list, compare=False)

    def total(self, n):
        return self.price * n


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: int
    b: int = dataclasses.field(default=2, repr=False)


def use_dataclasses(n):
    items = [Item(f"n{i % 7}", i % 5 + 0.5) for i in range(n)]
    items.sort()
    f = Frozen(1)
    try:
        f.a = 5
    except dataclasses.FrozenInstanceError as error:
        message = str(error)
    return items[0], items[-1].total(3), f, hash(f) == hash(Frozen(1)), message, dataclasses.replace(f, a=9), dataclasses.asdict(items[1])


print([use_dataclasses(20) for _ in range(100)][-1])


class Colour(enum.Enum):
    RED = 1
    GREEN = 2
    ALIAS = 1

    def shout(self):
        return self.name + "!"


class Flags(enum.Flag):
    A = enum.auto()
    B = enum.auto()
    C = A | B


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


def use_enums():
    return (Colour.RED.shout(), Colour.ALIAS is Colour.RED, Colour(2), Colour["GREEN"], list(Colour), Flags.A | Flags.B, Flags.C & ~Flags.A,
            Number.ONE + Number.TWO, Number.TWO > Number.ONE, sorted(Number), Flags.A in Flags.C)


print([use_enums() for _ in range(200)][-1])


@functools.singledispatch
def describe(x):
    return "object"


@describe.register
def _(x: int):
    return f"int {x}"


@describe.register(list)
def _(x):
    return "list of " + ", ".join(describe(y) for y in x)


@functools.total_ordering
class Version:
    def __init__(self, text):
        self.parts = tuple(map(int, text.split(".")))

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts


class WithCached:
    @functools.cached_property
    def value(self):
        return object()


def use_functools(n):
    o = WithCached()
    versions = sorted([Version("1.10"), Version("1.9"), Version("2.0")], reverse=True)
    return (describe([1, [2, "x"]]), [v.parts for v in versions], Version("1") >= Version("0.9"), o.value is o.value,
            functools.reduce(operator.add, range(n)), functools.partial(int, base=2)("101"),
            sorted(["b", "A", "c"], key=functools.cmp_to_key(lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))))


print([use_functools(50) for _ in range(100)][-1])


def use_itertools():
    it = itertools
    return (list(it.accumulate([1, 2, 3], operator.mul)), list(it.chain("ab", [1])), list(it.combinations("abc", 2)), list(it.compress("abc", [1, 0, 1])),
            list(it.dropwhile(lambda x: x < 3, range(5))), {k: list(g) for k, g in it.groupby("aabbc")}, list(it.islice(it.count(5, 2), 3)),
            list(it.permutations([1, 2])), list(it.product("ab", repeat=2))[2], list(it.starmap(pow, [(2, 3)])), list(it.takewhile(lambda x: x < 2, it.count())),
            [list(x) for x in it.tee("ab")], list(it.zip_longest("ab", "c", fillvalue="-")), list(it.filterfalse(lambda x: x % 2, range(5))),
            list(it.pairwise("abc")), list(it.batched("abc", 2)) if hasattr(it, "batched") else None, list(it.repeat(1, 2)), next(it.cycle("z")))


print([use_itertools() for _ in range(100)][-1])


def use_collections(words):
    c = collections.Counter(words)
    d = collections.defaultdict(list)
    for i, w in enumerate(words):
        d[w].append(i)
    q = collections.deque(words, maxlen=3)
    q.rotate(1)
    chain = collections.ChainMap({"a": 1}, {"a": 2, "b": 3})
    ordered = collections.OrderedDict.fromkeys(words)
    ordered.move_to_end("a")
    point = collections.namedtuple("point", "x y")(1, 2)._replace(y=5)
    return c.most_common(2), dict(d), list(q), chain["a"], chain["b"], list(ordered), point, c + c, (c & collections.Counter("ab")).total()


print([use_collections("a b c a b a".split()) for _ in range(100)][-1])


def use_heap_and_bisect(n):
    h = []
    for i in range(n):
        heapq.heappush(h, i * 7 % 11)
    s = [heapq.heappop(h) for _ in range(n)]
    bisect.insort(s, 5)
    return s, bisect.bisect(s, 3), heapq.nlargest(2, s), list(heapq.merge([1, 4], [2, 3]))


print([use_heap_and_bisect(10) for _ in range(100)][-1])


def use_json():
    data = {"a": [1, 2.5, None, True, "é\n"], "b": {"c": [[]] * 2}}
    text = json.dumps(data, sort_keys=True)
    pretty = json.dumps(data, indent=1, ensure_ascii=False)
    back = json.loads(pretty, object_pairs_hook=collections.OrderedDict, parse_float=decimal.Decimal)
    errors = []
    for bad in ("{", "[1,]", '{"a" 1}', "nul", '"\\x"'):
        try:
            json.loads(bad)
        except json.JSONDecodeError as error:
            errors.append(str(error))
    return text, back["a"][1], errors, len(pretty)


print([use_json() for _ in range(50)][-1])


def use_re():
    pattern = re.compile(r"(?P<key>\w+)\s*=\s*(?P<value>\d+|'[^']*')")
    text = "a = 1, b='two', cc=333"
    return ([m.groupdict() for m in pattern.finditer(text)], pattern.sub(lambda m: m["key"].upper(), text), re.split(r"[,\s]+", text),
            re.findall(r"(?i)[A-C]+", text), re.fullmatch(r"(a+)+b", "aaab").span(), bool(re.search(r"(?<=b)c", "abc")))


print([use_re() for _ in range(100)][-1])


def use_decimal():
    with decimal.localcontext() as context:
        context.prec = 30
        a = decimal.Decimal(1) / 7
        b = decimal.Decimal("1.10") + decimal.Decimal("2.205")
        try:
            decimal.Decimal(1) / 0
        except decimal.DivisionByZero as error:
            c = str(error)
    return a, b, c, decimal.Decimal(2).sqrt(), round(decimal.Decimal("2.675"), 2), fractions.Fraction(3, 4) + fractions.Fraction("1/4"), decimal.Decimal(10) % 3


print([use_decimal() for _ in range(100)][-1])


class Reduced:
    def __init__(self, x):
        self.x = x

    def __reduce__(self):
        return Reduced, (self.x * 2,)


class State:
    def __getstate__(self):
        return {"saved": 1}

    def __setstate__(self, state):
        self.loaded = state


def use_pickle():
    data = [1, "x", (2.5, None), {"k": {1, 2}}, Item("p"), Colour.RED, Reduced(4), State()]
    data.append(data[0:2])
    out = []
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(data, protocol))
        out.append((back[4], back[5] is Colour.RED, back[6].x, back[7].loaded, back[8]))
    pure = pickle._loads(pickle._dumps(data))
    deep = copy.deepcopy(data)
    return out[0] == out[-1], out[-1], pure[6].x, deep[6].x, copy.copy(Item("c")) == Item("c")


print([use_pickle() for _ in range(50)][-1])


class Parser(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.log = []

    def handle_starttag(self, tag, attrs):
        self.log.append((tag, attrs))

    def handle_data(self, data):
        self.log.append(data.strip())


def use_text():
    p = Parser()
    p.feed("<p class=x>one<b>two &amp; three</b></p>")
    rows = list(csv.DictReader(io.StringIO("a,b\n1,\"x,y\"\n2,z\n")))
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[1, "q,r"], ["s\"t", None]])
    diff = list(difflib.unified_diff("a b c".split(), "a x c".split(), lineterm=""))
    tokens = [t.string for t in tokenize.generate_tokens(io.StringIO("x = f(1) # c\n").readline)]
    return (p.log, rows, buffer.getvalue(), diff, tokens, textwrap.wrap("the quick brown fox jumps", 10), string.Template("$a ${b}").substitute(a=1, b=2),
            pprint.pformat({"k": list(range(30))}, width=40), difflib.get_close_matches("appel", ["ape", "apple"]))


print([use_text() for _ in range(50)][-1])


def use_xml():
    root = ElementTree.fromstring("<r><a x='1'>t</a><a x='2'/></r>")
    for a in root.iter("a"):
        a.set("y", str(int(a.get("x")) * 2))
    return ElementTree.tostring(root).decode(), [a.get("x") for a in root.findall("a[@x='2']")]


print([use_xml() for _ in range(50)][-1])


def use_sqlite():
    db = sqlite3.connect(":memory:")
    db.create_function("twice", 1, lambda x: x * 2)
    db.execute("create table t (k text, v integer)")
    db.executemany("insert into t values (?, ?)", [(c, i) for i, c in enumerate("abcab")])
    rows = db.execute("select k, sum(twice(v)) from t group by k order by k").fetchall()
    db.close()
    return rows


print([use_sqlite() for _ in range(20)][-1])


def use_numbers():
    r = random.Random(42)
    sample = [r.randint(0, 100) for _ in range(20)]
    return (sample, r.choice("abc"), r.sample(range(50), 3), round(r.gauss(0, 1), 6), statistics.mean(sample), statistics.median(sample),
            round(statistics.stdev(sample), 9), struct.pack("<hif", 1, 2, 3.5), struct.unpack(">H", b"\1\2"), zlib.crc32(b"x"),
            hashlib.sha256(b"y").hexdigest()[:16], datetime.date(2024, 2, 28) + datetime.timedelta(2), datetime.datetime(2024, 1, 1).isoformat())


print([use_numbers() for _ in range(50)][-1])


@contextlib.contextmanager
def managed(log):
    log.append("in")
    try:
        yield "value"
    except KeyError as error:
        log.append(repr(error))
    finally:
        log.append("out")


def use_contextlib():
    log = []
    with managed(log) as v:
        raise KeyError("swallowed")
    with contextlib.suppress(ZeroDivisionError):
        1 / 0
    with contextlib.ExitStack() as stack:
        for i in range(3):
            stack.callback(log.append, i)
        stack.enter_context(managed(log))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        print("captured")
    with contextlib.closing(io.BytesIO()) as b, contextlib.nullcontext(5) as n:
        pass
    try:
        with managed(log):
            raise IndexError("through")
    except IndexError:
        log.append("outside")
    return v, log, out.getvalue(), b.closed, n


print([use_contextlib() for _ in range(100)][-1])


def use_files():
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/file.txt"
        with open(path, "w", encoding="utf-8") as f:
            for i in range(100):
                print(i, "é", file=f)
        with open(path, encoding="utf-8") as f:
            total = sum(int(line.split()[0]) for line in f)
        with open(path, "rb") as f:
            return total, f.read(10), f.seek(0, 2)


print([use_files() for _ in range(20)][-1])
T = typing.TypeVar("T")


class Box(typing.Generic[T]):
    def __init__(self, item: T):
        self.item = item


class Movie(typing.TypedDict):
    name: str


class Quacks(typing.Protocol):
    def quack(self) -> str:
        ...


def use_typing():
    return Box[int](5).item, typing.get_type_hints(Box.__init__), Movie(name="x"), typing.Optional[int], typing.get_args(dict[str, int])


print([use_typing() for _ in range(100)][-1])
