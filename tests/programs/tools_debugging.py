"""Debuggers over hot code: pdb by script, breakpoints, jumps, changed locals, tracing switched by others, audit hooks."""
# test: timeout=120
import bdb
import io
import pdb
import sys
import threading


def helper(x):
    y = x * 2
    return y + 1


def hot(n):
    total = 0
    items = []
    for i in range(n):
        total += helper(i)
        if i % 3 == 0:
            items.append(i)
    return total, items


def generates(n):
    for i in range(n):
        x = yield i
        if x:
            yield x


def handles(n):
    out = []
    for i in range(n):
        try:
            if i % 2:
                raise KeyError(i)
            out.append(i)
        except KeyError as error:
            out.append(str(error))
        finally:
            out.append("f")
    return out


class Thing:
    def __init__(self, n):
        self.n = n

    @property
    def double(self):
        return self.n * 2

    def __add__(self, other):
        return Thing(self.n + other.n)


def objects(n):
    thing = Thing(0)
    for i in range(n):
        thing = thing + Thing(i)
    return [t.double for t in (thing, Thing(1))]


def warm_up():
    for _ in range(300):
        hot(4), handles(4), objects(3), list(generates(3))


def run_pdb(statement, commands):
    out = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("\n".join(commands) + "\n"), stdout=out, nosigint=True, readrc=False)
    debugger.prompt = ""
    result = {}
    try:
        debugger.run(f"result = {statement}", globals(), result)
    except bdb.BdbQuit:
        pass
    finally:
        sys.settrace(None)
    text = out.getvalue().replace(__file__, "FILE")
    print(f"== {statement}", text, result.get("result"), sep="\n")


def line_of(function, offset):
    return f"{__file__}:{function.__code__.co_firstlineno + offset}"


def with_pdb():
    run_pdb("hot(6)", ["b helper, x == 3", "c", "p x", "up", "p total, items, i", "!total = 1000", "!items = ['new']", "down", "!x = 50", "n", "p y", "r", "n", "n", "w", "c", "q"])
    run_pdb("hot(5)", [f"tbreak {line_of(hot, 5)}", "c", "p i", "until", "s", "s", "a", "display y", "n", "n", "undisplay y", "disable", "c"])
    run_pdb("hot(5)", [f"b {line_of(hot, 4)}", "ignore 1 2", "c", "p i, total", f"j {hot.__code__.co_firstlineno + 7}", "n", "c", "c"])
    run_pdb("handles(4)", [f"b {line_of(handles, 6)}, i > 1", "c", "p i, out", "n", "n", "!i = 9", "n", "n", "n", "cl 1", "c"])
    run_pdb("list(generates(3))", ["b generates", "c", "n", "n", "n", "p i", "!i = 10", "n", "n", "cl 1", "c"])
    run_pdb("objects(3)", ["b Thing.__add__", "c", "p self.n, other.n", "!other.n = 100", "u", "p thing.n", "b Thing.double", "c", "c", "!self.n = 7", "c", "p self.n", "c", "c", "c"])
    run_pdb("[hot(2), hot(3)]", ["b helper", "commands 1", "silent", "p ('at', x)", "c", "end", "c"])
    warm_up()
    run_pdb("hot(4)", ["s", "s", "n", "n", "n", "n", "interact", "q"])
    print(hot(5), sys.gettrace())


def breakpoints():
    """breakpoint() and set_trace() in the middle of a hot loop, over and over."""
    log = []

    def hook(*args):
        frame = sys._getframe(1)
        log.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, dict(frame.f_locals)))

    def loop(n):
        a = b = 0
        for i in range(n):
            a += i
            if a % 100 == 1:
                breakpoint()
            b = a - i
        return b

    sys.breakpointhook = hook
    print([loop(n) for n in (5, 50, 400)], log)
    sys.breakpointhook = sys.__breakpointhook__


