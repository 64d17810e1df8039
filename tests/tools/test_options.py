"""Options from -X and the environment, bad input, and the start-up check: a clear line, and the program still right."""

import os
import re
import shutil
import subprocess
import unittest

from tooling import BUILD, LAUNCHER, MODULE_PATH, ROOT, STOCK, ToolTest, run

HELLO = "print('hello')"
IS_ON = "import sys; print(hasattr(sys, '_jit') and sys._jit.is_enabled())"


def rows():
    """(x_name, environment, default, values, help) of options.def, as the library knows them."""
    result = run([STOCK, "-c", "import pyjit; print(pyjit._options())"], PYTHONPATH=MODULE_PATH)
    return eval(result.stdout)


class BadValues(ToolTest):
    def test_x_options_end_the_process(self):
        for option, part in (
            ("jit=4", "must be 0, 1, 2 or 3"),
            ("jit=-1", "must be 0, 1, 2 or 3"),
            ("jit=", "must be"),
            ("jit=on", "must be"),
            ("jit=11", "must be"),
            ("jit-tiering=9", "must be 0, 1, 2 or 3"),
            ("jit-tiering", "must be"),
            ("jit-hotness-threshold=many", "must be a number"),
            ("jit-hotness-threshold=-5", "must be a number"),
            ("jit-hotness-threshold=99999999999999999999", "must be a number"),
            ("jit-hotness-threshold=0x10", "must be a number"),
            ("jit-hotness-threshold=", "must be a number"),
            ("jit-log=", "must not be empty"),
            ("jit-only=", "must name"),
            ("jit-skip=,,", "must name"),
            ("jit-stress=turbo", "must be a list of compile-all"),
            ("jit-stress=compile-all,turbo", "must be a list"),
            ("jit-stress=compile-all=3", "must be a list"),
            ("jit-stress=deopt", "must be a list"),
            ("jit-stress=deopt=0", "at least 1"),
            ("jit-stress=deopt=x", "at least 1"),
            ("jit-lgo", "there is no such option"),
            ("jit-", "there is no such option"),
        ):
            with self.subTest(option=option):
                result = run([LAUNCHER, "-X", option, "-c", HELLO])
                self.assertEqual((result.returncode, result.stdout), (2, ""), result)
                self.assert_one_line(result.stderr, "pyjit: -X " + option, part)

    def test_environment_values_are_told_and_ignored(self):
        for name, value in (
            ("PYTHON_JIT", "4"), ("PYTHON_JIT", "yes"), ("JIT_TIERING", "-1"), ("JIT_HOTNESS_THRESHOLD", "1.5"),
            ("JIT_HOTNESS_THRESHOLD", "99999999999"), ("JIT_ONLY", ","), ("JIT_SKIP", ",,"), ("JIT_STRESS", "turbo"),
            ("JIT_STRESS", "fail-alloc=0"),
        ):
            with self.subTest(name=name, value=value):
                result = run([LAUNCHER, "-c", IS_ON], **{name: value})
                self.assertEqual((result.returncode, result.stdout), (0, "True\n"), result)
                self.assert_one_line(result.stderr, f"pyjit: {name}={value} is ignored: it must")

    def test_values_that_are_no_text(self):
        result = subprocess.run([LAUNCHER, "-c", HELLO], env={b"JIT_TIERING": b"\xff\xfe"}, capture_output=True, timeout=60)
        self.assertEqual((result.returncode, result.stdout), (0, b"hello\n"))
        self.assertEqual(result.stderr.count(b"\n"), 1)
        result = subprocess.run([LAUNCHER, "-X", b"jit=\xff", "-c", HELLO], env={}, capture_output=True, timeout=60)
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_empty_environment_values_are_not_set(self):
        for row in rows():
            self.expect(run([LAUNCHER, "-c", IS_ON], **{row[1]: ""}), "True\n")

    def test_all_stress_modes_run(self):
        with open(os.path.join(ROOT, "vm", "stress.def"), encoding="utf-8") as file:
            modes = re.findall(r'^STRESS\(\w+,\s*"([a-z-]+)",\s*([01])', file.read(), re.MULTILINE)
        self.assertGreaterEqual(len(modes), 11)
        program = "def f(n):\n    return [str(i) for i in range(n)]\nprint(sum(len(f(i)) for i in range(200)))"
        for name, number in modes:
            with self.subTest(mode=name):
                result = run([LAUNCHER, "-c", program], JIT_STRESS=name + "=3" * int(number))
                self.expect(result, "19900\n", None)
                self.assertLessEqual(result.stderr.count("\n"), 1, result.stderr)


