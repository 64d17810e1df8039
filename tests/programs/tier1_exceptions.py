"""Exceptions raised, caught and dropped by compiled code: what is visible of them, and what of those nobody can see."""

import gc
import sys
import traceback
import weakref

WARM = 40


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        print("dies:", self.name, "line", frame.f_lineno - frame.f_code.co_firstlineno, "handling", sys.exc_info()[0])


def entries(error):
    found = []
    entry = error.__traceback__
    while entry is not None:
        frame = entry.tb_frame
        found.append((frame.f_code.co_name, entry.tb_lineno, frame.f_lineno))
        entry = entry.tb_next
    return found


def chain(error):
    found = []
    while error is not None and len(found) < 10:
        found.append((type(error).__name__, error.args, error.__suppress_context__, type(error.__cause__).__name__))
        error = error.__cause__ or error.__context__
    return found


# Caught at once: the class alone decides
def drop_key(table, key):
    try:
        return table[key]
    except KeyError:
        return 0


def drop_default(table, key, default):
    try:
        return table[key]
    except (KeyError, IndexError, TypeError):
        return default


def drop_all(table, key):
    try:
        table[key]
    except:
        pass
    return sys.exc_info()


def drop_in_loop(items):
    found = 0
    for item in items:
        try:
            found += int(item)
        except ValueError:
            continue
        except TypeError:
            found += 1000
    return found


def drop_next(iterator):
    try:
        next(iterator)
    except StopIteration:
        pass
    return sys.exc_info()


def drop_attribute(thing):
    try:
        return thing.missing
    except AttributeError:
        return None


def drop_unbound(table, default):
    if table:
        del default
    try:
        return table["none"]
    except KeyError:
        return default


class KeyLike(KeyError):
    pass


class OddMeta(type):
    def __instancecheck__(cls, thing):
        raise AssertionError("asked")

    def __subclasscheck__(cls, other):
        raise AssertionError("asked")


class Odd(Exception, metaclass=OddMeta):
    pass


class WithInit(KeyError):
    made = 0

    def __init__(self, *args):
        WithInit.made += 1


class WithDel(KeyError):
    def __del__(self):
        print("exception dies", entries(self)[-1][0], sys.exc_info()[0])


def raiser(kind, *args):
    raise kind(*args)


class Raising:
    def __init__(self, kind):
        self.kind = kind

    def __getitem__(self, key):
        raise self.kind(key)


for turn in range(WARM):
    results = [
        drop_key({1: 2}, 1), drop_key({1: 2}, 2), drop_key({}, "text"), drop_key(Raising(KeyLike), 1),
        drop_default({}, 1, "d"), drop_default([], 1, "e"), drop_default((), "x", None), drop_default("abc", 1, 2),
        drop_all({}, 1), drop_all(None, 1), drop_in_loop(["1", "x", "3", None, 4.5, "y"]),
        drop_next(iter([])), drop_next(iter([1])), drop_attribute(5), drop_attribute([]), drop_unbound({}, 5),
        drop_key(Raising(WithInit), 3), WithInit.made,
    ]
    if turn in (0, WARM - 1):
        print(results)

for call in (lambda: drop_key([], 1), lambda: drop_key({}, []), lambda: drop_key(Raising(Odd), 1),
             lambda: drop_default(Raising(ValueError), 1, 2), lambda: drop_unbound({"a": 1}, 5)):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__, error.args, entries(error), chain(error))
print(drop_key(Raising(WithDel), 3))


# The names are looked up each time
def run_with_names():
    global KeyError, LookupLike
    print(drop_key({}, 1))
    KeyError = IndexError
    try:
        print(drop_key({}, 1))
    except Exception as error:
        print("not caught", type(error), entries(error))
    print(drop_key([], 5))
    KeyError = 5
    try:
        drop_key({}, 1)
    except Exception as error:
        print(type(error), error, chain(error))
    KeyError = (IndexError, OSError)
    try:
        print(drop_key([], 1))
    finally:
        del KeyError
    print(drop_key({}, 1))


run_with_names()


# Operands and arguments die where stock kills them
def operands_die(table):
    try:
        return (Noisy("operand"), table[Noisy("key")])
    except KeyError:
        pass
    return "end"


def argument_dies(table):
    try:
        table[Noisy("key kept")]
    except KeyError as error:
        print("caught", len(error.args), sys.getrefcount(error))
        error.args = (Noisy("new argument"),)
    print("behind")