def jumps():
    """A trace function that moves hot code about and changes its locals."""
    def loop(n):
        total = 0
        for i in range(n):
            total += 1
            total += 10
            total += 100
        else:
            total += 1000
        return total

    first = loop.__code__.co_firstlineno

    def tracer(at, to, change):
        done = False

        def local(frame, event, arg):
            nonlocal done
            if event == "line" and frame.f_lineno - first == at and frame.f_locals.get("i", 3) == 3 and not done:
                done = True
                try:
                    if to:
                        frame.f_lineno = first + to
                    frame.f_locals.update(change)
                except ValueError as error:
                    log.append(str(error))
            return local

        return lambda frame, event, arg: local if frame.f_code is loop.__code__ else None

    for _ in range(100):
        loop(10)
    log = []
    for at, to, change in ((3, 5, {}), (4, 7, {}), (5, 3, {"i": 4}), (4, None, {"total": -5000, "i": 2}), (4, 2, {}), (3, 1, {"n": 2}), (7, 3, {})):
        try:
            sys.settrace(tracer(at, to, change))
            result = loop(8)
        except Exception as error:
            result = repr(error)
        sys.settrace(None)
        print((at, to, change), result, loop(8), log)


def stepping():
    """f_trace_opcodes and f_trace_lines switched in the middle; tracing begun by a callee for its callers."""
    events = []

    def local(frame, event, arg):
        if event == "opcode":
            events.append(frame.f_lasti)
        elif event != "exception":
            events.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return local

    def begin(lines, opcodes):
        frame = sys._getframe(1)
        while frame.f_code.co_filename == __file__ and frame.f_code.co_name != "stepping":
            frame.f_trace, frame.f_trace_lines, frame.f_trace_opcodes = local, lines, opcodes
            frame = frame.f_back
        sys.settrace(lambda *args: None)

    def inner(n, where, *how):
        total = 0
        for i in range(n):
            if i == where:
                begin(*how)
            total += i
            if i == where + 2:
                sys.settrace(None)
        return total

    def middle(n, *how):
        value = inner(n, *how)
        return [value, value + 1]

    for _ in range(200):
        middle(6, 99, True, True)
    for how in ((True, False), (False, True), (True, True), (False, False)):
        for where in (2, 4):
            events.clear()
            print(how, middle(7, where, *how), events)
            sys.settrace(None)
    print(middle(7, 99), len(events))


def from_another_thread():
    """threading.settrace and setprofile reach threads started later; a hot function sees nothing of another thread's tracer."""
    seen = {}

    def tracer(frame, event, arg):
        if frame.f_code.co_filename == __file__:
            seen.setdefault(threading.current_thread().name, []).append((event, frame.f_code.co_name))
        return tracer

    def run():
        return hot(3), objects(2)

    for switch in (threading.settrace, threading.setprofile):
        seen.clear()
        switch(tracer)
        thread = threading.Thread(target=run, name="traced")
        thread.start()
        hot(50)
        thread.join()
        switch(None)
        thread = threading.Thread(target=run, name="free")
        thread.start()
        thread.join()
        names = [event for event in seen.get("traced", []) if not event[0].startswith("c_")]
        print(switch.__name__, sorted(seen), len(names), names[:8])


def audited():
    """Audit hooks run inside what hot code does: they may look at its frame."""
    log = []
    on = False

    def hook(event, args):
        if on and event in ("object.__setattr__", "object.__getattr__", "code.__new__", "compile", "test.event", "sys._getframe"):
            log.append((event, sys.exc_info()[0]))

    sys.addaudithook(hook)

    def target():
        pass

    def loop(n):
        for i in range(n):
            if i % 100 == 99:
                sys.audit("test.event", i)
                target.__code__ = target.__code__
                eval("i + 1")
        return i

    on = True
    print(loop(300))
    on = False
    print(log)


warm_up()
with_pdb()
breakpoints()
jumps()
stepping()
from_another_thread()
audited()
