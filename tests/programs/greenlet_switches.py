"""greenlet: the C stack under compiled frames is copied away and back in the middle of calls, loops and generators."""
# test: needs=greenlet timeout=120
import gc
import sys
import threading
import traceback
import weakref

import greenlet
from greenlet import GreenletExit, getcurrent


def show(*values):
    print(*values)


# ---- Switches from many levels deep, each resumed at its own place ------------------------------------------------------


def deep(n, value):
    """Switches at the bottom and on the way back; what is on each level's stack must come back with it."""
    if n == 0:
        return getcurrent().parent.switch(value)
    below = n * 3 + deep(n - 1, value) * 1
    if n % 7 == 0:
        below += getcurrent().parent.switch(n) - n
    return below


def levels():
    results = set()
    for round in range(60):
        glets = [greenlet.greenlet(deep) for _ in range(4)]
        answers = [g.switch(round % 5 * 20 + i, i) for i, g in enumerate(glets)]
        live = list(enumerate(glets))
        while live:
            # Resumed in another order than they were started.
            live.reverse()
            for i, g in live:
                answers[i] = g.switch(answers[i])
            live = [(i, g) for i, g in live if not g.dead]
        results.add((round % 5, tuple(answers)))
    show("levels", sorted(results))


# ---- In loops, comprehensions, conditions, arguments, with and finally --------------------------------------------------


def ask(value):
    return getcurrent().parent.switch(value)


class Manager:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        self.log.append(ask("enter"))
        return self

    def __exit__(self, kind, value, tb):
        self.log.append(ask(("exit", kind and kind.__name__)))
        return kind is KeyError


class Iterates:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise StopIteration
        return ask(("next", self.n))

    def __lt__(self, other):
        return ask("lt") % 2 == 0

    def __add__(self, other):
        return ask(("add", other))

    def __getattr__(self, name):
        return ask(("getattr", name))

    def __del__(self):
        seen.append(ask("del") if getcurrent().parent else "no parent")


seen = []


def everywhere(log):
    total = 0
    for i in range(4):
        total += ask(i) * i
        for x in Iterates(2):
            total += x
    total += sum([ask(("list", i)) for i in range(3)])
    total += sum(ask(("gen", i)) for i in range(3))
    log.append({ask("key"): ask("value")})
    log.append(f"{ask('f')}-{ask('g')!r:>5}")
    log.append((lambda *a, **k: (a, k))(ask("a"), *[ask("b")], c=ask("c"), **{"d": ask("d")}))
    one = Iterates(1)
    log.append([one + 5, one.attribute, one < one, ask(1) < ask(2) < ask(3)])
    with Manager(log):
        log.append(ask("body"))
        raise KeyError("swallowed")
    try:
        try:
            ask("try")
            {}[ask("missing")]
        finally:
            log.append(ask("finally"))
    except KeyError as error:
        log.append((ask("except"), str(error), type(sys.exc_info()[1]).__name__))
    log.append(sys.exc_info())
    log.append(sorted([3, 1, 2], key=lambda x: ask(("sort", x))))
    log.append(list(map(ask, "xy")))
    while ask("while") < 60:
        total += 1
    del one
    return total, log


def drive():
    results = []
    for _ in range(80):
        seen.clear()
        g = greenlet.greenlet(everywhere)
        asked = [g.switch([])]
        n = 0
        while not g.dead:
            n += 1
            asked.append(g.switch(n))
        result = (asked, list(seen))
        if result not in results:
            results.append(result)
    show("everywhere", len(results))
    for asked, at_end in results:
        for item in asked:
            show("   ", item)
        show(at_end)


# ---- From inside generators: the generator's frame stays running while its thread of control is elsewhere ----------------


def numbers(n):
    for i in range(n):
        got = yield ask(("yield", i))
        if got:
            ask(("sent", got))


def delegating(n):
    try:
        yield from numbers(n)
        return "end"
    finally:
        ask("generator's finally")


