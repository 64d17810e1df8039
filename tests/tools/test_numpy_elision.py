"""NumPy's reuse of temporary arrays survives compilation: `a*b+c` on 8 MB arrays allocates and takes as little as before.

NumPy (numpy/core/src/multiarray/temp_elide.c) writes a sum into the array that held the product when it can prove from
the C stack that only the evaluator holds it, and it gives up for the whole process after meeting one unknown address.
"""
# test: alone needs=numpy
import json
import unittest

from tooling import LAUNCHER, STOCK, ToolTest, run

PROGRAM = """
import json, os, sys, time
import numpy as np

def expression(a, b, c):
    return a * b + c

def chain(a, b, c):
    return ((a + b) * c - a) / b

def negated(a, b, c):
    return -(a * b) + abs(c)

def in_place(a, b, c):
    t = a * b
    t += c
    return t

def kept(a, b, c):
    t = a * b
    u = t + c            # t is alive: must not be overwritten
    return t, u

def argument(a, b, c):
    return (lambda x: x + 1)(a * b)

FUNCTIONS = [expression, chain, negated, in_place]
small = [np.arange(1.0, 9.0) for _ in range(3)]
large = [np.arange(1.0, 1e6 + 1) for _ in range(3)]

def fastest(function, arguments):
    best = 1e9
    for _ in range(15):
        began = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - began)
    return best

def peak(function, arguments):
    "Largest amount of array memory alive at a time, in arrays of this size."
    import tracemalloc
    tracemalloc.start()
    function(*arguments)
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(size / arguments[0].nbytes, 1)

cold = {f.__name__: fastest(f, large) for f in FUNCTIONS}
peaks_cold = {f.__name__: peak(f, large) for f in FUNCTIONS}
for f in FUNCTIONS + [kept, argument]:
    for _ in range(1000):
        f(*small)
hot = {f.__name__: fastest(f, large) for f in FUNCTIONS}
peaks_hot = {f.__name__: peak(f, large) for f in FUNCTIONS}
t, u = kept(*large)
right = bool((t == large[0] * large[1]).all() and (u == t + large[2]).all())
a, b, c = large
right &= bool((expression(*large) == np.add(np.multiply(a, b), c)).all())
right &= bool((chain(*large) == np.divide(np.subtract(np.multiply(np.add(a, b), c), a), b)).all())
right &= bool((negated(*large) == np.add(np.negative(np.multiply(a, b)), np.abs(c))).all())
compiled = None
try:
    import pyjit
    compiled = [bool(pyjit.is_compiled(f)) for f in FUNCTIONS]
except ImportError:
    pass
print(json.dumps(dict(cold=cold, hot=hot, peaks_cold=peaks_cold, peaks_hot=peaks_hot, right=right, compiled=compiled)))
"""


class Elision(ToolTest):
    def measure(self, command, **environment):
        result = run([command, self.write("elision.py", PROGRAM)], **environment)
        self.assertEqual(result.returncode, 0, result)
        return json.loads(result.stdout)

    def check(self, measured, stock):
        self.assertTrue(measured["right"])
        self.assertEqual(measured["peaks_hot"], stock["peaks_hot"], "arrays alive at a time, against stock's")
        for name, seconds in measured["hot"].items():
            with self.subTest(name):
                # Without elision the time is several times as long; the margin is for a noisy machine.
                self.assertLess(seconds, 2 * min(stock["hot"][name], measured["cold"][name]))

    def setUp(self):
        super().setUp()
        self.stock = self.measure(STOCK)
        self.assertLess(self.stock["peaks_hot"]["expression"], 1.5, "stock itself does not elide here")

    def test_after_compilation(self):
        measured = self.measure(LAUNCHER)
        self.assertEqual(measured["compiled"], [True] * 4)
        self.check(measured, self.stock)

    def test_everything_compiled(self):
        self.check(self.measure(LAUNCHER, JIT_STRESS="compile-all"), self.stock)

    def test_hook_alone(self):
        self.check(self.measure(LAUNCHER, JIT_STRESS="no-compile"), self.stock)


if __name__ == "__main__":
    unittest.main()
