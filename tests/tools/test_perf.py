"""JIT_PERF: real perf names compiled functions and their lines, in both tiers and in fork's children."""

import pathlib
import re
import subprocess
import unittest

from tooling import LAUNCHER, ToolTest, environment, run

PROGRAM = """import os, time
def inner(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total
def outer(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        inner(10000)
outer(0.5)
child = os.fork()
if child == 0:
    outer(0.3)
    os._exit(0)
os.waitpid(child, 0)
print(child)
"""
TIERS = {1: {"JIT_TIERING": "1"}, 2: {"JIT_TIERING": "2", "JIT_STRESS": "compile-all,sync", "JIT_ONLY": "inner"}}


class Perf(ToolTest):
    def record(self, tier, listing):
        """Records the program. Returns its path, the path of the data, and the child's number."""
        script, data = self.write("program.py", PROGRAM), self.path("perf.data")
        done = subprocess.run(
            ["perf", "record", "-q", "-k", "1", "-e", "cpu-clock:u", "-F", "2000", "-o", data, LAUNCHER, script],
            env=environment(JIT_PERF=listing, JITDUMPDIR=self.folder, **TIERS[tier]), cwd=self.folder, text=True,
            capture_output=True, timeout=120,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return script, data, int(done.stdout)

    def report(self, data):
        """Samples per process and symbol."""
        text = subprocess.run(["perf", "script", "-i", data, "-F", "pid,ip,sym"], text=True, capture_output=True, check=True,
                              timeout=120, cwd=self.folder).stdout
        samples = {}
        for line in text.splitlines():
            pid, _, rest = line.strip().partition(" ")
            symbol = rest.strip().partition(" ")[2]
            samples[int(pid), symbol] = samples.get((int(pid), symbol), 0) + 1
        return samples

    def check_names(self, samples, script, tier, child):
        """Most of the time was spent in `inner`, in parent and child."""
        name = f"py::inner:{script} [tier {tier}]"
        parent = next(pid for pid, _ in samples if pid != child)
        for pid in (parent, child):
            self.addCleanup(pathlib.Path(f"/tmp/perf-{pid}.map").unlink, missing_ok=True)
            everything = sum(count for (owner, _), count in samples.items() if owner == pid)
            self.assertGreater(samples.get((pid, name), 0), everything / 3, samples)

    def test_map(self):
        for tier in TIERS:
            with self.subTest(tier=tier):
                script, data, child = self.record(tier, "map")
                self.check_names(self.report(data), script, tier, child)
                with open(f"/tmp/perf-{child}.map", encoding="utf-8") as file:
                    for line in file:
                        self.assertRegex(line, r"^[0-9a-f]+ [0-9a-f]+ py::.*:.* \[tier [12]\]\n$")

    def test_dump(self):
        for tier in TIERS:
            with self.subTest(tier=tier):
                script, data, child = self.record(tier, "dump")
                injected = self.path("injected.data")
                subprocess.run(["perf", "inject", "--jit", "-i", data, "-o", injected], check=True, capture_output=True,
                               timeout=120, cwd=self.folder)
                self.check_names(self.report(injected), script, tier, child)

    def test_lines(self):
        """perf annotate knows which line the machine code of tier 1 belongs to."""
        script, data, _ = self.record(1, "dump")
        injected = self.path("injected.data")
        subprocess.run(["perf", "inject", "--jit", "-i", data, "-o", injected], check=True, capture_output=True, timeout=120,
                       cwd=self.folder)
        text = subprocess.run(["perf", "annotate", "-i", injected, "--stdio", "-l", f"py::inner:{script} [tier 1]"], text=True,
                              capture_output=True, check=True, timeout=120, cwd=self.folder).stdout
        lines = {int(number): float(share) for share, number in re.findall(r"^\s+([0-9.]+) +program\.py:(\d+)$", text, re.M)}
        self.assertGreater(lines.get(5, 0), 50, text[:2000])
        self.assertLessEqual(set(lines), {2, 3, 4, 5, 6}, lines)

    def test_call_graphs(self):
        """By the unwinding information of jitdump every stack goes down to _start; by frame pointers, through all compiled code."""
        script, data, injected = self.write("program.py", PROGRAM), self.path("perf.data"), self.path("injected.data")
        for tier in TIERS:
            called_by = {1: f"py::outer:{script}", 2: f"py::inner:{script} [tier 1]"}[tier]
            for how, outermost in (("dwarf,16384", "_start"), ("fp", called_by)):
                with self.subTest(tier=tier, how=how):
                    subprocess.run(["perf", "record", "-q", "-k", "1", "-e", "cpu-clock:u", "-F", "300", "--call-graph", how, "-o",
                                    data, LAUNCHER, script], env=environment(JIT_PERF="dump", JITDUMPDIR=self.folder, **TIERS[tier]),
                                   cwd=self.folder, check=True, capture_output=True, timeout=120)
                    subprocess.run(["perf", "inject", "--jit", "-i", data, "-o", injected], check=True, capture_output=True,
                                   timeout=120, cwd=self.folder)
                    text = subprocess.run(["perf", "script", "-i", injected, "-F", "ip,sym"], text=True, capture_output=True,
                                          check=True, timeout=120, cwd=self.folder).stdout
                    stacks = [stack for stack in text.split("\n\n") if stack.strip().partition(" ")[2].startswith("py::inner:")]
                    self.assertGreater(len(stacks), 20)
                    for stack in stacks:
                        self.assertIn(outermost, stack)

    def test_lines_of_tier2(self):
        """So it does of tier 2, and of functions inlined there."""
        program = self.write("inlined.py", """import time
def square(x):
    return x * x % 7
def inner(n):
    total = 0
    for i in range(n):
        total += square(i)
    return total
end = time.process_time() + 0.7
while time.process_time() < end:
    inner(10000)
""")
        for llvm in (None, "libLLVM-16.so.1"):
            data, injected = self.path("perf.data"), self.path("injected.data")
            done = subprocess.run(
                ["perf", "record", "-q", "-k", "1", "-e", "cpu-clock:u", "-F", "2000", "-o", data, LAUNCHER, program],
                env=environment(JIT_PERF="dump", JITDUMPDIR=self.folder, JIT_LLVM=llvm, **{**TIERS[2], "JIT_ONLY": "inner,square"}),
                cwd=self.folder, text=True, capture_output=True, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            subprocess.run(["perf", "inject", "--jit", "-i", data, "-o", injected], check=True, capture_output=True, timeout=120,
                           cwd=self.folder)
            text = subprocess.run(["perf", "annotate", "-i", injected, "--stdio", "-l", f"py::inner:{program} [tier 2]"], text=True,
                                  capture_output=True, check=True, timeout=120, cwd=self.folder).stdout
            lines = {int(number): float(share) for share, number in re.findall(r"^\s+([0-9.]+) +inlined\.py:(\d+)$", text, re.M)}
            self.assertGreater(lines.get(3, 0), 30, text[:2000])
            self.assertLessEqual(set(lines), {2, 3, 4, 5, 6, 7, 8}, lines)

    def test_names_of_all_kinds(self):
        """What would break the map's rows does not, nor does a name that has no UTF-8."""
        program = "import os\n" \
                  "exec(compile('def f(): pass\\nf.__code__ = f.__code__.replace(co_qualname=\"a\\\\nb\\\\udc80\\u00e9\\u4e2d\\U0001f600\")" \
                  "\\nf()\\nf()', 'x\\ny.py', 'exec'))\n" \
                  "print(os.getpid())"
        done = run([LAUNCHER, "-c", program], JIT_PERF="map", JIT_STRESS="compile-all")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        path = f"/tmp/perf-{int(done.stdout)}.map"
        self.addCleanup(pathlib.Path(path).unlink)
        with open(path, encoding="utf-8") as file:
            self.assertIn("py::a?b?\u00e9\u4e2d\U0001f600:x?y.py [tier 1]\n", file.read())

    def test_unwritable(self):
        """One line, and the program runs on."""
        done = run([LAUNCHER, "-c", "def f(): pass\nf()\nf()\nprint('done')"], JIT_PERF="dump", JITDUMPDIR=self.path("none"),
                   JIT_STRESS="compile-all")
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        self.assert_one_line(done.stderr, "pyjit: cannot write", "No such file or directory")

    def test_bad_value(self):
        done = run([LAUNCHER, "-X", "jit-perf=mop", "-c", "pass"])
        self.assertEqual(done.returncode, 2)
        self.assert_one_line(done.stderr, "jit-perf=mop", "must be map or dump")


if __name__ == "__main__":
    unittest.main()
