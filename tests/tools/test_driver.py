"""tests/run.py itself: wrong programs are reported, right ones are not, and the closing line and status are true."""
import os
import pathlib
import subprocess
import unittest

from tooling import ROOT, STOCK, ToolTest

RIGHT = "print('same')\nimport sys\nprint('error output', file=sys.stderr)\nsys.exit(3)\n"
# Tells from its environment which side runs it; the stand-in for the JIT sets STAND_IN.
WRONG = "import os, sys\nprint('side', 'jit' if 'STAND_IN' in os.environ else 'stock')\n"


class Driver(ToolTest):
    def setUp(self):
        super().setUp()
        for folder in ("programs", "tools", "unit"):
            os.mkdir(self.path(folder))
        self.jit = self.write("jit", f'#!/bin/sh\nSTAND_IN=1 exec {STOCK} "$@"\n')
        os.chmod(self.jit, 0o755)

    def drive(self, *arguments, groups="programs", modes="tier0,compile-all"):
        result = subprocess.run(
            [STOCK, os.path.join(ROOT, "tests/run.py"), "--jit", self.jit, "--programs", self.path("programs"), "--tools", self.path("tools"),
             "--unit", self.path("unit"), "--output", self.path("output"), "--groups", groups, "--modes", modes, *arguments],
            capture_output=True, text=True)
        lines = result.stdout.splitlines()
        return result.returncode, lines[-1] if lines else "", result.stdout + result.stderr

    def read(self, name):
        return pathlib.Path(self.path(name)).read_text()

    def test_right_programs_pass(self):
        self.write("programs/right.py", RIGHT)
        self.write("programs/also_right.py", "print(object())\nraise ValueError('both')\n")
        status, closing, text = self.drive()
        self.assertEqual((status, closing), (0, "4 passed, 0 failed"), text)

    def test_wrong_output_fails(self):
        self.write("programs/right.py", RIGHT)
        self.write("programs/wrong.py", WRONG)
        status, closing, text = self.drive()
        self.assertEqual((status, closing), (1, "2 passed, 2 failed"), text)
        self.assertIn("FAILED programs/wrong[tier0]", text)
        self.assertIn("FAILED programs/wrong[compile-all]", text)
        kept = self.read("output/programs_wrong[compile-all].txt")
        self.assertIn("-side stock", kept)
        self.assertIn("+side jit", kept)
        self.assertIn("JIT_STRESS=compile-all", kept)

    def test_wrong_in_one_mode_only(self):
        self.write("programs/mode.py", "import os\nprint(os.environ.get('JIT_STRESS') == 'compile-all')\n")
        status, closing, text = self.drive()
        self.assertEqual((status, closing), (1, "1 passed, 1 failed"), text)

    def test_wrong_error_output_fails(self):
        self.write("programs/wrong.py", "import os, sys\nif 'STAND_IN' in os.environ: sys.stderr.write('extra\\n')\n")
        status, closing, text = self.drive()
        self.assertEqual((status, closing), (1, "0 passed, 2 failed"), text)
        self.assertIn("error output differs", text)

    def test_wrong_status_fails(self):
        self.write("programs/wrong.py", "import os, sys\nsys.exit('STAND_IN' in os.environ)\n")
        status, closing, text = self.drive(modes="tier0")
        self.assertEqual((status, closing), (1, "0 passed, 1 failed"), text)
        self.assertIn("exit status 1, stock: exit status 0", text)

    def test_crash_is_named(self):
        self.write("programs/crash.py", "import os, ctypes\nif 'STAND_IN' in os.environ: ctypes.string_at(8)\n")
        status, closing, text = self.drive("--no-gdb", modes="tier0")
        self.assertEqual((status, closing), (1, "0 passed, 1 failed"), text)
        self.assertIn("SIGSEGV", text)
        self.assertIn("crash.py\", line 2", self.read("output/programs_crash[tier0].txt"))

    def test_endless_program_is_ended(self):
        self.write("programs/endless.py", "# test: timeout=1\nimport os, subprocess\nif 'STAND_IN' in os.environ:\n"
                                          "    subprocess.run(['sleep', '1000'])\n")
        status, closing, text = self.drive(modes="tier0")
        self.assertEqual((status, closing), (1, "0 passed, 1 failed"), text)
        self.assertIn("no end after", text)

    def test_gives_up_when_everything_hangs(self):
        for i in range(24):
            self.write(f"programs/endless{i}.py", "# test: timeout=1\nimport os, time\nif 'STAND_IN' in os.environ: time.sleep(1000)\n")
        status, closing, text = self.drive("--jobs", "4", "--patience", "0.2", modes="tier0")
        self.assertEqual((status, closing), (1, "0 passed, 24 failed"), text)
        self.assertIn("not tried", text)

    def test_directives(self):
        self.write("programs/needs.py", "# test: needs=no_such_module\nprint(1)\n")
        self.write("programs/one_mode.py", "# test: modes=compile-all\nprint(2)\n")
        self.write("programs/not_tier0.py", "'''Two lines\nof docstring.'''\n# test: not=tier0\nprint(3)\n")
        status, closing, text = self.drive()
        self.assertEqual((status, closing), (0, "2 passed, 0 failed, 2 skipped"), text)
        self.assertIn("no module no_such_module", text)

    def test_environment_is_the_drivers(self):
        self.write("programs/environment.py", "import os, sys\nprint(sorted(k for k in os.environ if k.startswith(('PYTHON', 'JIT_LOG'))))\n"
                                              "print(hash('fixed'), os.getcwd().count('pyjit-tests-'))\n")
        old = os.environ.copy()
        os.environ.update(PYTHONHASHSEED="77", JIT_LOG="/nowhere", PYTHON_JIT="1")
        try:
            status, closing, text = self.drive(modes="default")
        finally:
            os.environ.clear()
            os.environ.update(old)
        self.assertEqual((status, closing), (0, "1 passed, 0 failed"), text)

    def test_only_and_list(self):
        self.write("programs/first.py", "print(1)\n")
        self.write("programs/second.py", "print(2)\n")
        status, closing, text = self.drive("--only", "first[")
        self.assertEqual((status, closing), (0, "2 passed, 0 failed"), text)
        status, _, text = self.drive("--list", "--only", "*[tier0]")
        self.assertEqual(text.split(), ["programs/first[tier0]", "programs/second[tier0]"])
        status, _, text = self.drive("--only", "matches nothing")
        self.assertEqual(status, 2, text)
        self.assertIn("no item matches", text)

    def test_unknown_mode_and_missing_jit(self):
        status, _, text = self.drive(modes="tier0,imaginary")
        self.assertEqual(status, 2)
        self.assertIn("unknown mode imaginary", text)
        self.jit = self.path("missing")
        status, _, text = self.drive()
        self.assertEqual(status, 2)
        self.assertIn("run make first", text)

    def test_tools(self):
        self.write("tools/test_good.py", "import unittest\nclass T(unittest.TestCase):\n    def test(self): pass\nunittest.main()\n")
        self.write("tools/test_bad.py", "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.fail('no')\nunittest.main()\n")
        self.write("tools/test_skipped.py", "import unittest\nclass T(unittest.TestCase):\n    @unittest.skip('for a reason')\n"
                                            "    def test(self): pass\nunittest.main()\n")
        self.write("tools/test_broken.py", "1 / 0\n")
        status, closing, text = self.drive(groups="tools")
        self.assertEqual((status, closing), (1, "1 passed, 2 failed, 1 skipped"), text)
        self.assertIn("for a reason", text)

    def test_unit_programs(self):
        for name, text in (("test_good", "echo ok one; echo ok two"), ("test_bad", "echo ok one; echo FAIL two: because; exit 1"),
                           ("test_dies", "echo ok one; kill -SEGV $$"), ("test_silent", "true"), ("test_lies", "echo ok one; exit 1")):
            os.chmod(self.write("unit/" + name, f"#!/bin/sh\n{text}\n"), 0o755)
        self.write("unit/test_good.d", "not a program")
        status, closing, text = self.drive(groups="unit")
        self.assertEqual((status, closing), (1, "5 passed, 4 failed"), text)
        self.assertIn("FAILED unit/test_bad.two: because", text)
        self.assertIn("SIGSEGV", text)

    def test_cpython_cases_are_compared(self):
        """A JIT that makes one case of CPython's tests fail, one that loses a case, and one that dies."""
        for name, text in (("fails", "import test.test_augassign as t\ndef bad(self): self.fail('on purpose')\nt.AugAssignTest.testBasic = bad\n"),
                           ("loses", "import test.test_augassign as t\ndel t.AugAssignTest.testBasic\n"),
                           ("dies", "import test.test_augassign as t\ndef bad(self): import os; os.abort()\nt.AugAssignTest.testBasic = bad\n")):
            with self.subTest(name):
                self.write("site/sitecustomize.py", "import sys\nif 'test_augassign' in sys.orig_argv:\n"
                                                    + "".join(f"    {line}\n" for line in text.splitlines()))
                self.write("jit", f'#!/bin/sh\nPYTHONPATH={self.path("site")} exec {STOCK} "$@"\n')
                status, closing, text = self.drive("--only", "cpython/test_augassign", "--no-gdb", groups="cpython")
                self.assertEqual((status, closing), (1, "0 passed, 1 failed"), text)
                self.assertIn("testBasic", text)
        self.write("jit", f'#!/bin/sh\nexec {STOCK} "$@"\n')
        status, closing, text = self.drive("--only", "cpython/test_augassign", groups="cpython")
        self.assertEqual((status, closing), (0, "1 passed, 0 failed"), text)


if __name__ == "__main__":
    unittest.main()
