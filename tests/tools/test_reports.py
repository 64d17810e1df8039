"""What pyjit tells of its work: --disassemble, --explain, --trace, their functions in the module, run profiles and their reader."""

import glob
import html.parser
import json
import os
import re
import signal
import subprocess
import unittest

from tooling import LAUNCHER, ToolTest, environment, run

SYNC = {"JIT_STRESS": "compile-all,sync"}

PROGRAM = """\
import sys
class A:
    def __init__(self):
        self.x = 1
        self.total = 0.0
class B:
    def __init__(self):
        self.y = 2
        self.x = 3
counter = 0
def square(x):
    return x * x
def guarded(x):
    try:
        return x + 1
    except TypeError:
        return 0
def kernel(n, out, a):
    global counter
    total = 0
    for i in range(n):
        total += square(i)
        out.append(total)
        total = guarded(total) % 1000
        a.total += i * 0.5
        counter += 1
    return total
def several(items):
    s = 0
    for it in items:
        s += it.x
    return s
def later_float(n, start):
    t = start
    for i in range(n):
        t = t + i
    return t
def numbers(n):
    for i in range(n):
        yield i * i
def never():
    pass
items = [A(), B()] * 20
for i in range(30):
    kernel(50, [], items[0])
    several(items)
    later_float(50, 0)
    sum(numbers(20))
for i in range(10):
    later_float(50, 0.5)
print("done")
"""


def sections(text):
    """The explanations in a text by function: lists of lines."""
    found = {}
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines[0]:
            found[lines[0].split(" (")[0]] = lines[1:]
    return found


class Explain(ToolTest):
    def explain(self, pattern="*", program=PROGRAM, **changes):
        script = self.write("program.py", program)
        done = run([LAUNCHER, "--explain", pattern, script], **SYNC | changes)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_sentences(self):
        """Lines and sentences are stable; seconds and ratios are not compared."""
        done = self.explain()
        self.assertEqual(done.stdout, "done\n")
        found = sections(done.stderr)
        kernel = "\n".join(found["kernel"])
        for sentence in (
            "  line 22: total += square(i)\n    the call of square() is inlined.",
            "    the call of guarded() is not inlined: it has a try or with statement.",
            "    a number becomes an object in each turn, because it is stored in an attribute.\n"
            "    -> keep it in a local variable while the loop runs, and store it after the loop.",
            "    the assignment to the global variable counter is done by a function of the runtime, as in tier 1.\n"
            "    -> use a local variable in the loop, and assign to the global one after it.",
        ):
            self.assertIn(sentence, kernel)
        self.assertRegex(kernel, r"Tier 1 compiled it at \d+\.\d\d s of processor time, after \d+ calls?: \d+ bytes of machine code\.")
        self.assertRegex(kernel, r"The (function|loop at line 21) runs in tier 2 since \d+\.\d\d s of processor time")
        self.assertIn("    the attribute .x is looked for in objects of 2 classes: A, B.", found["several"])
        self.assertRegex("\n".join(found["later_float"]),
                         r"tier 2 took a value here for int, which failed (once|\d+ times); it was of type float\.\n"
                         r"    -> begin with a float \(0\.0, not 0\) where the variable becomes one later\.")
        self.assertIn("The function stays in tier 1: it contains an instruction this tier does not compile.",
                      "\n".join(found["numbers"]))
        self.assertNotIn("never", found)
        self.assertIn("<module>", found)

    def test_suggestions_at_module_level(self):
        done = self.explain("<module>", "total = 0\nfor i in range(5000):\n    total = total + i\nprint(total)\n")
        self.assertIn("variables of the module or class body are looked up in a dict.\n"
                      "    -> put the loop into a function, where variables are local.", done.stderr)

    def test_pattern(self):
        self.assertEqual(set(sections(self.explain("squ*,several").stderr)), {"square", "several"})
        self.assertEqual(self.explain("nothing_like_it").stderr, "")

    def test_file(self):
        path = self.path("report-%p.txt")
        done = self.explain("square", JIT_REPORT=path)
        self.assertEqual(done.stderr, "")
        (written,) = glob.glob(self.path("report-*.txt"))
        with open(written, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("square ("))

    def test_endings(self):
        """However the program ends: its output and status stay, the explanation comes last."""
        for ending, status in (("sys.exit(3)", 3), ("raise SystemExit('bye')", 1), ("1 / 0", 1)):
            with self.subTest(ending=ending):
                script = self.write("program.py", PROGRAM + ending + "\n")
                plain = run([LAUNCHER, script], **SYNC)
                done = run([LAUNCHER, "--explain", "square", script], **SYNC)
                self.assertEqual((plain.returncode, plain.stdout), (status, "done\n"))
                self.assertEqual((done.returncode, done.stdout), (status, "done\n"))
                self.assertTrue(done.stderr.startswith(plain.stderr), done.stderr)
                self.assertIn("\nsquare (" if plain.stderr else "square (", done.stderr)

    def test_children_are_silent(self):
        program = "import os\ndef f(): pass\nfor i in range(3): f()\nif os.fork() == 0: raise SystemExit\nos.wait()\n"
        done = run([LAUNCHER, "--explain", "f", self.write("p.py", program)], **SYNC)
        self.assertEqual(done.stderr.count("f ("), 1)

    def test_function(self):
        """pyjit.explain() prints to standard output, or to a file, as dis.dis() does."""
        program = ("import io, pyjit\ndef f(x): return x + 1\nfor i in range(5): f(i)\n"
                   "file = io.StringIO()\nprint(pyjit.explain(f, file=file))\n"
                   "text = file.getvalue()\nprint(text.split()[0], text.endswith('\\n'))\npyjit.explain(f.__code__)\n"
                   "try: pyjit.explain(len)\nexcept TypeError as error: print(error)\n")
        done = run([LAUNCHER, self.write("p.py", program)], **SYNC)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:2], ["None", "f True"])
        self.assertTrue(lines[2].startswith("f ("))
        self.assertIn("pyjit.explain() argument must be a Python function, method or code object, not builtin_function_or_method", lines[-1])

    def test_off(self):
        program = "import pyjit\ndef f(): pass\ntry: pyjit.explain(f)\nexcept RuntimeError as error: print(error)\n"
        done = run([LAUNCHER, "-X", "jit=0", "-c", program])
        self.assertIn(done.stdout, ("pyjit.explain(): the JIT is off\n", "pyjit.explain(): the JIT is off"))

    def test_missing_value(self):
        done = run([LAUNCHER, "--explain"])
        self.assertEqual(done.returncode, 2)
        self.assert_one_line(done.stderr, "pyjit: --explain needs a value: NAME")


