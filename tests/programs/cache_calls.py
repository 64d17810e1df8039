"""CALL: every shape of Python function, argument errors in stock's words, functions that change between calls, C
functions of every calling convention, recursion."""
import functools
import operator
import sys
import types


def attempt(function, *arguments, **keywords):
    try:
        result = function(*arguments, **keywords)
    except RecursionError as error:
        return f"RecursionError: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if isinstance(result, types.GeneratorType):
        return list(result)
    return result


def none():
    return "none"


def one(a):
    return a


def two(a, b):
    return a, b


def default(a, b=2, c=3):
    return a, b, c


def keyword_only(a, *, k, m="m"):
    return a, k, m


def positional_only(a, b=5, /, c=6, *, d=7):
    return a, b, c, d


def rest(a, *args):
    return a, args


def keywords(a, **kw):
    return a, kw


def everything(a, b=1, /, c=2, *args, d, e=5, **kw):
    return a, b, c, args, d, e, kw


def closing(a):
    def inner(b, c=a):
        return a, b, c

    return inner


def cells(a, b=1):
    return (lambda: (a, b))()


def generator(a, b=3):
    yield a
    yield b


SHAPES = [none, one, two, default, keyword_only, positional_only, rest, keywords, everything, closing(9), cells, generator,
          lambda *a, **k: (a, k), lambda: 0]


def call_all(f):
    # Literal calls, so that each is a CALL of its own with its own names.
    return [
        attempt(lambda: f()), attempt(lambda: f(1)), attempt(lambda: f(1, 2)), attempt(lambda: f(1, 2, 3)),
        attempt(lambda: f(1, 2, 3, 4, 5)), attempt(lambda: f(a=1)), attempt(lambda: f(1, b=2)), attempt(lambda: f(b=2, a=1)),
        attempt(lambda: f(1, a=2)), attempt(lambda: f(1, k=2)), attempt(lambda: f(1, k=2, m=3)), attempt(lambda: f(1, d=4)),
        attempt(lambda: f(1, 2, 3, 4, d=5, z=6)), attempt(lambda: f(1, c=3)), attempt(lambda: f(1, d=1, e=2, zz=3, b=4)),
        attempt(lambda: f(*(1,))), attempt(lambda: f(*(1, 2), **{})), attempt(lambda: f(**{"a": 1, "d": 2})),
        attempt(lambda: f(1, **{"".join(["uninter", "ned"]): 2, "d": 3})), attempt(lambda: f(1, **{"".join(["", "d"]): 2})),
    ]


class Method:
    def __init__(self, function):
        self.function = function

    def method(self, *args, **kw):
        return self.function(*args, **kw)


for turn in range(2):
    for shape in SHAPES:
        print(shape.__name__, call_all(shape))
print(call_all(Method(everything).method) == call_all(everything))
for number in range(2000):
    assert default(number) == (number, 2, 3) and default(number, c=1) == (number, 2, 1)
    assert everything(1, d=number) == (1, 1, 2, (), number, 5, {})
    assert keyword_only(1, k=number) == (1, number, "m")


# Functions that change under the call site.
def changing(a, b=2):
    return "first", a, b


def other(a, b=2, c=3):
    return "second", a, b, c


def as_generator(a):
    yield a


def call_changing(*arguments, **keywords):
    return attempt(changing, *arguments, **keywords)


def direct():
    return changing(1)


