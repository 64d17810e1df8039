"""`make install`: -X jit and PYTHON_JIT through the stock interpreter, in venvs and embedding hosts; `make uninstall`."""

import os
import statistics
import subprocess
import sys
import time
import unittest

from tooling import BUILD, LAUNCHER, MODULE_PATH, ROOT, STOCK, TIMEOUT, ToolTest, environment, run

IS_ON = "import sys; print(hasattr(sys, '_jit') and sys._jit.is_enabled())"
IS_LOADED = "import sys; print('pyjit' in sys.modules, 'pyjit' in open('/proc/self/maps').read(), hasattr(sys, '_jit'))"


def make(*arguments):
    """Runs make on the build that is being tested."""
    options = ["DEBUG=1"] if os.path.basename(BUILD) == "debug" else []
    return subprocess.run(["make", "-C", ROOT, *options, *arguments], env=environment(), text=True, capture_output=True,
                          timeout=600)


def files_under(folder):
    return sorted(os.path.join(root, name) for root, folders, names in os.walk(folder) for name in folders + names)


class Installed(ToolTest):
    """Installed where Python looks for a user's packages; PYTHONUSERBASE says where that is."""

    def setUp(self):
        super().setUp()
        self.base = self.path("base")
        os.mkdir(self.base)
        installed = make("install", "PREFIX=" + self.base)
        self.assertEqual(installed.returncode, 0, installed.stderr)

    def python(self, *arguments, **changes):
        return run([STOCK, *arguments], PYTHONUSERBASE=self.base, **changes)

    def test_switches(self):
        on, off = "True\n", "False\n"
        for options, changes, expected in (
            ([], {}, off),
            (["-X", "jit"], {}, on),
            (["-X", "jit=0"], {}, off),
            (["-X", "jit=1"], {}, on),
            (["-X", "jit=2"], {}, on),
            (["-X", "jit=3"], {}, on),
            ([], {"PYTHON_JIT": "1"}, on),
            ([], {"PYTHON_JIT": "0"}, off),
            ([], {"PYTHON_JIT": ""}, off),
            (["-X", "jit"], {"PYTHON_JIT": "0"}, off),
            (["-X", "jit"], {"PYTHON_JIT": "1"}, on),
            (["-X", "jit=0"], {"PYTHON_JIT": "1"}, off),
            (["-E"], {"PYTHON_JIT": "0"}, off),
            (["-X", "jit"], {"JIT_TIERING": "0"}, off),
            (["-X", "jit", "-S"], {}, off),
        ):
            with self.subTest(options=options, changes=changes):
                self.expect(self.python(*options, "-c", IS_ON, **changes), expected)

    def test_nothing_is_loaded_without_a_switch(self):
        self.expect(self.python("-c", IS_LOADED), "False False False\n")
        self.expect(self.python("-X", "jit", "-c", IS_LOADED, PYTHON_JIT="0"), "False False False\n")
        self.expect(self.python("-X", "jit", "-c", IS_LOADED), "True True True\n")

    def test_launcher(self):
        program = IS_ON + "; import pyjit; print(pyjit.stats()['enabled'], sys.executable)"
        launcher = os.path.join(self.base, "bin", "pyjit")
        # Installed and of the build tree, with the installed module in sight or not, there is one library at work.
        self.expect(run([launcher, "-c", program]), f"True\nTrue {launcher}\n")
        self.expect(run([launcher, "-c", program], PYTHONUSERBASE=self.base, PYTHON_JIT="1"), f"True\nTrue {launcher}\n")
        self.expect(run([LAUNCHER, "-c", program], PYTHONUSERBASE=self.base, PYTHON_JIT="1"), f"True\nTrue {LAUNCHER}\n")

    def test_multiprocessing_hands_the_switch_on(self):
        program = self.write("processes.py", """
import multiprocessing, sys
def work(number):
    return hasattr(sys, "_jit") and sys._jit.is_enabled()
if __name__ == "__main__":
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, pool.map(work, range(1)))
""")
        self.expect(self.python(program, PYTHON_JIT="1"), "fork [True]\nspawn [True]\n")

        # CPython hands a spawned child only those -X options that it knows itself (subprocess._args_from_interpreter_flags).
        self.expect(self.python("-X", "jit", program), "fork [True]\nspawn [False]\n")

    def test_bad_values(self):
        self.expect(self.python("-X", "jit=4", "-c", IS_ON), "", "pyjit: -X jit=4: must be 0, 1, 2 or 3\n", 2)
        self.expect(self.python("-c", IS_ON, PYTHON_JIT="maybe"), "False\n",
                    "pyjit: PYTHON_JIT=maybe is ignored: it must be 0, 1, 2 or 3\n")
        self.expect(self.python("-X", "jit", "-c", IS_ON, JIT_TIERING="x"), "True\n",
                    "pyjit: JIT_TIERING=x is ignored: it must be 0, 1, 2 or 3\n")

    def test_ordinary_start_costs_little(self):
        # What site.py does with the file, by itself: process start-up varies by more than the bound.
        folder = os.path.join(self.base, "lib", "python3.11", "site-packages")
        program = f"""
import site, time
def once():
    start = time.perf_counter_ns()
    site.addpackage({folder!r}, "pyjit.pth", set())
    return (time.perf_counter_ns() - start) / 1000
print(sorted(once() for _ in range(200))[100])
"""
        self.assertLess(statistics.median(float(run([STOCK, "-c", program]).stdout) for _ in range(3)), 50)

    def test_uninstall_leaves_nothing(self):
        self.assertNotEqual(files_under(self.base), [])
        removed = make("uninstall", "PREFIX=" + self.base)
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertEqual(files_under(self.base), [])
        self.expect(self.python("-X", "jit", "-c", IS_ON), "False\n")

    def test_uninstall_leaves_what_is_not_ours(self):
        other = os.path.join(self.base, "lib", "python3.11", "site-packages", "other.py")
        with open(other, "w", encoding="utf-8"):
            pass
        self.assertEqual(make("uninstall", "PREFIX=" + self.base).returncode, 0)
        self.assertEqual([path for path in files_under(self.base) if os.path.isfile(path)], [other])


