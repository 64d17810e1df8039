"""Profilers and tracers over hot code: cProfile, profile, trace, tracemalloc, faulthandler, samplers in other threads."""
# test: timeout=120
import cProfile
import faulthandler
import gc
import io
import profile
import pstats
import re
import signal
import sys
import tempfile
import threading
import time
import trace
import tracemalloc

TRACKED = {"leaf", "middle", "outer", "method", "__init__", "__add__", "numbers", "<listcomp>", "<lambda>", "recursive", "failing"}


class Value:
    def __init__(self, n):
        self.n = n

    def method(self, k):
        return leaf(self.n) + k

    def __add__(self, other):
        return Value(self.n + other.n)


def leaf(n):
    return len(str(n)) + abs(-n)


def failing(n):
    if n % 5 == 0:
        raise ValueError(n)
    return n


def numbers(n):
    for i in range(n):
        yield i


def recursive(n):
    return recursive(n - 1) + 1 if n else 0


def middle(n):
    total = 0
    for i in numbers(n):
        try:
            total += failing(i)
        except ValueError:
            total -= leaf(i)
    return total + sum([leaf(x) for x in range(3)]) + max((3, 1, 2), key=lambda x: -x)


def outer(n):
    value = Value(0)
    for i in range(n):
        value = value + Value(i)
        value.method(i)
        middle(i % 7)
    return value.n + recursive(n)


for _ in range(100):
    outer(8)


def counts(stats):
    found = {}
    for (file, line, name), (primitive, calls, *_, callers) in stats.stats.items():
        if name in TRACKED or "built-in" in name or "method '" in name:
            found[name] = primitive, calls, sorted((caller[2], row if isinstance(row, int) else row[:2]) for caller, row in callers.items())
    return sorted(found.items())


def profiles():
    for kind in (cProfile.Profile, profile.Profile):
        profiler = kind()
        print(kind.__module__, profiler.runcall(outer, 12))
        for row in counts(pstats.Stats(profiler, stream=io.StringIO())):
            print("   ", row)
    profiler = cProfile.Profile()

    def switched(n):
        """On and off in the middle of a hot loop."""
        for i in range(n):
            if i == 5:
                profiler.enable()
            leaf(i)
            if i == 9:
                profiler.disable()
            leaf(i)

    for n in (4, 4, 4, 300):
        switched(n)
    print(*counts(pstats.Stats(profiler, stream=io.StringIO())))
    with cProfile.Profile() as profiler:
        middle(9)
        list(map(leaf, range(4)))
    print(*counts(pstats.Stats(profiler, stream=io.StringIO())))


def traced_counts():
    tracer = trace.Trace(count=1, trace=0, countfuncs=0)
    tracer.runfunc(outer, 10)
    print(sorted((line, count) for (file, line), count in tracer.results().counts.items() if file == __file__))
    tracer = trace.Trace(count=0, trace=0, countcallers=1)
    tracer.runfunc(middle, 5)
    print(sorted((a[2], b[2]) for a, b in tracer.results().callers if a[0] == b[0] == __file__))


def allocate(n):
    kept = []
    for i in range(n):
        kept.append([i] * 10)
        kept.append({"key": i + 100000})
        kept.append((i, float(i)))
        kept.append(Value(i + 100000))
        kept.append(f"text {i}")
        kept.append(lambda: i)
    return kept


def allocations():
    allocate(300)
    for frames in (1, 5):
        tracemalloc.start(frames)
        before = tracemalloc.take_snapshot()
        kept = allocate(5000)
        after = tracemalloc.take_snapshot()
        tracemalloc.stop()
        rows = set()
        for statistic in after.compare_to(before, "traceback"):
            frame = statistic.traceback[-1]
            # Free lists hold up to 2,000 tuples, whose memory is then not new.
            if frame.filename == __file__ and statistic.count_diff >= 2500:
                rows.add((tuple(f.lineno for f in statistic.traceback if f.filename == __file__), round(statistic.count_diff / 5000)))
        print(frames, len(kept), sorted(rows))
    tracemalloc.start(10)
    kept = allocate(5000)
    print([[f.lineno for f in tracemalloc.get_object_traceback(value) or ()] for value in kept[-6:]])
    tracemalloc.stop()


