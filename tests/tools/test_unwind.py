"""Unwinders walk through compiled code at every instruction: backtrace(), libgcc's, libunwind in the process and from outside, gdb without help,
frame pointers. What they find is compared with the chain of return addresses, kept by watching each instruction (unwind/shadow_stack.h)."""
import json
import os
import re
import shutil
import subprocess
import sysconfig
import unittest

from tooling import BUILD, LAUNCHER, ToolTest, environment, run

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "unwind")
LIBRARY = os.path.realpath(os.path.join(BUILD, "libpyjit.so"))
BACKTRACE, UNWIND, LIBUNWIND, FRAME_POINTERS = 1, 2, 4, 8

MODES = {
    "tier 1": {"JIT_TIERING": "1", "JIT_STRESS": "compile-all"},
    "tier 2": {"JIT_STRESS": "compile-all,sync"},
    "deopt": {"JIT_STRESS": "compile-all,sync,deopt=3"},
    "deopt of each": {"JIT_STRESS": "compile-all,sync,deopt-each"},
    "osr": {"JIT_STRESS": "compile-all,sync,osr"},
    "trial": {"JIT_STRESS": "compile-all,sync,trial"},
    "half compiled": {"JIT_STRESS": "compile-all,sync", "JIT_SKIP": "fib,Point.get,delegate"},
}

FIELDS = ("steps", "compared", "failures", "frames", "places", "compiled_places", "failed_walker", "failed_rip", "failed_at",
          "expected", "found")

# Run by the interpreter that is watched.
PRELUDE = f"""
import ctypes, json, os, sys
sys.path.insert(0, {SOURCES!r})
import walked
library, probe_path, arena_offset = sys.argv[1:4]
probe = ctypes.PyDLL(probe_path)
class Report(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in {FIELDS!r}]
probe.probe_report.restype = ctypes.POINTER(Report)
for function in probe.probe_step, probe.probe_timer:
    function.restype = ctypes.py_object
probe.probe_step.argtypes = ctypes.py_object, ctypes.c_int, ctypes.c_int
probe.probe_timer.argtypes = ctypes.py_object, ctypes.c_int
probe.probe_set_ranges.argtypes = (ctypes.c_uint64,) * 4
rows = [line.split() for line in open("/proc/self/maps") if library in line]
ranges = [[int(end, 16) for end in row[0].split("-")] for row in rows]
arena = ranges[0][0] + int(arena_offset, 16)
text = next(r for r, row in zip(ranges, rows) if row[1] == "r-xp")
probe.probe_set_ranges(arena, arena + (64 << 20), *text)
def tell():
    report = probe.probe_report().contents
    numbers = {{name: getattr(report, name) for name, _ in Report._fields_}}
    if numbers["failures"]:
        numbers["code"] = ctypes.string_at(numbers["failed_rip"], 8).hex()
        numbers["in_arena"] = hex(numbers["failed_rip"] - arena)
        numbers["in_library"] = hex(numbers["failed_rip"] - ranges[0][0])
    print(json.dumps(numbers))
for _ in range(20):
    walked.top()
"""
STEP = PRELUDE + """
def go():
    if probe.probe_step(walked.top, int(sys.argv[4]), 2) != expected:
        print("another result")
expected = walked.top()
"""
REMOTE = f"""
import os, signal, sys
sys.path.insert(0, {SOURCES!r})
import walked
for _ in range(20):
    walked.top()
kill, process, number = os.kill, os.getpid(), signal.SIGUSR1
kill(process, number)
walked.top()
kill(process, number)
"""


def arena_offset():
    """Where the code arena is in the library, as nm tells."""
    text = subprocess.run(["nm", LIBRARY], check=True, capture_output=True, text=True).stdout
    return re.search(r"^([0-9a-f]+) . code_arena_memory$", text, re.M)[1]


