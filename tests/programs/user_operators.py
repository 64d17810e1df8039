"""Operators of classes written in Python: who is asked, in which order, with which reference counts; what happens when methods
do not know, are no functions, change while the program runs, or fail."""

import sys
import traceback

ROUNDS = 40


def show(function, *arguments):
    try:
        print(function.__name__, function(*arguments))
    except BaseException as error:
        print(function.__name__, type(error).__name__, error)
        for entry in traceback.extract_tb(error.__traceback__)[1:]:
            print("   ", entry.name, entry.lineno, entry.line)


def often(function, *arguments):
    for _ in range(ROUNDS):
        try:
            function(*arguments)
        except Exception:
            pass
    show(function, *arguments)


# ---- Every operator, plain, reflected and in place

OPERATORS = "add:+ sub:- mul:* truediv:/ floordiv:// mod:% pow:** matmul:@ and:& or:| xor:^ lshift:<< rshift:>>".split()


def make_all(prefixes, answer):
    def make(name):
        def method(self, other):
            return answer(name, self, other)

        return method

    return {f"__{p}{o.split(':')[0]}__": make(p + o.split(":")[0]) for o in OPERATORS for p in prefixes}


def said(name, self, other):
    return (name, type(self).__name__, type(other).__name__)


def silent(name, self, other):
    LOG.append((name, type(self).__name__, type(other).__name__))
    return NotImplemented


LOG = []
Knows = type("Knows", (), make_all(["", "r", "i"], said))
Plain = type("Plain", (), make_all([""], said))
Reflected = type("Reflected", (), make_all(["r"], said))
Silent = type("Silent", (), make_all(["", "r", "i"], silent))
SilentPlain = type("SilentPlain", (), make_all([""], silent))
SubOfKnows = type("SubOfKnows", (Knows,), make_all(["r"], said))
SubSame = type("SubSame", (Knows,), {})
IntAlike = type("IntAlike", (int,), make_all([""], said))
IntReflected = type("IntReflected", (int,), make_all(["r"], said))
ListAlike = type("ListAlike", (list,), make_all([""], silent))
FloatReflected = type("FloatReflected", (float,), make_all(["r"], said))

for entry in OPERATORS:
    name, sign = entry.split(":")
    namespace = {}
    exec(f"def plain_{name}(a, b):\n    return a {sign} b\ndef in_place_{name}(a, b):\n    a {sign}= b\n    return a\n", namespace)
    for function in (namespace[f"plain_{name}"], namespace[f"in_place_{name}"]):
        for a, b in [
            (Knows(), Knows()), (Knows(), 3), (3, Knows()), (2.5, Knows()), ("s", Knows()), ([1], Knows()), ((1,), Knows()),
            (True, Knows()), (None, Knows()), (Plain(), Plain()), (Plain(), Reflected()), (Reflected(), Plain()),
            (Reflected(), Reflected()), (3, Reflected()), (3, Plain()), (Silent(), Silent()), (Silent(), 3), (3, Silent()),
            (Silent(), Knows()), (Knows(), Silent()), (Silent(), SilentPlain()), (SilentPlain(), Silent()),
            (Silent(), Reflected()), (Silent(), [1]), (Silent(), 2.5), (Knows(), SubOfKnows()), (Knows(), SubSame()),
            (SubSame(), Knows()), (IntAlike(3), 4), (4, IntAlike(3)), (4, IntReflected(3)), (2.5, IntReflected(3)),
            (2.5, FloatReflected(3)), (3, FloatReflected(3)), (Silent(), IntReflected(3)), (Silent(), IntAlike(3)),
            (ListAlike([1]), [2]), (ListAlike([1]), 2), (Knows(), ListAlike()), (Silent(), ListAlike([1, 2])),
            (print, Silent()), (print, Knows()), (object(), Silent()),
        ]:
            del LOG[:]
            for _ in range(3):
                try:
                    result = function(a, b)
                except TypeError as error:
                    result = str(error)
            print(function.__name__, type(a).__name__, type(b).__name__, result if type(result) in (str, tuple) else type(result), LOG[-4:])


# ---- Comparisons

COMPARISONS = "lt:< le:<= eq:== ne:!= gt:> ge:>=".split()


def make_comparisons(answer, names=None):
    def make(name):
        def method(self, other):
            return answer(name, self, other)

        return method

    return {f"__{c.split(':')[0]}__": make(c.split(":")[0]) for c in COMPARISONS if names is None or c[:2] in names}


