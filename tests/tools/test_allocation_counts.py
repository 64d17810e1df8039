"""pyjit.stats()["allocations"]: exact counts for plain functions, and no change of behaviour."""

import pathlib
import unittest

from tooling import LAUNCHER, ToolTest, run

PROGRAM = '''
import pyjit

class Point:
    pass

def ints(n):
    x = 1000
    for i in range(n):
        x = x + 1
    return x

def multiplied(values):
    x = None
    for value in values:
        x = value * 1000
    return x

def floats(n):
    x = y = 0.5
    while n:
        y = x * 1.5
        x = y + 2.0
        n -= 1
    return x

def containers(n):
    while n:
        t = (n, n)
        l = [n]
        d = {"n": n}
        p = Point()
        n -= 1
    return t, l, d, p

def text(n):
    s = ""
    while n:
        s = f"{n} and more"
        n -= 1
    return s

def made_elsewhere(n):
    while n:
        t = pair(n)
        n -= 1
    return t

def pair(n):
    return (n, n)

def fails(values):
    return [value + 1 for value in values]

functions = (ints, multiplied, floats, containers, text, made_elsewhere, pair)
assert all(pyjit.compile(f) for f in functions)
ints(1000), multiplied([2, 3] * 100), floats(200), containers(100), text(200), made_elsewhere(200)
try:
    fails([1, "x"])
except TypeError:
    pass
rows = {row["function"]: row for row in pyjit.stats()["allocations"]}
def made(name):
    row = rows[name]
    return {key: value for key, value in row.items() if value and key not in ("function", "file", "line")}
for f in functions:
    assert rows[f.__name__]["line"] == f.__code__.co_firstlineno and rows[f.__name__]["file"] == __file__
print("ints", made("ints")["in_place"] + made("ints")["ints"] - sum(i > 256 for i in range(1000)))
print("multiplied", made("multiplied")["ints"])
print("floats", made("floats")["floats"] + made("floats").get("in_place", 0))
print("containers", *(made("containers")[kind] for kind in ("tuples", "lists", "dicts", "objects")))
print("text", made("text")["strings"])
print("made_elsewhere", made("made_elsewhere"))
print("pair", made("pair"))
'''
EXPECTED = """ints 1000
multiplied 200
floats 400
containers 101 100 100 100
text 400
made_elsewhere {}
pair {'tuples': 200}
"""


class AllocationCounts(ToolTest):
    def test_counts(self):
        script = self.write("program.py", PROGRAM)
        self.expect(run([LAUNCHER, script], JIT_COUNT_ALLOCATIONS="1"), EXPECTED)
        self.expect(run([LAUNCHER, "-X", "jit-count-allocations=1", script]), EXPECTED)

    def test_off(self):
        script = self.write("program.py", "import pyjit\nprint('allocations' in pyjit.stats())\n")
        self.expect(run([LAUNCHER, script]), "False\n")

    def test_programs_behave_the_same(self):
        programs = pathlib.Path(__file__).resolve().parent.parent / "programs"
        for name in ("algorithms", "arith_float", "arith_int", "generators", "refcounts", "tier1_side_exits", "ops_containers"):
            script = str(programs / f"{name}.py")
            expected = run(["/usr/bin/python3.11", script], PYTHONHASHSEED="0")
            with self.subTest(name):
                self.expect(run([LAUNCHER, script], JIT_COUNT_ALLOCATIONS="1", JIT_STRESS="compile-all", PYTHONHASHSEED="0"),
                            expected.stdout, expected.stderr, expected.returncode)


if __name__ == "__main__":
    unittest.main()