def consume(n):
    generator = delegating(n)
    out = [next(generator)]
    try:
        while True:
            out.append(generator.send(len(out) % 2))
    except StopIteration as stop:
        out.append(stop.value)
    return out


def reenter():
    """Another greenlet may not resume a generator that one is suspended inside of."""

    def body():
        yield ask("inside")

    generator = body()
    g = greenlet.greenlet(lambda: list(generator))
    first = g.switch()
    try:
        next(generator)
    except ValueError as error:
        first = first, str(error)
    return first, g.switch("resumed"), g.dead


def generators():
    results = []
    for round in range(60):
        a, b = greenlet.greenlet(consume), greenlet.greenlet(consume)
        log = [a.switch(3), b.switch(2)]
        n = 0
        while not (a.dead and b.dead):
            for g in (a, b):
                if not g.dead:
                    n += 1
                    log.append(g.switch(n))
        log.append(reenter())
        if log not in results:
            results.append(log)
    show("generators", len(results), results[0])


# ---- throw, GreenletExit, exceptions across -----------------------------------------------------------------------------


def patient(log, n):
    for i in range(n):
        try:
            log.append(ask(i))
        except ValueError as error:
            log.append(f"caught {error} at {i}")
        except GreenletExit:
            log.append("exit")
            raise
        finally:
            log.append("f")
    raise LookupError(n)


def throwing():
    results = []
    for round in range(80):
        log = []
        g = greenlet.greenlet(patient)
        g.switch(log, 5)
        g.switch("plain")
        g.throw(ValueError, "thrown")
        g.throw(ValueError("instance"))
        try:
            g.throw(KeyError("not caught"))
        except KeyError as error:
            log.append([entry.name for entry in traceback.extract_tb(error.__traceback__)])
        log.append(g.dead)
        g = greenlet.greenlet(patient)
        g.switch(log, 1)
        try:
            g.switch("last")
        except LookupError as error:
            log.append([(entry.name, entry.line) for entry in traceback.extract_tb(error.__traceback__)])
        g = greenlet.greenlet(patient)
        g.switch(log, 3)
        log.append(type(g.throw()).__name__)
        g = greenlet.greenlet(patient)
        try:
            g.throw(ZeroDivisionError, "never started")
        except ZeroDivisionError as error:
            log.append(str(error))
        if log not in results:
            results.append(log)
    show("throwing", len(results))
    for entry in results[0]:
        show("   ", entry)


# ---- Suspended greenlets that nobody holds --------------------------------------------------------------------------------


class Tracked:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(self.name)


def holder(log, n):
    local = Tracked(f"local {n}", log)
    if n:
        try:
            return holder(log, n - 1)
        except GreenletExit:
            log.append(f"exit {n}")
            raise
    for item in [Tracked("item", log)]:
        ask(0)
    return local


def dropped():
    results = []
    for round in range(80):
        log = []
        g = greenlet.greenlet(holder)
        g.switch(log, 3)
        del g
        log.append("after del")
        g = greenlet.greenlet(holder)
        g.switch(log, 1)
        cycle = [g]
        g.cycle = cycle
        watch = weakref.ref(g)
        del g, cycle
        gc.collect()
        log.append(watch() is None)
        if log not in results:
            results.append(log)
    show("dropped", len(results), results[0])


def collected_while_suspended():
    """The collector walks the frames of suspended greenlets; their locals must survive it."""
    glets = [greenlet.greenlet(lambda n: [ask(i) for i in [[j] for j in range(n)]]) for _ in range(20)]
    for g in glets:
        g.switch(3)
    for _ in range(3):
        gc.collect()
    for _ in range(2):
        for i, g in enumerate(glets):
            g.switch(i)
        gc.collect()
    show("collected", [g.switch("end") for g in glets][:3])


# ---- Frames and tracing ----------------------------------------------------------------------------------------------------