def local_of_callee():
    def callee(a):
        kept = Noisy("local of callee " + a)
        raise ValueError(Noisy("argument " + a))

    try:
        callee("one")
    except ValueError:
        pass
    print("between")
    try:
        callee("two")
    except ValueError as error:
        print("caught", entries(error))
    print("after")


for turn in range(WARM // 10):
    print(operands_die({}))
    argument_dies({})
    local_of_callee()


# What a handler sees
def handlers(kind, *args):
    log = []
    try:
        try:
            raiser(kind, *args)
        except LookupError as error:
            log.append(("lookup", sys.exc_info()[1] is error, sys.getrefcount(error), entries(error)))
            raise
        except (ArithmeticError, ValueError) as error:
            log.append(("value", sys.exc_info()[0].__name__, entries(error)))
            raise TypeError("from") from error
        else:
            log.append("else")
        finally:
            log.append(("finally", sys.exc_info()[0]))
    except TypeError as error:
        log.append((chain(error), entries(error)))
    except Exception as error:
        log.append(("other", chain(error), entries(error)))
    log.append(sys.exc_info())
    return log


for turn in range(WARM):
    for kind in (KeyError, IndexError, ZeroDivisionError, ValueError, RuntimeError, KeyLike, UnicodeError):
        log = handlers(kind, 1, "two")
        if turn in (0, WARM - 1):
            print(log)


def nested(depth):
    try:
        if depth == 0:
            {}[depth]
        nested(depth - 1)
    except KeyError as error:
        if depth % 2:
            raise
        raise IndexError(depth) from None if depth % 4 else error
    except IndexError as error:
        raise KeyError(depth, type(sys.exc_info()[1]).__name__)
    finally:
        depth = None


for turn in range(WARM):
    for depth in range(6):
        try:
            nested(depth)
        except LookupError as error:
            if turn in (0, WARM - 1):
                print(depth, chain(error), entries(error))


# C code's exceptions while another is being handled have it as their context
def context_from_c(table):
    try:
        table["first"]
    except KeyError:
        try:
            table["second"]
        except KeyError as inner:
            print(chain(inner))
        try:
            int("x")
        except ValueError:
            pass
        print(repr(sys.exc_info()[1]), drop_key(table, "third"), repr(sys.exc_info()[1]))
    print(sys.exc_info())


for turn in range(3):
    context_from_c({})


# Normalisation: from nothing, from one thing, from a tuple, from a subclass's own __init__; the object's own state
def shapes():
    found = []
    for attempt in (lambda: {}[()], lambda: {}[(1, 2)], lambda: {}[None], lambda: next(iter(())), lambda: [][3],
                    lambda: 1 // 0, lambda: "a" + 1, lambda: (5).none, lambda: none_such, lambda: open("/none/such"),
                    lambda: b"\xff".decode(), lambda: "\ud800".encode(), lambda: __import__("none.such"),
                    lambda: compile("(", "f", "exec"), lambda: sys.exit(3), lambda: raiser(Odd, 1)):
        try:
            attempt()
        except BaseException as error:
            found.append((type(error).__name__, error.args, sorted(vars(error)), error.__traceback__.tb_frame.f_code.co_name,
                          error.__context__, error.__cause__, error.__suppress_context__, gc.is_tracked(error),
                          sys.getrefcount(error), hasattr(error, "__notes__")))
    return found


first = shapes()
for turn in range(WARM):
    again = shapes()
print(first == again)
for line in again:
    print(line)


# Objects of one exception do not show in the next
def reuse(i):
    try:
        raise ValueError(i)
    except ValueError as error:
        assert not vars(error) and error.__cause__ is None and error.__context__ is None, i
        assert len(entries(error)) == 1 and not error.__suppress_context__, i
        if i % 3 == 0:
            error.mark = i
            error.add_note("note")
        elif i % 3 == 1:
            error.__cause__ = KeyError(i)
        frame = sys._getframe()
        assert error.__traceback__.tb_frame is frame and frame.f_trace is None and frame.f_lineno > 0
        if i % 5 == 0:
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
        if i % 7 == 0:
            frame.f_locals["i"] = 5
        return error if i % 11 == 0 else None


kept = [reuse(i) for i in range(200)]
print(sum(e is not None for e in kept), [entries(e) for e in kept[::11][:2]])


def flags():
    try:
        [][0]
    except IndexError as error:
        frame = error.__traceback__.tb_frame
        return frame.f_trace_opcodes, frame.f_trace_lines, frame.f_trace, frame.f_back.f_code.co_name


print({flags() for i in range(100)})


# A frame kept by its traceback: locals, f_back, after the frame is gone
class Deep(RuntimeError):
    pass


def keep(n):
    local = [n]
    if n == 0:
        raise Deep("deep")
    keep(n - 1)


def kept_frames():
    try:
        keep(4)
    except RuntimeError as error:
        return error


for turn in range(WARM):
    error = kept_frames()
frame = traceback.walk_tb(error.__traceback__)
print([(f.f_code.co_name, f.f_locals.get("local"), line, f.f_back.f_code.co_name) for f, line in frame])
reference = weakref.ref(error)
frames = [f for f, _ in traceback.walk_tb(error.__traceback__)]
del error, frame
print(reference() is None, frames[3].f_locals["local"], frames[-1].f_back is frames[-2])
frames[2].clear()
print(frames[2].f_locals)
del frames
for i in range(30):
    kept_frames()
print(gc.collect() >= 0)


# Locals changed through the frame object of a traceback, in the handler and after it
def change_locals(frame, **values):
    import ctypes
    frame.f_locals.update(values)
    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))


