"""Interrupts in hot code of every shape: KeyboardInterrupt by signal, exceptions from other threads, handlers that look and change."""
# test: timeout=120
import ctypes
import gc
import itertools
import os
import queue
import signal
import sys
import threading
import time
import warnings


class Stop(Exception):
    pass


class Flag:
    """True for ever, but asked through Python."""

    def __bool__(self):
        return True


def empty_while():
    while True:
        pass


def counting():
    i = 0
    while True:
        i += 1


def floating():
    x = 0.0
    while x >= 0:
        x += 1.5


def for_range():
    for i in range(10**12):
        pass


def for_count():
    for i in itertools.count():
        if i < 0:
            break


def for_repeat():
    for i in itertools.repeat(None):
        continue


def nested_loops():
    while True:
        for i in range(3):
            for j in (1, 2):
                i += j


def comprehension():
    return [0 for i in range(10**12) if i < 0]


def summing():
    return sum(i for i in itertools.count() if i < 0)


def calling():
    def leaf(x):
        return x

    while leaf(1):
        leaf(2)


def recursing():
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    return fib(80)


def generating():
    def endless():
        i = 0
        while True:
            yield i
            i += 1

    for i in endless():
        if i < 0:
            return i


def delegating():
    def inner():
        while True:
            yield 1

    def outer():
        yield from inner()

    for _ in outer():
        pass


def awaiting():
    async def leaf():
        return 1

    async def main():
        while True:
            await leaf()

    main().send(None)


def catching():
    """Whoever catches everything but BaseException goes on."""
    while True:
        try:
            {}["missing"]
        except KeyError:
            pass


def objects():
    flag = Flag()
    while flag:
        pass


def containers():
    d, x = {}, []
    while True:
        d["k"] = len(x)
        x.append(d["k"])
        x.pop()


def with_finally():
    try:
        while True:
            pass
    finally:
        marks.append("finally")


def with_manager():
    class Manager:
        def __enter__(self):
            return self

        def __exit__(self, kind, value, tb):
            marks.append(("exit", kind.__name__))

    with Manager():
        for i in itertools.count():
            pass


def unpacking():
    a, b = 0, 1
    while True:
        a, b = b, a
        (a, *c), b = [a, 1, 2], b


def matching():
    value = {"kind": 1}
    while True:
        match value:
            case {"kind": 2}:
                break
            case {"kind": int(x)}:
                value = {"kind": x}


def strings():
    s = ""
    while True:
        s += "x"
        if len(s) > 100:
            s = f"{len(s)}"


def lambdas():
    f = lambda x: (lambda y: x + y)
    while True:
        f(1)(2)


KINDS = [empty_while, counting, floating, for_range, for_count, for_repeat, nested_loops, comprehension, summing, calling, recursing, generating,
         delegating, awaiting, catching, objects, containers, with_finally, with_manager, unpacking, matching, strings, lambdas]
marks = []


def frames_of(error):
    names, tb = [], error.__traceback__
    while tb is not None:
        lines = {line for _, _, line in tb.tb_frame.f_code.co_lines()}
        if tb.tb_frame.f_code.co_filename == __file__:
            names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno in lines))
        tb = tb.tb_next
    return names


def keyboard():
    """By timer, by a thread's os.kill, by pthread_kill; the default handler raises in the main thread."""
    main = threading.main_thread().ident
    wanted = queue.SimpleQueue()

    def interrupt():
        while (send := wanted.get()) is not None:
            time.sleep(0.01)
            send()

    helper = threading.Thread(target=interrupt)
    helper.start()
    ways = [lambda: signal.setitimer(signal.ITIMER_REAL, 0.01), lambda: wanted.put(lambda: os.kill(os.getpid(), signal.SIGINT)),
            lambda: wanted.put(lambda: signal.pthread_kill(main, signal.SIGINT))]
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for kind in KINDS:
        outcomes = set()
        for way in ways * 2:
            # On a busy machine it may come before the loop has begun: then once more.
            for _ in range(20):
                marks.clear()
                try:
                    way()
                    kind()
                except KeyboardInterrupt as error:
                    names = frames_of(error)
                    del error
                if len(names) > 1 and names[1][0] == kind.__name__ and len(marks) == (kind in (with_finally, with_manager)):
                    break
            outcomes.add((names[1], all(good for _, good in names), tuple(map(str, marks))))
        print(kind.__name__, sorted(outcomes), sys.exc_info())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    wanted.put(None)
    helper.join()


