"""sys.settrace and sys.setprofile: switched on and off before, in the middle of and by hot functions."""
import sys

events = []


def note(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        if event == "exception":
            arg = arg[0].__name__
        elif event == "return" and not isinstance(arg, (int, str, tuple, type(None))):
            arg = type(arg).__name__
        elif event.startswith("c_"):
            arg = arg.__name__
        events.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, arg))
    return note


def take():
    global events
    result, events = events, []
    return result


def work(n):
    total = 0
    for i in range(n):
        if i % 2:
            total += i
        else:
            total -= helper(i)
    return total


def helper(i):
    try:
        if i == 2:
            raise ValueError(i)
        return i * 2
    except ValueError:
        return -1
    finally:
        i = None


def generator(n):
    for i in range(n):
        x = yield i
    return "done"


def uses_generator():
    out = []
    for x in generator(2):
        out.append(x)
    return [y * y for y in out]


for _ in range(300):
    work(4)
    uses_generator()

sys.settrace(note)
work(4)
sys.settrace(None)
print(*take(), sep="\n")
sys.settrace(note)
uses_generator()
sys.settrace(None)
print(*take(), sep="\n")
print(work(4), len(take()))


def switches_on(n):
    a = 1
    for i in range(n):
        if i == n - 2:
            sys.settrace(note)
            sys._getframe().f_trace = note
        a += i
        b = a
    sys.settrace(None)
    return b


for _ in range(200):
    switches_on(3)
take()
print(switches_on(4))
print(*take(), sep="\n")


def on_and_off(n):
    for i in range(n):
        if i == 100:
            sys.settrace(note)
        if i == 102:
            sys.settrace(None)
        helper(i)
    return n


print(on_and_off(200))
print(*take(), sep="\n")


def callee_switches_on():
    sys.settrace(note)
    sys._getframe(1).f_trace = note
    return 1


def caller_is_traced():
    x = 1
    y = callee_switches_on()
    z = x + y
    sys.settrace(None)
    return z


def off():
    sys.settrace(None)


for i in range(100):
    caller_is_traced()
    if i == 98:
        take()
print(*take(), sep="\n")

for _ in range(3):
    sys.setprofile(note)
    work(3)
    len([])
    sys.setprofile(None)
print(*take(), sep="\n")


def opcode_tracer(frame, event, arg):
    frame.f_trace_opcodes = True
    if event == "opcode":
        events.append(frame.f_lasti)
    return opcode_tracer


sys.settrace(opcode_tracer)
helper(5)
sys.settrace(None)
print(len(take()) > 5)


def jumper(frame, event, arg):
    """f_lineno set by a trace function: the line is skipped."""
    if frame.f_code.co_name == "jumped" and event == "line" and frame.f_lineno == frame.f_code.co_firstlineno + 2:
        frame.f_lineno = frame.f_code.co_firstlineno + 3
    return jumper


def jumped():
    out = [1]
    out.append(2)
    out.append(3)
    return out


for _ in range(200):
    plain = jumped()
sys.settrace(jumper)
skipped = jumped()
sys.settrace(None)
print(plain, skipped, jumped())


def raising_tracer(frame, event, arg):
    if frame.f_code.co_name == "victim" and event == "line":
        raise RuntimeError("from the tracer")
    return raising_tracer


def victim():
    return 5


for _ in range(200):
    victim()
sys.settrace(raising_tracer)
try:
    victim()
except RuntimeError as error:
    print(error, sys.gettrace())


def local_change(frame, event, arg):
    if frame.f_code.co_name == "changed" and event == "line" and "x" in frame.f_locals:
        frame.f_locals["x"] += 100
    return local_change


def changed():
    x = 1
    y = x
    return x, y


for _ in range(200):
    changed()
sys.settrace(local_change)
traced = changed()
sys.settrace(None)
print(traced, changed())


def count_lines(function, *args):
    counts = {}

    def tracer(frame, event, arg):
        if event == "line":
            key = frame.f_lineno - function.__code__.co_firstlineno
            counts[key] = counts.get(key, 0) + 1
        return tracer

    sys.settrace(tracer)
    function(*args)
    sys.settrace(None)
    return sorted(counts.items())


print(count_lines(work, 50))
import cProfile
import pstats

profile = cProfile.Profile()
profile.enable()
work(500)
profile.disable()
rows = {key[2]: value[:2] for key, value in pstats.Stats(profile).stats.items() if key[0] == __file__}
print(sorted(rows.items()))
import bdb


class Stepper(bdb.Bdb):
    def user_line(self, frame):
        if frame.f_code is work.__code__:
            events.append((frame.f_lineno - frame.f_code.co_firstlineno, frame.f_locals.get("total")))
        self.set_step()


Stepper().runcall(work, 3)
print(take())
