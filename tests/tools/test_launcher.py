"""build/pyjit behaves as python3.11 does, with the JIT on."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import unittest
import zipfile

from tooling import LAUNCHER, STOCK, TIMEOUT, ToolTest, environment, run

IS_ON = "import sys; print(hasattr(sys, '_jit') and sys._jit.is_enabled())"

# All that a program sees of how it was started. What cannot be equal is left out: pids, times, and the one name that
# the launcher adds to sys.builtin_module_names.
LOOK_AROUND = """
import json, os, signal, sys, threading
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv[1:], "flags": list(sys.flags), "path": sys.path,
    "xoptions": sorted(sys._xoptions), "warnoptions": sys.warnoptions,
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
    "environment": [list(item) for item in os.environ.items() if item[0] != "_"],
    "builtins": [name for name in sys.builtin_module_names if name != "pyjit"], "modules": sorted(sys.modules),
    "meta_path": [getattr(finder, "__name__", type(finder).__name__) for finder in sys.meta_path], "path_hooks": len(sys.path_hooks),
    "name": __name__, "file": globals().get("__file__"), "hash": hash("x") if os.environ.get("PYTHONHASHSEED") else 0,
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "descriptors": sorted(os.listdir("/proc/self/fd")), "threads": threading.active_count(),
    "trace": [str(sys.gettrace()), str(sys.getprofile())], "switch": sys.getswitchinterval(),
    "recursion": sys.getrecursionlimit(), "version": sys.version, "platform": sys.platform,
    "encodings": [sys.stdin.encoding, sys.stdout.errors, sys.getfilesystemencoding()], "buffered": sys.stdout.line_buffering,
    "process name": open("/proc/self/comm").read(),
}))
"""


class SameAsStock(ToolTest):
    def same(self, *arguments, input=None, cwd=None, **changes):
        """Stock and launcher say the same, on both channels, with the same exit code; gives the launcher's result."""
        stock = run([STOCK, *arguments], input=input, cwd=cwd, **changes)
        ours = run([LAUNCHER, *arguments], input=input, cwd=cwd, **changes)
        self.assertEqual(ours.returncode, stock.returncode, ours.stderr)
        self.assertEqual(ours.stderr.replace(LAUNCHER, STOCK), stock.stderr)
        if not stock.stdout.startswith('{"argv"'):  # not LOOK_AROUND's answer, which is told apart by its parts
            self.assertEqual(ours.stdout, stock.stdout)
            return ours
        stock, ours = json.loads(stock.stdout), json.loads(ours.stdout)
        for name in stock:
            self.assertEqual(ours[name], stock[name], name)
        return ours

    def test_ways_to_name_a_program(self):
        script = self.write("look.py", LOOK_AROUND)
        os.mkdir(self.path("folder"))
        os.rename(self.write("main.py", LOOK_AROUND), self.path("folder", "__main__.py"))
        with zipfile.ZipFile(self.path("app.zip"), "w") as archive:
            archive.write(self.path("folder", "__main__.py"), "__main__.py")
        self.same(script, "one", "--two", "-c")
        self.same("-c", LOOK_AROUND, "one")
        self.same("-m", "look", "one", cwd=self.folder)
        self.same("-", "one", input=LOOK_AROUND)
        self.same(input=LOOK_AROUND)
        self.same(self.path("folder"))
        self.same(self.path("app.zip"), "one")

    def test_options(self):
        for options in (["-I"], ["-E"], ["-S"], ["-s"], ["-I", "-S"], ["-B"], ["-O"], ["-OO"], ["-u"], ["-q"], ["-P"],
                        ["-W", "error"], ["-X", "utf8"], ["-X", "dev"], ["-b"], ["-X", "int_max_str_digits=0"]):
            with self.subTest(options=options):
                self.same(*options, "-c", LOOK_AROUND)

    def test_environment(self):
        for changes in ({"PYTHONHASHSEED": "0"}, {"PYTHONMALLOC": "debug"}, {"PYTHONDEVMODE": "1"},
                        {"PYTHONPATH": self.folder}, {"PYTHONUNBUFFERED": "1"}, {"LD_PRELOAD": "libm.so.6"},
                        {"PYTHONWARNINGS": "default"}, {"PYTHONSAFEPATH": "1"}, {"PYTHONHOME": "/usr"},
                        {"LANG": "C", "LC_ALL": "C"}):
            with self.subTest(changes=changes):
                self.same("-c", LOOK_AROUND, **changes)

    def test_almost_empty_environment(self):
        results = [subprocess.run([program, "-c", LOOK_AROUND], env={}, text=True, capture_output=True, timeout=TIMEOUT)
                   for program in (STOCK, LAUNCHER)]
        self.assertEqual(results[0].stdout, results[1].stdout)
        self.assertEqual(results[1].returncode, 0, results[1])

    def test_exit_codes(self):
        self.assertEqual(self.same("-c", "import sys; sys.exit(3)").returncode, 3)
        self.assertEqual(self.same("-c", "import os; os._exit(7)").returncode, 7)
        self.assertEqual(self.same("-c", "1 / 0").returncode, 1)
        self.assertEqual(self.same("-c", "raise SystemExit('a message')").returncode, 1)
        self.assertEqual(self.same("-c", "no python").returncode, 1)
        self.assertEqual(self.same("/no/such/file.py").returncode, 2)
        self.assertEqual(self.same("-m", "no_such_module").returncode, 1)
        self.assertEqual(self.same("--no-such-option").returncode, 2)
        self.assertEqual(self.same("-c").returncode, 2)
        self.assertEqual(self.same("-X", "utf8=7", "-c", "0").returncode, 1)
        self.assertEqual(self.same("-c", "import os; os.abort()").returncode, -signal.SIGABRT)
        self.assertEqual(self.same("--version").returncode, 0)
        self.assertEqual(self.same("-V").returncode, 0)
        self.same("-c", "import atexit, sys; atexit.register(print, 'bye'); sys.exit(5)")
        self.same("-c", "import sys; sys.stderr.write('x'); sys.stdout.write('y')")

    def test_start_that_fails(self):
        # Python gives up before any program runs, with its hooks in place and the debug allocator at work.
        self.assertEqual(run([LAUNCHER, "-c", "0"], PYTHONHOME="/nowhere", PYTHONMALLOC="debug").returncode, 1)
        self.write("sitecustomize.py", "raise SystemExit(4)")
        for changes in ({}, {"PYTHONMALLOC": "debug"}):
            stock, ours = (run([program, "-c", "0"], PYTHONPATH=self.folder, **changes) for program in (STOCK, LAUNCHER))
            self.assertEqual(ours.returncode, stock.returncode, ours)

    def test_inspect_after_program(self):
        self.same("-i", "-c", "x = 41", input="print(x + 1)\n")
        self.same("-c", "x = 41", input="print(x + 1)\n", PYTHONINSPECT="1")

    def test_help_is_pythons_after_ours(self):
        stock, ours = (run([program, "--help"]) for program in (STOCK, LAUNCHER))
        self.assertEqual(ours.returncode, 0)
        self.assertTrue(ours.stdout.endswith(stock.stdout.replace(STOCK, LAUNCHER)))
        for option in ("-X jit", "JIT_LOG", "JIT_STRESS"):
            self.assertIn(option, ours.stdout)

    def test_audit_hooks_see_the_same_events(self):
        program = self.write("audited.py", """
import sys
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
import json, decimal
compile("1", "", "eval")
events.append("end")
print(events[:events.index("end")])
""")
        self.same(program)


