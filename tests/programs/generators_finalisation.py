"""Generators that are dropped: finally blocks run at once, suspended for ever, in cycles, in exceptions."""
import gc
import weakref


class Token:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dropped", self.name)


def with_finally(name):
    token = Token(name)
    try:
        yield 1
        yield 2
    finally:
        print("finally", name)
    print("not reached", name)


def drop_now():
    g = with_finally("a")
    next(g)
    del g
    print("after del")


drop_now()


def drop_on_return():
    g = with_finally("b")
    next(g)
    next(g)
    return 5


print(drop_on_return())


def never_started():
    g = with_finally("c")
    return g is None


print(never_started())


def exhausted():
    for value in with_finally("d"):
        print(value)


exhausted()


def break_out():
    for value in with_finally("e"):
        break
    print("after the loop")


break_out()


def exception_out():
    for value in with_finally("f"):
        raise ValueError("out")


try:
    exception_out()
except ValueError as error:
    print("caught", error)
print("after except")


def nested():
    yield from with_finally("inner")


def drop_nested():
    g = nested()
    next(g)
    g = None
    print("outer dropped")


drop_nested()


def in_a_cycle():
    holder = []
    g = with_finally("cycle")
    next(g)

    def keep():
        yield g, holder

    k = keep()
    holder.append(k)
    next(k)


gc.collect()
gc.disable()
in_a_cycle()
print("cycle still there")
print(gc.collect() > 0)
gc.enable()


def raising_finally():
    try:
        yield 1
    finally:
        raise KeyError("in finally")


g = raising_finally()
next(g)
try:
    g.close()
except KeyError as error:
    print("close raises", error)


def awaiting_value():
    x = [1, 2, (yield "first"), 4]
    print("x", x)
    return x


g = awaiting_value()
next(g)
del g
print("dropped in the middle of an expression")
g = awaiting_value()
next(g)
try:
    g.send(3)
except StopIteration as stop:
    print(stop.value)


def operands_on_stack(token):
    return (Token("left"), token, (yield), Token("right"))


def drop_with_operands():
    g = operands_on_stack(Token("argument"))
    next(g)
    del g


drop_with_operands()


class Referable(Exception):
    pass


def handler_suspended():
    try:
        raise Referable("kept")
    except Referable as error:
        e = weakref.ref(error)
        yield e
    yield e


g = handler_suspended()
e = next(g)
print(e() is not None)
next(g)
print(e() is None)

suspended = []


def for_ever(n):
    local = [n] * 3
    while True:
        yield local[0] + n


def many():
    for i in range(300):
        g = for_ever(i)
        next(g)
        suspended.append(g)
    return sum(next(g) for g in suspended)


print(many(), len(suspended))
del suspended[100:]
print(sum(next(g) for g in suspended))
ref = weakref.ref(suspended[0])
suspended[0] = None
print(ref())


def throw_into_unstarted():
    g = with_finally("g")
    try:
        g.throw(OSError("early"))
    except OSError as error:
        print("thrown", error)
    print(list(g))


throw_into_unstarted()


def chain(n):
    g = iter([0])
    for _ in range(n):
        g = add_one(g)
    return next(g)


def add_one(source):
    for x in source:
        yield x + 1


print([chain(i) for i in range(0, 100, 10)])


def exit_order():
    a = with_finally("first")
    b = with_finally("second")
    next(a)
    next(b)


exit_order()
last = with_finally("at exit")
next(last)
print("end")