class Unwinding(ToolTest):
    def build(self, name, *flags):
        path = self.path(name)
        subprocess.run(["gcc", "-O1", "-g", "-mno-red-zone", "-fno-omit-frame-pointer", os.path.join(SOURCES, name + ".c"), "-o",
                        path, *flags], check=True, timeout=60)
        return path

    def build_probe(self):
        return self.build("unwind_probe", "-shared", "-fPIC", "-I" + sysconfig.get_path("include"), "-lunwind")

    def watch(self, program, *arguments, **settings):
        """Runs a program with the probe; gives the reports it prints."""
        script = self.write("program.py", program)
        done = subprocess.run([LAUNCHER, script, LIBRARY, self.build_probe(), arena_offset(), *arguments], text=True,
                              capture_output=True, timeout=300, env=environment(**settings))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check(self, reports, compiled_places):
        for report in reports:
            self.assertEqual(report["failures"], 0, report)
            self.assertGreater(report["compiled_places"], compiled_places, report)
            self.assertGreater(report["frames"], report["compared"] * 10, report)

    def test_every_instruction(self):
        """Of compiled code and of the library, with everything around, down to _start: address for address."""
        which = BACKTRACE | UNWIND | LIBUNWIND | FRAME_POINTERS
        for name, settings in MODES.items():
            with self.subTest(mode=name):
                self.check(self.watch(STEP + "go(); tell()\n", str(which), **settings), 1000)

    def test_thread(self):
        program = STEP + "import threading\nthread = threading.Thread(target=go)\nthread.start(); thread.join()\ntell()\n"
        self.check(self.watch(program, str(BACKTRACE | LIBUNWIND), JIT_STRESS="compile-all,sync"), 1000)

    def test_greenlet(self):
        program = STEP + "import greenlet\ngreenlet.greenlet(go).switch()\ntell()\n"
        self.check(self.watch(program, str(BACKTRACE | LIBUNWIND), JIT_STRESS="compile-all,sync"), 1000)

    def test_timer(self):
        """A signal at any moment, while functions are compiled, entered, thrown away."""
        program = PRELUDE + """
import pyjit, time
def go():
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        for _ in range(300):
            walked.top()
        pyjit.clear()
probe.probe_timer(go, 300)
tell()
"""
        for settings in ({"JIT_TIERING": "1"}, {"JIT_STRESS": "compile-all"}, {"JIT_STRESS": "compile-all,deopt=50"}):
            with self.subTest(settings=settings):
                report, = self.watch(program, PYTHONPATH=os.path.join(BUILD, "module"), **settings)
                self.assertEqual(report["failures"], 0, report)
                self.assertGreater(report["steps"], 100, report)
                self.assertGreater(report["compared"], 20, report)

    def test_from_outside(self):
        """libunwind on a stopped child finds no file behind the arena and follows frame pointers: exact but at the three instructions that
        build a frame or give it up, where it leaves one frame out (and, where C code has called, may end)."""
        remote = self.build("unwind_remote", "-lunwind-ptrace", "-lunwind-generic")
        script = self.write("program.py", REMOTE)
        for name in ("tier 1", "tier 2"):
            with self.subTest(mode=name):
                done = subprocess.run([remote, arena_offset(), "1", LAUNCHER, script], text=True, capture_output=True, timeout=300,
                                      env=environment(**MODES[name]))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                _, places, walks, _, wrong_inside, short, short_at_edges = map(int, done.stdout.split())
                self.assertGreater(places, 1000)
                self.assertEqual((walks, wrong_inside, short), (places, 0, short_at_edges), done.stdout)

    def test_gdb(self):
        """gdb that has been told nothing reads the library's .eh_frame: from a C callee, and instruction by instruction."""
        commands = self.write("commands.py", f"""
import gdb, json
def walk():
    frames, frame = [], gdb.newest_frame()
    while frame is not None:
        frames.append(frame.pc())
        last, frame = frame, frame.older()
    return frames, last.name()
gdb.execute("handle SIGUSR1 stop nopass")
gdb.execute("run")
base = min(int(line.split("-")[0], 16) for line in open("/proc/%d/maps" % gdb.selected_inferior().pid) if {LIBRARY!r} in line)
start = base + 0x{arena_offset()}
is_compiled = lambda address: start <= address < start + (64 << 20)
frames, name = walk()
results = {{"compiled": sum(map(is_compiled, frames)), "outermost": name, "ends": [], "compiled_steps": 0}}
depth = len(frames)
for _ in range(700):
    gdb.execute("stepi", to_string=True)
    frames, name = walk()
    if is_compiled(frames[0]):
        results["compiled_steps"] += 1
    if name not in results["ends"]:
        results["ends"].append(name)
print("RESULT", json.dumps(results))
gdb.execute("kill")
""")
        script = self.write("program.py", """
import os, signal
kill, process, number = os.kill, os.getpid(), signal.SIGUSR1
def leaf(stop):
    if stop:
        kill(process, number)
    return 1
def middle(stop):
    return leaf(stop) + 1
def outer(stop):
    return sum(middle(stop) for _ in range(2))
for _ in range(30):
    outer(False)
outer(True)
""")
        for name in ("tier 1", "tier 2"):
            with self.subTest(mode=name):
                done = subprocess.run([shutil.which("gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex",
                                       "set startup-with-shell off", "-x", commands, "--args", LAUNCHER, script], text=True,
                                      capture_output=True, timeout=300, env=environment(**MODES[name]))
                found = re.search(r"^RESULT (.*)$", done.stdout, re.M)
                self.assertIsNotNone(found, done.stdout + done.stderr)
                result = json.loads(found[1])
                self.assertGreaterEqual(result["compiled"], 4, result)
                self.assertEqual((result["outermost"], result["ends"]), ("_start", ["_start"]), result)
                self.assertGreater(result["compiled_steps"], 50, result)


if __name__ == "__main__":
    unittest.main()
