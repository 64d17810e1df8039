"""A fixed handful of tests/fuzz's random programs; `tests/fuzz/run.py FIRST COUNT` runs as many others as one likes."""
import os
import subprocess
import unittest

from tooling import LAUNCHER, ROOT, STOCK, ToolTest

SEEDS = (1, 25)


class RandomPrograms(ToolTest):
    def test_same_as_stock(self):
        result = subprocess.run([STOCK, os.path.join(ROOT, "tests/fuzz/run.py"), *map(str, SEEDS), "--jit", LAUNCHER, "--keep", self.path("kept"),
                                 "--modes", "default,compile-all,no-forward"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"(?m)^(1\d|2\d) compared, 0 different")

    def test_tier_2(self):
        """Programs of what tier 2 speculates on, and of what breaks that in the middle."""
        result = subprocess.run([STOCK, os.path.join(ROOT, "tests/fuzz/run.py"), "1", "6", "--hot", "--jit", LAUNCHER, "--keep", self.path("kept"), "--modes",
                                 "tier2-sync,tier2-deopt"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"(?m)^[56] compared, 0 different")

    def test_reducer(self):
        """A "JIT" that prints more where a program calls chr: what is left calls it, and little else."""
        wrong = self.path("wrong")
        with open(wrong, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\ngrep -q "chr(" "$3" && echo wrong\nexec {STOCK} "$@"\n')
        os.chmod(wrong, 0o755)
        program = self.path("program.py")
        with open(program, "w", encoding="utf-8") as file:
            file.write("def f(n):\n    out = []\n    for k in range(n):\n        if k % 2:\n            out.append(1 + ord(chr(k)))\n    return out\nprint(f(9), len('a'))\n")
        result = subprocess.run([STOCK, os.path.join(ROOT, "tests/fuzz/reduce.py"), program, "--jit", wrong, "--mode", "compile-all"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("chr(", result.stdout)
        self.assertLess(len(result.stdout.split()), 6, result.stdout)
        right = subprocess.run([STOCK, os.path.join(ROOT, "tests/fuzz/reduce.py"), program, "--jit", STOCK], capture_output=True, text=True)
        self.assertIn("does the same", right.stderr)

    def test_programs_are_the_same_for_the_same_seed(self):
        texts = {subprocess.run([STOCK, "-W", "ignore", os.path.join(ROOT, "tests/fuzz/generate.py"), "5"], capture_output=True, text=True,
                                env=dict(os.environ, PYTHONHASHSEED=seed)).stdout for seed in ("1", "2")}
        self.assertEqual(len(texts), 1)
        self.assertGreater(len(texts.pop().splitlines()), 200)


if __name__ == "__main__":
    unittest.main()
