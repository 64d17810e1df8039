"""Millions of random operations on floats and ints in loops that tier 2 has compiled: every result is stock's, bit for bit."""

import json
import subprocess
import unittest

from tooling import LAUNCHER, STOCK, ToolTest, environment

# A loop for each expression over random operands; a line for each: its name, how many results, and their digest. With a name as second argument
# it prints the operands and results of that one. Exceptions are results, too, and the loop goes on behind them.
PROGRAM = r'''
import math
import random
import struct
import sys
import zlib

COUNT = int(sys.argv[1])
SHOWN = sys.argv[2] if len(sys.argv) > 2 else None
rng = random.Random(20)
SPECIAL_FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 1e308, -1e308, 5e-324, -5e-324, 2.2250738585072014e-308, 2.0**52, 2.0**53 + 2, 1e16, -1e16, 2.0**63,
                  -2.0**63, float("inf"), float("-inf"), float("nan"), -float("nan"), 0.1, 1 / 3, math.pi]
SPECIAL_INTS = [sign * (2**bits + delta) for bits in (0, 1, 15, 29, 30, 31, 45, 59, 60, 61, 62, 63) for delta in (-1, 0, 1) for sign in (1, -1)]


def any_float():
    kind = rng.random()
    if kind < 0.04:
        return rng.choice(SPECIAL_FLOATS)
    if kind < 0.2:
        return struct.unpack("<d", rng.randbytes(8))[0]
    if kind < 0.5:
        return rng.uniform(-1, 1) * 2.0 ** rng.randint(-40, 40)
    return rng.uniform(-1000, 1000) if kind < 0.9 else float(rng.randint(-50, 50) or 1)


def any_int():
    kind = rng.random()
    if kind < 0.04:
        return rng.choice(SPECIAL_INTS)
    if kind < 0.1:
        return rng.randint(-2**63, 2**63)
    if kind < 0.4:
        return rng.randint(-2**31, 2**31)
    return rng.randint(-1000, 1000) or 7


def small_float():
    return rng.uniform(-20, 20) if rng.random() < 0.97 else any_float()


def small_int():
    return rng.randint(0, 62) if rng.random() < 0.99 else rng.choice([-1, 64, 200])


FLOATS = ["a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "-a", "abs(a)", "+a", "a < b", "a <= b", "a == b", "a != b", "a > b", "a >= b", "a < b < 1.0", "not a",
          "a * b + a", "a * b - b", "a * a + b * b", "a - a * b", "(a - b) / (a + b)", "a * 0.0", "a + 0.0", "a - 0.0", "0.0 - a", "0.0 + a", "a * 1.0", "a / 1.0", "a * -1.0",
          "a * 2.0", "a / 2.0", "a / 3.0", "a * 0.5 + b * 0.25", "a + b - a", "a - b + b", "(a + b) + 1e-3", "a + (b + 1e-3)", "a * b / b", "a / b * b", "a - a", "a / a",
          "a % 1.0", "a % -7.5", "a // 0.1", "-(a - b)", "b - a", "-a * b", "-(-a)", "a * a * a", "a + a", "a == a", "a != a", "max(a, b)", "min(a, b)", "max(a, b, 0.0)",
          "a if a > b else b", "a and b", "a or b", "math.fabs(a)", "math.copysign(1.0, a - b)", "math.sqrt(a * a)", "math.sqrt(abs(a) + 1.0)", "1.0 / a", "2 * a - 1", "a + 1",
          "1 - a", "a * 3", "a / 7", "7 / a", "a % 3", "a // 2", "a < 3", "3 == a", "a > 2**53", "a == 9007199254740993", "(a < b) + 0.5", "(a < b) * a", "(a > b) - (a < b)",
          "a is b", "float(a)", "bool(a)", "float(a < b)", "math.hypot(a, b)", "math.atan2(a, b)"]
POWERS = ["a ** b", "abs(a) ** b", "a ** 2", "a ** 2.0", "a ** 0.5", "a ** -1", "abs(a) ** 0.5", "a ** 3", "2.0 ** a", "math.exp(a)", "math.sin(a)", "math.cos(a)", "math.tan(a)",
          "math.log(abs(a) + 1e-9)", "math.log2(abs(a) + 1.0)", "math.floor(a)", "math.ceil(a)", "int(a)", "round(a)", "math.floor(a * b)", "math.pow(a, b)", "math.exp(a) * b", "math.atan(a)",
          "math.tanh(a)", "math.trunc(a)", "math.degrees(a)", "math.isnan(a - b)", "int(a) + 0.5", "int(a * 1e17)", "math.fmod(a, b)"]
INTS = ["a + b", "a - b", "a * b", "a // b", "a % b", "a / b", "-a", "abs(a)", "~a", "a & b", "a | b", "a ^ b", "a < b", "a <= b", "a == b", "a != b", "a > b", "a >= b", "a * b + a",
        "a * a - b * b", "(a + b) // 2", "a // 7", "a % 7", "a // -7", "a % -7", "a // 8", "a % 8", "a / 3", "a * 2", "a * 10 + 1", "a + 1", "a - 1", "1 - a", "0 - a", "a & 255", "a >> 5",
        "a << 3", "a * 1.5", "a + 0.5", "a / 2.0", "a % 2.5", "a < 0.5", "a == 3.0", "float(a)", "a * b % 1000003", "(a * 31 + b) & 0xFFFFFFFF", "(a ^ b) * 3", "max(a, b)", "min(a, b)",
        "a if a > b else b", "int(a)", "bool(a)", "abs(a) + abs(b)", "-(-a)", "(a < b) + (a > b)", "a - b + b", "a * 4611686018427387904", "a + 9223372036854775807", "a - 9223372036854775807",
        "a // -1", "a % -1", "a * -1", "(a + b) / 2", "a * 0", "a * 0.0", "a ** 2"]
SHIFTS = ["a << b", "a >> b", "(a << b) >> b", "a * (1 << b)", "a >> b & 1", "(a >> b) ^ a", "-a >> b"]
MIXED = ["a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a < b", "a == b", "a >= b", "a * b + a", "b - a", "b / a", "a * a * b", "max(a, b)", "int(a * b)", "abs(a - b)", "a != b"]
SUMS = ["acc + a * b", "acc * 0.5 + a", "acc - a / 3.0", "acc + (a < b)", "a + (b - acc * 1e-3)", "acc * 0.999 + a * b", "-acc + a", "abs(acc - a) * 0.5"]
INT_SUMS = ["acc * 31 + a & 0xFFFFFFFFFFFFFFFF", "(acc + a * b) % 1000003", "acc ^ a", "(acc << 1 ^ a) & 0x7FFFFFFF", "acc // 3 + a", "acc - (acc >> 3) + (a & 0xFFFF)"]

LOOP = """
def f{number}(xs, ys, out, i, n):
    acc = {start}
    while i < n:
        a = xs[i]
        b = ys[i]
        acc = {expression}
        out.append(acc)
        i += 1
"""


def bits(result):
    if type(result) is float:
        return struct.pack("<d", result)
    return f"{type(result).__name__} {result!r}".encode()


def carry_out(f, xs, ys):
    out = []
    while len(out) < COUNT:
        try:
            f(xs, ys, out, len(out), min(len(out) + 500, COUNT))
        except (ArithmeticError, ValueError, MemoryError) as error:
            out.append(f"{type(error).__name__}: {error}")
    return out


number = total = 0
for expressions, left, right, start in ((FLOATS, any_float, any_float, "0.0"), (POWERS, small_float, small_float, "0.0"), (INTS, any_int, any_int, "0"),
                                        (SHIFTS, any_int, small_int, "0"), (MIXED, any_float, any_int, "0.0"), (MIXED, any_int, any_float, "0"),
                                        (SUMS, any_float, small_float, "0.5"), (SUMS, small_float, any_int, "0.5"), (INT_SUMS, any_int, small_int, "1")):
    xs = [left() for _ in range(COUNT)]
    ys = [right() for _ in range(COUNT)]
    for expression in expressions:
        number += 1
        name = f"f{number}"
        if SHOWN not in (None, name):
            continue
        namespace = {"math": math}
        exec(compile(LOOP.format(number=number, expression=expression, start=start), "<loops>", "exec"), namespace)
        out = carry_out(namespace[name], xs, ys)
        if SHOWN is not None:
            for a, b, result in zip(xs, ys, out):
                print(f"{expression} with a = {a!r}, b = {b!r}: {result!r}, bits {bits(result).hex()}")
        else:
            print(name, len(out), zlib.crc32(b",".join(map(bits, out))), expression, sep="\t")
        total += len(out)
if SHOWN is None:
    print("in all", total)
'''


