"""Random arithmetic, millions of operations: the digest of every value must be the same as on stock, bit for bit."""

import unittest

from tooling import LAUNCHER, STOCK, ToolTest, run

# Writes functions of random statements over four locals, calls each with values around every limit, and prints one digest
# for each. Values kept in lists are looked at again at the end: an update in place that hits one of them shows.
PROGRAM = r'''
import random
import struct
import sys
import zlib

SEED, FUNCTIONS, CALLS = map(int, sys.argv[1:4])
rng = random.Random(SEED)
EDGES = [sign * (2**bits + delta) for bits in (0, 1, 3, 8, 15, 29, 30, 31, 32, 59, 60, 61, 63, 64, 90, 119, 120)
         for delta in (-1, 0, 1) for sign in (1, -1)]
FLOATS = [0.0, -0.0, 0.5, 1.0, -1.0, 1.5, 3.0, 1e-3, 1e10, 2.0**53, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")]
NAMES = "abcd"
INT_OPERATORS = "+ - * & | ^ // %".split()
ANY_OPERATORS = "+ - * / + - *".split()
RELATIONS = "< <= == != > >=".split()


def constant(floats):
    if floats and rng.random() < 0.5:
        return repr(rng.choice([0.5, 1.0, 2.0, -1.5, 3.25, 0.1]))
    if rng.random() < 0.7:
        return str(rng.randint(0, 20))
    return str(rng.choice([255, 256, 257, 1000, 2**30 - 1, 2**30, 2**31, 2**32 - 1, 2**60, 2**64 - 1, -1, -5, -6, -1000]))


def expression(depth, floats):
    kind = rng.random()
    if depth == 0 or kind < 0.3:
        return rng.choice(NAMES) if rng.random() < 0.65 else constant(floats)
    left, right = expression(depth - 1, floats), expression(depth - 1, floats)
    if kind < 0.4 and not floats:
        return f"({left} {rng.choice(['<<', '>>'])} {rng.randint(0, 40)})"
    if kind < 0.46:
        return f"(-{left})"
    if kind < 0.5 and not floats:
        return f"(~{left})"
    if kind < 0.53:
        return f"({left} {rng.choice(RELATIONS)} {right})"
    if kind < 0.56:
        return f"({left} if {right} {rng.choice(RELATIONS)} {rng.choice(NAMES)} else {rng.choice(NAMES)})"
    return f"({left} {rng.choice(ANY_OPERATORS if floats else INT_OPERATORS)} {right})"


def statement(floats):
    kind = rng.random()
    target = rng.choice(NAMES)
    if kind < 0.35:
        operator = rng.choice(ANY_OPERATORS if floats else INT_OPERATORS)
        return [f"{target} {operator}= {expression(1, floats)}"]
    if kind < 0.65:
        return [f"{target} = {expression(2, floats)}"]
    if kind < 0.72:
        return [f"{target} = {rng.choice(NAMES)}"]
    if kind < 0.79:
        return [f"kept.append({target})"]
    if kind < 0.84:
        return [f"{target} = {rng.choice(NAMES)} {rng.choice(['**', '**'])} 2" if rng.random() < 0.3
                else f"{target} = not {rng.choice(NAMES)} {rng.choice(RELATIONS)} {expression(1, floats)}"]
    if kind < 0.92:
        return [f"if {expression(1, floats)} {rng.choice(RELATIONS)} {rng.choice(NAMES)}:", f"    {target} = {expression(1, floats)}",
                "else:", f"    kept.append({target})"]
    return [f"for i in range({rng.randint(1, 4)}):", f"    {target} {rng.choice(['+', '-'])}= {rng.choice([*NAMES, 'i', '1', '300'])}",
            f"    {rng.choice(NAMES)} = {rng.choice(NAMES)} + i"]


def function(number, floats):
    lines = [f"def f{number}(a, b, c, d, kept):"]
    for _ in range(rng.randint(6, 16)):
        lines += ["    " + line for line in statement(floats)]
        if not floats:
            name = rng.choice(NAMES)
            lines.append(f"    {name} &= {rng.choice(['0x3fffffff', '0xffffffff', '0xffffffffffffffff', '0xfff'])}")
    lines.append("    return a, b, c, d")
    return "\n".join(lines)


def value(floats):
    kind = rng.random()
    if floats and kind < 0.6:
        return rng.choice(FLOATS) if rng.random() < 0.4 else rng.uniform(-1000, 1000)
    if kind < 0.1:
        return rng.random() < 0.5
    if kind < 0.4:
        return rng.choice(EDGES)
    return rng.randint(-2000, 2000) if kind < 0.8 else rng.randint(-2**62, 2**62)


def encode(item):
    if type(item) is float:
        return struct.pack("<d", item) if item == item else b"nan"
    small = type(item) is int and -5 <= item <= 256 and item is not SMALL[item + 5]
    return f"{type(item).__name__} {item!r} {small}".encode()


SMALL = [int(str(n)) for n in range(-5, 257)]
operations = failures = 0
for number in range(FUNCTIONS):
    on_floats = rng.random() < 0.45
    text = function(number, on_floats)
    namespace = {}
    exec(text, namespace)
    call = namespace[f"f{number}"]
    digest = 0
    for turn in range(CALLS):
        kept = []
        # Mostly what the function is meant for.
        floats = on_floats and rng.random() < 0.8 or rng.random() < 0.02
        arguments = [value(floats) for _ in NAMES]
        try:
            result = call(*arguments, kept)
        except (ArithmeticError, TypeError, ValueError, MemoryError) as error:
            failures += 1
            result = (type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno)
        for item in (*arguments, *result, *kept):
            digest = zlib.crc32(encode(item), digest)
        operations += text.count("\n") * 2
    print(number, digest)
print("operations", operations, "failures", failures)
'''


class Random(ToolTest):
    def compare(self, seed, functions, calls, **settings):
        program = self.write("random_arithmetic.py", PROGRAM)
        arguments = [program, str(seed), str(functions), str(calls)]
        stock = run([STOCK, *arguments])
        self.assertEqual(stock.returncode, 0, stock.stderr)
        compiled = run([LAUNCHER, *arguments], **settings)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        for expected, found in zip(stock.stdout.splitlines(), compiled.stdout.splitlines(), strict=True):
            self.assertEqual(expected, found, f"seed {seed}: function and digest")

    def test_every_function_compiled_at_once(self):
        """Nothing is known of the operands."""
        self.compare(1, 600, 400, JIT_STRESS="compile-all")

    def test_compiled_after_tier_0_specialised(self):
        self.compare(2, 500, 400, JIT_HOTNESS_THRESHOLD="40")

    def test_without_forwarding(self):
        self.compare(3, 60, 60, JIT_STRESS="compile-all,no-forward")


if __name__ == "__main__":
    unittest.main()
