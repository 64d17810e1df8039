"""JIT_LOG: valid lines, many processes in one file, and files that cannot be written."""

import json
import os
import subprocess
import unittest

from tooling import LAUNCHER, ToolTest, environment, run

PROGRAM = """
def add(a, b):
    return a + b

class Point:
    def norm(self):
        return add(3, 4)

for i in range(50):
    Point().norm()
print("done")
"""
KINDS = {"compile", "refuse", "leave", "invalidate", "evict", "osr", "deopt", "decline", "trial"}
FIELDS = {"event", "time", "pid", "tier", "function", "file", "line", "offset", "opcode", "reason", "sentence", "count", "bytes",
          "ms"}


class Log(ToolTest):
    def read(self, path):
        """The events of a log; every line must be a whole JSON object with the documented fields and no others."""
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.assertTrue(text == "" or text.endswith("\n"))
        events = [json.loads(line) for line in text.splitlines()]
        for event in events:
            self.assertLessEqual(set(event), FIELDS, event)
            self.assertLessEqual({"event", "time", "pid"}, set(event), event)
            self.assertIn(event["event"], KINDS)
        return events

    def run_logged(self, log, program=PROGRAM, *arguments, **changes):
        return run([LAUNCHER, *arguments, "-c", program], **{"JIT_LOG": log, "JIT_STRESS": "compile-all"} | changes)

    def test_compile_events(self):
        script, log = self.write("program.py", PROGRAM), self.path("log")
        self.expect(run([LAUNCHER, script], JIT_LOG=log, JIT_STRESS="compile-all"), "done\n")
        compiled = {event["function"]: event for event in self.read(log) if event["event"] == "compile"}
        for name, line in (("add", 2), ("Point.norm", 6)):
            event = compiled[name]
            self.assertEqual((event["file"], event["line"], event["tier"]), (script, line, 1))
            self.assertGreater(event["bytes"], 0)
            self.assertGreaterEqual(event["ms"], 0)
            self.assertNotIn("reason", event)

    def test_refusals_have_a_reason(self):
        log = self.path("log")
        program = "import pyjit\ndef f(): pass\npyjit.suppress(f)\nprint(pyjit.compile(f))"
        self.expect(self.run_logged(log, program), "False\n")
        refused = [event for event in self.read(log) if event["event"] == "refuse" and event["function"] == "f"]
        self.assertEqual(refused[0]["reason"], "suppressed")
        self.assertIn("suppress", refused[0]["sentence"])

    def test_names_that_need_care(self):
        log = self.path("log")
        program = r'''
import pyjit
for name in ("quote\" back\\slash", "new\nline\ttab\x00\x7f", "na\u00efve \u20ac", "\U0001f40d", "\ud800", "x" * 5000, "\U0001f40d" * 5000):
    def f(): return 1
    f.__code__ = f.__code__.replace(co_qualname=name)
    pyjit.compile(f)
'''
        self.expect(self.run_logged(log, program, JIT_STRESS=None))
        names = [event["function"] for event in self.read(log) if event["event"] == "compile" and event["line"] == 4]
        self.assertEqual(names[:5], ['quote" back\\slash', "new\nline\ttab\x00\x7f", "na\u00efve \u20ac", "\U0001f40d", "\ud800"])
        self.assertEqual([name[:10] for name in names[5:]], ["x" * 10, "\U0001f40d" * 10])
        self.assertTrue(all(len(name) <= 1000 for name in names))

    def test_process_id_in_the_name(self):
        program = "import os\ndef f(): return 1\nf()\nif os.fork() == 0:\n  def g(): return 2\n  g(); os._exit(0)\nos.wait()"
        self.expect(self.run_logged(self.path("log-%p.json"), program))
        logs = [name for name in os.listdir(self.folder) if name.startswith("log-")]
        self.assertEqual(len(logs), 2)
        for name in logs:
            pids = {event["pid"] for event in self.read(self.path(name))}
            self.assertEqual(pids, {int(name[4:-5])})

    def test_standard_error(self):
        result = self.run_logged("-")
        self.assertEqual((result.returncode, result.stdout), (0, "done\n"))
        self.assertTrue({"add", "Point.norm"} <= {json.loads(line).get("function") for line in result.stderr.splitlines()})

    def test_many_processes_share_a_file(self):
        log, script = self.path("log"), self.write("program.py", PROGRAM)
        options = environment(JIT_LOG=log, JIT_STRESS="compile-all")
        processes = [subprocess.Popen([LAUNCHER, script], stdout=subprocess.DEVNULL, env=options) for _ in range(8)]
        self.assertEqual([process.wait(60) for process in processes], [0] * 8)
        by_process = {process.pid: [] for process in processes}
        for event in self.read(log):
            by_process[event["pid"]].append(event.get("function"))
        for functions in by_process.values():
            self.assertIn("Point.norm", functions)

    def test_appends(self):
        log = self.write("log", '{"event":"compile","time":0,"pid":0}\n')
        self.expect(self.run_logged(log), "done\n")
        events = self.read(log)
        self.assertEqual(events[0]["pid"], 0)
        self.assertGreater(len(events), 2)

    def test_relative_name_and_another_folder(self):
        os.mkdir(self.path("elsewhere"))
        program = "import os; os.chdir('elsewhere')\ndef f(): return 1\nf()"
        self.expect(run([LAUNCHER, "-c", program], cwd=self.folder, JIT_LOG="log", JIT_STRESS="compile-all"))
        self.assertIn("f", {event.get("function") for event in self.read(self.path("log"))})
        self.assertEqual(os.listdir(self.path("elsewhere")), [])

    def test_no_descriptor_of_ours_is_seen(self):
        program = """
import os
def f(): return os.open("/dev/null", os.O_RDONLY)
first = f()
os.closerange(3, 256)
def g(): return os.open("/dev/null", os.O_RDONLY)
print(first, g())
"""
        self.expect(self.run_logged(self.path("log"), program), "3 3\n")
        self.assertLessEqual({"f", "g"}, {event.get("function") for event in self.read(self.path("log"))})

    def test_frequent_events_are_written_ever_more_rarely(self):
        log = self.path("log")
        # A traced call leaves compiled code, or never enters it; an exception group handler has no compiled form.
        program = """
def f(n):
    try:
        raise ExceptionGroup("g", [ValueError(n)])
    except* ValueError:
        pass
for i in range(1000):
    f(i)
print("done")
"""
        self.expect(self.run_logged(log, program), "done\n")
        counts = {}
        for event in self.read(log):
            if event["event"] == "leave":
                place = event["function"], event["file"], event["offset"], event["reason"]
                counts.setdefault(place, []).append(event["count"])
        for place, seen in counts.items():
            self.assertEqual(seen, [2 ** i for i in range(len(seen))], place)