class Precedence(ToolTest):
    def test_x_wins_over_environment(self):
        log, other = self.path("x"), self.path("environment")
        run([LAUNCHER, "-X", "jit-log=" + log, "-c", HELLO], JIT_LOG=other)
        self.assertTrue(os.path.exists(log))
        self.assertFalse(os.path.exists(other))

    def test_environment_is_ignored_as_python_ignores_its_own(self):
        for option in ("-E", "-I"):
            self.expect(run([LAUNCHER, option, "-c", IS_ON], JIT_TIERING="0", JIT_LOG=self.path("log"), JIT_STRESS="turbo"),
                        "True\n")
            self.assertFalse(os.path.exists(self.path("log")))
            self.expect(run([LAUNCHER, option, "-c", IS_ON], PYTHON_JIT="0"), "False\n")
            self.expect(run([LAUNCHER, option, "-X", "jit-tiering=0", "-c", IS_ON]), "False\n")

    def test_the_lower_tier_cap_holds(self):
        for options, changes, expected in ((["-X", "jit=2"], {"JIT_TIERING": "0"}, "False\n"),
                                           (["-X", "jit=0", "-X", "jit-tiering=2"], {}, "False\n"),
                                           (["-X", "jit=1", "-X", "jit-tiering=2"], {}, "True\n")):
            self.expect(run([LAUNCHER, *options, "-c", IS_ON], **changes), expected)

    def test_nothing_is_read_when_switched_off(self):
        self.expect(run([LAUNCHER, "-X", "jit=9", "-c", HELLO], PYTHON_JIT="0"), "hello\n")
        self.expect(run([LAUNCHER, "-X", "jit=0", "-X", "jit-stress=turbo", "-c", HELLO]), "hello\n")


FAKE_INTERPRETER = r"""
#include <stdio.h>
#include <stdlib.h>
const char *Py_GetVersion(void) { return VERSION " (fake, today) [GCC 1]"; }
int PySys_AddAuditHook(void *hook, void *data) { puts("hook installed"); return 0; }
int main(void)
{
    const char *preload = getenv("LD_PRELOAD");
    printf("fake runs, LD_PRELOAD %s\n", preload == NULL ? "is gone" : preload);
    return 5;
}
"""

REFUSE_EXECUTABLE_MEMORY = r"""
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
int mprotect(void *start, size_t length, int protection)
{
    if (protection & PROT_EXEC) {
        errno = EACCES;
        return -1;
    }
    return syscall(SYS_mprotect, start, length, protection);
}
"""


