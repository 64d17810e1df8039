"""pyjit.native_stack() and JIT_CRASH_REPORT: C and Python frames in one list, whichever tier runs them."""

import ast
import os
import re
import signal
import unittest

from tooling import LAUNCHER, MODULE_PATH, STOCK, ToolTest, run

MODES = {
    "tier 0": {"JIT_TIERING": "0"},
    "tier 1": {"JIT_TIERING": "1", "JIT_STRESS": "compile-all"},
    "tier 2": {"JIT_STRESS": "compile-all,sync"},
    "deopt": {"JIT_STRESS": "compile-all,sync,deopt=2"},
    "deopt of each": {"JIT_STRESS": "compile-all,sync,deopt-each"},
    "osr": {"JIT_STRESS": "compile-all,sync,osr"},
    "trial": {"JIT_STRESS": "compile-all,sync,trial"},
    "tiny arena": {"JIT_STRESS": "compile-all,sync,tiny-arena"},
    "mixed": {"JIT_STRESS": "compile-all,sync", "JIT_SKIP": "inner,numbers,Point.get"},
    "mixed otherwise": {"JIT_STRESS": "compile-all,sync", "JIT_ONLY": "inner,numbers,Point.get"},
}

# Compares with sys._getframe() at a place that all kinds of frames lead to, a different turn of the loop each time.
PROGRAM = """
import pyjit, sys, threading
wanted, wrong, right, tiers = -1, [], 0, set()
class Point:
    def __init__(self, x):
        self.x = x
    def get(self):
        return probe(self.x)
    def __add__(self, other):
        return probe(other)
    @property
    def double(self):
        return probe(self.x)
    def __del__(self):
        probe(self.x)
def probe(x):
    global right
    if x == wanted:
        stack, frame, true, line = pyjit.native_stack(), sys._getframe(), [], sys._getframe().f_lineno
        while frame is not None:
            true.append((frame.f_code.co_qualname, frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        true[0] = true[0][:2] + (line,)
        seen = [(row.qualname, row.filename, row.lineno) for row in stack if row.qualname is not None]
        outermost = stack[-1].name
        if seen == true and outermost in ("_start", "__clone", "clone", None):
            right += 1
            tiers.update(row.tier for row in stack if row.qualname)
        else:
            wrong.append((seen, true, outermost))
    return x
def inner(point):
    return point.get() + point.double + (point + 3)
def loop(n):
    total = 0
    for i in range(n):
        total += inner(Point(i))
        if i == 2:
            total += [0.5, 1][i & 1]
    return total
def numbers(n):
    for i in range(n):
        yield loop(i)
def delegate(n):
    yield from numbers(n)
def recursive(n):
    return loop(4) if n == 0 else recursive(n - 1)
async def answer(n):
    return loop(n)
async def ask(n):
    return await answer(n)
def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
def top(n):
    try:
        raise KeyError
    except KeyError:
        loop(4)
    return (sum(delegate(n)) + len(sorted(range(4), key=loop)) + eval("loop(4)") + recursive(3) + drive(ask(4))
            + sum(map(lambda x: loop(x), range(5))))
def go():
    global wanted
    for i in range(1, 3):
        wanted = i
        top(3)
for _ in range(10):
    top(5)
RUN
print((right, sorted(tiers), wrong[:1]))
"""

CRASH = """
import ctypes, os, signal, sys
def leaf(stop):
    if stop:
        CRASH
    return 1
def middle(stop):
    return leaf(stop) + 1
def numbers(stop):
    for _ in range(2):
        yield middle(stop)
def outer(stop):
    return sum(numbers(stop))
for _ in range(30):
    outer(False)
RUN
"""
WAYS = {
    "ctypes.string_at(0)": signal.SIGSEGV,
    "ctypes.CFUNCTYPE(None)(16)()": signal.SIGSEGV,
    "os.abort()": signal.SIGABRT,
    "os.kill(os.getpid(), signal.SIGBUS)": signal.SIGBUS,
}


