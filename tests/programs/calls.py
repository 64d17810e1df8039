"""Calls of every shape, and the exact words of every refusal."""
import functools
import operator
import traceback


def nothing():
    return "nothing"


def positional(a, b, c=3):
    return a, b, c


def only_positional(a, b=2, /):
    return a, b


def mixed(a, /, b, *, c, d=4):
    return a, b, c, d


def star(*args):
    return args


def double(**kwargs):
    return kwargs


def everything(a, b=2, *args, c, d=4, **kwargs):
    return a, b, args, c, d, sorted(kwargs.items())


def many_defaults(a=1, b=2, c=3, d=4, e=5, f=6):
    return a, b, c, d, e, f


CALLS = [
    lambda: nothing(), lambda: nothing(1), lambda: nothing(x=1), lambda: nothing(*[], **{}), lambda: positional(1, 2), lambda: positional(1, 2, 30),
    lambda: positional(1), lambda: positional(), lambda: positional(1, 2, 3, 4), lambda: positional(1, b=2), lambda: positional(b=1, a=2),
    lambda: positional(1, a=2), lambda: positional(1, 2, d=3), lambda: positional(*(1, 2)), lambda: positional(*[1], **{"b": 5}),
    lambda: positional(c=1, b=2), lambda: positional(**{"a": 1, "b": 2, "c": 3}), lambda: only_positional(1), lambda: only_positional(1, 3),
    lambda: only_positional(a=1), lambda: only_positional(1, b=2), lambda: only_positional(), lambda: only_positional(1, 2, 3),
    lambda: mixed(1, 2, c=3), lambda: mixed(1, b=2, c=3, d=5), lambda: mixed(1, 2), lambda: mixed(1, 2, 3), lambda: mixed(a=1, b=2, c=3),
    lambda: star(), lambda: star(1, 2, 3), lambda: star(*"ab", *(1,), 2), lambda: star(a=1), lambda: double(), lambda: double(a=1, b=2),
    lambda: double(1), lambda: double(**{"a": 1}, b=2), lambda: double(**{"a": 1}, a=2), lambda: double(**{1: 2}), lambda: double(**5),
    lambda: star(*5), lambda: star(*None), lambda: everything(1, c=2), lambda: everything(1, 2, 3, 4, c=5, e=6, f=7), lambda: everything(c=1, a=2, z=3),
    lambda: everything(1), lambda: everything(), lambda: everything(1, c=2, **{"a": 3}), lambda: many_defaults(), lambda: many_defaults(9, 8, f=7),
    lambda: many_defaults(g=1), lambda: len(), lambda: len(1, 2), lambda: len([1]), lambda: len(x=1), lambda: int("5", base=7), lambda: int(1, 2, 3),
    lambda: print(sep=5), lambda: "a".join(), lambda: "a".join(["b"], 1), lambda: [].append(), lambda: [].append(1, 2), lambda: dict(a=1, **{"b": 2}),
    lambda: max(1, 2, key=lambda x: -x), lambda: sorted([2, 1], reverse=True), lambda: (x := 5)(), lambda: (x := None)(), lambda: (x := "text")(), lambda: (x := ())(1),
    lambda: object(1), lambda: type("T", (), {})(), lambda: isinstance(1), lambda: getattr(1, "x", "default"), lambda: getattr(1, "x"),
    lambda: range(1, 2, 3, 4), lambda: str(b"x", "ascii"), lambda: operator.add(1), lambda: functools.partial(positional, 1)(2, c=5),
    lambda: functools.partial(positional, 1, 2, 3, 4)(), lambda: (lambda: 1)(2), lambda: (lambda x: x)(), lambda: {}.get(), lambda: {}.update(1),
    lambda: str.upper(), lambda: str.upper(5), lambda: list.append([], 1), lambda: int.__add__(1, 2), lambda: int.__add__("1", 2),
]


def attempt(call):
    try:
        result = call()
        return result if not isinstance(result, object) or type(result).__module__ == "builtins" else type(result).__name__
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for number, call in enumerate(CALLS):
    results = []
    for _ in range(110):
        result = attempt(call)
        if result not in results:
            results.append(result)
    print(number, *results)


class Methods:
    def method(self, a, b=2):
        return self.name, a, b

    @classmethod
    def klass(cls, a):
        return cls.__name__, a

    @staticmethod
    def static(a):
        return a

    def __call__(self, *args, **kwargs):
        return args, kwargs

    name = "m"
    nested = len