def asynchronous():
    """PyThreadState_SetAsyncExc: in threads that run hot code, and taken back before it comes."""
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    raise_in.argtypes = [ctypes.c_ulong, ctypes.py_object]

    def run(kind, out):
        started.set()
        try:
            kind()
        except Stop as error:
            out.append((frames_of(error)[1][0], type(error).__name__, all(good for _, good in frames_of(error))))

    for kind in KINDS:
        out = []
        started = threading.Event()
        thread = threading.Thread(target=run, args=(kind, out), daemon=True)
        thread.start()
        started.wait()
        time.sleep(0.005)
        found = raise_in(thread.ident, Stop)
        thread.join(20)
        print(kind.__name__, found, out, thread.is_alive())
    taken_back = []

    def count(n):
        total = 0
        for i in range(n):
            if i == 100:
                raise_in(threading.get_ident(), Stop)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(threading.get_ident()), None)
            total += i
        return total

    try:
        taken_back.append(count(300))
    except Stop:
        taken_back.append("stopped")
    print(taken_back)

    def raises_in_itself(n):
        i = 0
        try:
            for i in range(n):
                if i == 200:
                    raise_in(threading.get_ident(), Stop)
        except Stop:
            return "caught", i
        return i

    print({raises_in_itself(n) for n in (300, 400) for _ in range(10)})


def handlers():
    """A handler that does not raise sees the interrupted frame, may trace it, change the switch interval, collect."""
    seen = set()
    calls = 0

    def handler(number, frame):
        nonlocal calls
        calls += 1
        while frame.f_code is not loop.__code__:
            frame = frame.f_back
        values = frame.f_locals
        seen.add((frame.f_lineno in lines, values["total"] in (values["i"] * 2, values["i"] * 2 + 2), values["fixed"]))

    def loop(seconds):
        fixed, total, i = "fixed", 0, 0
        end = time.monotonic() + seconds
        while True:
            total += 2
            i += 1
            if i % 1000 == 0 and time.monotonic() > end:
                return total == 2 * i

    lines = {line for _, _, line in loop.__code__.co_lines()}
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    result = loop(0.4)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("handlers", result, calls > 20, seen)
    events = []

    def starts_tracing(number, frame):
        def tracer(frame, event, arg):
            events.append(event)
            if len(events) > 5:
                sys.settrace(None)
                frame.f_trace = None
                return None
            return tracer

        sys.settrace(tracer)
        frame.f_trace = tracer

    def spin(seconds):
        end = time.monotonic() + seconds
        n = 0
        while not events and time.monotonic() < end:
            n += 1
        for i in range(10):
            n += i
        return n > 0

    signal.signal(signal.SIGALRM, starts_tracing)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    print(spin(20), len(events), sys.gettrace())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def formats(n):
    for i in range(n):
        f"{i}"


def formats_wide(n):
    big = 10**30
    for i in range(n):
        text = f"{big} {-big!r} {big!s:>40}"


def formats_with(n):
    for i in range(n):
        f"{i:05d} {i:x} {1.5:.3f} {i!r:>8}"


def converts(n):
    for i in range(n):
        str(i), repr(i), "%d" % i, int("12345")


def converts_more(n):
    empty = ""
    for i in range(n):
        repr(i / 8), repr("x"), f"{1.5:{empty}}", format(i, "d"), hash(i), abs(-i), round(i / 8, 2), divmod(i, 7), pow(i, 2)


def represents(n):
    for i in range(n):
        repr(i)


def represents_texts(n):
    for i in range(n):
        repr("a'b")


def formats_floats(n):
    empty = ""
    for i in range(n):
        f"{1.5:{empty}}"


def multiplies(n):
    x = 3**200
    for i in range(n):
        y = x * x // (x + i) % x


def collects(n):
    for i in range(n):
        [i], (i, [i]), {i: [i]}, {i}


def looks_up(n):
    d, s = {(1, 2): 1, 1.5: 2}, {3, "a"}
    for i in range(n):
        d[1, 2], d[1.5], i in s, "b" in "abc", [1, 2, 3][i % 3:]


def none_lost():
    """CPython looks for signals inside some C functions, too (conversions and arithmetic of ints): what a handler raises there arrives."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    for kind in (formats, formats_wide, formats_with, converts, converts_more, represents, represents_texts, formats_floats, multiplies, collects, looks_up):
        came = 0
        for i in range(50):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0003 + 0.00007 * i)
                kind(5_000_000)
            except KeyboardInterrupt:
                came += 1
        print(kind.__name__, came)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def invariants():
    """An exception at any point of a loop leaves its values as some line had left them, and nothing leaks."""
    class Counted:
        pass

    def step(a, b):
        return a + [b]

    def loop(state):
        while True:
            state["n"] += 1
            one, two = Counted(), Counted()
            values = step([one], two)
            state["m"] = state["n"]
            del one, two, values

    def raising(number, frame):
        raise Stop

    signal.signal(signal.SIGALRM, raising)
    bad = set()
    for round in range(60):
        state = {"n": 0, "m": 0}
        try:
            # In the try: on a busy machine the time is over before the next statement.
            signal.setitimer(signal.ITIMER_REAL, 0.001 + round * 0.00003)
            loop(state)
        except Stop as error:
            tb = error.__traceback__
            del error, tb
        if not state["n"] - 1 <= state["m"] <= state["n"]:
            bad.add(tuple(state.items()))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    gc.collect()
    print("invariants", bad, sum(type(x) is Counted for x in gc.get_objects()))


warnings.simplefilter("ignore")  # a coroutine may be interrupted before it is awaited
keyboard()
asynchronous()
handlers()
none_lost()
invariants()
