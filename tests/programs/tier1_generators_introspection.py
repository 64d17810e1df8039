"""What frames, generators and coroutines tell of themselves while suspended and while running, locals changed from outside,
and tracing switched on and off between resumptions."""
import ctypes
import inspect
import sys
import threading
import types

WARM = 60


def log(*values):
    print(*values)


def frame_facts(frame):
    if frame is None:
        return None
    # The index of a call under way depends on whether tier 0 runs under an eval-frame hook.
    index = frame.f_lasti if frame.f_back is None else "running"
    return (frame.f_code.co_name, frame.f_lineno, index, sorted(frame.f_locals), frame.f_back and frame.f_back.f_code.co_name)


def facts(generator):
    yielding = generator.gi_yieldfrom
    return (
        generator.gi_running,
        generator.gi_suspended,
        getattr(yielding, "__name__", type(yielding).__name__),
        frame_facts(generator.gi_frame),
        inspect.getgeneratorstate(generator),
    )


def stack_names(limit=8):
    names = []
    frame = sys._getframe(1)
    while frame is not None and len(names) < limit:
        names.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return names


# ---- While suspended and while running ---------------------------------------------------------------------------


def bottom(look):
    for i in range(3):
        if look is not None:
            look(i)
        yield i
    return "bottom"


def middle(look):
    text = "m"
    result = yield from bottom(look)
    yield (result, text)


def top(look):
    for value in middle(look):
        yield value
    yield from [1]


def suspended():
    for _ in range(WARM):
        list(top(None))
    generators = [bottom(None), middle(None), top(None)]
    for generator in generators:
        log(facts(generator))
        while True:
            try:
                log(next(generator), facts(generator))
            except StopIteration:
                break
        log(facts(generator))


def running():
    box = {}

    def look(i):
        log(i, stack_names())
        for name, generator in box.items():
            log(name, facts(generator))

    for _ in range(2):
        generator = middle(look)
        box = {"middle": generator}
        for value in generator:
            box["bottom"] = generator.gi_yieldfrom or box["bottom"]
        generator = middle(look)
        box = {"middle": generator}
        log(list(generator))
        outer = top(look)
        box = {"top": outer}
        log([value for value in outer])


# ---- Locals ----------------------------------------------------------------------------------------------------------


def set_local(frame, name, value):
    frame.f_locals[name] = value
    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(1))


def unset_local(frame, name):
    del frame.f_locals[name]
    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(1))


def with_locals(n):
    total = 0
    text = "t"
    while total < n:
        total += 1
        yield total, text
    return total


def delegating_with_locals(n):
    name = "outer"
    result = yield from with_locals(n)
    yield name, result


def show_locals(generator):
    try:
        return next(generator)
    except (StopIteration, UnboundLocalError) as exception:
        return repr(exception)


def locals_changed():
    for _ in range(WARM):
        list(delegating_with_locals(3))
    for _ in range(3):
        generator = with_locals(5)
        log(next(generator), dict(generator.gi_frame.f_locals))
        set_local(generator.gi_frame, "total", 3)
        log(show_locals(generator))
        set_local(generator.gi_frame, "text", [1])
        log(show_locals(generator), show_locals(generator), show_locals(generator))
        generator = with_locals(5)
        next(generator)
        unset_local(generator.gi_frame, "text")
        log(show_locals(generator), generator.gi_frame)
        generator = delegating_with_locals(2)
        next(generator)
        frame = generator.gi_frame
        unset_local(frame, "name")
        log(show_locals(generator), show_locals(generator), generator.gi_frame)
        generator = delegating_with_locals(4)
        next(generator)
        set_local(generator.gi_frame, "name", "changed")
        set_local(generator.gi_yieldfrom.gi_frame, "total", 3)
        log(show_locals(generator), show_locals(generator), show_locals(generator))
        del frame


def frames_that_stay():
    def holder(n):
        for i in range(n):
            kept = [i]
            yield kept

    for _ in range(WARM):
        list(holder(2))
    generator = holder(2)
    next(generator)
    frame = generator.gi_frame
    log(frame.f_locals["kept"], next(generator), frame.f_locals["kept"])
    log(next(generator, "over"), frame.f_locals["kept"], frame.f_back, frame_facts(frame))
    generator = holder(2)
    next(generator)
    frame = generator.gi_frame
    try:
        frame.clear()
    except RuntimeError as exception:
        log(exception)
    log(generator.gi_frame, next(generator, "over"))

    def clears_itself():
        yield 1
        try:
            sys._getframe().clear()
        except RuntimeError as exception:
            yield str(exception)

    log(list(clears_itself()))


# ---- Coroutines and asynchronous generators --------------------------------------------------------------------------


@types.coroutine
def suspend(value):
    return (yield value)


async def inner(look):
    look and look("inner")
    await suspend(1)
    look and look("inner again")
    return 2


async def outer(look):
    value = await inner(look)
    return value


async def values(look):
    for i in range(2):
        look and look(f"values {i}")
        await suspend(i)
        yield i


async def consume(look):
    total = 0
    async for value in values(look):
        total += value
    return total


