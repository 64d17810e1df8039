"""Generators and coroutines resumed by loops, delegation, send(), throw() and close(), in many orders, while their
code is compiled and before."""
import itertools
import sys
import types


def log(*values):
    print(*values)


sys.unraisablehook = lambda details: log("unraisable", describe(details.exc_value), details.object.__qualname__)


def describe(exception):
    chain = []
    while exception is not None:
        chain.append(f"{type(exception).__name__}({exception})")
        exception = exception.__cause__ or exception.__context__
    return " < ".join(chain)


def drive(make, steps):
    """Runs a script of steps against a new generator and returns what each did."""
    generator = make()
    trail = []
    for step in steps:
        try:
            if step == "next":
                trail.append(next(generator))
            elif step == "loop":
                for value in generator:
                    trail.append(("loop", value))
                    break
                else:
                    trail.append("loop over")
            elif step == "close":
                trail.append(("closed", generator.close()))
            elif step[0] == "send":
                trail.append(generator.send(step[1]))
            else:
                trail.append(generator.throw(step[1]))
        except BaseException as exception:
            trail.append(describe(exception))
    return trail


def plain():
    received = yield "a"
    while True:
        received = yield ("got", received)


def careful():
    try:
        received = yield "a"
        while True:
            try:
                received = yield ("got", received)
            except ValueError as exception:
                received = "caught " + str(exception)
    except KeyError:
        yield "key"
        return "by key"
    finally:
        log("careful ends", sys.exc_info()[0])


def stubborn():
    while True:
        try:
            yield "still here"
        except GeneratorExit:
            yield "ignored"
            return


def counting(n=2):
    for i in range(n):
        yield i
    return "counted"


def outer_of(inner):
    def outer():
        result = "none"
        try:
            result = yield from inner()
        except IndexError as exception:
            result = yield ("outer caught", str(exception))
        yield ("result", result)
        return "outer done"

    return outer


def outer_of_iterator():
    yield from [10, 20]
    yield from iter("xy")
    return 3


def raising():
    yield 1
    raise LookupError("inner")


def leaking():
    yield 1
    raise StopIteration("leak")


def leaking_next():
    yield 1
    next(iter(()))


STEPS = [
    "next",
    "loop",
    ("send", None),
    ("send", 5),
    ("throw", ValueError("v")),
    ("throw", IndexError("i")),
    ("throw", KeyError("k")),
    ("throw", StopIteration("s")),
    ("throw", GeneratorExit),
    "close",
]

MAKERS = [plain, careful, stubborn, counting, raising, leaking, leaking_next, outer_of_iterator]
MAKERS += [outer_of(maker) for maker in list(MAKERS)]
MAKERS += [outer_of(outer_of(outer_of(maker))) for maker in (careful, counting, raising)]


def all_orders():
    for maker in MAKERS:
        name = maker.__qualname__
        for steps in itertools.product(STEPS, repeat=2):
            log(name, drive(maker, ("next",) + steps + ("next",)))
        for step in STEPS:
            log(name, "first", drive(maker, (step, "next", "close")))


def warm_up():
    """Enough resumptions of everything for the default thresholds."""
    saved = sys.stdout
    sys.stdout = types.SimpleNamespace(write=lambda text: None, flush=lambda: None)
    try:
        for _ in range(30):
            for maker in MAKERS:
                drive(maker, ("next", "next", ("send", 1), "loop", "close"))
                drive(maker, ("next", ("throw", ValueError("w")), "loop", "loop", "loop"))
    finally:
        sys.stdout = saved


# ---- Re-entrancy -----------------------------------------------------------------------------------------------


def reentrant(act):
    box = []

    def body():
        yield 1
        try:
            act(box[0])
        except ValueError as exception:
            yield str(exception)

    def wrapper():
        yield from body()

    for maker in (body, wrapper):
        generator = maker()
        box[:] = [generator]
        log(list(generator), generator.gi_running)


