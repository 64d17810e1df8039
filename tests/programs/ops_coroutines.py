"""Coroutines, asynchronous generators, async for, async with."""
import asyncio
import inspect
import sys
import traceback
import types
import warnings

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

warnings.simplefilter("ignore")


def run(coroutine):
    """Runs a coroutine; what it yields is sent back to it."""
    try:
        value = None
        while True:
            value = coroutine.send(value)
    except StopIteration as stop:
        return stop.value
    finally:
        coroutine.close()


@types.coroutine
def suspend(value):
    return (yield value)


class Awaitable:
    def __init__(self, result):
        self.result = result

    def __await__(self):
        got = yield "waiting"
        return self.result, got


class AwaitReturns:
    def __init__(self, what):
        self.what = what

    def __await__(self):
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


async def add(a, b):
    return await suspend(a) + await suspend(b)


async def waits(what):
    return await what


def await_one(make):
    return run(waits(make()))


show(lambda: run(add(1, 2)))
show(lambda: run(add(1, "x")))
for make in (lambda: Awaitable(1), lambda: suspend(3), lambda: add(4, 5), lambda: 5, lambda: None, lambda: [1], lambda: iter([1]),
             lambda: AwaitReturns(5), lambda: AwaitReturns(iter("ab")), lambda: AwaitReturns(ValueError("no")),
             lambda: AwaitReturns(suspend(1)), lambda: (i for i in "ab")):
    show(await_one, make)


def await_coroutine_from_await():
    coroutine = add(1, 2)
    try:
        return await_one(lambda: AwaitReturns(coroutine))
    finally:
        coroutine.close()


def awaited_twice():
    async def slow():
        await suspend(1)
    shared = slow()
    first, second = waits(shared), waits(shared)
    first.send(None)
    try:
        second.send(None)
    finally:
        first.close()
        second.close()


def awaited_after_end():
    c = add(1, 2)
    run(c)
    return run(waits(c))


def awaits_itself():
    async def own():
        await me
    me = own()
    me.send(None)


def state():
    async def c():
        await suspend(inspect.getcoroutinestate(me))
    me = c()
    log = [inspect.getcoroutinestate(me), me.cr_await, me.cr_running]
    log.append(me.send(None))
    log.append((inspect.getcoroutinestate(me), type(me.cr_await).__name__, me.cr_suspended))
    try:
        me.send(None)
    except StopIteration:
        pass
    log.append((inspect.getcoroutinestate(me), me.cr_await, me.cr_frame))
    return log


def throw_into():
    async def c():
        try:
            await suspend(1)
        except ValueError as error:
            return str(error)
    me = c()
    me.send(None)
    try:
        me.throw(ValueError("into the coroutine"))
    except StopIteration as stop:
        return stop.value


def origin():
    sys.set_coroutine_origin_tracking_depth(3)
    try:
        async def c():
            pass
        me = c()
        me.close()
        return [(line, name) for _, line, name in me.cr_origin]
    finally:
        sys.set_coroutine_origin_tracking_depth(0)


def never_awaited():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        add(1, 2)
    return [str(w.message) for w in caught]


def iterate_coroutine():
    c = add(1, 2)
    try:
        return list(c)
    finally:
        c.close()


show(await_coroutine_from_await)
show(awaited_twice)
show(awaited_after_end)
show(awaits_itself)
show(state)
show(throw_into)
show(origin)
show(never_awaited)
show(iterate_coroutine)


# ---- async with

class Manager:
    def __init__(self, log, suppress=False):
        self.log, self.suppress = log, suppress

    async def __aenter__(self):
        self.log.append(await suspend("entering"))
        return "target"

    async def __aexit__(self, kind, value, trace):
        self.log.append((kind and kind.__name__, str(value), await suspend("leaving")))
        return self.suppress


class NoExit:
    async def __aenter__(self):
        pass


class PlainEnter:
    def __aenter__(self):
        return 5

    async def __aexit__(self, *a):
        pass


class PlainExit:
    async def __aenter__(self):
        return 5

    def __aexit__(self, *a):
        return [5]


class AwaitRaises(PlainExit):
    def __aenter__(self):
        return AwaitReturns(KeyError("from __await__"))


async def async_with(manager, error):
    async with manager as target:
        if error:
            raise error
        return target
    return "suppressed"


def with_log(suppress, error):
    log = []
    try:
        log.append(run(async_with(Manager(log, suppress), error)))
    except Exception as caught:
        log.append(repr(caught))
    return log


for suppress in (False, True):
    show(with_log, suppress, None)
    show(with_log, suppress, ValueError("body"))