CKnows = type("CKnows", (), make_comparisons(said))
CSilent = type("CSilent", (), make_comparisons(silent))
CSub = type("CSub", (CKnows,), make_comparisons(said))
CSilentSub = type("CSilentSub", (CSilent,), make_comparisons(said))
CEqual = type("CEqual", (), make_comparisons(said, ["eq"]))
CLess = type("CLess", (), make_comparisons(said, ["lt"]))
CInt = type("CInt", (int,), make_comparisons(silent))
same = CSilent()
for entry in COMPARISONS:
    name, sign = entry.split(":")
    namespace = {}
    exec(f"def compare_{name}(a, b):\n    return a {sign} b\ndef test_{name}(a, b):\n    if a {sign} b:\n        return 'yes'\n    return 'no'\n", namespace)
    for function in (namespace[f"compare_{name}"], namespace[f"test_{name}"]):
        for a, b in [
            (CKnows(), CKnows()), (CKnows(), 3), (3, CKnows()), (CSilent(), CSilent()), (same, same), (CSilent(), CKnows()),
            (CSilent(), 3), (3, CSilent()), (CKnows(), CSub()), (CSub(), CKnows()), (CSilent(), CSilentSub()), (CEqual(), CEqual()),
            (CLess(), CLess()), (CLess(), CKnows()), (CSilent(), CLess()), (CInt(3), 3), (3, CInt(3)), (CInt(3), CInt(3)),
            (object(), CSilent()), (None, CSilent()), (CSilent(), None),
        ]:
            del LOG[:]
            for _ in range(3):
                try:
                    result = function(a, b)
                except TypeError as error:
                    result = str(error)
            print(function.__name__, type(a).__name__, type(b).__name__, result, LOG[-4:])


# ---- Unary, truth, length, membership, items, iteration


class All:
    def __init__(self, value):
        self.value = value

    def __neg__(self):
        return ("neg", self.value)

    def __invert__(self):
        return ("invert", self.value)

    def __pos__(self):
        return ("pos", self.value)

    def __bool__(self):
        return self.value

    def __len__(self):
        return self.value

    def __contains__(self, item):
        return self.value

    def __getitem__(self, key):
        return (key, self.value)

    def __setitem__(self, key, value):
        self.value = (key, value)

    def __iter__(self):
        return self.value

    def __next__(self):
        if not self.value:
            raise StopIteration
        return self.value.pop()


class Length:
    def __init__(self, value):
        self.value = value

    def __len__(self):
        return self.value


class Index:
    def __index__(self):
        return 7

    def __repr__(self):
        return "Index"


class Bare:
    pass


class ContainsByIteration:
    def __iter__(self):
        return iter([1, 2, 3])


class Unhashed:
    __contains__ = None
    __iter__ = None
    __len__ = None
    __neg__ = None


def negative(o):
    return -o


def inverted(o):
    return ~o


def positive(o):
    return +o


def truth(o):
    if o:
        return "true"
    return "false"


def falsehood(o):
    return not o


def length(o):
    return len(o)


def member(o):
    return 2 in o, 2 not in o


def item(o):
    return o[5]


def set_item(o):
    o[5] = 6
    return o.value


def loop(o):
    return [i for i in o]


for value in (True, False, 0, 3, -1, 2**40, 2**70, "text", None, [], [1], Index(), 2.5):
    for function in (negative, inverted, positive, truth, falsehood, length, member, item, loop):
        often(function, All(value))
    often(set_item, All(value))
    for function in (truth, falsehood, length, member):
        often(function, Length(value))
for function in (negative, truth, falsehood, length, member, item, loop):
    for o in (Bare(), ContainsByIteration(), Unhashed(), 5):
        often(function, o)


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise StopIteration("over")
        if self.n == 66:
            raise KeyError(self.n)
        return self.n


def total(n):
    result = 0
    for i in Countdown(n):
        result += i
    return result


often(total, 20)
often(total, 70)


# ---- Methods that are no plain functions


class Callable:
    def __call__(self, *arguments):
        return ("called", len(arguments))


def outside(*arguments):
    return ("outside", len(arguments))


class Odd:
    __add__ = Callable()
    __sub__ = staticmethod(outside)
    __mul__ = classmethod(outside)
    __eq__ = Callable()
    __getitem__ = staticmethod(outside)
    __len__ = staticmethod(lambda: 5)
    __neg__ = property(lambda self: lambda: "property")
    __radd__ = Callable()


class SilentWithOdd:
    def __add__(self, other):
        return NotImplemented


def odd(a, b):
    return a + b, a - b, a * b, a == b, a[b], len(a), -a


often(odd, Odd(), Odd())
often(odd, Odd(), 3)
often(lambda a, b: a + b, SilentWithOdd(), Odd())
often(lambda a, b: a + b, 3, Odd())


# ---- Classes that change


class Changing:
    def __add__(self, other):
        return "first"

    def __eq__(self, other):
        return True

    def __len__(self):
        return 1


class Base:
    pass


class Derived(Base):
    pass


def use(a):
    try:
        return a + a, a == 3, len(a)
    except TypeError as error:
        return str(error)


for _ in range(ROUNDS):
    use(Changing())
print(use(Changing()))
Changing.__add__ = lambda self, other: "second"
print(use(Changing()))
Changing.__eq__ = lambda self, other: NotImplemented
Changing.__len__ = lambda self: 2
print(use(Changing()))
Changing.__add__ = Callable()
print(use(Changing()))
del Changing.__add__
print(use(Changing()))
Changing.__radd__ = lambda self, other: "reflected"
print(use(Changing()))
for _ in range(ROUNDS):
    use(Derived())
