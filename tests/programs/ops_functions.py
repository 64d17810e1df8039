"""Calls with unpacked arguments, making functions and classes."""
import builtins
import functools
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


# ---- Calls

def target(a, b=2, *args, c=3, **kwargs):
    return a, b, args, c, kwargs


def call_star(f, args):
    return f(*args)


def call_star_more(f, args):
    return f(0, *args, 9)


def call_both(f, args, kwargs):
    return f(*args, **kwargs)


def call_merged(f, one, two):
    return f(1, **one, x=5, **two)


def call_keywords(f, kwargs):
    return f(**kwargs)


class Callable:
    def __repr__(self):
        return "a callable"

    def __call__(self, *args, **kwargs):
        return args, kwargs

    def method(self, *args, **kwargs):
        return args, kwargs

    @classmethod
    def of_class(cls, *args):
        return cls.__name__, args


class Mapping:
    def __init__(self, **items):
        self.items = items

    def keys(self):
        return list(self.items)

    def __getitem__(self, key):
        return self.items[key]


class BadMapping:
    def keys(self):
        return ["here", "missing"]

    def __getitem__(self, key):
        if key == "missing":
            raise KeyError(key)
        return 1


class RaisingKeys:
    @property
    def keys(self):
        raise AttributeError("keys refuse")


class RaisingIter:
    def __iter__(self):
        raise TypeError("iter refuses")


def gen(n):
    for i in range(n):
        yield i


def broken():
    yield 1
    raise ValueError("broken")


TARGETS = [target, Callable(), Callable().method, Callable.of_class, dict, print and max, functools.partial(target, 7),
           lambda *a, **k: (a, k), str.join, 5]
for f in TARGETS:
    name = getattr(f, "__name__", type(f).__name__)
    print("--", name)
    if name == "max":
        show(call_star, f, [1, 5, 2])
        show(call_both, f, [[]], {"default": 4})
        show(call_both, f, [[]], {"nonsense": 4})
        continue
    show(call_star, f, (1, 2))
    show(call_star, f, [])
    show(call_both, f, (1,), {"x": 3})
    if name == "join":
        show(call_star, f, ("-", "abc"))

for args in [(), (1, 2, 3, 4), [1], "ab", range(2), {1: 2}, 5, None, RaisingIter(), Mapping(a=1)]:
    show(call_star, target, args)
    show(call_star_more, target, args)
show(lambda: call_star(target, gen(3)))
show(lambda: call_star(target, broken()))
show(lambda: call_star_more(target, broken()))
for kwargs in [{}, {"a": 1}, {"a": 1, "c": 4, "z": 5}, {"b": 1}, {1: 2}, Mapping(a=1, q=2), BadMapping(), RaisingKeys(), 5, None,
               [("a", 1)], {"a": 1, (): 2}]:
    show(call_keywords, target, kwargs)
    show(call_both, target, (7,), kwargs)
    show(call_merged, target, kwargs, {"d": 1})
    show(call_merged, target, {"d": 1}, kwargs)
    show(call_merged, Callable(), {"x": 1}, kwargs)
    show(call_merged, Callable().method, {"e": 1}, {"e": 2})
    show(call_merged, builtins.dict, {"e": 1}, {"e": 2})
show(call_merged, 5, {"e": 1}, {"e": 2})
show(call_keywords, 5, 6)
show(call_star, 5, 6)


class StrKey(str):
    pass


show(call_keywords, target, {StrKey("a"): 1})
show(call_both, target, [], {"a": 1, "args": 2})


def released_order():
    """Function, arguments, keywords: in which order do they go?"""
    log = []

    class Noisy:
        def __init__(self, name):
            self.name = name

        def __del__(self):
            log.append(self.name)

    class NoisyTuple(tuple):
        def __del__(self):
            log.append("tuple")

    class Function(Noisy):
        def __call__(self, *args, **kwargs):
            log.append("called")
            return None

    class Items(Noisy):
        def keys(self):
            return ["k"]

        def __getitem__(self, key):
            return Noisy("value")

    Function("function")(*NoisyTuple([Noisy("argument")]), **Items("items"))
    return log


show(released_order)


# ---- Functions

def make(a, b=[], *, c=3, d: "note" = 4, **e: int) -> "result":
    "documented"
    return a, b, c, d, e


def made():
    x = 1

    def plain():
        pass

    def full(a, b=x, *args: x, c=[x], d, **kw) -> x:
        """doc of full"""
        return a, b, args, c, d, kw, x

    lam = lambda q=x: q
    return [(f.__name__, f.__qualname__, f.__defaults__, f.__kwdefaults__, f.__annotations__, f.__doc__, f.__module__,
             f.__closure__ and [c.cell_contents for c in f.__closure__]) for f in (plain, full, lam)]


def defaults_are_evaluated():
    def f(a=1 / 0):
        pass


def decorated():
    def one(f):
        return [f.__name__]

    def two(f):
        return (f,)

    @one
    @two[0] if False else one
    def f():
        pass
    return f


def decorated_twice():
    order = []

    def tag(name):
        order.append("make " + name)

        def apply(f):
            order.append("apply " + name)
            return f
        return apply

    @tag("outer")
    @tag("inner")
    class C:
        order.append("body")
    return order, C.__name__


show(made)
show(defaults_are_evaluated)
show(decorated)
show(decorated_twice)
print(make.__kwdefaults__, make.__annotations__)


# ---- Classes

def classes():
    class Base:
        x = 1

        def __init_subclass__(cls, **kw):
            cls.kw = kw

        def who(self):
            return __class__.__name__

    class Derived(Base, option=5):
        y: int = Base.x + 1

        def who(self):
            return super().who(), super(Derived, self).x
    return Derived().who(), Derived.kw, Derived.__annotations__, Derived.__qualname__


def class_star():
    bases = (list,)
    keywords = {"metaclass": type}

    class C(*bases, **keywords):
        pass
    return C.__mro__[1:]


def class_twice_metaclass():
    class C(metaclass=type, **{"metaclass": type}):
        pass


def bad_base():
    class C(5):
        pass


def layout_conflict():
    class C(int, str):
        pass


def no_build_class():
    exec("class C: pass", {"__builtins__": {}})


def odd_build_class():
    exec("class C(5, x=1): y = 2\nprint(C)",
         {"__builtins__": {"__build_class__": lambda f, name, *a, **k: (name, a, k), "print": print}})


class BuiltinsMapping(dict):
    def __getitem__(self, name):
        if name == "__build_class__":
            raise KeyError(name) if self.get("how") == "missing" else ValueError(name)
        return super().__getitem__(name)


def mapped_builtins(how):
    exec("class C: pass", {"__builtins__": BuiltinsMapping(how=how)})


show(classes)
show(class_star)
show(class_twice_metaclass)
show(bad_base)
show(layout_conflict)
show(no_build_class)
odd_build_class()
odd_build_class()
odd_build_class()
show(mapped_builtins, "missing")
show(mapped_builtins, "broken")