class Staged(ToolTest):
    def test_destdir(self):
        installed = make("install", "PREFIX=/usr/local", "DESTDIR=" + self.path("stage"))
        self.assertEqual(installed.returncode, 0, installed.stderr)
        site = self.path("stage/usr/local/lib/python3.11/dist-packages")
        self.assertEqual(os.path.realpath(os.path.join(site, "pyjit.so")),
                         self.path("stage/usr/local/lib/pyjit/libpyjit.so"))
        self.assertFalse(os.path.isabs(os.readlink(os.path.join(site, "pyjit.so"))))
        self.assertEqual(make("uninstall", "PREFIX=/usr/local", "DESTDIR=" + self.path("stage")).returncode, 0)
        self.assertEqual([path for path in files_under(self.path("stage")) if not os.path.isdir(path)], [])


class Venv(ToolTest):
    def make_venv(self, *options):
        self.expect(run([STOCK, "-m", "venv", "--without-pip", *options, self.path("venv")]))
        return self.path("venv", "bin", "python")

    def test_installed_into_the_venv(self):
        python = self.make_venv()
        self.expect(run([python, "-X", "jit", "-c", IS_ON]), "False\n")
        self.assertEqual(make("install", "PREFIX=" + self.path("venv")).returncode, 0)
        self.expect(run([python, "-X", "jit", "-c", IS_ON]), "True\n")
        self.expect(run([python, "-c", IS_ON], PYTHON_JIT="1"), "True\n")
        # The venv's folder is read under -I and -E too, environment variables are not.
        self.expect(run([python, "-I", "-X", "jit", "-c", IS_ON]), "True\n")
        self.expect(run([python, "-I", "-c", IS_ON], PYTHON_JIT="1"), "False\n")
        self.expect(run([python, "-E", "-c", IS_ON], PYTHON_JIT="1"), "False\n")
        self.expect(run([python, "-E", "-X", "jit", "-c", IS_ON], PYTHON_JIT="1", JIT_TIERING="0"), "True\n")
        self.expect(run([python, "-I", "-X", "jit", "-c", IS_ON], PYTHON_JIT="0"), "False\n")
        self.expect(run([python, "-S", "-X", "jit", "-c", IS_ON]), "False\n")
        self.expect(run([self.path("venv", "bin", "pyjit"), "-c", IS_ON]), "True\n")
        self.assertEqual(make("uninstall", "PREFIX=" + self.path("venv")).returncode, 0)
        self.expect(run([python, "-X", "jit", "-c", IS_ON]), "False\n")

    def test_venv_without_system_packages_does_not_see_a_users_installation(self):
        python = self.make_venv()
        self.assertEqual(make("install", "PREFIX=" + self.path("base")).returncode, 0)
        self.expect(run([python, "-X", "jit", "-c", IS_ON], PYTHONUSERBASE=self.path("base")), "False\n")


EMBEDDING = r"""
#include <Python.h>
int main(int argc, char **argv)
{
    Py_InitializeEx(0);
    int result = PyRun_SimpleString(argc > 1 ? argv[1] : "");
    return Py_FinalizeEx() < 0 ? 9 : -result;
}
"""


class Embedding(ToolTest):
    """A C program with Python inside, linked with libpython3.11."""

    def test_enable_in_an_embedding_host(self):
        host = self.compile_c("host", EMBEDDING, "-I/usr/include/python3.11", "-lpython3.11")
        program = "import sys, pyjit; print(pyjit.enable(), sys._jit.is_enabled())"
        self.expect(run([host, program], PYTHONPATH=MODULE_PATH), "True True\n")
        self.expect(run([host, program], PYTHONPATH=MODULE_PATH, PYTHON_JIT="0"), "False False\n")
        work = "import pyjit; pyjit.enable()\ndef f(n): return sum(i * i for i in range(n))\nprint([f(i) for i in range(300)][-1])"
        self.expect(run([host, work], PYTHONPATH=MODULE_PATH, JIT_STRESS="compile-all"), f"{sum(i * i for i in range(299))}\n")

    def test_stock_interpreter(self):
        program = "import pyjit; print(pyjit.enable())"
        self.expect(run([STOCK, "-c", program], PYTHONPATH=MODULE_PATH), "True\n")
        self.expect(run([STOCK, "-X", "jit=0", "-c", program], PYTHONPATH=MODULE_PATH), "False\n")

    def test_subinterpreter(self):
        program = self.write("sub.py", """
import _xxsubinterpreters as interpreters
import pyjit
pyjit.enable()
other = interpreters.create()
interpreters.run_string(other, '''
import pyjit, sys
print(pyjit.enable(), hasattr(sys, "_jit"))
def f(n):
    return n + 1
print(sum(f(i) for i in range(1000)))
''')
interpreters.destroy(other)
print(pyjit.stats()["enabled"])
""")
        result = run([STOCK, program], PYTHONPATH=MODULE_PATH)
        self.expect(result, "False False\n500500\nTrue\n", "pyjit: stays off: the JIT serves the main interpreter only\n")


if __name__ == "__main__":
    unittest.main()
