"""Side exits with operands in every place: borrowed locals, constants, None, the register, slots; from escape checks in line and out
of line, from the eval breaker (signals whose handlers return, raise, or change the locals of the interrupted frame), under tracing
that begins in the middle of an expression.
"""

import ctypes
import signal
import sys

to_fast = ctypes.pythonapi.PyFrame_LocalsToFast
to_fast.argtypes = [ctypes.py_object, ctypes.c_int]
kept = []


class Quiet:
    """Everything about it runs Python code."""

    def __init__(self, action=None):
        self.action = action

    def __add__(self, other):
        if self.action:
            self.action()
        return (self, other)

    def __del__(self):
        if self.action:
            self.action()

    def __repr__(self):
        return "Quiet"

    @property
    def attribute(self):
        if self.action:
            self.action()
        return "attribute"


def nothing():
    pass


def keep_frame():
    kept.append(sys._getframe(2))


def change_a():
    frame = sys._getframe(2)
    if "a" in frame.f_locals:
        frame.f_locals["a"] = "changed"
        to_fast(frame, 0)


def unbind_a():
    frame = sys._getframe(2)
    if "a" in frame.f_locals:
        del frame.f_locals["a"]
        to_fast(frame, 1)


def raise_signal():
    signal.raise_signal(signal.SIGUSR1)


def start_tracing():
    events = []

    def trace(frame, event, argument):
        if frame.f_code.co_name not in ("expression", "handler"):
            return None
        events.append((event, frame.f_lineno))
        return trace

    kept.append(events)
    sys.settrace(trace)


def expression(a, action):
    q = Quiet(action)
    b = "b"
    r = [a, (b, 1, None), q + a, b, (a, q.attribute, 2.5), a + a if isinstance(a, str) else a, len(b)]
    del q
    return r, a, b


def slow_attribute(a, action):
    q = Quiet(action)
    return (a, "constant", None, a, [q.attribute, a], {a: q.attribute})


def dying(a, action):
    q = Quiet(action)
    t = (a, [a, "x"])
    q = None
    return t, a, (a, t)


def caught(a, action):
    q = Quiet(action)
    try:
        r = [a, 1, q.attribute, a, q.missing]
    except AttributeError as e:
        r = str(e)
    return r, a


def breaker(a, f):
    total = [a, (a, 7, f(a), a), a, f(f(a)), len(a), (None, f(a))]
    for c in a:
        total.append((c, a, f(c)))
    return total


def breaker_in_try(a, f):
    try:
        return [a, (a, f(a)), {a: f(a)}]
    except KeyError as e:
        return "caught", e.args, a
    finally:
        a = None


def signalling(x):
    signal.raise_signal(signal.SIGUSR1)
    return x


def generator(a, f):
    for i in range(3):
        yield a, f(a), (i, f(i))


def show(function, *arguments):
    try:
        print("  ", function.__name__, function(*arguments))
    except BaseException as e:
        lines = []
        t = e.__traceback__
        while t is not None:
            lines.append((t.tb_frame.f_code.co_name, t.tb_lineno - t.tb_frame.f_code.co_firstlineno))
            t = t.tb_next
        print("  ", function.__name__, type(e).__name__, e, lines)


for round in range(3):
    for action in (nothing, keep_frame, change_a, raise_signal, unbind_a):
        print(round, action.__name__)
        signal.signal(signal.SIGUSR1, lambda n, f: None)
        for function in (expression, slow_attribute, dying, caught):
            a = "".join(["a", "bc"])
            before = sys.getrefcount(a)
            show(function, a, action)
            kept.clear()
            print("  ", sys.getrefcount(a) - before)


def handler_returns(number, frame):
    pass


def handler_raises(number, frame):
    raise KeyError("handler")


def handler_changes(number, frame):
    if "a" in frame.f_back.f_locals:
        frame.f_back.f_locals["a"] = "changed"
        to_fast(frame.f_back, 0)
    if "a" in frame.f_locals:
        frame.f_locals["a"] = "changed too"
        to_fast(frame, 0)


def handler_keeps(number, frame):
    kept.append(frame)
    kept.append(frame.f_back)


c_signalling = lambda x: (signal.raise_signal(signal.SIGUSR1), x)[1]

for round in range(3):
    for handler in (handler_returns, handler_raises, handler_changes, handler_keeps):
        signal.signal(signal.SIGUSR1, handler)
        print(round, handler.__name__)
        for function in (breaker, breaker_in_try):
            for f in (signalling, c_signalling, str):
                a = "".join(["x", "yz"])
                before = sys.getrefcount(a)
                show(function, a, f)
                kept.clear()
                print("  ", sys.getrefcount(a) - before)
        show(lambda: list(generator("".join(["g", "h"]), signalling)))


def direct(a, signals=signal.raise_signal):
    # The builtin itself sets the eval breaker, with operands of every kind deferred.
    return [a, (a, 3, signals(signal.SIGUSR1), a), (a, None, signals(signal.SIGUSR1)), a]


for handler in (handler_returns, handler_raises, handler_changes, handler_keeps):
    signal.signal(signal.SIGUSR1, handler)
    for round in range(3):
        a = "".join(["d", "e"])
        before = sys.getrefcount(a)
        show(direct, a)
        kept.clear()
        print("  ", sys.getrefcount(a) - before)

for round in range(3):
    try:
        result = expression("t" * 3, start_tracing)
    finally:
        sys.settrace(None)
    events = [e for e in kept if isinstance(e, list)]
    print(result, [len(e) for e in events])
    kept.clear()
