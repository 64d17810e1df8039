"""greenlet's own test suite, as Debian ships it: each case ends under the JIT as on stock."""
# test: needs=greenlet,objgraph,psutil timeout=300
import re
import subprocess
import unittest

from tooling import LAUNCHER, STOCK, ToolTest, environment

MODULES = ["contextvars", "cpp", "extension_interface", "gc", "generator", "generator_nested", "greenlet", "greenlet_trash", "leaks",
           "stack_saved", "throw", "tracing", "weakref"]


class GreenletSuite(ToolTest):
    maxDiff = 4000

    def outcomes(self, interpreter, **changes):
        command = [interpreter, "-m", "unittest", "-v", *(f"greenlet.tests.test_{name}" for name in MODULES)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=250, cwd=self.folder, env=environment(**changes))
        # A case's own output may stand between its name and how it ended.
        cases = re.findall(r"^(\w+ \(greenlet\.[\w.]+\)).*?\.\.\. .*?(ok|FAIL|ERROR|skipped)\b", result.stderr, re.M | re.S)
        return sorted(cases), result.returncode, result.stderr

    def test_suite(self):
        expected, status, _ = self.outcomes(STOCK)
        self.assertGreater(len(expected), 100)
        # Its leak tests want the process's memory not to grow, which it does while tier 2's compiler works beside them.
        found, found_status, text = self.outcomes(LAUNCHER, JIT_STRESS="compile-all", JIT_TIERING="1")
        self.assertEqual(found, expected, text[-3000:])
        self.assertEqual(found_status, status)


if __name__ == "__main__":
    unittest.main()