def dumped(action):
    with tempfile.TemporaryFile("w+") as file:
        action(file)
        file.seek(0)
        return [re.sub(r"Thread 0x\w+", "Thread", line.strip().replace(__file__, "FILE")) for line in file]


def fault_dumps():
    def at_depth(n, file):
        if n:
            return at_depth(n - 1, file)
        for i in range(3):
            if i == 2:
                faulthandler.dump_traceback(file, all_threads=False)

    for _ in range(100):
        lines = dumped(lambda file: at_depth(4, file))
    print(*lines, sep="\n")
    faulthandler.register(signal.SIGUSR1, file=sys.__stderr__, all_threads=False)
    faulthandler.unregister(signal.SIGUSR1)

    def spin(file):
        faulthandler.register(signal.SIGUSR1, file=file, all_threads=False)
        for i in range(300):
            if i == 299:
                signal.raise_signal(signal.SIGUSR1)
        faulthandler.unregister(signal.SIGUSR1)

    for _ in range(50):
        lines = dumped(spin)
    print(*lines, sep="\n")

    def busy(file):
        faulthandler.dump_traceback_later(0.05, file=file)
        total, end = 0, time.monotonic() + 0.15
        while time.monotonic() < end:
            total += 1
        faulthandler.cancel_dump_traceback_later()

    lines = dumped(busy)
    print(lines[0], any(" in busy" in line for line in lines), any("in fault_dumps" in line for line in lines))


def watched(n, out):
    low = high = 0
    for i in range(n):
        low = i
        text = str(i)
        high = low + len(text)
    out.append((low, high))
    return n


def sampled():
    """Another thread reads the frames of hot code: lines of the function, and locals as they can be at one moment."""
    lines = {line - watched.__code__.co_firstlineno for _, _, line in watched.__code__.co_lines() if line}
    problems, samples, out, done = set(), 0, [], False

    def work():
        nonlocal done
        for _ in range(40):
            watched(10000, out)
        done = True

    worker = threading.Thread(target=work)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    worker.start()
    while not done:
        frame = sys._current_frames().get(worker.ident)
        while frame is not None:
            if frame.f_code is watched.__code__:
                samples += 1
                if frame.f_lineno - watched.__code__.co_firstlineno not in lines:
                    problems.add(("line", frame.f_lineno))
                values = dict(frame.f_locals)
                i, low, text, high = (values.get(name) for name in ("i", "low", "text", "high"))
                if text is not None and not (low <= i <= low + 1 and text in (str(i), str(i - 1)) and low <= high + 1 and high <= i + 6):
                    problems.add(("values", low, i, text, high))
                try:
                    frame.clear()
                except RuntimeError as error:
                    problems.discard(str(error))
                else:
                    if not done and len(out) < 40 and frame.f_lasti < 0:
                        problems.add("cleared")
            frame = frame.f_back
        gc.collect(0)
        time.sleep(0.0002)
    worker.join()
    sys.setswitchinterval(interval)
    print("sampled", samples > 0, problems, set(out))


def referrers():
    """What the collector's functions see of a hot function's values."""
    results = set()

    def hold(n):
        mine = [n % 2]
        for i in range(2):
            found = gc.get_referrers(mine)
            results.add((len(found), sys.getrefcount(mine), gc.is_tracked(mine), len(gc.get_referents(mine))))
            again = [mine]
            results.add((len(gc.get_referrers(mine)), sys.getrefcount(mine)))
            again.clear()

    for n in range(100):
        hold(n)
    print("referrers", sorted(results))


profiles()
traced_counts()
allocations()
fault_dumps()
sampled()
referrers()