class WithTheJit(ToolTest):
    def is_on(self, *arguments, input=None, cwd=None, **changes):
        result = run([LAUNCHER, *arguments], input=input, cwd=cwd, **changes)
        self.expect(result, "True\n")

    def test_every_way_switches_it_on(self):
        self.is_on("-c", IS_ON)
        self.is_on(self.write("on.py", IS_ON))
        self.is_on("-m", "on", cwd=self.folder)
        self.is_on(input=IS_ON)
        self.is_on("-", input=IS_ON)
        for option in ("-I", "-E", "-S"):
            self.is_on(option, "-c", IS_ON)
        self.is_on("-c", IS_ON, PYTHONMALLOC="debug")

    def test_interactive(self):
        parent, child = pty.openpty()
        process = subprocess.Popen([LAUNCHER, "-q", "-I"], stdin=child, stdout=child, stderr=child, close_fds=True,
                                   env=environment(TERM="dumb"), start_new_session=True)
        os.close(child)
        self.addCleanup(os.close, parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.write(parent, b"import sys; print('answer', sys._jit.is_enabled(), 6 * 7)\nexit()\n")
        text, deadline = b"", time.monotonic() + TIMEOUT
        while b"answer True 42" not in text and time.monotonic() < deadline:
            if select.select([parent], [], [], 1)[0]:
                try:
                    text += os.read(parent, 4096)
                except OSError:
                    break
        self.assertIn(b"answer True 42", text)
        self.assertEqual(process.wait(TIMEOUT), 0)

    def test_off(self):
        self.expect(run([LAUNCHER, "-c", IS_ON], PYTHON_JIT="0"), "False\n")
        self.expect(run([LAUNCHER, "-E", "-X", "jit", "-c", IS_ON], PYTHON_JIT="0"), "False\n")
        self.expect(run([LAUNCHER, "-X", "jit=0", "-c", IS_ON]), "False\n")
        self.expect(run([LAUNCHER, "-c", IS_ON], JIT_TIERING="0"), "False\n")
        maps = "print('pyjit' in open('/proc/self/maps').read())"
        self.expect(run([LAUNCHER, "-c", maps], PYTHON_JIT="0"), "False\n")

    def test_children_come_back_through_the_launcher(self):
        program = f"import subprocess, sys; print(sys.executable); sys.stdout.flush(); " \
                  f"sys.exit(subprocess.run([sys.executable, '-c', {IS_ON!r}], env={{}}).returncode)"
        self.expect(run([LAUNCHER, "-c", program]), LAUNCHER + "\nTrue\n")
        # Named by a relative path, and found through PATH.
        folder, name = os.path.split(LAUNCHER)
        self.expect(run(["./" + name, "-c", program], cwd=folder), LAUNCHER + "\nTrue\n")
        self.expect(run(["sh", "-c", f'exec {name} -c "$0"', program], PATH=folder + ":" + os.environ["PATH"]),
                    LAUNCHER + "\nTrue\n")

    def test_children_that_are_not_ours(self):
        program = f"import subprocess; subprocess.run([{STOCK!r}, '-c', {IS_ON!r}])"
        self.expect(run([LAUNCHER, "-c", program]), "False\n")

    def test_multiprocessing(self):
        program = self.write("processes.py", """
import multiprocessing, sys
def work(number):
    return sys._jit.is_enabled(), number * number
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(work, range(3)))
""")
        values = "[(True, 0), (True, 1), (True, 4)]"
        self.expect(run([LAUNCHER, program]), f"fork {values}\nspawn {values}\nforkserver {values}\n")

    def test_symbolic_link(self):
        os.symlink(LAUNCHER, self.path("python"))
        self.expect(run([self.path("python"), "-c", IS_ON]), "True\n")

    def test_venv(self):
        self.expect(run([LAUNCHER, "-m", "venv", "--without-pip", self.path("venv")]))
        python = self.path("venv", "bin", "python")
        program = IS_ON + "; print(sys.prefix, sys.base_prefix, sys.executable)"
        self.expect(run([python, "-c", program]), f"True\n{self.path('venv')} {sys.base_prefix} {python}\n")
        self.expect(run([python, "-I", "-c", IS_ON]), "True\n")
        self.expect(run([python, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {IS_ON!r}])"]),
                    "True\n")
        # And a venv made from that venv.
        self.expect(run([python, "-m", "venv", "--without-pip", self.path("second")]))
        self.expect(run([self.path("second", "bin", "python"), "-c", IS_ON]), "True\n")

    def test_venv_of_copies(self):
        self.expect(run([LAUNCHER, "-m", "venv", "--copies", "--without-pip", self.path("venv")]))
        python = self.path("venv", "bin", "python")
        self.assertFalse(os.path.islink(python))
        program = IS_ON + "; print(sys.prefix, sys.executable)"
        self.expect(run([python, "-c", program]), f"True\n{self.path('venv')} {python}\n")

    def test_users_preload_is_given_back(self):
        show = "import os; print(os.environ.get('LD_PRELOAD'), [k for k in os.environ if 'PYJIT' in k])"
        self.expect(run([LAUNCHER, "-c", show]), "None []\n")
        self.expect(run([LAUNCHER, "-c", show], LD_PRELOAD="libm.so.6"), "libm.so.6 []\n")
        self.expect(run([LAUNCHER, "-c", show], LD_PRELOAD=""), " []\n")

    def test_shebang(self):
        script = self.write("script", f"#!{LAUNCHER}\n{IS_ON}\n")
        os.chmod(script, 0o755)
        self.expect(run([script]), "True\n")


class Signals(ToolTest):
    def finish_by(self, number, program, *, code, before=""):
        for interpreter in (STOCK, LAUNCHER):
            program_text = f"import signal, sys, time\n{before}\nprint('up', flush=True)\n{program}"
            process = subprocess.Popen([interpreter, "-c", program_text],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment())
            with process:
                self.assertEqual(process.stdout.readline(), "up\n")
                process.send_signal(number)
                self.assertEqual(process.wait(TIMEOUT), code, interpreter)

    def test_interrupt(self):
        self.finish_by(signal.SIGINT, "time.sleep(30)", code=-signal.SIGINT)
        self.finish_by(signal.SIGINT, "while True: pass", code=-signal.SIGINT)
        self.finish_by(signal.SIGINT, "def f():\n  while True: pass\nf()", code=-signal.SIGINT)
        self.finish_by(signal.SIGINT, "time.sleep(30)", before="sys.excepthook = lambda *error: sys.exit(9)", code=9)

    def test_terminate(self):
        self.finish_by(signal.SIGTERM, "time.sleep(30)", code=-signal.SIGTERM)
        handler = "signal.signal(signal.SIGTERM, lambda *arguments: sys.exit(6))"
        self.finish_by(signal.SIGTERM, "time.sleep(30)", before=handler, code=6)
        self.finish_by(signal.SIGTERM, "def f():\n  while True: pass\nf()", before=handler, code=6)

    def test_ignored_signal_stays_ignored(self):
        program = "import signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
        self.expect(run(["sh", "-c", f"trap '' HUP; exec {LAUNCHER} -c \"$0\"", program]), "True\n")

    def test_broken_pipe(self):
        codes = set()
        for interpreter in (STOCK, LAUNCHER):
            process = subprocess.Popen([interpreter, "-c", "print('x' * 1000000)"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environment())
            process.stdout.close()
            with process.stderr:
                self.assertIn(b"BrokenPipeError", process.stderr.read())
            codes.add(process.wait(TIMEOUT))
        self.assertEqual(len(codes), 1)


if __name__ == "__main__":
    unittest.main()
