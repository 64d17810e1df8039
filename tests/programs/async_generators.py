"""Asynchronous generators: asend, athrow, aclose, finalisation hooks, comprehension, errors."""
import asyncio
import sys
import traceback


async def ticker(n):
    for i in range(n):
        await asyncio.sleep(0)
        received = yield i
        if received:
            print("received", received)


async def consume():
    total = 0
    async for x in ticker(100):
        total += x
    return total


async def plain(n):
    for i in range(n):
        yield i * i


async def comprehension():
    return [x async for x in plain(10) if x % 2], {x: y async for x in plain(3) async for y in plain(2)}, [
        y for x in [1, 2] for y in [z async for z in plain(x)]]


async def sending():
    g = ticker(4)
    out = [await g.asend(None), await g.asend("one"), await g.asend("two")]
    await g.aclose()
    try:
        await g.asend(None)
    except StopAsyncIteration:
        out.append("stopped")
    return out


async def guarded():
    try:
        yield 1
        yield 2
    except ValueError as error:
        yield f"caught {error}"
    finally:
        await asyncio.sleep(0)
        print("finally of guarded")


async def throwing():
    g = guarded()
    out = [await g.asend(None), await g.athrow(ValueError("v"))]
    try:
        await g.asend(None)
    except StopAsyncIteration:
        out.append("end")
    g = guarded()
    await g.__anext__()
    try:
        await g.athrow(KeyError("k"))
    except KeyError as error:
        out.append(repr(error))
    return out


async def dropped():
    g = guarded()
    await g.__anext__()
    del g
    for _ in range(10):  # turns of the loop, not time: the machine may be slow
        await asyncio.sleep(0)
    return "dropped"


async def breaking():
    async for x in guarded():
        if x == 1:
            break
    await asyncio.sleep(0.01)
    return "broke"


async def failing():
    yield 1
    raise LookupError("inside")


async def catch_failing():
    try:
        async for x in failing():
            pass
    except LookupError:
        return traceback.format_exc()


async def stops():
    yield 1
    raise StopAsyncIteration("x")


async def catch_stops():
    try:
        async for x in stops():
            pass
    except RuntimeError as error:
        return str(error), repr(error.__cause__)


async def ignoring_exit():
    try:
        yield 1
    except GeneratorExit:
        yield 2


async def catch_ignoring():
    g = ignoring_exit()
    await g.__anext__()
    try:
        await g.aclose()
    except RuntimeError as error:
        return str(error)


async def pipeline(n):
    async def double(source):
        async for x in source:
            yield x * 2

    async def odd(source):
        async for x in source:
            if x % 3:
                yield x

    return [x async for x in double(odd(double(plain(n))))]


async def anext_builtin():
    g = plain(1)
    return await anext(g), await anext(g, "default")


async def main():
    for function in (consume, comprehension, sending, throwing, dropped, breaking, catch_failing, catch_stops, catch_ignoring,
                     anext_builtin):
        print(function.__name__, await function())
    print(await pipeline(12), len({tuple(await pipeline(9)) for _ in range(100)}))
    g = plain(3)
    print(g.ag_running, g.ag_await, g.__name__, await g.__anext__(), g.ag_frame.f_locals)


asyncio.run(main())


class Hooks:
    def __init__(self):
        self.log = []

    def first(self, g):
        self.log.append("first " + g.__name__)

    def final(self, g):
        self.log.append("final " + g.__name__)


hooks = Hooks()
old = sys.get_asyncgen_hooks()
sys.set_asyncgen_hooks(hooks.first, hooks.final)
g = plain(3)
try:
    g.__anext__().send(None)
except StopIteration as stop:
    print("value", stop.value)
del g
sys.set_asyncgen_hooks(*old)
print(hooks.log)
g = plain(3)
a = g.asend(None)
b = g.asend(None)
try:
    a.send(None)
except StopIteration as stop:
    print(stop.value)
try:
    a.send(None)
except RuntimeError as error:
    print(error)
b.close()
try:
    g.asend(5).send(None)
except (TypeError, StopIteration) as error:
    print(repr(error))