class ForeignGround(ToolTest):
    """Interpreters and systems that pyjit cannot serve."""

    def test_another_version(self):
        for version in ("3.12.0", "3.10.4", "3.1.1"):
            fake = self.compile_c("fake" + version, FAKE_INTERPRETER, f'-DVERSION="{version}"', "-rdynamic", "-w")
            self.expect(run([LAUNCHER], PYJIT_PYTHON=fake), "fake runs, LD_PRELOAD is gone\n",
                        f"pyjit: stays off: this interpreter is CPython {version}, pyjit serves 3.11 only\n", 5)

    def test_another_build(self):
        # It has the function that only debug builds have. (Debian's python3.11-dbg answers the same.)
        fake = self.compile_c("fake", FAKE_INTERPRETER + "void _Py_NegativeRefcount(void) {}", '-DVERSION="3.11.2"', "-rdynamic", "-w")
        result = run([LAUNCHER], PYJIT_PYTHON=fake)
        self.expect(result, "fake runs, LD_PRELOAD is gone\n", None, 5)
        self.assert_one_line(result.stderr, "pyjit: stays off", "build")
        debug_build = shutil.which("python3.11-dbg", path="/usr/bin")
        if debug_build is not None:
            result = run([LAUNCHER, "-c", IS_ON], PYJIT_PYTHON=debug_build)
            self.expect(result, "False\n", None)
            self.assert_one_line(result.stderr, "pyjit: stays off", "debug build")
            result = run([debug_build, "-c", "import pyjit; print(pyjit.enable())"], PYTHONPATH=MODULE_PATH)
            self.expect(result, "False\n", None)
            self.assert_one_line(result.stderr, "pyjit: stays off", "debug build")

    def test_a_wrapper_script(self):
        wrapper = self.write("wrapper", f'#!/bin/sh\nenv true && exec {STOCK} "$@"\n')
        os.chmod(wrapper, 0o755)
        self.expect(run([LAUNCHER, "-c", IS_ON], PYJIT_PYTHON=wrapper), "True\n")

    def test_no_python_there(self):
        result = run([LAUNCHER, "-c", HELLO], PYJIT_PYTHON="/no/such/python")
        self.expect(result, "", "pyjit: cannot run /no/such/python: No such file or directory\n", 127)
        self.expect(run([LAUNCHER, "-c", HELLO], PYJIT_PYTHON=self.folder), "", None, 126)

    def test_no_library_there(self):
        lonely = shutil.copy(LAUNCHER, self.path("pyjit"))
        result = run([lonely, "-c", IS_ON])
        self.expect(result, "False\n", None)
        self.assert_one_line(result.stderr, "pyjit: stays off", "libpyjit.so")
        # There, but no library.
        shutil.copy(os.path.join(BUILD, "libpyjit-preload.so"), self.folder)
        self.write("libpyjit.so", "not a library")
        result = run([lonely, "-c", IS_ON])
        self.expect(result, "False\n", None)
        self.assert_one_line(result.stderr, "pyjit: stays off", "libpyjit.so")

    def test_a_path_the_loader_cannot_take(self):
        folder = self.path("with space")
        os.mkdir(folder)
        for name in ("pyjit", "libpyjit.so", "libpyjit-preload.so"):
            shutil.copy(os.path.join(BUILD, name), folder)
        result = run([os.path.join(folder, "pyjit"), "-c", IS_ON])
        self.expect(result, "False\n", None)
        self.assert_one_line(result.stderr, "pyjit: stays off", "with space")

    def test_executable_memory_refused(self):
        library = self.compile_c("refuse.so", REFUSE_EXECUTABLE_MEMORY, "-shared", "-fPIC")
        result = run([LAUNCHER, "-c", IS_ON], LD_PRELOAD=library)
        self.expect(result, "False\n", "pyjit: stays off: the system refuses executable memory\n")

    def test_no_libllvm_needed(self):
        listing = run(["ldd", os.path.join(BUILD, "libpyjit.so")])
        self.assertEqual(listing.returncode, 0, listing)
        self.assertNotIn("LLVM", listing.stdout)

    def test_tiny_arena(self):
        program = "\n".join(f"def f{i}(a, b):\n    return [a + b * {i} for _ in range(2)]" for i in range(300))
        program += "\nprint(sum(sum(f(i, 2)) for i in range(5) for f in [globals()[f'f{j}'] for j in range(300)]))"
        script = self.write("many.py", program)
        stock = run([STOCK, script])
        self.expect(run([LAUNCHER, script], JIT_STRESS="tiny-arena,compile-all"), stock.stdout)


class StartupCheck(ToolTest):
    """Each kind of fact, as if the interpreter had shown another value."""

    def verdict(self, *arguments):
        program = f"import pyjit; print(pyjit._startup_check(*{arguments!r}))"
        result = run([STOCK, "-c", program], PYTHONPATH=MODULE_PATH)
        self.expect(result)
        return eval(result.stdout)

    def test_this_interpreter_is_known(self):
        reason, fact, facts = self.verdict()
        self.assertEqual((reason, fact), ("none", None))
        self.assertGreater(facts, 60)

    def test_every_mismatch_is_noticed(self):
        for fact, reason in (("architecture", "wrong_architecture"), ("version", "wrong_version"),
                             ("bytecode", "wrong_bytecode"), ("debug build", "wrong_layout"),
                             ("size of function", "wrong_layout"), ("size of frame", "wrong_layout"),
                             ("tstate->interp", "wrong_layout"), ("interp->modules", "wrong_layout"),
                             ("&_Py_ID(zipimporter)", "wrong_layout"), ("keys->dk_nentries", "wrong_layout"),
                             ("frame->stacktop", "wrong_layout"), ("frame->localsplus[0]", "wrong_layout")):
            with self.subTest(fact=fact):
                self.assertEqual(self.verdict(fact, 12345)[:2], (reason, fact))


class Help(ToolTest):
    def test_every_option_is_listed(self):
        text = run([LAUNCHER, "--help"]).stdout
        for x_name, environment, _, values, help in rows():
            self.assertIn(f"-X {x_name}={values} (or {environment}=...)", text)
            self.assertIn(help, text)

    def test_readme_table_is_fresh(self):
        script = os.path.join(ROOT, "vm", "readme_options.py")
        self.expect(run([STOCK, script, "--check", os.path.join(ROOT, "README.md")], PYTHONPATH=MODULE_PATH), "")


if __name__ == "__main__":
    unittest.main()
