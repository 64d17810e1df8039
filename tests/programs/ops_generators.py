"""Generators: values, send, throw, close, delegation, state, finalisation."""
import gc
import inspect
import sys
import traceback
import types
import weakref

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


def counting(n):
    for i in range(n):
        yield i


def echo(log):
    value = "first"
    while True:
        try:
            value = yield value
            log.append(("sent", value))
            if value == "stop":
                return "stopped"
        except ValueError as error:
            log.append(("caught", str(error)))
            value = "after throw"
        except GeneratorExit:
            log.append("closing")
            raise
        finally:
            log.append("finally")


def drive(make, actions):
    """What a generator does with a list of actions."""
    log = []
    g = make(log)
    for action, *arguments in actions:
        try:
            log.append(("->", getattr(g, action)(*arguments) if action != "next" else next(g)))
        except BaseException as error:
            log.append((type(error).__name__, str(error)))
        log.append((inspect.getgeneratorstate(g), g.gi_running, g.gi_yieldfrom is not None,
                    g.gi_frame and g.gi_frame.f_lineno))
    del g
    return log


ACTIONS = [
    [("next",), ("send", 1), ("send", "stop"), ("next",)],
    [("send", 5), ("send", None), ("send", 5), ("close",), ("next",)],
    [("next",), ("throw", ValueError("thrown")), ("next",), ("throw", KeyError), ("next",)],
    [("throw", ValueError("at start")), ("next",)],
    [("close",), ("close",), ("next",)],
    [("next",), ("throw", ValueError, "with value"), ("throw", ValueError, None, None), ("throw", 5), ("throw", GeneratorExit)],
    [("next",), ("throw", StopIteration(3)), ("throw", StopIteration)],
]
for actions in ACTIONS:
    show(drive, echo, actions)


# ---- Delegation

def inner(log):
    try:
        got = yield "inner one"
        log.append(("inner got", got))
        got = yield "inner two"
        return ("inner result", got)
    except ValueError as error:
        log.append(("inner caught", str(error)))
        yield "inner recovered"
    finally:
        log.append("inner finally")


def outer(log):
    try:
        result = yield from inner(log)
        log.append(("result", result))
        result = yield from [1, 2]
        log.append(result)
        yield "outer end"
    except KeyError as error:
        log.append(("outer caught", str(error)))
        yield "outer recovered"
    finally:
        log.append("outer finally")


class Iterator:
    def __init__(self, log):
        self.log = log

    def __repr__(self):
        return type(self).__name__

    def __iter__(self):
        return self

    def __next__(self):
        self.log.append("next")
        return "it"


class FullIterator(Iterator):
    def send(self, value):
        self.log.append(("send", value))
        if value == "end":
            raise StopIteration("ended")
        return value

    def throw(self, *arguments):
        self.log.append(("throw", [getattr(a, "__name__", str(a)) for a in arguments]))
        return "thrown into"

    def close(self):
        self.log.append("close")


class BadThrow(Iterator):
    @property
    def throw(self):
        raise OSError("no throw")

    @property
    def close(self):
        raise OSError("no close")


def delegate_to(kind):
    def delegating(log):
        result = yield from kind(log)
        log.append(("result", result))
    return delegating


MORE = [
    [("next",), ("send", 1), ("send", 2), ("next",), ("next",), ("next",)],
    [("next",), ("throw", ValueError("v")), ("next",), ("next",)],
    [("next",), ("throw", KeyError("k")), ("next",)],
    [("next",), ("close",), ("next",)],
    [("next",), ("next",), ("send", "end"), ("next",)],
    [("next",), ("throw", ValueError), ("close",)],
]
for make in (outer, delegate_to(Iterator), delegate_to(FullIterator), delegate_to(BadThrow), delegate_to(lambda log: 5),
             delegate_to(lambda log: None), delegate_to(lambda log: "ab"), delegate_to(lambda log: iter([1]))):
    for actions in MORE:
        show(drive, make, actions)


def chain_of(n):
    if n == 0:
        got = yield "bottom"
        raise ValueError(got)
    yield from chain_of(n - 1)


def through_chain():
    g = chain_of(5)
    next(g)
    g.send("up")


def delegation_cycle():
    def one():
        yield from it
    it = one()
    next(it)


def coroutine_in_generator():
    async def c():
        pass

    def g():
        yield from coroutine
    coroutine = c()
    try:
        next(g())
    finally:
        coroutine.close()


def types_coroutine():
    async def c():
        return "from coroutine"

    @types.coroutine
    def g():
        result = yield from c()
        return result
    try:
        g().send(None)
    except StopIteration as stop:
        return stop.value


show(through_chain)
show(delegation_cycle)
show(coroutine_in_generator)
show(types_coroutine)


# ---- StopIteration and RuntimeError

def stops_itself():
    yield 1
    raise StopIteration("raised inside")


def next_on_empty():
    yield next(iter(()))


