"""The depth at which RecursionError comes, for every way Python code calls Python code, under several limits, and inside each way."""
# test: timeout=120
import contextlib
import functools
import sys
import threading

depth = 0


def deeper():
    global depth
    depth += 1


class Object:
    """Every special method that calls itself on."""

    def __init__(self, again=False):
        if again:
            deeper()
            Object(True)

    def __add__(self, other):
        deeper()
        return self + other

    def __neg__(self):
        deeper()
        return -self

    def __lt__(self, other):
        deeper()
        return self < other

    def __getitem__(self, key):
        deeper()
        return self[key]

    def __setitem__(self, key, value):
        deeper()
        self[key] = value

    def __delitem__(self, key):
        deeper()
        del self[key]

    def __call__(self):
        deeper()
        return self()

    def __iter__(self):
        deeper()
        yield from self

    def __enter__(self):
        deeper()
        with self:
            pass

    def __exit__(self, *error):
        pass

    def __setattr__(self, name, value):
        deeper()
        self.name = value

    def __contains__(self, item):
        deeper()
        return item in self

    def __bool__(self):
        deeper()
        return not self

    def method(self, *rest, key=None):
        deeper()
        return self.method(*rest, key=key)

    @property
    def prop(self):
        deeper()
        return self.prop

    @classmethod
    def class_method(cls):
        deeper()
        return cls.class_method()

    @staticmethod
    def static_method():
        deeper()
        return Object.static_method()


class Sub(Object):
    def method(self, *rest, key=None):
        deeper()
        return super().method(*rest, key=key)


class Made(type):
    def __call__(cls):
        deeper()
        return cls()


class WithMeta(metaclass=Made):
    pass


class Described:
    def __get__(self, instance, owner):
        deeper()
        return instance.described


Object.described = Described()


def plain():
    deeper()
    return plain()


def defaults(a=1, *, b=2):
    deeper()
    return defaults(b=a)


def starred(*values, **named):
    deeper()
    return starred(*values, **named)


def comprehension():
    deeper()
    return {comprehension(): x for x in (1,)}


def expression():
    deeper()
    return max(expression() for x in (1,))


def generator():
    deeper()
    yield from generator()


def looping():
    deeper()
    for x in looping():
        yield x


async def coroutine():
    deeper()
    return await coroutine()


async def asynchronous():
    deeper()
    async for x in asynchronous():
        yield x


def decorated(function):
    @functools.wraps(function)
    def wrapper(*values, **named):
        return function(*values, **named)

    return wrapper


@decorated
def wrapped():
    deeper()
    return wrapped()


def closure():
    def inner():
        deeper()
        return closure()

    return inner()


def handled():
    deeper()
    try:
        return handled()
    except ValueError:
        return 1
    finally:
        len("")


def matched(value=(1, 2)):
    deeper()
    match value:
        case (a, b):
            return matched((a, b))


@contextlib.contextmanager
def managed():
    deeper()
    with managed():
        yield


def conditional():
    deeper()
    return [1, conditional(), 2] if depth else 0


def send(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        pass


KINDS = {
    "plain": plain, "defaults": defaults, "starred": lambda: starred(1, k=2), "comprehension": comprehension, "expression": expression,
    "generator": lambda: next(generator()), "looping": lambda: next(looping()), "coroutine": lambda: send(coroutine()),
    "async for": lambda: send(asynchronous().__anext__()), "wrapped": wrapped, "closure": closure, "handled": handled, "matched": matched,
    "conditional": conditional, "init": lambda: Object(True), "add": lambda: Object() + 1, "neg": lambda: -Object(), "lt": lambda: Object() < 1,
    "getitem": lambda: Object()[0], "setitem": lambda: Object().__setitem__(0, 1), "delitem": lambda: Object().__delitem__(0),
    "call": lambda: Object()(), "iter": lambda: list(Object()), "with": lambda: Object().__enter__(),
    "setattr": lambda: setattr(Object(), "name", 1), "contains": lambda: 1 in Object(), "bool": lambda: not Object(),
    "method": lambda: Object().method(1, key=2), "super": lambda: Sub().method(), "property": lambda: Object().prop,
    "classmethod": Object.class_method, "staticmethod": Object.static_method, "metaclass": WithMeta, "descriptor": lambda: Object().described,
}


def measure(kind):
    global depth
    depth = 0
    try:
        kind()
    except RecursionError as error:
        return depth, str(error)
    return depth, "no error"


def inside(levels, kind):
    """From below other frames."""
    return inside(levels - 1, kind) if levels else measure(kind)


def report(where):
    for name, kind in KINDS.items():
        # Stock counts a level more for C functions while the call is not yet specialised: warm up first.
        for _ in range(6):
            results = [measure(kind), measure(kind), inside(50, kind)]
        print(where, name, *results)


sys.unraisablehook = lambda unraisable: None
report("default")
for limit in (300, 2500):
    sys.setrecursionlimit(limit)
    report(limit)
sys.setrecursionlimit(1000)
report("again")
thread = threading.Thread(target=report, args=("thread",))
thread.start()
thread.join()