print(use(Derived()))
Base.__add__ = lambda self, other: "base"
Base.__len__ = lambda self: 9
print(use(Derived()))
Derived.__add__ = lambda self, other: "derived"
print(use(Derived()))
d = Derived()
d.__class__ = Changing
print(use(d))


class Swaps:
    """Changes the classes in the middle of the operation."""

    def __iadd__(self, other):
        Swaps.__add__ = lambda self, other: "added later"
        return NotImplemented

    def __add__(self, other):
        return "never"

    def __sub__(self, other):
        type(other).__rsub__ = lambda self, other: "reflected later"
        return NotImplemented


class Other:
    def __sub__(self, other):
        return "no"


def swap(a, b):
    c = a - b
    a += b
    return a, c


show(swap, Swaps(), Other())


# ---- Reference counts, lifetimes, recursion, tracebacks


class Counts:
    def __add__(self, other):
        return sys.getrefcount(self), sys.getrefcount(other)

    __radd__ = __iadd__ = __lt__ = __add__

    def __neg__(self):
        return sys.getrefcount(self)

    def __len__(self):
        return sys.getrefcount(self)

    def __bool__(self):
        print("count in __bool__", sys.getrefcount(self))
        return True

    def __contains__(self, item):
        print("count in __contains__", sys.getrefcount(self), sys.getrefcount(item))
        return True

    def __setitem__(self, key, value):
        print("count in __setitem__", sys.getrefcount(self), sys.getrefcount(key), sys.getrefcount(value))


def counts():
    o, p = Counts(), Counts()
    q = o
    q += p
    return o + p, Counts() + o, o + Counts(), q, 1.5 + o, o < p, -o, -Counts(), len(o)


def more_counts():
    o, p = Counts(), object()
    r = bool(o), (p in o)
    if o:
        pass
    o[Counts()] = Counts()
    return r


for _ in range(3):
    print(counts())
    print(more_counts())


class Dies:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)

    def __add__(self, other):
        print("adds", self.name, other.name)
        return 1

    def __eq__(self, other):
        print("compares", self.name, other.name)
        return NotImplemented

    def __getitem__(self, key):
        print("item", self.name, key.name)
        return key


def deaths():
    Dies("a") + Dies("b")
    Dies("c") == Dies("d")
    x = Dies("e")[Dies("f")]
    print("then")
    del x


for _ in range(3):
    deaths()


class Endless:
    def __init__(self):
        self.depth = 0

    def __add__(self, other):
        self.depth += 1
        return self + other

    def __lt__(self, other):
        self.depth += 1
        return self < other

    def __getitem__(self, key):
        self.depth += 1
        return self[key]

    @property
    def endless(self):
        self.depth += 1
        return self.endless


def deep(operation):
    o = Endless()
    for _ in range(3):
        o.depth = 0
        try:
            operation(o)
        except RecursionError as error:
            print(o.depth, error)


deep(lambda o: o + 1)
deep(lambda o: o < 1)
deep(lambda o: o[1])
deep(lambda o: o.endless)


class Fails:
    def __add__(self, other):
        raise ValueError("add", other)

    def __radd__(self, other):
        raise ValueError("radd")

    def __lt__(self, other):
        return 1 / 0

    def __bool__(self):
        raise KeyError("bool")

    def __len__(self):
        raise AttributeError("len")

    def __contains__(self, item):
        return self

    def __iter__(self):
        raise StopIteration

    def __getitem__(self, key):
        raise IndexError(key)

    def __setitem__(self, key, value):
        raise IndexError(key, value)

    def __neg__(self):
        return [][0]

    def value(self):
        pass


often(lambda o: o + (1,), Fails())
often(lambda o: 1 + o, Fails())
often(lambda o: o < 3, Fails())
for function in (truth, falsehood, length, member, loop, item, set_item, negative):
    often(function, Fails())


def caught(o):
    for _ in range(50):
        try:
            o + 1
        except ValueError as error:
            result = error.args
    return result


show(caught, Fails())


class Generates:
    """Special methods that are generators, or make coroutines."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        for i in range(self.n):
            yield i, self.n

    def __getitem__(self, key):
        yield key
        yield self.n

    def __add__(self, other):
        yield from (self.n, other)

    @property
    def numbers(self):
        yield self.n

    async def __call__(self, value):
        return value


def generates(n):
    g = Generates(n)
    return [i for i in g], list(g[n]), list(g + 1), list(g.numbers), sorted(g, key=lambda pair: -pair[0])


for n in range(40):
    result = generates(n % 5)
print(result)


def defaults():
    class Defaults:
        def __add__(self, other, third=3, *rest, keyword=4, **more):
            return other, third, rest, keyword, more

        def __len__(self, length=7):
            return length

        def __getitem__(self, *keys):
            return keys

        @property
        def with_default(self, value=5):
            return value

        def __lt__(*both):
            return len(both)

    d = Defaults()
    return d + 1, len(d), d[2], d.with_default, d < d


for _ in range(40):
    result = defaults()
print(result)