class Disassemble(ToolTest):
    def test_listing(self):
        """Each line with its bytecode, tier-1 code, IR and tier-2 code; calls by name."""
        script = self.write("program.py", PROGRAM)
        done = run([LAUNCHER, "--disassemble", "kernel", script], **SYNC)
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        text = done.stderr
        self.assertTrue(text.startswith(f"kernel ({script}:18)\n"), text[:200])
        lines = {int(number): body for number, body in re.findall(r"^ +(\d+)  .*\n((?:(?:   .*)\n)+)", text, re.M)}
        self.assertIn("total += square(i)", text)
        body = lines[22]
        for part in ("   bytecode\n", "   tier 1\n", "   tier 1, out of line\n", "   tier 2, piece 1: IR\n",
                     "   tier 2, piece 1: machine code\n"):
            self.assertIn(part, body)
        self.assertRegex(lines[12], r"imulq|mulx?q")  # inlined from there
        self.assertRegex(body, r"\d+ LOAD_GLOBAL +\d+ \(square\)")
        self.assertRegex(body, r"square:12: .*int_multiply")
        self.assertRegex(text, r"\n      \+[0-9a-f]+ +call\w* rt_\w+")
        self.assertIn("PyLong_Type", text)
        self.assertNotIn("(null)", text)
        self.assertNotIn("no machine code is shown", text)

    def test_tier1_alone_and_without_llvm(self):
        script = self.write("program.py", PROGRAM)
        done = run([LAUNCHER, "--disassemble", "square", script], JIT_STRESS="compile-all", JIT_TIERING="1")
        self.assertIn("   tier 1\n", done.stderr)
        self.assertNotIn("tier 2", done.stderr)
        done = run([LAUNCHER, "--disassemble", "square", script], JIT_STRESS="compile-all", JIT_LLVM="/nowhere.so")
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        self.assertIn("no machine code is shown: no libLLVM of version 16 to 19 can be loaded", done.stderr)
        self.assertIn("   bytecode\n", done.stderr)

    def test_function(self):
        program = "import pyjit\ndef f(x): return x + 1\nfor i in range(5): f(i)\npyjit.disassemble(f)\n"
        done = run([LAUNCHER, self.write("p.py", program)], **SYNC)
        self.assertIn("BINARY_OP", done.stdout)
        self.assertIn("   tier 1\n", done.stdout)
        self.assertIn("its IR is kept only for functions that -X jit-disassemble=NAME names", done.stdout)


