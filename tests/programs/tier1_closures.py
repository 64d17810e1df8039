"""Cells, free variables and function objects made by compiled code: identity, death, counts, attributes, errors."""

import gc
import sys
import traceback
import types
import weakref


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies:", self.name)


def show_error(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:
        for entry in traceback.extract_tb(error.__traceback__):
            print("   ", entry.name, entry.lineno, entry.colno, entry.end_colno)
        print("   ", type(error).__name__, error, getattr(error, "name", None))


# Every optional part, alone and together
def make_all(noisy):
    free = noisy
    other = 5

    def plain(a):
        "the doc"
        return a

    def defaults(a, b=noisy, c=(1, 2)):
        return a, b, c

    def keywords(*, k=7, m=noisy):
        return k, m

    def annotated(a: int, b: "text" = 3) -> str:
        return a, b

    def closing():
        return free, other

    def everything(a: int, b=noisy, *, k=4) -> float:
        "doc of everything"
        return free, other, a, b, k

    return plain, defaults, keywords, annotated, closing, everything


def describe(function):
    closure = function.__closure__
    return (
        function.__name__, function.__qualname__, function.__module__, function.__doc__,
        function.__defaults__ is not None and len(function.__defaults__),
        function.__kwdefaults__ and sorted(function.__kwdefaults__),
        sorted(function.__annotations__), closure and len(closure),
        closure and [type(cell.cell_contents).__name__ for cell in closure],
        function.__dict__, function.__globals__ is globals(), gc.is_tracked(function),
        function.__code__.co_freevars, function.__builtins__ is __builtins__.__dict__,
        closure and [gc.is_tracked(cell) for cell in closure], closure and gc.is_tracked(closure),
    )


for turn in range(3):
    for function in make_all(7):
        print(sys.getrefcount(function), describe(function))


# Cells: shared, rebound, emptied, made from arguments
def counter(start):
    def step(amount=1):
        nonlocal start
        start += amount
        return start

    def forget():
        nonlocal start
        del start

    def peek():
        return start

    return step, forget, peek


for turn in range(4):
    step, forget, peek = counter(10 * turn)
    other_step, _, other_peek = counter(500)
    print(step(), step(5), peek(), other_step(), other_peek())
    print(step.__closure__[0] is peek.__closure__[0], step.__closure__[0] is other_step.__closure__[0])
    forget()
    show_error(peek)
    show_error(step)
    show_error(forget)
    step.__closure__[0].cell_contents = "set from outside"
    print(peek())


def unbound_cell(flag):
    if flag:
        value = 1

    def inner():
        return value

    show_error(inner)
    return value


for flag in (1, 0, 1, 0):
    show_error(unbound_cell, flag)


def free_in_class_body(value):
    class Body:
        seen = value
        inner = [value for _ in "ab"]

    return Body.seen, Body.inner


def class_cell():
    class Base:
        def name(self):
            return __class__.__name__

    return Base().name()


for turn in range(3):
    print(free_in_class_body(turn), class_cell())


# What is overwritten in a cell dies at once; destructors see what stock shows
def overwrite(name):
    cell_value = Noisy(name)

    def inner():
        return cell_value

    for name in ("second", "third"):
        cell_value = Noisy(name)
        print("stored", name, sys.getrefcount(cell_value))
    cell_value = local = 1.5
    cell_value = local
    print(sys.getrefcount(inner), inner())
    return inner


overwrite("first")
overwrite("again")


class Meddler:
    """A destructor that changes the cell it dies in."""

    def __init__(self, cell):
        self.cell = cell

    def __del__(self):
        print("meddles", self.cell.cell_contents)
        self.cell.cell_contents = "meddled"


def meddle():
    value = None

    def inner():
        return value

    value = Meddler(inner.__closure__[0])
    value = "after"
    print(value, inner())


for turn in range(3):
    meddle()


# Order of death inside functions, and what keeps what alive
def order_of_death():
    captured = Noisy("captured")

    def function(a=Noisy("default"), *, k=Noisy("keyword default")) -> Noisy("annotation"):
        return captured

    function.attribute = Noisy("attribute")
    function.__doc__ = Noisy("doc")
    function.__module__ = Noisy("module")
    captured = captured
    return function


for turn in range(3):
    function = order_of_death()
    print(sys.getrefcount(function.__closure__), sys.getrefcount(function.__closure__[0]))
    del function
    print("deleted")


def weak(callback_log):
    value = 3

    def function():
        return value

    reference = weakref.ref(function, lambda dead: callback_log.append(("gone", dead())))
    assert reference() is function
    cell = function.__closure__[0]
    del function
    callback_log.append((reference(), sys.getrefcount(cell)))


log = []
for turn in range(3):
    weak(log)
print(log)


# A function that refers to itself is left to the collector
def recursive(n):
    def walk(k):
        return 0 if k == 0 else 1 + walk(k - 1)

    return walk(n), weakref.ref(walk)


gc.collect()
gc.disable()
references = [recursive(5)[1] for turn in range(200)]
print(all(r() is not None for r in references))
gc.collect()
print(any(r() is not None for r in references))
gc.enable()


# Many alive at once, then all dead: more than are kept for the next
def adder(amount):
    return lambda value: value + amount


for turn in range(3):
    adders = [adder(i) for i in range(500)]
    print(sum(a(1) for a in adders), len({id(a) for a in adders}), len({id(a.__closure__[0]) for a in adders}))
    del adders
    print(sum(adder(i)(2) for i in range(300)))
    gc.collect()
    print(len([o for o in gc.get_objects() if isinstance(o, types.FunctionType) and o.__name__ == "<lambda>"
               and o.__qualname__.startswith("adder.")]))


# Fresh closures with other code, defaults changed, attributes set: nothing of a dead function shows in the next
def fresh(flavour):
    hidden = flavour
    if flavour % 3 == 0:
        def function(a, b=10):
            return hidden + a + b
        function.__defaults__ = (flavour,)
        function.mark = flavour
    elif flavour % 3 == 1:
        def function(a):
            return hidden - a
        function.__kwdefaults__ = None
        function.__annotations__["return"] = int
    else:
        function = lambda a, *rest: (hidden, a, rest)
    return function


for i in range(30):
    function = fresh(i)
    print(function(1), function.__defaults__, function.__dict__, function.__annotations__, function.__name__)
    function.__code__ = fresh(i + 3).__code__
    print(function(2))


# Globals without __name__, without __builtins__, with other builtins, of another kind of key
SOURCE = """
def outer(x):
    def inner(y=x):
        return x + y
    return inner, inner.__module__, inner.__builtins__ is expected, len
"""


class SubDict(dict):
    def __getitem__(self, key):
        raise AssertionError("not asked")


for space in ({"__name__": "one"}, {}, {"__builtins__": {"len": "my len"}}, {"__name__": 5, 7: 8},
              SubDict(__name__="sub"), {"__builtins__": types}):
    try:
        exec(SOURCE, space)
        space["expected"] = space["__builtins__"] if isinstance(space["__builtins__"], dict) else vars(space["__builtins__"])
        for turn in range(4):
            inner, module, same, length = space["outer"](turn)
            print(inner(), module, same, length if isinstance(length, str) else "len")
            if turn == 1:
                space["__name__"] = "renamed"
            if turn == 2:
                del space["__name__"]
    except Exception as error:
        print(type(error).__name__, error)


# Deep closure nests, more than a hundred cells
def deep(level):
    if level == 0:
        return lambda: "bottom"
    inner = deep(level - 1)
    return lambda: inner()


print(deep(60)())
body = "def many():\n" + "".join(f"    v{i} = {i}\n" for i in range(150))
body += "    def inner(): return (" + ", ".join(f"v{i}" for i in range(150)) + ")\n    return inner\n"
exec(body)
print(sum(many()()), len(many().__closure__))


# Calls through cells and from C
def compose(*functions):
    def composed(value):
        for function in functions:
            value = function(value)
        return value
    return composed


def through_c(n):
    bias = n
    return (sum(map(lambda v: v + bias, range(5))), list(filter(lambda v: v > bias, range(4))),
            sorted([3, 1, 2], key=lambda v: -v * bias), max([1, 5, 2], key=lambda v: v ^ bias))


for n in range(5):
    print(compose(adder(3), lambda v: v * n, str)(n), through_c(n))
    show_error(lambda: list(map(lambda v: v // (v - n), range(6))))
