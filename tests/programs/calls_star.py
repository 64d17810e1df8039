"""f(*arguments) and f(*arguments, **keywords): every kind of iterable and mapping, callee and error; wrappers; counts of references.

Tier 0 under the eval-frame hook keeps references of its own (argument_ownership.py).
"""
# test: modes=tier0,compile-all,no-forward,gc,evict
import gc
import sys
import traceback


def plain(a, b):
    return a, b


def defaults(a, b=2, *, c=3):
    return a, b, c


def everything(a, b=2, *args, c=4, **kwargs):
    return a, b, args, c, list(kwargs.items())


def only_star(*args):
    return args


def only_double(**kwargs):
    return kwargs


def positional_only(a, /, **kwargs):
    return a, kwargs


def wrapper(function):
    def wrapped(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapped


class Dict(dict):
    def __getitem__(self, key):
        return "own"


class Mapping:
    def keys(self):
        return ["a", "b"]

    def __getitem__(self, key):
        return key * 2


class Iterable:
    def __iter__(self):
        yield 1
        yield 2


class Thing:
    def __init__(self, a, b=1):
        self.a = (a, b)

    def method(self, a, b=1):
        return self.a, a, b

    def __call__(self, *args, **kwargs):
        return args, kwargs


def star(f, args):
    return f(*args)


def double(f, args, keywords):
    return f(*args, **keywords)


def just_double(f, keywords):
    return f(**keywords)


def mixed(f, args, keywords):
    return f(0, *args, c=9, **keywords)


def outcome(function, *arguments):
    try:
        made = function(*arguments)
        return made.a if isinstance(made, Thing) else made
    except (TypeError, KeyError) as error:
        return f"{type(error).__name__}: {error}"


def shapes():
    thing = Thing(5)
    callees = [plain, defaults, everything, only_star, only_double, positional_only, wrapper(plain),
               wrapper(wrapper(defaults)), Thing, thing.method, thing, max, dict, "abc".split, 5, lambda a: a]
    iterables = [(), (1,), (1, 2), [1, 2], [1, 2, 3], (1, 2, 3, 4), "ab", Iterable(), range(2), {"x": 1}, 5, None]
    mappings = [{}, {"b": 7}, {"a": 1, "b": 2}, {"c": 1, "d": 2}, Dict(a=1), Mapping(), {"a": 1, 5: 6}, None, [1],
                {"".join(["a"]): 1}]
    lines = []
    for callee in callees:
        for turn in range(2):
            for iterable in iterables:
                lines.append(outcome(star, callee, iterable))
                for mapping in mappings:
                    lines.append(outcome(double, callee, iterable, mapping))
            for mapping in mappings:
                lines.append(outcome(just_double, callee, mapping))
                lines.append(outcome(mixed, callee, (1,), mapping))
    texts = [str(line).split(" at 0x")[0] for line in lines]
    print(len(texts), len(set(texts)))
    for text in texts[::53]:
        print(text)


shapes()


def hot():
    wrapped = wrapper(wrapper(defaults))
    total = 0
    pair = [3, 4]
    settings = {"c": 5}
    for i in range(300):
        total += sum(wrapped(i)) + sum(wrapped(i, 1, c=2)) + sum(plain(*pair)) + sum(defaults(*pair, **settings))
        total += len(everything(*pair, i, i, **settings, d=4)) + len(only_double(**settings, e=1))
        assert only_star(*pair) == (3, 4) and only_double(**settings) is not settings
        args = (i, i + 1)
        assert only_star(*args) is not args and only_star(*()) == ()
    print(total)


hot()


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, end="; ")


def counts(a, b=5, *args, **kwargs):
    return (sys.getrefcount(a), b == 5 or sys.getrefcount(b), [sys.getrefcount(x) for x in args],
            {k: sys.getrefcount(v) for k, v in kwargs.items()}, gc.is_tracked(args))


def drop(a, *args, **kwargs):
    a = args = None
    kwargs.clear()
    print("in", end=" ")


def ownership():
    for i in range(40):
        x, y, z = object(), [], {}
        two, four, named = (x, y), (x, y, x, y), {"k": z}
        lines = [counts(*two), counts(*four), counts(*two, **named), counts(x, *two, k=z), counts(**{"a": x}),
                 wrapper(counts)(x, y, k=z), wrapper(counts)(x, y), sys.getrefcount(two), sys.getrefcount(named)]
        drop(*(Loud("1"), Loud("2")), **{"k": Loud("3")})
        drop(*[Loud("4")])
        wrapper(drop)(Loud("5"), Loud("6"), k=Loud("7"))
        print("after", end="\n" if i % 10 == 9 else " ")
    for line in lines:
        print(line)
    print(sys.getrefcount(x), sys.getrefcount(y), sys.getrefcount(z))


ownership()


def failing(a, b):
    raise ValueError(a)


def raising(which, args, keywords):
    if which == 0:
        return failing(*args)
    if which == 1:
        return failing(*args, **keywords)
    if which == 2:
        return failing(
            *args, **keywords,
            **keywords)
    return wrapper(failing)(*args)


def errors():
    for i in range(60):
        try:
            raising(0 if i < 52 else i % 4, (1, 2) if i != 57 else (1,), {} if i % 8 != 5 else {"b": 1})
        except (ValueError, TypeError):
            if i >= 52:
                print(traceback.format_exc())


errors()


def unbound(flag):
    if flag:
        kwargs = {}
    try:
        return only_double(**kwargs)
    except UnboundLocalError as error:
        return str(error)


print([unbound(i != 35) for i in range(40)][33:37])


def recursion():
    depth = 0

    def down(*args, **kwargs):
        nonlocal depth
        depth += 1
        return down(*args, **kwargs)

    for arguments, keywords in (((), {}), ((1, 2), {}), ((1,), {"a": 1})):
        depth = 0
        try:
            down(*arguments, **keywords)
        except RecursionError as error:
            print(depth, error)


recursion()


def code_changes():
    def f(*args, **kwargs):
        return "f", args, kwargs

    def g(a, b=4, **kwargs):
        return "g", a, b, kwargs

    first = f.__code__
    out = []
    for i in range(90):
        if i == 40:
            f.__code__ = g.__code__
            f.__defaults__ = (8,)
        if i == 60:
            f.__code__ = first
        pair = (i,)
        made = f(*pair), f(*pair, **{"k": i})
        if i % 15 == 7:
            out.append(made)
    print(out)


code_changes()


def locals_seen():
    def f(*args, **kwargs):
        return sorted(sys._getframe(1).f_locals), sys._getframe(1).f_lineno - start

    start = sys._getframe().f_lineno
    for i in range(40):
        keywords = {}
        made = f(*(1, 2),
                 **keywords)
        again = f(
            *[i])
    print(made, again)


locals_seen()
