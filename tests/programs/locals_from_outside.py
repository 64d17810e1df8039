"""Locals changed from outside through PyFrame_LocalsToFast, as debuggers do."""
import ctypes
import sys

to_fast = ctypes.pythonapi.PyFrame_LocalsToFast
to_fast.argtypes = [ctypes.py_object, ctypes.c_int]
to_fast.restype = None


def change(name, value):
    frame = sys._getframe(1)
    frame.f_locals[name] = value
    to_fast(frame, 0)
    return 1


def forget(name):
    frame = sys._getframe(1)
    frame.f_locals.pop(name, None)
    to_fast(frame, 1)
    return 1


def simple():
    x = 5
    return x, change("x", 99), x


def operators():
    x = 5
    y = x + change("x", 7) + x
    z = [x, change("x", 9), x, x * change("x", 2)]
    return y, z, x


def in_loop(n):
    total = 0
    for i in range(n):
        total += i
        if i == n // 2:
            change("total", -1000)
        if i == n // 2 + 1:
            change("i", 10**6)
            total += i
    return total, i


def iterator_kept():
    items = [1, 2, 3]
    out = []
    for x in items:
        change("items", ["other"])
        out.append(x)
    return out, items


def compare():
    x = 1
    return x < change("x", 100) + x, x


def type_changes():
    x = 1
    a = x + 1
    change("x", "text")
    b = x + "!"
    change("x", 2.5)
    c = x * 2
    change("x", [1])
    x += [2]
    return a, b, c, x


def arguments(a, b):
    change("a", b)
    change("b", "new")
    return a, b


def cell_variable():
    x = 1

    def inner():
        return x

    change("x", 42)
    return x, inner()


def free_variable():
    x = 1

    def inner():
        y = x
        change("x", 43)
        return y, x

    return inner(), x


def forgotten():
    x = 1
    forget("x")
    try:
        return x
    except UnboundLocalError as error:
        return str(error)


def forgotten_in_expression():
    x = 1
    try:
        return x, forget("x"), x
    except UnboundLocalError as error:
        return str(error)


def forgotten_then_set():
    x = 1
    forget("x")
    x = 2
    return x


def forgotten_loop(n):
    out = []
    x = 0
    for i in range(n):
        try:
            out.append(x)
        except UnboundLocalError:
            out.append("unbound")
            x = i
        if i % 3 == 1:
            forget("x")
    return out


class Operand:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def __add__(self, other):
        frame = sys._getframe(1)
        frame.f_locals[self.name] = self.value
        to_fast(frame, 0)
        return 10

    def __bool__(self):
        self + 1
        return True

    def __eq__(self, other):
        return self + other

    def __iter__(self):
        self + 1
        return iter((1, 2))

    def __getattr__(self, name):
        frame = sys._getframe(1)
        frame.f_locals["x"] = name
        to_fast(frame, 0)
        return name

    def __del__(self):
        frame = sys._getframe(1)
        if "target" in frame.f_locals:
            frame.f_locals["target"] = "changed by __del__"
            to_fast(frame, 0)


def implicit():
    x = 1
    o = Operand("x", 77)
    a = x, o + 1, x
    x = 2
    b = (x, 5 if o else 6, x)
    x = 3
    c = (x, o == 1, x)
    x = 4
    d = (x, [*o], x)
    x = 5
    e = (x, o.attribute, x)
    return a, b, c, d, e


def by_destructor():
    target = 1
    o = Operand("x", 1)
    before = target
    o = None
    return before, target


def generator():
    x = 1
    yield x
    change("x", 50)
    yield x
    x = yield x, change("x", 60), x
    yield x


def suspended_generator():
    def g():
        x = 1
        while True:
            yield x

    it = g()
    a = next(it)
    it.gi_frame.f_locals["x"] = 1234
    to_fast(it.gi_frame, 0)
    return a, next(it)


def twice_removed():
    def change_grandparent():
        frame = sys._getframe(2)
        frame.f_locals["x"] = "grand"
        to_fast(frame, 0)

    def parent():
        y = 1
        change_grandparent()
        return y

    x = 0
    return x, parent(), x


FUNCTIONS = [simple, operators, lambda: in_loop(20), iterator_kept, compare, type_changes, lambda: arguments(1, 2), cell_variable,
             free_variable, forgotten, forgotten_in_expression, forgotten_then_set, lambda: forgotten_loop(10), implicit, by_destructor,
             lambda: list(generator()), suspended_generator, twice_removed]
for function in FUNCTIONS:
    results = []
    for _ in range(250):
        result = function()
        if result not in results:
            results.append(result)
    print(function.__name__, results)


def change_late(n):
    """Hot first, changed only long after it was compiled."""
    x = 0
    for i in range(n):
        x = x + 1
        if i == n - 10:
            change("x", 0.5)
    return x


print(change_late(3000), [change_late(30) for _ in range(300)][-1])