def changed(table):
    x = 1
    y = 2.5
    try:
        table[x]
    except KeyError as error:
        change_locals(error.__traceback__.tb_frame, x=10)
    total = x + y
    try:
        table[x]
    except KeyError:
        change_locals(sys._getframe(), x="ten", y="y")
    return total, x, y


for turn in range(3):
    print(changed({}))


# The handler's class expression runs code, raises, is no class
def choose(kind):
    try:
        raise ValueError(kind)
    except pick(kind):
        return "caught", sys.exc_info()[0].__name__


def pick(kind):
    if kind == "raise":
        raise RuntimeError("in pick")
    return {"same": ValueError, "super": Exception, "other": KeyError, "tuple": (KeyError, (ValueError,)), "empty": (),
            "flat": (KeyError, ValueError), "int": 5, "mixed": (ValueError, 5), "temporary": type("T", (ValueError,), {}),
            "list": [ValueError], "odd": Odd}[kind]


for turn in range(WARM):
    for kind in ("same", "super", "other", "tuple", "empty", "flat", "int", "mixed", "temporary", "list", "raise", "odd"):
        try:
            result = choose(kind)
        except Exception as error:
            result = type(error).__name__, error.args, chain(error), entries(error)
        if turn in (0, WARM - 1):
            print(kind, result)


# Recursion errors, in handlers too, and unraisable ones
def endless(n):
    try:
        return endless(n + 1)
    except RecursionError:
        return "bottom"


def endless_in_handler(n):
    try:
        raise KeyError(n)
    except KeyError:
        endless_in_handler(n + 1)


print(endless(0))
try:
    endless_in_handler(0)
except RecursionError as error:
    print(error.args, type(error.__context__).__name__)


class Unraisable:
    def __del__(self):
        raise OSError("in del")


sys.unraisablehook = lambda details: print("unraisable", details.exc_value, sys.exc_info()[0])


def unraisable(table):
    try:
        table[Unraisable()]
    except KeyError:
        pass
    try:
        table[Unraisable()]
    except KeyError as error:
        print("handling", type(error))
    print("done")


for turn in range(3):
    unraisable({})


def memory():
    try:
        bytearray(sys.maxsize)
    except MemoryError as error:
        return error.args, len(entries(error))
    except OverflowError as error:
        return "overflow"


print({memory() for turn in range(WARM)})


# Generators: StopIteration inside, throw, close
def generator(log):
    while True:
        try:
            value = yield len(log)
            if value:
                next(iter([]))
        except StopIteration:
            log.append("stopped")
        except KeyError as error:
            log.append((error.args, [e[0] for e in entries(error)]))
        finally:
            log.append(sys.exc_info()[0])


def drive():
    log = []
    it = generator(log)
    next(it)
    for i in range(6):
        it.send(i % 2)
        it.throw(KeyError("thrown", i))
    it.close()
    return log


for turn in range(WARM):
    log = drive()
print(log)


# Tracing switched on by what raises, and while handling
def traced(kind):
    events = []

    def tracer(frame, event, argument):
        events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    def start(key):
        sys.settrace(tracer)
        sys._getframe(1).f_trace = tracer
        raise kind(key)

    def body():
        try:
            start(1)
        except KeyError:
            pass
        x = 1
        sys.settrace(None)
        return x

    try:
        body()
    except ValueError:
        sys.settrace(None)
    return events


for turn in range(3):
    print(traced(KeyError))
    print(traced(ValueError))