for manager in (NoExit(), PlainEnter(), PlainExit(), AwaitRaises(), 5):
    show(lambda: run(async_with(manager, None)))
    show(lambda: run(async_with(manager, ValueError("body"))))


# ---- async for, asynchronous generators

async def agen(n, log=None):
    try:
        for i in range(n):
            got = yield i
            if got is not None:
                await suspend(got)
                yield ("got", got)
    except KeyError as error:
        yield ("caught", str(error))
    finally:
        if log is not None:
            log.append("agen finally")


class AsyncIterator:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.n -= 1
        if self.n < 0:
            raise StopAsyncIteration
        return await suspend(self.n)


class IterReturns:
    def __init__(self, what):
        self.what = what

    def __aiter__(self):
        return self.what


class NextReturns:
    def __init__(self, what):
        self.what = what

    def __aiter__(self):
        return self

    def __anext__(self):
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


async def collect(source):
    log = []
    async for value in source:
        log.append(value)
    else:
        log.append("else")
    return log


async def comprehensions(n):
    return ([v async for v in agen(n)], {v async for v in AsyncIterator(n)}, {v: await suspend(v) async for v in agen(n)},
            [await suspend(v) for v in range(n)])


async def nested(n):
    total = []
    async for a in agen(n):
        async for b in AsyncIterator(a):
            if b == 2:
                break
            total.append((a, b))
    return total


for make in (lambda: agen(3), lambda: AsyncIterator(3), lambda: IterReturns(5), lambda: IterReturns(AsyncIterator(1)), lambda: NextReturns(5),
             lambda: NextReturns(ValueError("in anext")), lambda: NextReturns(AwaitReturns(5)),
             lambda: NextReturns(AwaitReturns(KeyError("x"))), lambda: [1, 2], lambda: None, lambda: (v async for v in agen(2))):
    show(lambda: run(collect(make())))
show(lambda: run(comprehensions(3)))
show(lambda: run(nested(4)))


def agen_actions(actions):
    log = []
    g = agen(3, log)
    for action, *arguments in actions:
        try:
            log.append(run(getattr(g, action)(*arguments)))
        except BaseException as error:
            log.append((type(error).__name__, str(error)))
        log.append((g.ag_running, g.ag_frame is not None, g.ag_await))
    return log


for actions in ([("__anext__",), ("asend", "x"), ("asend", None), ("__anext__",), ("__anext__",), ("__anext__",)],
                [("__anext__",), ("athrow", KeyError("k")), ("__anext__",), ("__anext__",)],
                [("__anext__",), ("athrow", ValueError("v")), ("__anext__",)],
                [("__anext__",), ("aclose",), ("__anext__",)],
                [("aclose",), ("__anext__",)],
                [("asend", 1)],
                [("athrow", KeyError, "early")]):
    show(agen_actions, actions)


def stop_inside():
    async def g():
        yield 1
        raise StopAsyncIteration("inside")
    return run(collect(g()))


def stop_iteration_inside():
    async def g():
        yield 1
        raise StopIteration("inside")
    return run(collect(g()))


def stop_in_coroutine():
    async def c():
        raise StopIteration("inside")
    return run(c())


def ignores_exit():
    async def g():
        try:
            yield 1
        except GeneratorExit:
            yield 2
    async def use():
        it = g()
        await it.__anext__()
        await it.aclose()
    return run(use())


show(stop_inside)
show(stop_iteration_inside)
show(stop_in_coroutine)
show(ignores_exit)


def many_values():
    """More wrapped values than CPython keeps in its free list."""
    async def use():
        gens = [agen(5) for _ in range(100)]
        total = 0
        for _ in range(5):
            for g in gens:
                total += await g.__anext__()
        return total
    return run(use())


show(many_values)


# ---- Under asyncio

def under_asyncio():
    async def worker(name, log, queue):
        while True:
            item = await queue.get()
            if item is None:
                return name
            await asyncio.sleep(0)
            log.append((name, item))

    async def main():
        log, queue = [], asyncio.Queue()
        workers = [asyncio.create_task(worker(n, log, queue)) for n in "ab"]
        for i in range(6):
            await queue.put(i)
        await queue.put(None)
        await queue.put(None)
        names = await asyncio.gather(*workers)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            log.append("timeout")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())
                group.create_task(asyncio.sleep(10))
        except* ZeroDivisionError as caught:
            log.append(repr(caught.exceptions))
        return sorted(names), log

    async def fails():
        1 / 0

    return asyncio.run(main())


show(under_asyncio)