class CannotWrite(ToolTest):
    def test_unwritable(self):
        for log, why in (("/nowhere/log", "No such file or directory"), (self.folder, "Is a directory"),
                         ("/proc/version", "Permission denied" if os.geteuid() else None), ("x" * 5000, "File name too long")):
            with self.subTest(log=log):
                result = run([LAUNCHER, "-c", PROGRAM], JIT_LOG=log, JIT_STRESS="compile-all")
                self.assertEqual((result.returncode, result.stdout), (0, "done\n"), result)
                self.assert_one_line(result.stderr, "pyjit: cannot write", log[:100], why or "")

    def test_x_option_too(self):
        result = run([LAUNCHER, "-X", "jit-log=/nowhere/log", "-c", PROGRAM])
        self.assertEqual((result.returncode, result.stdout), (0, "done\n"), result)
        self.assert_one_line(result.stderr, "pyjit: cannot write", "/nowhere/log")

    def test_full_disk(self):
        result = run([LAUNCHER, "-c", PROGRAM], JIT_LOG="/dev/full", JIT_STRESS="compile-all")
        self.assertEqual((result.returncode, result.stdout), (0, "done\n"), result)
        self.assert_one_line(result.stderr, "pyjit: cannot write", "/dev/full", "No space left on device")

    def test_reader_that_has_gone(self):
        # Standard error is a pipe that nobody reads any more: CPython ignores SIGPIPE, so writing fails quietly.
        process = subprocess.Popen([LAUNCHER, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=environment(JIT_LOG="-", JIT_STRESS="compile-all"))
        process.stderr.close()
        with process.stdout:
            self.assertEqual(process.stdout.read(), "done\n")
        self.assertEqual(process.wait(60), 0)

    def test_decline_is_logged(self):
        # In an interpreter that the JIT cannot serve the log says so; here the arena's memory is refused.
        library = self.compile_c("refuse.so", "int mprotect(void *s, unsigned long n, int p) "
                                 "{ (void)s, (void)n; return p & 4 ? -1 : 0; }", "-shared", "-fPIC")
        log = self.path("log")
        run([LAUNCHER, "-c", PROGRAM], JIT_LOG=log, LD_PRELOAD=library)
        with open(log, encoding="ascii") as file:
            events = [json.loads(line) for line in file]
        self.assertEqual([(event["event"], event["reason"]) for event in events], [("decline", "no_executable_memory")])


if __name__ == "__main__":
    unittest.main()