class FloatBits(ToolTest):
    COUNT = 10000

    def results(self, interpreter, *arguments, **settings):
        outcome = subprocess.run([interpreter, self.program, str(self.COUNT), *arguments], env=environment(**settings), capture_output=True, text=True,
                                 timeout=300)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        return outcome.stdout.splitlines()

    def test_same_bits_in_tier_2(self):
        self.program = self.write("float_bits.py", PROGRAM)
        expected = self.results(STOCK)
        self.assertGreaterEqual(int(expected[-1].split()[-1]), 2_000_000)
        log = self.path("log")
        settings = {"JIT_TIERING": "2", "JIT_STRESS": "compile-all,sync", "JIT_ONLY": "<loops>:*"}
        found = self.results(LAUNCHER, JIT_LOG=log, **settings)
        self.assertEqual(len(expected), len(found))
        for mine, its in zip(found, expected):
            if mine != its:
                name = its.split("\t")[0]
                pairs = zip(self.results(LAUNCHER, name, **settings), self.results(STOCK, name))
                first = next((f"{a}\nstock: {b}" for a, b in pairs if a != b), "alone it does not differ")
                self.fail(f"{its}: {mine}\n{first}")
        self.check_tier_2(log, [line.split("\t")[0] for line in expected[:-1]])

    def check_tier_2(self, log, names):
        """All of the loops were compiled by tier 2 and entered, and most of them stayed there."""
        entered, withdrawn = set(), set()
        with open(log, encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row.get("tier") == 2 and row["event"] in ("osr", "invalidate"):
                    (entered if row["event"] == "osr" else withdrawn).add(row["function"])
        self.assertEqual([name for name in names if name not in entered], [])
        self.assertLess(len(withdrawn), len(names) // 2)


if __name__ == "__main__":
    unittest.main()