class NativeStack(ToolTest):
    def python(self, text, *arguments, **settings):
        return run([LAUNCHER, *arguments, self.write("program.py", text)], PYTHONPATH=MODULE_PATH, **settings)

    def compare(self, how, **settings):
        done = self.python(PROGRAM.replace("RUN", how), **settings)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return ast.literal_eval(done.stdout)

    def test_every_tier(self):
        """The Python frames are those of sys._getframe(), with lines, and the C frames go down to _start."""
        for name, settings in MODES.items():
            with self.subTest(mode=name):
                right, tiers, wrong = self.compare("go()", **settings)
                self.assertEqual(wrong, [])
                self.assertGreater(right, 50)
                expected = {"tier 0": {0}, "tier 1": {1}, "tier 2": {1, 2}}.get(name)
                self.assertLessEqual(expected or {0}, set(tiers) | ({0} if expected is None else set()), tiers)

    def test_threads_and_greenlets(self):
        for how in ("thread = threading.Thread(target=go); thread.start(); thread.join()",
                    "import greenlet; greenlet.greenlet(go).switch()"):
            for name in ("tier 1", "tier 2", "deopt"):
                with self.subTest(mode=name, how=how):
                    right, _, wrong = self.compare(how, **MODES[name])
                    self.assertEqual(wrong, [])
                    self.assertGreater(right, 50)

    def test_without_jit(self):
        """In a process where pyjit is only imported."""
        done = run([STOCK, self.write("program.py", PROGRAM.replace("RUN", "go()"))], PYTHONPATH=MODULE_PATH)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        right, tiers, wrong = ast.literal_eval(done.stdout)
        self.assertEqual((tiers, wrong), ([0], []))
        self.assertGreater(right, 50)

    def test_rows(self):
        """What a row is made of."""
        text = "import pyjit\ndef f(go):\n    if go: return pyjit.native_stack()\nfor _ in range(9): f(0)\n" \
               "for row in map(f, [1]):\n    for r in row: print(tuple(r))\n    print(type(row[0]).__name__, row[0]._fields if hasattr(row[0], '_fields') else row[0].n_fields)"
        done = self.python(text, **MODES["tier 1"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        *rows, kind = done.stdout.splitlines()
        rows = [ast.literal_eval(row) for row in rows]
        self.assertEqual(kind, "NativeFrame 6")
        script = self.path("program.py")
        python = [row[1:] for row in rows if row[3] is not None]
        self.assertEqual(python, [("py::f", 1, "f", script, 3), ("py::<module>", 1, "<module>", script, 5)])
        named = {row[1]: row[2:] for row in rows if row[3] is None}
        self.assertEqual(named["PyEval_EvalCode"], (None, None, os.path.realpath(STOCK), None))
        self.assertTrue(all(row[0] > 0 for row in rows))

    # ---- Fatal signals ----

    def crash(self, way, how="outer(True)", arguments=(), **settings):
        done = self.python(CRASH.replace("CRASH", way).replace("RUN", how), *arguments, JIT_CRASH_REPORT="1", **settings)
        self.assertEqual(done.stdout, "")
        return done

    def python_rows(self, text):
        """(tier, function, line) of the report's Python frames in the program."""
        script = re.escape(self.path("program.py"))
        return [(int(tier), name, int(line)) for tier, name, line in
                re.findall(rf"^  ([012])  0x[0-9a-f]+  py::(\S+) at {script}:(\d+)$", text, re.M)]

    def check_report(self, text, name):
        first, *rows = text.splitlines()
        self.assertRegex(first, rf"^pyjit: {name}( at address 0x[0-9a-f]+)? in process \d+, thread \d+; ")
        for row in rows:
            self.assertRegex(row, r"^  [C012]  0x[0-9a-f]+  .+$")
        self.assertEqual([row[1:] for row in self.python_rows(text)],
                         [("leaf", 5), ("middle", 8), ("numbers", 11), ("outer", 13), ("<module>", 16)])

    def test_fatal_signals(self):
        for way, number in WAYS.items():
            for mode in ("tier 0", "tier 1", "tier 2", "deopt") if number == signal.SIGABRT else ("tier 2",):
                with self.subTest(way=way, mode=mode):
                    done = self.crash(way, **MODES[mode])
                    self.assertEqual(done.returncode, -number)
                    self.check_report(done.stderr, number.name)
                    self.assertRegex(done.stderr.splitlines()[-1], "_start in ")

    def test_thread(self):
        done = self.crash("ctypes.string_at(0)", "import threading; threading.Thread(target=outer, args=(True,)).start()",
                          **MODES["tier 1"])
        self.assertEqual(done.returncode, -signal.SIGSEGV)
        self.assertEqual([name for _, name, _ in self.python_rows(done.stderr)], ["leaf", "middle", "numbers", "outer"])

    def test_stack_overflow(self):
        """On a stack of its own; the list is cut."""
        done = self.crash("x = []\n        for _ in range(10 ** 6): x = [x]\n        sys.setrecursionlimit(10 ** 9); repr(x)",
                          **MODES["tier 1"])
        self.assertEqual(done.returncode, -signal.SIGSEGV)
        self.assertEqual(len(done.stderr.splitlines()), 202)
        self.assertEqual(done.stderr.splitlines()[-1], "  ...")

    def test_beside_faulthandler(self):
        """Both speak, whoever came first; and the process ends of the signal."""
        for arguments, way in ((("-X", "faulthandler"), "ctypes.string_at(0)"),
                               ((), "import faulthandler; faulthandler.enable(); ctypes.string_at(0)"),
                               (("-X", "faulthandler"), "os.abort()")):
            with self.subTest(arguments=arguments, way=way):
                done = self.crash(way, arguments=arguments, **MODES["tier 2"])
                self.assertLess(done.returncode, 0)
                self.assertEqual(done.stderr.count("pyjit: SIG"), 1, done.stderr)
                self.assertEqual(done.stderr.count("Fatal Python error"), 1, done.stderr)
                self.assertEqual([name for _, name, _ in self.python_rows(done.stderr)],
                                 ["leaf", "middle", "numbers", "outer", "<module>"])

    def test_off(self):
        done = self.python(CRASH.replace("CRASH", "os.abort()").replace("RUN", "outer(True)"))
        self.assertEqual((done.returncode, done.stderr), (-signal.SIGABRT, ""))


if __name__ == "__main__":
    unittest.main()