def reentrancy():
    for _ in range(3):
        reentrant(next)
        reentrant(lambda generator: generator.send(None))
        reentrant(lambda generator: generator.throw(TypeError))
        reentrant(lambda generator: generator.close())
        reentrant(lambda generator: [value for value in generator])

    def loops_over_itself():
        yield 1
        try:
            for value in box[0]:
                log("never", value)
        except ValueError as exception:
            yield describe(exception)

    def delegates_to_itself():
        yield 1
        try:
            yield from box[0]
        except ValueError as exception:
            yield describe(exception)

    for maker in (loops_over_itself, delegates_to_itself) * 3:
        box = [maker()]
        log(list(box[0]))

    # Sending to the inner generator of a chain while the chain runs.
    def inner():
        for i in range(4):
            try:
                outer_generator.send(None)
            except ValueError as exception:
                yield i, str(exception)

    def outer():
        yield from inner()

    for _ in range(3):
        outer_generator = outer()
        log(list(outer_generator))

    # A receiver somebody else has advanced, exhausted or closed in between.
    def shared(n):
        for i in range(n):
            yield i
        return "end"

    def delegate(receiver):
        log("returned", (yield from receiver))

    for _ in range(3):
        receiver = shared(6)
        chain = delegate(delegate_twice(receiver))
        log(next(chain), next(receiver), next(chain), next(receiver), list(chain), list(receiver))
        receiver = shared(6)
        chain = delegate(receiver)
        log(next(chain), receiver.close(), list(chain))
        receiver = shared(6)
        chain = delegate(receiver)
        log(next(chain), list(receiver), list(chain))


def delegate_twice(receiver):
    result = yield from receiver
    log("inner returned", result)
    return "twice"


# ---- The state of exceptions --------------------------------------------------------------------------------------


def handled():
    return str(sys.exc_info()[1])


def in_handler():
    log("start", handled())
    try:
        raise KeyError("own")
    except KeyError:
        log("in", handled())
        yield 1
        log("after yield", handled())
        yield from also_in_handler()
        log("after delegation", handled())
    log("out", handled())
    yield 3
    try:
        raise IndexError("second")
    except IndexError as exception:
        log("context", describe(exception))
        yield 4


def also_in_handler():
    log("inner start", handled())
    try:
        raise ValueError("inner")
    except ValueError:
        yield 2
        log("inner", handled())
    log("inner out", handled())


def exception_state():
    for _ in range(3):
        generator = in_handler()
        log(next(generator), handled())
        try:
            raise OSError("outside")
        except OSError:
            log(next(generator), handled())
            for value in generator:
                log(value, handled())
                break
        log(handled())
        for value in generator:
            log(value, handled())
        log(handled())

    def raises_in_context():
        try:
            yield 1
        finally:
            raise RuntimeError("while closing")

    for _ in range(3):
        generator = raises_in_context()
        next(generator)
        try:
            try:
                raise OSError("outside")
            except OSError:
                generator.close()
        except RuntimeError as exception:
            log(describe(exception))
        generator = raises_in_context()
        next(generator)
        try:
            generator.throw(KeyError("thrown"))
        except RuntimeError as exception:
            log(describe(exception))


# ---- What a loop and C code make of ends -----------------------------------------------------------------------------


def ends():
    def returns(value):
        yield 1
        return value

    for _ in range(3):
        for value in (None, 5, (1, 2), StopIteration("x")):
            collected = []
            for item in returns(value):
                collected.append(item)
            generator = returns(value)
            try:
                while True:
                    collected.append(next(generator))
            except StopIteration as stop:
                collected.append((stop.value, stop.args))
            log(collected, list(returns(value)), sum(returns(value)), next(generator, "default"))

    def fails(n):
        for i in range(n):
            yield i
        1 / 0

    for _ in range(3):
        for use in (list, sum, tuple, set, sorted, any, max, lambda g: ",".join(map(str, g)), lambda g: [*g], dict):
            try:
                log(use(fails(3)))
            except (ZeroDivisionError, TypeError) as exception:
                log(describe(exception))


def traceback_lines(exception):
    import traceback

    return [(entry.name, entry.lineno, entry.line) for entry in traceback.extract_tb(exception.__traceback__)]


