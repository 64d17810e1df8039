"""What the tests in this folder share: where the build is, and how to run a Python with it."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# run.py names the launcher in PYJIT.
LAUNCHER = os.path.abspath(os.environ.get("PYJIT", os.path.join(ROOT, "build", "pyjit")))
BUILD = os.path.dirname(LAUNCHER)
MODULE_PATH = os.path.join(BUILD, "module")
STOCK = os.environ.get("PYTHON", "/usr/bin/python3.11")
TIMEOUT = 60

# Taken out of the environment that the tests inherit, so that nobody's own settings decide their outcome.
PRIVATE = ("PYTHON", "JIT_", "PYJIT", "LD_PRELOAD", "MAKE", "MFLAGS")


def environment(**changes):
    """This process's environment without settings for Python or pyjit, then with `changes`; None removes."""
    result = {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)}
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def run(command, input=None, cwd=None, **changes):
    """Runs `command` to its end; gives a CompletedProcess with texts."""
    return subprocess.run(command, input=input, cwd=cwd, env=environment(**changes), text=True, capture_output=True,
                          timeout=TIMEOUT, errors="backslashreplace")


class ToolTest(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="pyjit-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def compile_c(self, name, text, *flags):
        """Compiles a small C program or library; gives its path."""
        path = self.path(name)
        subprocess.run([shutil.which("gcc") or "cc", "-O1", "-o", path, self.write(name + ".c", text), *flags], check=True,
                       timeout=TIMEOUT)
        return path

    def expect(self, result, stdout=None, stderr="", code=0):
        """Checks the three things a process says; stderr and stdout exactly, None for do not care."""
        self.assertEqual(result.returncode, code, result)
        if stdout is not None:
            self.assertEqual(result.stdout, stdout, result)
        if stderr is not None:
            self.assertEqual(result.stderr, stderr, result)

    def assert_one_line(self, text, *parts):
        """`text` is one complete line that says all of `parts`."""
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.endswith("\n"), text)
        for part in parts:
            self.assertIn(part, text)
