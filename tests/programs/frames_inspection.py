"""Frames looked at from callees: sys._getframe, f_lineno on every line, f_locals, f_back, inspect, locals()."""
import gc
import inspect
import sys
import traceback


def line():
    return sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno


def lines(n):
    out = [line()]
    out.append(line())
    for i in range(2):
        out.append(line())
        if i:
            out.append((line(),
                        line()))
    x = [line() for _ in range(1)]
    out += x
    try:
        out.append(line())
        raise ValueError
    except ValueError:
        out.append(line())
    finally:
        out.append(line())
    with Context() as c:
        out.append(line())
        out.append(c)
    while n:
        n -= 1
        out.append(line())
    return out, line()


class Context:
    def __enter__(self):
        return sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno

    def __exit__(self, *args):
        pass


print([lines(2) for _ in range(200)][-1])


def callers():
    out = []
    frame = sys._getframe()
    while frame:
        out.append(frame.f_code.co_name)
        frame = frame.f_back
    return out


def one():
    return two()


def two():
    return [callers() for _ in range(1)][0]


print([one() for _ in range(200)][-1])


def caller_locals():
    return dict(sys._getframe(1).f_locals)


def has_locals(a, b=2, *args, c, **kwargs):
    d = a + b
    first = caller_locals()
    e = "later"
    del d
    second = caller_locals()

    def inner():
        return e

    third = caller_locals()
    third.pop("inner")
    return first, second, sorted(third)


print([has_locals(1, 3, 4, c=5, z=6) for _ in range(200)][-1])


def own_locals(x):
    y = x + 1
    before = locals()
    z = y + 1
    after = locals()
    return before is after, sorted(k for k in after if k not in ("before", "after"))


print([own_locals(1) for _ in range(200)][-1])


def free_variables(x):
    def inner():
        y = x
        return locals()

    return inner()


print([free_variables(3) for _ in range(200)][-1])


class Body:
    a = 1
    names = sorted(n for n in locals() if not n.startswith("__"))
    here = sys._getframe().f_code.co_name


print(Body.names, Body.here)


def globals_seen():
    return globals() is sys._getframe().f_globals is sys._getframe(1).f_globals, sys._getframe().f_builtins["len"] is len


print([globals_seen() for _ in range(200)][-1])


def kept_frame(x):
    y = [x]
    return sys._getframe()


frames = [kept_frame(i) for i in range(200)]
print([f.f_locals for f in frames[-2:]], frames[3].f_lineno - kept_frame.__code__.co_firstlineno, frames[5].f_back)
frames[0].clear()
print(frames[0].f_locals)


def running_clear():
    try:
        sys._getframe().clear()
    except RuntimeError as error:
        return str(error)


print([running_clear() for _ in range(200)][-1])


def same_frame_object():
    a = sys._getframe()
    b = get_caller()
    return a is b, a.f_back is b.f_back


def get_caller():
    return sys._getframe(1)


print([same_frame_object() for _ in range(200)][-1])


def stack_depth(n):
    if n:
        return stack_depth(n - 1)
    return len(inspect.stack(0)), [f.function for f in inspect.stack(0)[:3]]


print([stack_depth(7) for _ in range(20)][-1])


def call_inspect():
    frame = inspect.currentframe()
    info = inspect.getframeinfo(frame)
    arguments = inspect.getargvalues(frame.f_back)
    return info.function, info.lineno - frame.f_code.co_firstlineno, info.positions.col_offset, arguments.args, arguments.locals


def with_arguments(p, q):
    return call_inspect()


print([with_arguments(1, 2) for _ in range(100)][-1])


def lasti():
    """The instruction, whether f_lasti stands on it or on its last cache entry."""
    f = sys._getframe(1)
    place = list(f.f_code.co_positions())[f.f_lasti // 2]
    return place[2:]


def instruction_offsets():
    return lasti(), lasti() + lasti(), [lasti()]


print([instruction_offsets() for _ in range(100)][-1])


def extracted():
    return [(f.name, f.lineno - extracted.__code__.co_firstlineno, f.line) for f in traceback.extract_stack()[-2:]]


def calls_extracted():
    return (
        extracted()
    )


print([calls_extracted() for _ in range(50)][-1])


class Descriptor:
    def __get__(self, instance, owner):
        return sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno


class Owner:
    d = Descriptor()

    def __getattr__(self, name):
        return name, sys._getframe(1).f_code.co_name

    def __add__(self, other):
        return sys._getframe(1).f_code.co_name, list(sys._getframe(1).f_locals)

    def __del__(self):
        seen.append(sys._getframe(1).f_code.co_name)


seen = []


def implicit_calls(owner):
    local = 1
    a = owner.d[0]
    b = owner.missing
    c = owner + local
    owner = None
    return a, b, c


for _ in range(100):
    result = implicit_calls(Owner())
print(result, seen[-1], len(seen))


def comprehension_frames():
    return [callers()[:3] for _ in range(1)], list(callers()[:2] for _ in range(1)), (lambda: callers()[:3])()


print([comprehension_frames() for _ in range(100)][-1])


def sorted_key_frames():
    return sorted([2, 1], key=lambda x: seen.append(callers()[1]) or x), seen[-1]


print([sorted_key_frames() for _ in range(100)][-1])


def referrers():
    """A frame's locals are found by the collector."""
    x = [1]
    y = sys._getframe()
    return any(o is x for o in gc.get_referents(y))


print([referrers() for _ in range(100)][-1])


def in_generator():
    x = 1
    yield sys._getframe().f_lineno - sys._getframe().f_code.co_firstlineno, callers()[:2]
    x = 2
    yield caller_locals()


print([list(in_generator()) for _ in range(100)][-1])


def trace_local_set():
    """f_lineno cannot be set without a trace function."""
    try:
        sys._getframe().f_lineno = 1
    except ValueError as error:
        return str(error)


print([trace_local_set() for _ in range(100)][-1])


def current_frames():
    import threading
    return sys._current_frames()[threading.get_ident()] is sys._getframe()


print([current_frames() for _ in range(100)][-1])
def one_line(n): return [line(), line()] if n else line()
print([one_line(i % 2) for i in range(100)][-2:])