print([attempt(direct) for _ in range(3)])
changing.__defaults__ = (20,)
print(direct(), call_changing(1))
changing.__defaults__ = None
print(attempt(direct), call_changing(1, 2))
changing.__defaults__ = (10, 20)
print(direct(), call_changing())
changing.__code__ = other.__code__
print(attempt(direct), call_changing(5))
changing.__defaults__ = (30,)
print(attempt(direct), call_changing(1, 2))
changing.__code__ = as_generator.__code__
print(attempt(direct), call_changing())
changing.__code__ = (lambda *args, **kw: (args, kw)).__code__
print(attempt(direct), call_changing(1, 2, x=3))
keyword_only.__kwdefaults__ = {"k": "default k"}
print(attempt(lambda: keyword_only(1)), attempt(lambda: keyword_only(1, m=2)))
keyword_only.__kwdefaults__["m"] = "changed m"
print(attempt(lambda: keyword_only(1)))
keyword_only.__kwdefaults__ = None
print(attempt(lambda: keyword_only(1)), attempt(lambda: keyword_only(1, k=1, m=2)))
keyword_only.__kwdefaults__ = {"k": 1, "m": 2, 3: 4}
print(attempt(lambda: keyword_only(1)))
keyword_only.__kwdefaults__ = {}
print(attempt(lambda: keyword_only(1, k=2)))
one.__name__ = "renamed"
one.__qualname__ = "Some.renamed"
print(attempt(lambda: one()))

# Callables of all kinds at one site.
class Callable:
    def __call__(self, *args):
        return ("called", args)


class Boundless:
    def method(self, x=0):
        return ("method", x)

    @classmethod
    def classy(cls, x=0):
        return (cls.__name__, x)

    @staticmethod
    def static(x=0):
        return ("static", x)


boundless = Boundless()
KINDS = [len, abs, repr, print.__name__.upper, "abc".join, [3, 1, 2].copy, {"a": 1}.get, int, str, type, list, tuple, dict,
         bool, float, range, enumerate, set, frozenset, reversed, zip, map, object, ValueError, Callable(), Callable,
         boundless.method, Boundless.classy, boundless.static, Boundless.method, functools.partial(two, 1),
         operator.itemgetter(0), types.MethodType(len, "bound"), types.MethodType(Boundless.static, 5),
         types.MethodType(Callable, boundless) , isinstance, sum, min, max, sorted, iter, divmod, getattr, id(0).__class__, None, 5,
         "text", bytes, bytearray, complex, memoryview, slice, property, super, Exception, chr, ord, hex, any, all, hash,
         type(None), NotImplemented, functools.lru_cache(one), types.SimpleNamespace, str.upper, list.append, dict.fromkeys,
         bytes.fromhex, str.maketrans, int.from_bytes, float.fromhex, object.__new__, object.__init__, type.__call__, int.__add__]
ARGUMENTS = [(), ("abc",), (5,), ([3, 1, 2],), ("abc", 1), (5, 3), ([1], 0), (None,), (1, 2, 3), ("a", "b", "c", "d")]


def show(value):
    if type(value).__module__ != "builtins" or callable(value) or "object at 0x" in repr(value) or isinstance(value, (super, memoryview)):
        return type(value).__name__
    return value


def at_one_site(f, arguments):
    if len(arguments) == 0:
        return f()
    if len(arguments) == 1:
        return f(arguments[0])
    if len(arguments) == 2:
        return f(arguments[0], arguments[1])
    if len(arguments) == 3:
        return f(arguments[0], arguments[1], arguments[2])
    return f(*arguments)


import re

for kind in KINDS:
    row = [show(attempt(at_one_site, kind, arguments)) for arguments in ARGUMENTS]
    print(getattr(kind, "__name__", type(kind).__name__), re.sub("0x[0-9a-f]{6,}", "0x", str(row)))
for turn in range(3):
    print([attempt(lambda: int("12", base=5)), attempt(lambda: str(b"x", encoding="ascii")), attempt(lambda: sorted([2, 1], reverse=True)),
           attempt(lambda: print(end="")), attempt(lambda: "{a}".format(a=1)), attempt(lambda: "a b".split(maxsplit=1, sep=" ")),
           attempt(lambda: dict(a=1, b=2)), attempt(lambda: len(obj=[])), attempt(lambda: [].append(object=1)), attempt(lambda: isinstance(1, int, 2)),
           attempt(lambda: isinstance(1, 5)), attempt(lambda: len(5)), attempt(lambda: str.upper(5)), attempt(lambda: list.append(5, 6)),
           attempt(lambda: list.append([])), attempt(lambda: type(1, 2)), attempt(lambda: tuple(5)), attempt(lambda: sum([1], start=2)),
           attempt(lambda: abs(x=1)), attempt(lambda: bool(x=1)), attempt(lambda: object(1)), attempt(lambda: max(1, 2, key=lambda x: -x))])