METHOD_CALLS = [
    lambda m: m.method(1), lambda m: m.method(1, b=3), lambda m: m.method(), lambda m: m.method(1, 2, 3), lambda m: Methods.method(m, 1),
    lambda m: Methods.method(), lambda m: m.klass(1), lambda m: Methods.klass(1), lambda m: m.static(1), lambda m: Methods.static(), lambda m: m(),
    lambda m: m(1, *[2], x=3), lambda m: m.nested([1, 2]), lambda m: m.missing(), lambda m: m.method(*[1], **{"b": 9}), lambda m: m.klass(),
    lambda m: (m.method)(5), lambda m: getattr(m, "method")(6), lambda m: m.method.__func__(m, 7), lambda m: m.method.__self__ is m,
    lambda m: m.name.upper(), lambda m: m.method(a=1), lambda m: m.method(self=1),
]
m = Methods()
for number, call in enumerate(METHOD_CALLS):
    results = []
    for _ in range(110):
        result = attempt(lambda: call(m))
        if result not in results:
            results.append(result)
    print(number, *results)


def one_site(callee, *args):
    return callee(*args) if args else callee()


def polymorphic(callees):
    return [attempt(lambda c=c: c(3)) for c in callees]


CALLEES = [abs, str, int, float, lambda x: x, Methods().static, [1, 2, 3, 4].__getitem__, range, Methods(), functools.partial(max, 5), list, type,
           "abcdef".__getitem__, {3: 4}.get, (1).__add__, set, len, bool, complex, bytes]
for _ in range(150):
    results = polymorphic(CALLEES)
print(results)


def evaluation_order():
    log = []

    def say(x):
        log.append(x)
        return x

    def f(*args, **kwargs):
        log.append("called")

    (say("f"), f)[1](say(1), *say([2]), say(3), k=say(4), **say({"m": 5}), n=say(6))
    [say("a"), say("b")][say(0)]
    {say("k1"): say("v1"), say("k2"): say("v2")}
    x = {}
    x[say("key")] = say("value")
    say(1) < say(2) < say(3)
    say(0) or say(1) and say(2)
    return log


print([evaluation_order() for _ in range(150)][-1])


def raising_argument():
    def f(*args):
        return args

    try:
        f(1, [2], 1 // 0, 3)
    except ZeroDivisionError:
        return traceback.format_exc()


print([raising_argument() for _ in range(150)][-1])


def many(a, b, c, d, e, f, g, h, i, j, k, l):
    return a + l


print([many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, n) for n in range(300)][-1])


class Init:
    def __init__(self, a, *, b=1):
        self.v = a, b


class NoInit:
    pass


class NewOnly:
    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self.v = args, kwargs
        return self


class Sub(dict):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self["extra"] = 1


for make in (lambda: Init(1).v, lambda: Init(1, b=2).v, lambda: Init(), lambda: Init(1, 2), lambda: NoInit(1), lambda: NewOnly(1, x=2).v,
             lambda: dict(Sub(a=1)), lambda: Init(b=1), lambda: type(NoInit()).__name__):
    results = []
    for _ in range(120):
        result = attempt(make)
        if result not in results:
            results.append(result)
    print(*results)


class Base:
    def __init__(self, x):
        self.x = x

    def who(self):
        return ["Base"]

    @classmethod
    def create(cls, x):
        return cls(x)


class Left(Base):
    def who(self):
        return ["Left"] + super().who()


class Right(Base):
    def __init__(self, x):
        super().__init__(x + 1)

    def who(self):
        return ["Right"] + super(Right, self).who()


class Both(Left, Right):
    def who(self):
        inner = lambda: super(Both, self).who()
        return ["Both"] + super().who() + [len(inner())]

    @classmethod
    def create(cls, x):
        return super().create(x * 10)


print([(Both.create(2).who(), Both.create(2).x) for _ in range(200)][-1])


def super_errors():
    out = []

    class A:
        def no_self():
            super().x

        def deleted(self):
            del self
            super().x

        def rebound(self):
            self = 5
            super().x

        def missing(self):
            super().missing_attribute

    for call in (lambda: A.no_self(), lambda: A().deleted(), lambda: A().rebound(), lambda: A().missing()):
        out.append(attempt(call))
    return out


print([super_errors() for _ in range(100)][-1])
