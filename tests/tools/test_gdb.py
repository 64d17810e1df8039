"""JIT_GDB: real gdb sees compiled code of both tiers: backtraces, breakpoints, steps, locals, inlined functions, the commands of pyjit_gdb.py, in live
processes, in attached ones and in core files. alone: gdb takes its time."""

import os
import re
import shutil
import subprocess
import time
import unittest

from tooling import LAUNCHER, ROOT, STOCK, ToolTest, environment

SCRIPT = os.path.join(ROOT, "gdb", "pyjit_gdb.py")
# As where only Debian's stripped python3.11 is installed.
SETTINGS = ["set pagination off", "set confirm off", "set width 0", "set breakpoint pending on", "set debuginfod enabled off",
            "set debug-file-directory /nonexistent", "set auto-load off", "set startup-with-shell off", "set print thread-events off"]
TIER1 = {"JIT_TIERING": "1", "JIT_STRESS": "compile-all"}
TIER2 = {"JIT_TIERING": "2", "JIT_STRESS": "compile-all,sync"}

CALLS = """import os

def leaf(number, text):
    double = number * 2
    os.getppid()
    return double

def middle(count):
    total = 0
    for i in range(count):
        total += leaf(i, "abc")
    return total

def outer():
    first = middle(3)
    second = middle(4)
    return first + second

for turn in range(3):
    print(outer())
"""

LOOP = """import os

def inner(a, b):
    c = a * b
    if c & 1023 == 0:
        os.getppid()
    return c + 1

def hot(n, odd=None):
    total = 0
    x = 0.5
    for i in range(n):
        x += 1.25
        total += inner(i, 2)
        if i == odd:
            os.getpgid(0)
    return total, x

print(hot(3001))
print(hot(3001))
print(hot(3001, 2500))
"""


@unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
class Gdb(ToolTest):
    def gdb(self, program, *commands, script=False, options=(), code=0, **changes):
        """Runs `program` under gdb with the commands; gives what gdb and it print."""
        return self.run_gdb([*SETTINGS, *([f"source {SCRIPT}"] if script else []), *commands],
                            ["--args", LAUNCHER, *options, program], code, **changes)

    def run_gdb(self, commands, arguments, code=0, **changes):
        file = self.write("commands.gdb", "\n".join(commands) + "\n")
        done = subprocess.run(["gdb", "-nx", "-batch", "-x", file, *arguments], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, env=environment(**{"JIT_GDB": "1", **changes}), cwd=self.folder,
                              errors="backslashreplace")
        self.assertEqual(done.returncode, code, done.stdout)
        self.assertNotIn("Python Exception", done.stdout)
        self.assertNotIn("Error in sourced", done.stdout)
        return done.stdout

    def frames(self, text):
        """The names, of "py::NAME (...) at file:line" in a backtrace, with lines."""
        return [(name, int(line)) for name, line in re.findall(r"py::(\S+) \(.*?\) at \S+\.py:(\d+)", text)]

    def assert_ends_in_main(self, text):
        self.assertRegex(text, r"#\d+ +0x[0-9a-f]+ in (__libc_start_main|_start)")

    # ---- What gdb does by itself ----

    def test_backtrace(self):
        """Every compiled frame has its name and line, and the stack goes on to main."""
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "bt", **TIER1)
        self.assertEqual(self.frames(text), [("leaf", 5), ("middle", 11), ("outer", 15), ("<module>", 20)], text)
        self.assert_ends_in_main(text)

    def test_break_and_locals(self):
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break calls.py:5", "run", "info locals", "continue", "info locals", "bt 1", script=True, **TIER1)
        self.assertRegex(text, r"hit Breakpoint 1.*, py::leaf \(number=0, text='abc'\) at \S+/calls\.py:5|"
                               r"Breakpoint 1.*, py::leaf \(number=0, text='abc'\) at \S+/calls\.py:5")
        self.assertIn("double = 0\n", text)
        self.assertIn("double = 2\n", text)

    def test_break_by_name(self):
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break calls.py:9", "run", "break py::leaf", "continue", "continue", "bt 1", **TIER1)
        self.assertEqual(len(re.findall(r"Breakpoint 2.*, py::leaf \(number=0x", text)), 2, text)

    def test_locals_without_script(self):
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break calls.py:5", "run", "info locals", "print number->ob_refcnt > 0", **TIER1)
        self.assertRegex(text, r"double = 0x[0-9a-f]+")
        self.assertIn("$1 = 1\n", text)

    def test_next(self):
        """next walks the lines of a loop, over calls."""
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break calls.py:9", "run", *["next"] * 5, **TIER1)
        lines = [int(line) for line in re.findall(r"^(\d+)\t", text, re.M)]
        self.assertEqual(lines, [9, 10, 11, 10, 11, 10], text)

    def test_step(self):
        """step goes into a function that compiled code calls by a native call."""
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break calls.py:16", "ignore 1 1", "run", "tbreak calls.py:11", "continue", "step", "step", "bt 2",
                        **TIER1)
        self.assertRegex(text, r"in py::leaf \(number=.*, text=.*\) at \S+:3\n3\tdef leaf.*\n4\t    double", text)
        self.assertIn(self.frames(text)[-2:], ([("leaf", 4), ("middle", 11)], [("leaf", 5), ("middle", 11)]), text)

    def test_finish(self):
        program = self.write("calls.py", CALLS)
        text = self.gdb(program, "break calls.py:16", "ignore 1 1", "run", "delete", "tbreak calls.py:5", "continue", "finish", "bt 1",
                        **TIER1)
        self.assertEqual(self.frames(text)[-1], ("middle", 11), text)

    def test_inlined(self):
        """In tier 2 the function inlined is a frame, numbers in registers are locals."""
        program = self.write("loop.py", LOOP.replace("        if i == odd:\n            os.getpgid(0)\n", ""))
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "bt", "frame function py::inner", "info locals", "up",
                        "info locals", **TIER2)
        self.assertEqual(self.frames(text)[:4], [("inner", 6), ("hot", 14), ("hot", 14), ("<module>", 18)], text)
        self.assertIn("py::inner (a=1024, b=0x", text)
        self.assertRegex(text, r"\bc = 2048\n")
        self.assertRegex(text, r"\btotal = 1048576\n")
        self.assertRegex(text, r"\bi = 1024\n")
        self.assert_ends_in_main(text)

    def test_break_in_tier2(self):
        program = self.write("loop.py", LOOP)
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "delete", "break loop.py:4", "continue", "bt 2", "next", "next",
                        "info locals", **TIER2)
        self.assertRegex(text, r"Breakpoint 2.*, py::inner \(.*b=0x")
        lines = [int(line) for line in re.findall(r"^(\d+)\t", text, re.M)]
        self.assertEqual(lines[-3:][0], 4, text)

    def test_older_llvm(self):
        """Debug information is the same from the oldest LLVM."""
        if not any(os.path.exists(f"/usr/lib/x86_64-linux-gnu/libLLVM-16.so{end}") for end in ("", ".1")):
            self.skipTest("no LLVM 16")
        program = self.write("loop.py", LOOP)
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "bt", JIT_LLVM="libLLVM-16.so.1", **TIER2)
        self.assertEqual(self.frames(text)[:4], [("inner", 6), ("hot", 14), ("hot", 16), ("<module>", 20)], text)

    def test_exit_of_tier2(self):
        """A guard that fails: the call that leaves belongs to the line it leaves at."""
        program = self.write("loop.py", LOOP)
        text = self.gdb(program, "break getpgid", "break rt_tier2_leave", "disable 2", "run", "bt 3", "py-bt",
                        script=True, **TIER2)
        self.assertIn("#0   hot at " + program + ":16  [tier 1]", text)
        text = self.gdb(program, "break hot_is_made", "break rt_tier2_leave if $_streq(\"\", \"\")", "run", "bt 2", **TIER2)
        self.assertRegex(text, r"#1 .* py::hot \(.*at \S+/loop\.py:1[2357]\n", text)

    # ---- The commands ----

    def test_py_bt(self):
        """The same stack in all tiers: what the tiers are called differs."""
        program = self.write("loop.py", LOOP)
        for tier, changes in ((0, {"JIT_STRESS": "", "JIT_SKIP": "*", "JIT_TIERING": "1"}), (1, TIER1), (2, TIER2)):
            with self.subTest(tier=tier):
                text = self.gdb(program, "break getppid", "ignore 1 8", "run", "py-bt", "py-list", "py-locals", "py-locals 1",
                                "py-bt -full", script=True, **changes)
                rows = re.findall(r"^#(\d+) +(\S+) at \S+:(\d+)  \[tier (\d)", text, re.M)[:3]
                inner = str(tier)
                self.assertEqual([row[:3] for row in rows], [("0", "inner", "6"), ("1", "hot", "14"), ("2", "<module>", "20")], text)
                self.assertEqual(rows[0][3], inner, text)
                self.assertIn(">   6            os.getppid()\n", text)
                self.assertIn("c = 2048\n", text)
                self.assertIn("i = 1024\n", text)
                self.assertIn("     C  getppid", text)

    def test_py_bt_without_registration(self):
        """Nothing has to be switched on for it."""
        program = self.write("loop.py", LOOP)
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "py-bt", script=True, **{**TIER1, "JIT_GDB": "0"})
        self.assertRegex(text, r"#0   inner at \S+:6  \[tier 1\]\n#1   hot at \S+:14  \[tier 1\]\n#2   <module> at \S+:20  \[tier 1\]")

    def test_after_deopt(self):
        """Guards that fail leave frames that all agree on, inlined ones included."""
        program = self.write("loop.py", LOOP)
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "py-bt", "bt", script=True,
                        **{**TIER2, "JIT_STRESS": "compile-all,sync,deopt=5"})
        rows = re.findall(r"^#(\d+) +(\S+) at \S+:(\d+)  \[tier", text, re.M)[:3]
        self.assertEqual(rows, [("0", "inner", "6"), ("1", "hot", "14"), ("2", "<module>", "20")], text)
        self.assert_ends_in_main(text)

    def test_generators_and_others(self):
        program = self.write("kinds.py", """import os

class Thing:
    def __init__(self, name):
        self.name = name
        os.getppid()

def generate(items):
    for item in items:
        thing = Thing(item)
        yield thing.name

def use(key=None, *rest, **named):
    captured = 5
    def closure():
        return captured
    return [name for name in generate(["a", "b"])], closure

for i in range(3):
    use(1, 2.5, three=[3, (4,)], other={"k": None})
""")
        for changes in (TIER1, TIER2):
            text = self.gdb(program, "break getppid", "ignore 1 4", "run", "py-bt", "py-locals", "py-locals 1", "py-locals 3", "bt",
                            script=True, **changes)
            names = re.findall(r"^#\d+ +(\S+) at \S+:(\d+)  \[tier", text, re.M)
            self.assertEqual(names, [("Thing.__init__", "6"), ("generate", "10"), ("use.<locals>.<listcomp>", "17"), ("use", "17"),
                                     ("<module>", "20")], text)
            self.assertIn("self = <Thing object at 0x", text)
            self.assertIn("items = ['a', 'b']", text)
            self.assertIn("rest = (2.5,)", text)
            self.assertIn("named = {'three': [3, (4,)], 'other': {'k': None}}", text)
            self.assertIn("captured = <cell: 5>", text)

    def test_threads(self):
        """Each thread has its own stack."""
        program = self.write("threads.py", """import os, threading

def wait(number, barrier):
    barrier.wait()

def work(number, barrier):
    wait(number, barrier)
    return number

barrier = threading.Barrier(4)
threads = [threading.Thread(target=work, args=(i, barrier)) for i in range(3)]
for thread in threads:
    thread.start()
while barrier.n_waiting < 3:
    pass
os.getppid()
barrier.wait()
""")
        text = self.gdb(program, "break getppid", "run", "thread apply all py-bt", script=True, **TIER1)
        self.assertEqual(len(re.findall(r"\bwork at \S+:7  \[tier 1\]", text)), 3, text)
        self.assertEqual(len(re.findall(r"<module> at \S+threads.py:16  \[tier", text)), 1, text)

    def test_info_and_disassembly(self):
        program = self.write("loop.py", LOOP)
        text = self.gdb(program, "break getppid", "ignore 1 8", "run", "jit-info hot", "jit-disassemble hot", "frame function py::inner",
                        "jit-info", script=True, **TIER2)
        self.assertRegex(text, r"hot at \S+/loop\.py:9  \[tier 1\]  \d+ bytes at 0x[0-9a-f]+, made \d\.\d\d s after")
        self.assertRegex(text, r"hot at \S+/loop\.py:9  \[tier 2\]  \d+ bytes at 0x[0-9a-f]+, entered in the loop at bytecode \d+, made in")
        self.assertEqual(text.count("\nline 14: total += inner(i, 2)\n") >= 2, True, text[:3000])
        self.assertRegex(text, r"call .*<rt_tier2_leave>|<rt_tier2_leave>")
        self.assertRegex(text, r"call .*<(step_CALL|rt_\w+)>")

    def test_py_stepping(self):
        """py-finish and py-next reach Python code where the caller is C."""
        program = self.write("sorted.py", """import os

def key(item):
    value = -item
    return value

def use(items):
    result = sorted(items, key=key)
    return result

for i in range(3):
    use([1, 2])
print("done")
""")
        text = self.gdb(program, "break sorted.py:5", "ignore 1 4", "run", "py-next", "py-next", "py-finish", script=True, **TIER1)
        self.assertRegex(text, r"py::use \(items=\[1, 2\]\) at \S+:8\n", text)

    # ---- Where gdb comes late ----

    def wait_for(self, process, path):
        for _ in range(400):
            if os.path.exists(path):
                return
            self.assertIsNone(process.poll())
            time.sleep(0.05)
        self.fail("the program does not get there")

    def start_spinning(self, changes):
        """A process that stays in compiled code."""
        program = self.write("spin.py", """import sys

def spin(number, text):
    turns = 0
    while True:
        turns += 1
        if turns == 200000:
            open(sys.argv[1], "w").close()

def start(x):
    spin(41, "here")

start(2.5)
""")
        marker = self.path("there")
        process = subprocess.Popen([LAUNCHER, program, marker], env=environment(JIT_GDB="1", **changes))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for(process, marker)
        return process

    def check_spinning(self, text):
        frames = self.frames(text)
        self.assertEqual((frames[0][0], frames[-2][0], frames[-1]), ("spin", "start", ("<module>", 13)), text)
        self.assertIn(frames[0][1], (5, 6, 7), text)
        self.assertRegex(text, r"#0   spin at \S+:[5678]  \[tier [12]\]\n( .*\n)?#1   start at \S+:11  \[tier [12]\]\n( .*\n)?#2   <module>")
        self.assertIn('text = \'here\'\n', text)
        self.assert_ends_in_main(text)

    def test_attach(self):
        for changes in (TIER1, TIER2):
            process = self.start_spinning(changes)
            text = self.run_gdb([*SETTINGS, f"source {SCRIPT}", f"attach {process.pid}", "bt", "py-bt", "py-locals", "detach"], [])
            self.check_spinning(text.replace("text = <in registers of tier 2>", "text = 'here'"))
            self.assertIsNone(process.poll())

    def test_core(self):
        for changes in (TIER1, TIER2):
            process = self.start_spinning(changes)
            core = self.path("core")
            self.run_gdb([*SETTINGS, f"attach {process.pid}", f"gcore {core}", "detach"], [])
            text = self.run_gdb([*SETTINGS, f"source {SCRIPT}", "bt", "py-bt", "py-locals", "jit-info spin", "py-locals 1"],
                                [STOCK, core])
            self.check_spinning(text.replace("text = <in registers of tier 2>", "text = 'here'"))
            self.assertIn("x = 2.5\n", text)
            self.assertRegex(text, r"spin at \S+/spin\.py:3  \[tier 1\]  \d+ bytes")

    # ---- Registration ----

    def test_freed_code(self):
        """Code that is freed is forgotten before its memory is used again; breakpoints do no harm."""
        program = self.write("freed.py", """import gc, os

SOURCE = '''
def made_{0}(x):
    total = x
    for i in range(3):
        total += i + {0}
    return total
made_{0}({0})
made_{0}({0})
'''
def make(number):
    space = {}
    exec(compile(SOURCE.format(number), f"made{number % 7}.py", "exec"), space)
    result = space[f"made_{number}"](number)
    space.clear()
    return result

total = 0
for number in range(60):
    total += make(number)
    if number % 10 == 9:
        gc.collect()
print("total", total)
os.getppid()
""")
        expected = subprocess.run([STOCK, program], text=True, capture_output=True, env=environment()).stdout
        text = self.gdb(program, "break made3.py:5", "commands 1", "silent", "continue", "end", "break getppid", "run",
                        "info breakpoints", "continue", **{**TIER1, "JIT_STRESS": "compile-all"})
        self.assertIn(expected, text)
        self.assertIn("exited normally", text)
        text = self.gdb(program, "break made3.py:5", "commands 1", "silent", "continue", "end", "run",
                        **{**TIER2, "JIT_STRESS": "compile-all,sync,evict"})
        self.assertIn(expected, text)
        self.assertIn("exited normally", text)

    def test_many_functions(self):
        """2,000 functions: few images, and known at once."""
        program = self.write("many.py", """import os
space = {}
for number in range(2000):
    exec(compile(f"def f{number}(x):\\n    y = x + {number}\\n    return y\\n", f"many{number % 50}.py", "exec"), space)
for number in range(2000):
    space[f"f{number}"](1)
os.getppid()
""")
        started = time.monotonic()
        text = self.gdb(program, "break getppid", "run", "break many49.py:2", "info breakpoints",
                        "python\nimport struct\nm = gdb.selected_inferior().read_memory\n"
                     "entry = struct.unpack('<Q', m(int(gdb.parse_and_eval('(unsigned long)&__jit_debug_descriptor')) + 16, 8))[0]\n"
                     "count = 0\nwhile entry:\n    count += 1\n    entry = struct.unpack('<Q', m(entry, 8))[0]\n"
                     "print('images', count)\nend", **{**TIER1, "JIT_ONLY": "f*"})
        seconds = time.monotonic() - started
        images = int(re.search(r"images (\d+)", text)[1])
        self.assertLess(images, 40, text[-500:])
        self.assertEqual(len(re.findall(r"in py::f\d+ at \S*many49\.py:2", text)), 40, text[-3000:])
        self.assertLess(seconds, 60)

    def test_no_libelf(self):
        """One line, and the program runs."""
        folder = self.path("libraries")
        os.makedirs(folder)
        self.write("libraries/libelf.so.1", "no library")
        done = subprocess.run([LAUNCHER, "-c", "print(1)"], text=True, capture_output=True,
                              env=environment(JIT_GDB="1", LD_LIBRARY_PATH=folder), timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"))
        self.assert_one_line(done.stderr, "pyjit: no debugger is told of compiled code", "libelf.so.1")

    def test_off(self):
        """Nothing is loaded where nobody asks for it."""
        done = subprocess.run([LAUNCHER, "-c", "print('libelf' in open('/proc/self/maps').read())"], text=True, capture_output=True,
                              env=environment(**TIER2), timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "False\n", ""))


if __name__ == "__main__":
    unittest.main()