def tracebacks():
    def bottom(n):
        yield n
        raise ArithmeticError(n)

    def middle(n):
        yield from bottom(n)

    def top(n):
        for value in middle(n):
            yield value

    def catching():
        try:
            yield from top(2)
        except ArithmeticError as exception:
            yield exception

    for _ in range(4):
        try:
            list(top(1))
        except ArithmeticError as exception:
            log(traceback_lines(exception))
        log([traceback_lines(value) for value in catching() if isinstance(value, Exception)])
        generator = middle(3)
        next(generator)
        try:
            generator.throw(KeyError("thrown"))
        except KeyError as exception:
            log(traceback_lines(exception))


# ---- Coroutines ----------------------------------------------------------------------------------------------------


@types.coroutine
def suspend(value):
    return (yield value)


async def leaf(n):
    return n


async def sum_of(n):
    total = 0
    for i in range(n):
        total += await leaf(i)
    return total


async def deep(n):
    if n == 0:
        return await suspend("bottom")
    try:
        return await deep(n - 1) + 1
    except KeyError as exception:
        return await suspend(("recovered", n, str(exception)))
    finally:
        if n == 3:
            log("finally", n, sys.exc_info()[0])


class Awaitable:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        received = yield self.value
        return received


async def awaits_awaitable():
    return await Awaitable("asked"), await Awaitable("again")


async def manager_user():
    class Manager:
        async def __aenter__(self):
            return await suspend("enter")

        async def __aexit__(self, *details):
            log("exit", details[0])
            return (await suspend("exit")) == "swallow"

    async with Manager() as value:
        await suspend(("inside", value))
        raise ValueError("inside")
    return "swallowed"


async def asynchronous_values(n):
    try:
        for i in range(n):
            await suspend(("produce", i))
            received = yield i
            if received is not None:
                log("received", received)
    finally:
        await suspend("cleanup")


async def consumer(n):
    total = []
    async for value in asynchronous_values(n):
        total.append(value)
    total += [value async for value in asynchronous_values(2) if value]
    generator = asynchronous_values(3)
    total.append(await generator.asend(None))
    total.append(await generator.asend("hello"))
    try:
        await generator.athrow(KeyError("thrown"))
    except KeyError as exception:
        total.append(describe(exception))
    generator = asynchronous_values(3)
    await anext(generator)
    await generator.aclose()
    total.append(await anext(generator, "default"))
    return total


def run(coroutine, *answers):
    trail = []
    answers = iter(answers)
    value = None
    try:
        while True:
            if isinstance(value, BaseException):
                trail.append(coroutine.throw(value))
            else:
                trail.append(coroutine.send(value))
            value = next(answers, None)
    except BaseException as exception:
        trail.append(describe(exception) + repr(getattr(exception, "value", "")))
    return trail


def coroutines():
    for _ in range(4):
        log(run(sum_of(10)))
        log(run(deep(5), 100))
        log(run(deep(5), KeyError("k"), 7))
        log(run(deep(2), ValueError("v")))
        log(run(awaits_awaitable(), 1, 2))
        log(run(manager_user(), "value", None, "swallow"))
        log(run(manager_user(), "value", None, None))
        log(run(consumer(3)))
        finished = leaf(1)
        log(run(finished), run(finished))
        coroutine = deep(3)
        coroutine.send(None)
        log(run(awaiting(coroutine)))
        coroutine.close()
        log(run(awaiting(5)))
        log(run(awaiting(plain())))
        fresh = deep(1)
        try:
            fresh.send(5)
        except TypeError as exception:
            log(describe(exception))
        fresh.close()


async def awaiting(value):
    return await value


async def raises_stop(kind):
    raise kind("coroutine")


async def generator_raises_stop(kind):
    yield 1
    raise kind("asynchronous generator")


async def collect(generator):
    return [value async for value in generator]


def stops():
    for _ in range(3):
        for kind in (StopIteration, StopAsyncIteration, GeneratorExit):
            log(run(raises_stop(kind)))
            log(run(awaiting(raises_stop(kind))))
            log(run(collect(generator_raises_stop(kind))))


warm_up()
all_orders()
reentrancy()
exception_state()
ends()
tracebacks()
coroutines()
stops()