def names(frame):
    out = []
    while frame:
        out.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return out


def framed(n):
    x = [n]
    if n:
        return framed(n - 1)
    ask("suspended")
    return names(sys._getframe())[:6], x


def frames():
    results = []
    for _ in range(60):
        g = greenlet.greenlet(framed)
        g.switch(3)
        result = [names(g.gr_frame), g.gr_frame.f_back.f_locals["n"], g.switch(), g.gr_frame]
        if result not in results:
            results.append(result)
    show("frames", len(results), results[0])


def hot(n):
    total = 0
    for i in range(n):
        total += i
        if i % 10 == 0:
            total += ask(i) or 0
    return total


def traced():
    events = []

    def trace(frame, event, arg):
        if frame.f_code.co_name in ("hot", "ask"):
            events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    switches = []
    for round in range(60):
        a, b = greenlet.greenlet(hot), greenlet.greenlet(hot)
        a.switch(25), b.switch(25)
        if round == 50:
            sys.settrace(trace)
        if round == 55:
            greenlet.settrace(lambda event, args: switches.append((event, args[0] is a, args[1] is a, args[1] is b)))
        a.switch(1), b.switch(2), a.switch(1), b.switch(2)
        result = a.dead, b.dead
        sys.settrace(None)
        greenlet.settrace(None)
    show("traced", len(events), events[:12], switches[:6], result)


# ---- Threads ---------------------------------------------------------------------------------------------------------------


def in_thread(number, out):
    results = set()
    for round in range(40):
        glets = [greenlet.greenlet(deep) for _ in range(3)]
        answers = [g.switch(15 + i, i) for i, g in enumerate(glets)]
        while not all(g.dead for g in glets):
            for i, g in enumerate(glets):
                if not g.dead:
                    answers[i] = g.switch(answers[i])
        results.add(tuple(answers))
    out[number] = sorted(results)


def threads():
    out = {}
    workers = [threading.Thread(target=in_thread, args=(n, out)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    show("threads", [out[n] for n in range(4)])
    errors = []

    def foreign(g):
        try:
            g.switch(1)
        except greenlet.error as error:
            errors.append(str(error).split(":")[0])

    g = greenlet.greenlet(hot)
    g.switch(20)
    worker = threading.Thread(target=foreign, args=(g,))
    worker.start()
    worker.join()
    show(errors, g.switch(1))


# ---- Recursion ---------------------------------------------------------------------------------------------------------------


def endless(n):
    return endless(n + 1)


def recursion_in_greenlets():
    def run():
        try:
            endless(0)
        except RecursionError as error:
            ask(str(error))
        return [deep_plain(i) for i in (10, 500)]

    def deep_plain(n):
        return 0 if n == 0 else deep_plain(n - 1) + 1

    glets = [greenlet.greenlet(run) for _ in range(4)]
    show("recursion", [g.switch() for g in glets], [g.switch() for g in glets])
    sys.setrecursionlimit(60000)

    def very_deep(n):
        if n == 0:
            return ask("bottom")
        return very_deep(n - 1) + 1

    glets = [greenlet.greenlet(very_deep) for _ in range(3)]
    show([g.switch(20000 + i) for i, g in enumerate(glets)], [deep_plain(30000)], [g.switch(i) for i, g in enumerate(glets)])
    sys.setrecursionlimit(1000)
    show([g.dead for g in glets], deep_plain(400))


def ring(n, laps):
    """A token through a ring of greenlets, each switching straight to the next."""
    count = 0
    glets = []

    def run(i):
        nonlocal count
        while count < n * laps:
            count += 1
            glets[(i + 1) % n].switch((i + 1) % n)

    glets += [greenlet.greenlet(run) for _ in range(n)]
    glets[0].switch(0)
    return count


levels()
drive()
generators()
throwing()
dropped()
collected_while_suspended()
frames()
traced()
threads()
recursion_in_greenlets()
show("ring", ring(50, 200))