def coroutine_facts(coroutine):
    return (
        coroutine.cr_running,
        coroutine.cr_suspended,
        getattr(coroutine.cr_await, "__qualname__", type(coroutine.cr_await).__name__),
        frame_facts(coroutine.cr_frame),
        coroutine.cr_origin,
    )


def finish(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def coroutines():
    for _ in range(WARM):
        finish(outer(None))
        finish(consume(None))

    def look(where):
        log(where, coroutine_facts(coroutine), stack_names(5))

    for _ in range(2):
        coroutine = outer(look)
        log(coroutine_facts(coroutine))
        coroutine.send(None)
        log(coroutine_facts(coroutine), coroutine_facts(coroutine.cr_await))
        log(finish(coroutine), coroutine_facts(coroutine))
        coroutine = consume(look)
        coroutine.send(None)
        log(coroutine_facts(coroutine))
        generator = coroutine.cr_frame.f_locals
        log(sorted(generator), finish(coroutine))
    generator = values(None)
    step = generator.asend(None)
    log(generator.ag_running, generator.ag_await, frame_facts(generator.ag_frame))
    step.send(None)
    log(generator.ag_running, generator.ag_await.__qualname__, frame_facts(generator.ag_frame))
    try:
        step.send(None)
    except StopIteration as stop:
        log(stop.value, generator.ag_running, generator.ag_await)
    try:
        generator.aclose().send(None)
    except StopIteration:
        log(generator.ag_frame, generator.ag_running)

    sys.set_coroutine_origin_tracking_depth(2)
    try:
        coroutine = outer(None)
        log([(line, name) for _, line, name in coroutine.cr_origin])
        log(finish(coroutine))
    finally:
        sys.set_coroutine_origin_tracking_depth(0)


# ---- Tracing ----------------------------------------------------------------------------------------------------------


def traced_inner(n):
    for i in range(n):
        yield i
    return n


def traced_outer(n):
    value = yield from traced_inner(n)
    try:
        yield value
    except KeyError:
        yield "caught"


class Tracer:
    def __init__(self):
        self.events = []

    def __call__(self, frame, event, argument):
        name = frame.f_code.co_name
        if name.startswith("traced"):
            self.events.append((name, frame.f_lineno, event, argument if event == "return" else None))
            return self
        return None

    def show(self):
        for event in self.events:
            log("   ", *event)
        self.events.clear()


def tracing():
    for _ in range(WARM):
        list(traced_outer(3))
    for settrace, restore in ((sys.settrace, None), (sys.setprofile, None)):
        for first_untraced in range(6):
            tracer = Tracer()
            generator = traced_outer(3)
            for _ in range(first_untraced):
                next(generator, None)
            settrace(tracer)
            for value in generator:
                break
            settrace(restore)
            value = next(generator, "over")
            settrace(tracer)
            try:
                generator.throw(KeyError("k"))
            except (KeyError, StopIteration) as exception:
                value = repr(exception)
            generator.close()
            settrace(restore)
            log(first_untraced, value)
            tracer.show()


def traces_from_inside(n, tracer):
    for i in range(n):
        if i == 1:
            sys.settrace(tracer)
            sys._getframe().f_trace = tracer
        if i == 3:
            sys.settrace(None)
        yield i


def traced_around(n, tracer):
    yield from traces_from_inside(n, tracer)
    yield "after"


def tracing_from_inside():
    for _ in range(WARM):
        list(traced_around(1, None))
    for _ in range(3):
        tracer = Tracer()
        log(list(traced_around(6, tracer)))
        sys.settrace(None)
        tracer.show()


def lines_set_by_a_debugger():
    def traced_jumps():
        values = []
        yield values
        values.append(1)
        values.append(2)
        yield values
        return "end"

    for _ in range(WARM):
        list(traced_jumps())

    def jump(frame, event, argument):
        if frame.f_code.co_name == "traced_jumps":
            if event == "line" and frame.f_lineno == frame.f_code.co_firstlineno + 3:
                frame.f_lineno += 1
            return jump
        return None

    for _ in range(2):
        generator = traced_jumps()
        next(generator)
        sys.settrace(jump)
        next(generator)
        sys.settrace(None)
        log(list(generator), generator.gi_frame)
    for _ in range(2):
        generator = traced_jumps()
        next(generator)
        generator.gi_frame.f_trace = jump
        sys.settrace(jump)
        value = next(generator)
        sys.settrace(None)
        log(value, list(generator))


def other_threads():
    """A generator resumed by one thread while the other looks at its frames."""
    entered, leave = threading.Event(), threading.Event()

    def waits():
        yield 1
        entered.set()
        leave.wait(10)
        yield 2

    def around():
        yield from waits()

    generator = around()
    next(generator)
    thread = threading.Thread(target=lambda: next(generator))
    thread.start()
    entered.wait(10)
    frame = sys._current_frames()[thread.ident]
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    log(names[names.index("waits") :][:3], generator.gi_running)
    try:
        next(generator)
    except ValueError as exception:
        log(exception)
    leave.set()
    thread.join()
    log(list(generator))


suspended()
running()
locals_changed()
frames_that_stay()
coroutines()
tracing()
tracing_from_inside()
lines_set_by_a_debugger()
other_threads()