class List(list):
    pass


class Loud(list):
    def append(self, value):
        super().append(("loud", value))


def appending(target, count):
    for number in range(count):
        target.append(number)
    return target


print(appending([], 5), appending(List(), 5), appending(Loud(), 2), len(appending([], 5000)), type(appending(List(), 1)).__name__)


class Length:
    def __init__(self, value):
        self.value = value

    def __len__(self):
        return self.value


print([attempt(lambda: len(Length(value))) for value in (0, 5, -1, True, 2**70, "x", 1.0)])


class InstanceMeta(type):
    def __instancecheck__(cls, instance):
        return "yes" in str(instance)


class Checked(metaclass=InstanceMeta):
    pass


print([isinstance(value, Checked) for value in ("yes", "no", Checked())], isinstance(True, int), isinstance(1, (str, (bytes, int))),
      isinstance(1, int | str))

# Recursion: the same depth and the same words.
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


def forever(a=0, *args, **kw):
    return forever(a + 1)


class ForeverInit:
    def __init__(self):
        ForeverInit()


class ForeverCall:
    def __call__(self):
        return self()


class ForeverRepr:
    def __repr__(self):
        return repr(self)


class ForeverAttribute:
    def __getattr__(self, name):
        return self.other

    @property
    def loop(self):
        return self.loop


def forever_partial():
    return functools.partial(forever_partial)()


def forever_map():
    return list(map(lambda x: forever_map(), [1]))


print([attempt(down, n) for n in (10, 500, 900)])
print(attempt(forever), attempt(ForeverInit), attempt(ForeverCall()), attempt(lambda: repr(ForeverRepr())),
      attempt(lambda: ForeverAttribute().x), attempt(lambda: ForeverAttribute().loop), attempt(forever_partial), attempt(forever_map))


def depth(counter):
    counter[0] += 1
    depth(counter)


class Deep:
    def __init__(self, counter):
        counter[0] += 1
        Deep(counter)


class DeepMethod:
    def go(self, counter, *rest, key=None):
        counter[0] += 1
        self.go(counter, 1, 2, key=3)


def deep_generator(counter):
    counter[0] += 1
    yield from deep_generator(counter)


for function in (depth, Deep, DeepMethod().go, lambda counter: list(deep_generator(counter))):
    counts = []
    for turn in range(3):
        counter = [0]
        attempt(function, counter)
        counts.append(counter[0])
    print(getattr(function, "__name__", "deep"), counts)
old = sys.getrecursionlimit()
for limit in (200, 333, 2000):
    sys.setrecursionlimit(limit)
    counter = [0]
    attempt(depth, counter)
    print(limit, counter[0])
sys.setrecursionlimit(old)

# Coroutine functions, asynchronous generators, generator functions: a call makes the object.
async def coroutine(a, b=2):
    return a + b


async def asynchronous(a):
    yield a


def run(awaitable):
    try:
        awaitable.send(None)
    except StopIteration as stop:
        return stop.value


for turn in range(50):
    made = coroutine(turn)
    assert run(made) == turn + 2
    agen = asynchronous(turn)
    assert run(agen.__anext__()) == turn
print(attempt(lambda: coroutine()), type(asynchronous(1)).__name__, [list(generator(n)) for n in range(3)])


@types.coroutine
def old_style(a):
    yield a


print([next(old_style(n)) for n in range(3)])