def exhaust(make):
    return list(make())


def reentrant():
    def g():
        yield next(it)
    it = g()
    next(it)


def ignores_exit():
    def g():
        try:
            yield 1
        except GeneratorExit:
            yield 2
    it = g()
    next(it)
    it.close()


def returns_on_exit():
    def g():
        try:
            yield 1
        except GeneratorExit:
            return 2
    it = g()
    next(it)
    return it.close()


def return_value():
    def g():
        return (yield 1)
    it = g()
    next(it)
    try:
        it.send((1, 2))
    except StopIteration as stop:
        return stop.value, stop.args


def send_early():
    counting(3).send(1)


show(exhaust, stops_itself)
show(exhaust, next_on_empty)
show(reentrant)
show(ignores_exit)
show(returns_on_exit)
show(return_value)
show(send_early)


# ---- Attributes, frames, arguments

def attributes():
    def make(a, b=2, *c, d, **e):
        """doc"""
        local = yield a
        yield local, b, c, d, e
    g = make(1, 3, 4, d=5, f=6)
    results = [g.__name__, g.__qualname__, g.gi_code.co_name, g.gi_frame.f_lasti, dict(g.gi_frame.f_locals)]
    results.append(next(g))
    results.append(sorted(g.gi_frame.f_locals))
    results.append(g.send("x"))
    results.append(list(g))
    results.append((g.gi_frame, g.gi_running, g.gi_suspended))
    g.__name__ = "renamed"
    results.append(repr(g).split(" at ")[0])
    return results


def size_of():
    return sys.getsizeof(counting(1)) == sys.getsizeof(counting(2))


def frame_survives():
    def g():
        x = 1
        yield sys._getframe()
        x = 2
    it = g()
    frame = next(it)
    before = frame.f_locals["x"], frame.f_back is None
    list(it)
    return before, frame.f_locals["x"], frame.f_back


def frame_of_dropped():
    def g():
        x = 1
        yield x
    it = g()
    next(it)
    frame = it.gi_frame
    del it
    return frame.f_locals, frame.f_lineno - g.__code__.co_firstlineno


def unstarted_frame():
    def g(a):
        yield a
    frame = g(1).gi_frame
    return frame.f_locals, frame.f_lineno - g.__code__.co_firstlineno


def cells_in_generator():
    def g(n):
        def add(x):
            nonlocal n
            n += x
            return n
        while n < 20:
            yield add
    return [f(4) for f in g(3)]


def generator_expressions(n):
    g = (i * j for i in range(n) for j in range(i) if j)
    return list(g), sum(i for i in range(n)), max((i, -i) for i in range(n)), any(i > 2 for i in range(n))


def wrong_arguments():
    return counting()


def argument_evaluated_early():
    return (i for i in 5)


show(attributes)
show(size_of)
show(frame_survives)
show(frame_of_dropped)
show(unstarted_frame)
show(cells_in_generator)
show(generator_expressions, 6)
show(wrong_arguments)
show(argument_evaluated_early)


# ---- Finalisation

def finalised():
    log = []

    def g(name):
        try:
            yield name
        finally:
            log.append("closed " + name)
    a, b = g("a"), g("b")
    next(a), next(b)
    del a
    log.append("between")
    b = None
    never = g("never started")
    del never
    return log


def finalised_in_cycle():
    log = []

    def g():
        me = yield
        try:
            yield me
        finally:
            log.append("cycle closed")
    it = g()
    next(it)
    it.send(it)
    dead = weakref.ref(it)
    del it
    gc.collect()
    return log, dead()


def raises_in_finalisation():
    caught = []

    def g():
        try:
            yield 1
        finally:
            raise ValueError("from finalisation")
    hook, sys.unraisablehook = sys.unraisablehook, lambda what: caught.append((repr(what.exc_value), what.err_msg))
    try:
        it = g()
        next(it)
        del it
    finally:
        sys.unraisablehook = hook
    return caught


def locals_released():
    log = []

    class Noisy:
        def __init__(self, name):
            self.name = name

        def __del__(self):
            log.append(self.name)

    def g(a):
        b = Noisy("b")
        for c in [Noisy("c1"), Noisy("c2")]:
            yield c.name
        del b
        yield "last"
    it = g(Noisy("a"))
    for name in it:
        log.append("got " + name)
        if name == "c2":
            break
    del it
    log.append("dropped")
    return list(log)


show(finalised)
show(finalised_in_cycle)
show(raises_in_finalisation)
show(locals_released)


# ---- Tracebacks through generators

def failing(n):
    yield n
    yield (n /
           0)


def consume():
    return [value for value in failing(3)]


def consume_delegated():
    def middle():
        yield from failing(4)
    return sum(middle())


def throw_trace():
    g = counting(3)
    next(g)
    g.throw(KeyError("thrown from outside"))


show(consume)
show(consume_delegated)
show(throw_trace)