class Trace(ToolTest):
    def test_lines(self):
        script = self.write("program.py", PROGRAM)
        done = run([LAUNCHER, "--trace", script], **SYNC)
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        for line in done.stderr.splitlines():
            self.assertRegex(line, r"^ *\d+\.\d{3} s  (tier \d|      )  (compile|refuse|leave|throw away|evict|enter loop|deopt|decline|trial)\b")
        self.assertRegex(done.stderr, r"tier 1  compile +kernel +program\.py:18 +\d+ bytes in \d+\.\d ms\n")
        self.assertRegex(done.stderr, r"tier 2  deopt +later_float +program\.py:\d+ .*seen float")
        self.assertNotIn("\033", done.stderr)


class Page(html.parser.HTMLParser):
    """Checks that tags are closed and nothing is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.problems, self.tags = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.problems += [f"{tag} loads {name}" for name, value in attributes if name in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "rect", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect",) and (not self.open or self.open.pop() != tag):
            self.problems.append(f"{tag} is closed in the wrong place")


BUSY = """\
import os, sys, time
def work(seconds):
    end = time.process_time() + seconds
    n = 0
    while time.process_time() < end:
        for i in range(2000):
            n += i % 7
    return n
"""


class Profile(ToolTest):
    def run_profiled(self, program, *arguments, **changes):
        folder = self.path("profiles")
        done = run([LAUNCHER, self.write("program.py", program), *arguments], JIT_PROFILE_DIR=folder, **changes)
        profiles = []
        for path in sorted(glob.glob(folder + "/runs/*.json")):
            with open(path, encoding="utf-8") as file:
                profiles.append(json.load(file))
        self.assertEqual(glob.glob(folder + "/runs/.*"), [])
        return done, profiles

    def seconds(self, profile, name):
        return sum(sum(row["seconds"]) for row in profile["functions"] if row["function"] == name)

    def test_time_goes_to_functions(self):
        done, (profile,) = self.run_profiled(BUSY + "work(0.8)\nprint('done')\n")
        self.expect(done, "done\n")
        self.assertEqual(profile["format"], "pyjit-run-profile")
        self.assertTrue(profile["complete"])
        self.assertTrue(profile["sampled"])
        self.assertGreater(self.seconds(profile, "work"), 0.4)
        self.assertLess(self.seconds(profile, "work"), 1.2)
        compiled = [row for row in profile["functions"] if row["function"] == "work"]
        self.assertGreater(compiled[0]["tier1"]["bytes"], 0)
        self.assertGreater(sum(compiled[0]["seconds"][1:]), 0.3)

    def test_endings_and_forks(self):
        ends = BUSY + ("if os.fork() == 0:\n    work(0.1)\n    os._exit(4)\n"
                       "print(os.WEXITSTATUS(os.wait()[1]), flush=True)\nsys.exit(3)\n")
        done, profiles = self.run_profiled(ends)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "4\n", ""))
        self.assertEqual(len(profiles), 2)
        self.assertNotEqual(profiles[0]["pid"], profiles[1]["pid"])

    def test_killed(self):
        """A busy process that is killed has left what it had about a second before."""
        program = BUSY + "print('ready', flush=True)\nwork(60)\n"
        folder = self.path("profiles")
        child = subprocess.Popen([LAUNCHER, self.write("program.py", program)], env=environment(JIT_PROFILE_DIR=folder),
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), "ready\n")
        deadline = 30
        while not glob.glob(folder + "/runs/*.json") and deadline > 0:
            deadline -= 1
            subprocess.run(["sleep", "0.5"], check=True)
        child.send_signal(signal.SIGKILL)
        (path,) = glob.glob(folder + "/runs/*.json")
        with open(path, encoding="utf-8") as file:
            self.assertFalse(json.load(file)["complete"])

    def test_unwritable(self):
        self.write("profiles", "a file, not a folder")
        done = run([LAUNCHER, "-c", "print('done')"], JIT_PROFILE_DIR=self.path("profiles"))
        self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
        self.assert_one_line(done.stderr, "pyjit: cannot write the profile", "Not a directory")
        if os.path.exists("/dev/full"):
            os.mkdir(self.path("full"))
            os.mkdir(self.path("full", "runs"))
            # What is written there finds no space: the temporary file's name is taken by a link, which is not followed.
            program = "import os\nos.symlink('/dev/full', %r + '/runs/.run-%%d.tmp' %% os.getpid())\nprint('done')" % self.path("full")
            done = run([LAUNCHER, "-c", program], JIT_PROFILE_DIR=self.path("full"))
            self.assertEqual((done.returncode, done.stdout), (0, "done\n"))
            self.assert_one_line(done.stderr, "pyjit: cannot write the profile")

    def test_reader(self):
        self.run_profiled(BUSY + "work(0.5)\n")
        self.run_profiled(BUSY + "work(0.5)\n")
        done = run([LAUNCHER, "--profile", self.path("profiles")])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^2 processes, \d+\.\d\d s of processor time\n")
        self.assertRegex(done.stdout, r"\n +\d+\.\d{3} +\d+\.\d% .* work \(program\.py:2\)\n")
        page = self.path("page.html")
        done = run([LAUNCHER, "--profile", "--html", page, *glob.glob(self.path("profiles") + "/runs/*")])
        self.expect(done, "")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        parser = Page()
        parser.feed(text)
        self.assertEqual((parser.problems, parser.open), ([], []))
        self.assertGreaterEqual(parser.tags.count("svg"), 2)
        self.assertNotIn("http", text)
        self.assertIn("color-scheme:light dark", text)

    def test_hostile_files(self):
        """One line for each that cannot be read; names cannot give orders to a terminal or a page."""
        good = {"format": "pyjit-run-profile", "version": 1, "program": "<script>alert(1)</script>", "functions": [
            {"function": "\033[31m<b>evil\n", "file": "x" * 5000, "line": -1, "seconds": [1e308, -5, "x"], "deopts": -7,
             "tier1": [], "tier2": {"refused": 7}},
            7, None, {"function": 1, "seconds": {}}]}
        bad = {"truncated.json": json.dumps(good)[:80], "empty.json": "", "binary.json": "\0\1\2", "list.json": "[]",
               "other.json": "{}", "version.json": json.dumps(dict(good, version=99)), "deep.json": "[" * 100000,
               "no_functions.json": json.dumps(dict(good, functions=3))}
        for name, text in bad.items():
            done = run([LAUNCHER, "--profile", self.write(name, text)])
            self.assertEqual((done.returncode, done.stdout), (1, ""), name)
            self.assert_one_line(done.stderr, "pyjit: cannot read the profile", name)
        for path in (self.path("nowhere"), "/dev/null", self.path()):
            done = run([LAUNCHER, "--profile", path])
            self.assertEqual((done.returncode, done.stdout), (1, ""), path)
        path = self.write("good.json", json.dumps(good))
        done = run([LAUNCHER, "--profile", path])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("\033", done.stdout)
        done = run([LAUNCHER, "--profile", "--html", "-", path])
        self.assertNotIn("<script>", done.stdout)
        self.assertNotIn("<b>", done.stdout)

    def test_usage(self):
        for arguments in ([], ["--html"], ["--html", "x"], ["--nonsense", "x"]):
            done = run([LAUNCHER, "--profile", *arguments])
            self.assertEqual(done.returncode, 2, arguments)
            self.assert_one_line(done.stderr, "usage: pyjit --profile")


if __name__ == "__main__":
    unittest.main()
