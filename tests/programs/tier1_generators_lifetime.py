"""When generators and what they hold die: dropped unfinished, in cycles, in finally, at exit; recursion of generators;
generators in threads; contexts in asyncio."""
# When the collector runs is what it shows.
# test: not=gc,tier2-gc
import asyncio
import contextvars
import gc
import sys
import threading
import types
import weakref

WARM = 60


def log(*values):
    print(*values)


sys.unraisablehook = lambda details: log("unraisable", repr(details.exc_value), getattr(details.object, "__qualname__", details.object))


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        log("dead", self.name, "in", frame.f_code.co_name, "current", sys.exc_info()[0])

    def __iter__(self):
        return NoisyIterator(self.name)


class NoisyIterator:
    def __init__(self, name):
        self.name = name

    def __iter__(self):
        return self

    def __next__(self):
        return 1

    def __del__(self):
        frame = sys._getframe(1)
        log("dead iterator", self.name, "in", frame.f_code.co_name, frame.f_lineno)


# ---- Dropped ----------------------------------------------------------------------------------------------------------


def quiet(first, second):
    yield 1
    for value in second if second is not None else ():
        yield first, value


def loud(first):
    try:
        yield first.name
        yield "second"
    finally:
        log("finally", first.name, sys.exc_info()[0])


def delegating(first):
    kept = Noisy("kept")
    yield from loud(first)
    return kept


def drop(make, steps):
    generator = make()
    for _ in range(steps):
        next(generator, None)
    log("dropping after", steps)
    del generator
    log("dropped")


def dropped():
    for _ in range(WARM):
        for steps in range(3):
            generator = quiet(None, None)
            for _ in range(steps):
                next(generator, None)
    for _ in range(2):
        for steps in range(4):
            drop(lambda: quiet(Noisy("first"), Noisy("second")), steps)
            drop(lambda: loud(Noisy("loud")), steps)
            drop(lambda: delegating(Noisy("delegated")), steps)
            drop(lambda: (value for value in (Noisy("a"), Noisy("b")) if value), steps)
        generator = quiet(Noisy("weak"), Noisy("weak second"))
        reference = weakref.ref(generator, lambda reference: log("gone", reference() is None))
        next(generator)
        next(generator)
        del generator
        log(reference())
        for value in quiet(Noisy("looped"), Noisy("looped second")):
            if value != 1:
                break
        log("after the loop")
        try:
            raise KeyError("outer")
        except KeyError:
            drop(lambda: quiet(Noisy("in handler"), None), 1)
            log(sys.exc_info()[1])
        try:
            for value in loud(Noisy("failing loop")):
                raise OSError(value)
        except OSError as exception:
            log(repr(exception), exception.__context__)


def values_sent():
    def receiver():
        while True:
            value = yield
            log("received", value.name, sys.getrefcount(value) > 2)
            del value
            log("released")

    def chain():
        yield from receiver()

    for _ in range(WARM):
        generator = chain()
        next(generator)
    for maker in (receiver, chain) * 2:
        generator = maker()
        next(generator)
        generator.send(Noisy("sent"))
        log("sent returned")
        generator.send(Noisy("sent again"))
        generator.close()


def cycles():
    class Holder:
        pass

    def cyclic(holder, noisy):
        try:
            yield 1
            yield from cyclic_inner(holder, noisy)
        finally:
            log("cyclic ends", sys.exc_info()[0])

    def cyclic_inner(holder, noisy):
        yield holder

    def plain_cycle(holder, noisy):
        yield 1
        yield 2

    for _ in range(WARM):
        list(cyclic(None, None)), list(plain_cycle(None, None))
    gc.collect()
    for maker in (cyclic, plain_cycle) * 2:
        for steps in range(3):
            holder = Holder()
            holder.generator = maker(holder, Noisy(f"{maker.__name__} {steps}"))
            for _ in range(steps):
                next(holder.generator)
            del holder
            log("collect", gc.collect() > 0)
    # A collection while generators run: what a running one holds stays.
    kept = []

    def collects(n):
        local = [Noisy("alive")]
        local.append(local)
        for i in range(n):
            gc.collect()
            yield local[0].name
        kept.append(local)

    def around(n):
        own = [Noisy("own")]
        own.append(own)
        yield from collects(n)
        log(own[0].name)

    log(list(around(3)), len(kept))
    kept.clear()
    log(gc.collect() > 0)


def resurrected():
    saved = []

    def revived():
        try:
            yield 1
        finally:
            saved.append(box[0]())

    for _ in range(3):
        generator = revived()
        box = [weakref.ref(generator)]
        next(generator)
        del generator
        log(saved)
        saved.clear()


