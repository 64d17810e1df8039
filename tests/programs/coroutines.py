"""Coroutines without an event loop: awaiting, sending, throwing, closing, awaitables of all kinds."""
import inspect
import sys
import traceback
import types
import warnings

warnings.simplefilter("always")


class Awaitable:
    def __init__(self, *values):
        self.values = values

    def __await__(self):
        received = []
        for value in self.values:
            received.append((yield value))
        return received


async def leaf(x):
    got = await Awaitable(x, x + 1)
    return got


async def middle(x):
    a = await leaf(x)
    b = await leaf(x * 10)
    return a, b


async def root(n):
    out = []
    for i in range(n):
        out.append(await middle(i))
    return out


def run(coroutine):
    """Sends back a number for everything yielded."""
    seen = []
    value = None
    try:
        while True:
            request = coroutine.send(value)
            seen.append(request)
            value = len(seen)
    except StopIteration as stop:
        return seen, stop.value


print(run(root(3)))
print(len({repr(run(root(2))) for _ in range(200)}))


async def no_suspend(x):
    return x + 1


async def sum_without_suspending(n):
    total = 0
    for i in range(n):
        total += await no_suspend(i)
    return total


print(run(sum_without_suspending(1000)))


async def catching():
    try:
        await Awaitable("a")
    except ValueError as error:
        await Awaitable("handled")
        return f"caught {error}"
    finally:
        print("finally")


c = catching()
print(c.send(None), c.throw(ValueError("v")))
try:
    c.send(None)
except StopIteration as stop:
    print(stop.value)
c = catching()
c.send(None)
c.close()
try:
    c.send(None)
except RuntimeError as error:
    print(error)


class Manager:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow

    async def __aenter__(self):
        print("enter", self.name)
        await Awaitable(f"entering {self.name}")
        return self.name

    async def __aexit__(self, kind, value, tb):
        await Awaitable(f"leaving {self.name}")
        print("exit", self.name, kind and kind.__name__, value)
        return self.swallow


async def with_blocks(fail):
    async with Manager("one") as one, Manager("two", swallow=True) as two:
        if fail:
            raise LookupError("inside")
        return one, two
    return "swallowed"


print(run(with_blocks(False)))
print(run(with_blocks(True)))


class Countdown:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        if self.n % 2:
            await Awaitable("tick")
        return self.n


async def loops(n):
    out = []
    async for x in Countdown(n):
        if x == 7:
            continue
        if x == 2:
            break
        out.append(x)
    else:
        out.append("else")
    out.append([y async for y in Countdown(4) if y != 1])
    out.append({y: z async for y in Countdown(2) for z in range(y + 1)})
    out.append([await no_suspend(y) for y in range(3)])
    return out


print(run(loops(10)), run(loops(2)))
print(len({repr(run(loops(9))) for _ in range(100)}))


@types.coroutine
def old_style(n):
    got = yield n
    return got


async def uses_old_style():
    return await old_style(1), await old_style(2)


print(run(uses_old_style()))


async def bad_awaits(kind):
    if kind == 0:
        await 1
    if kind == 1:
        await None
    if kind == 2:
        async with object():
            pass
    if kind == 3:
        async for x in [1]:
            pass
    if kind == 4:
        class Bad:
            def __await__(self):
                return 5
        await Bad()
    if kind == 5:
        class BadIter:
            def __aiter__(self):
                return 5
        async for x in BadIter():
            pass
    if kind == 6:
        c = no_suspend(1)
        await c
        await c
    if kind == 7:
        class Half:
            async def __aenter__(self):
                pass
        async with Half():
            pass
    if kind == 8:
        class NoNext:
            def __aiter__(self):
                return self

            def __anext__(self):
                return 1
        async for x in NoNext():
            pass


for kind in range(9):
    try:
        run(bad_awaits(kind))
    except Exception:
        print(traceback.format_exc())


async def failing(depth):
    if depth == 0:
        await Awaitable("deep")
        raise KeyError("bottom")
    await failing(depth - 1)


try:
    run(failing(4))
except KeyError:
    print(traceback.format_exc())


def never_awaited():
    no_suspend(1)


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        never_awaited()
    print([str(w.message) for w in caught])

c = middle(1)
print(inspect.getcoroutinestate(c), c.cr_await, c.cr_running, c.__name__)
c.send(None)
print(inspect.getcoroutinestate(c), c.cr_await.__name__, c.cr_frame.f_lineno - middle.__code__.co_firstlineno)
c.close()
print(inspect.getcoroutinestate(c), c.cr_frame)


async def reraise():
    try:
        await Awaitable(1)
    except ValueError:
        raise RuntimeError("replaced")


c = reraise()
c.send(None)
try:
    c.throw(ValueError("original"))
except RuntimeError as error:
    print(repr(error), repr(error.__context__))


async def stop_iteration():
    raise StopIteration("x")


try:
    run(stop_iteration())
except RuntimeError as error:
    print(error)


async def exit_state():
    try:
        raise OSError("inner")
    except OSError:
        await Awaitable("during")
        return sys.exc_info()[0].__name__


c = exit_state()
c.send(None)
try:
    1 / 0
except ZeroDivisionError:
    try:
        c.send(None)
    except StopIteration as stop:
        print(stop.value, sys.exc_info()[0].__name__)