def closed_in_odd_ways():
    def yields_in_finally():
        try:
            yield 1
        finally:
            yield 2

    def raises_in_finally():
        try:
            yield 1
        finally:
            raise ValueError("in finally")

    def returns_in_finally():
        try:
            yield 1
        finally:
            return 5

    for _ in range(3):
        for maker in (yields_in_finally, raises_in_finally, returns_in_finally):
            generator = maker()
            next(generator)
            del generator
            generator = maker()
            next(generator)
            try:
                log(generator.close())
            except (RuntimeError, ValueError) as exception:
                log(repr(exception))


async def never_awaited():
    return 1


async def suspended_coroutine():
    try:
        await suspend()
    finally:
        log("coroutine ends", sys.exc_info()[0])


@types.coroutine
def suspend():
    yield 1


def coroutines_dropped():
    import warnings

    for _ in range(3):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            never_awaited()
            coroutine = suspended_coroutine()
            coroutine.send(None)
            del coroutine
        log([str(warning.message) for warning in caught])


# ---- Recursion ------------------------------------------------------------------------------------------------------


def recursion():
    def nested(n):
        if n > 0:
            yield from nested(n - 1)
        yield n

    def looped(n):
        if n > 0:
            for value in looped(n - 1):
                yield value
        yield n

    async def awaited(n):
        if n > 0:
            return 1 + await awaited(n - 1)
        return await suspend() or 0

    def deepest(start):
        """The largest n that works, by trying."""
        low, high = 1, 2000
        while low + 1 < high:
            n = (low + high) // 2
            try:
                start(n)
            except RecursionError:
                high = n
            else:
                low = n
        return low

    def finish(coroutine):
        try:
            while True:
                coroutine.send(None)
        except StopIteration as stop:
            return stop.value

    for _ in range(WARM):
        sum(nested(4)), sum(looped(4)), finish(awaited(4))
    log(sum(nested(200)), sum(looped(100)), finish(awaited(200)))
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(400)
        for start in (
            lambda n: sum(nested(n)),
            lambda n: [value for value in nested(n)],
            lambda n: list(looped(n)),
            lambda n: finish(awaited(n)),
        ):
            log(deepest(start))

        def resumed_deep(depth, generator):
            return resumed_deep(depth - 1, generator) if depth else next(generator)

        def resumed_in_loop(depth, generator):
            if depth:
                return resumed_in_loop(depth - 1, generator)
            for value in generator:
                return value

        for resume in (resumed_deep, resumed_in_loop):

            def start(n):
                generator = nested(50)
                next(generator)
                resume(n, generator)

            log(deepest(start))
        sys.setrecursionlimit(30000)
        log(sum(nested(5000)), finish(awaited(5000)))
    finally:
        sys.setrecursionlimit(limit)


# ---- Threads and contexts --------------------------------------------------------------------------------------------


def threads():
    def numbers(n):
        for i in range(n):
            yield i

    def doubled(n):
        yield from (2 * value for value in numbers(n))

    results = {}

    def work(name):
        total = 0
        for turn in range(60):
            total += sum(doubled(turn)) + len(list(numbers(turn)))
            for value in doubled(turn):
                total += value
        results[name] = total

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        workers = [threading.Thread(target=work, args=(name,)) for name in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        log(sorted(results.items()))

        # One generator, all threads: each value is seen once, and a collision is the usual error.
        shared = doubled(3000)
        seen, collisions = [], []

        def take():
            while True:
                try:
                    seen.append(next(shared))
                except ValueError as exception:
                    collisions.append(str(exception))
                except StopIteration:
                    return

        workers = [threading.Thread(target=take) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        log(sorted(seen) == list(range(0, 6000, 2)), set(collisions) <= {"generator already executing"})
    finally:
        sys.setswitchinterval(interval)


variable = contextvars.ContextVar("variable", default="unset")


def contexts():
    async def sets(value, turns):
        variable.set(value)
        for _ in range(turns):
            await asyncio.sleep(0)
            assert variable.get() == value
        return variable.get()

    async def nested(value, turns):
        token = variable.set("outer " + value)
        inner = await asyncio.create_task(sets("inner " + value, turns))
        own = variable.get()
        variable.reset(token)
        return inner, own, await sets("direct " + value, 2), variable.get()

    async def main():
        log(await asyncio.gather(*(nested(str(i), 3) for i in range(5))), variable.get())
        task = asyncio.create_task(sets("cancelled", 1000))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as exception:
            log(repr(exception))
        try:
            await asyncio.wait_for(sets("late", 10**9), 0.01)
        except asyncio.TimeoutError:
            log("timed out")

    for _ in range(3):
        asyncio.run(main())
    log(variable.get())


dropped()
values_sent()
cycles()
resurrected()
closed_in_odd_ways()
coroutines_dropped()
recursion()
threads()
contexts()


def at_exit():
    try:
        yield 1
    finally:
        print("ended at exit")


def around_at_exit():
    yield from at_exit()


left_over = around_at_exit()
next(left_over)
