"""The code-size limit: the least recently used code is thrown away, and the program does not notice."""

import json
import unittest

from tooling import LAUNCHER, MODULE_PATH, ToolTest, run

PROGRAM = """
import pyjit, time

def make(number):
    body = "\\n".join(f"    x = x + {i} if x % {i + 2} else x - y" for i in range(40))
    namespace = {}
    exec(f"def f{number}(x, y):\\n{body}\\n    return x\\ndef g{number}(n):\\n    for i in range(n):\\n"
         f"        yield f{number}(i, n)\\n", namespace)
    return namespace[f"f{number}"], namespace[f"g{number}"]

def phase(functions):
    total = 0
    for turn in range(400):
        for f, g in functions:
            total += f(turn, 3) + hot(turn)
    return total

def hot(turn):
    return turn * 2 + 1

functions = [make(number) for number in range(60)]
# Suspended while their code comes and goes.
suspended = [g(100) for f, g in functions]
for generator in suspended:
    next(generator)
results = []
for start in range(0, 60, 10):
    results.append(phase(functions[start:start + 10]))
    results.append(sum(next(generator) for generator in suspended))
    time.sleep(WAIT)
results.append(phase(functions[:10]))
results.append([sum(generator) for generator in suspended])
print(results)
"""


class Eviction(ToolTest):
    def test_phases(self):
        script = self.write("program.py", PROGRAM.replace("WAIT", "0.3") + """
stats = pyjit.stats()
assert stats["events"]["evict"] > 0, stats
assert stats["arena_used"] <= stats["arena_limit"] == 152 * 1024, stats
assert stats["events"]["reasons"]["evict"] == {"cold": stats["events"]["evict"]}, stats
assert pyjit.is_compiled(hot), "what is always used stays"
""")
        reference = self.write("reference.py", PROGRAM.replace("WAIT", "0"))
        expected = run(["/usr/bin/python3.11", reference], PYTHONPATH=MODULE_PATH, PYTHON_JIT="0")
        log = self.path("log")
        self.expect(run([LAUNCHER, script], JIT_CODE_SIZE_LIMIT="152", JIT_HOTNESS_THRESHOLD="20", JIT_LOG=log), expected.stdout)
        evicted = [event for event in map(json.loads, open(log)) if event["event"] == "evict"]
        self.assertTrue(all(event["reason"] == "cold" and event["bytes"] > 0 for event in evicted))
        self.assertNotIn("hot", [event["function"] for event in evicted])

    def test_everything_in_use(self):
        # Without a pause all code is in use: nothing is evicted over and over, the rest waits in tier 0.
        script = self.write("program.py", PROGRAM.replace("WAIT", "0") + """
assert pyjit.stats()["arena_used"] <= 64 * 1024
assert pyjit.stats()["events"]["compile"] < 2000, pyjit.stats()
""")
        reference = self.write("reference.py", PROGRAM.replace("WAIT", "0"))
        expected = run(["/usr/bin/python3.11", reference], PYTHONPATH=MODULE_PATH, PYTHON_JIT="0")
        self.expect(run([LAUNCHER, script], JIT_CODE_SIZE_LIMIT="64", JIT_HOTNESS_THRESHOLD="20"), expected.stdout)

    def test_running_code_stays(self):
        script = self.write("program.py", """
import pyjit
def inner(depth):
    if depth:
        return inner(depth - 1) + 1
    for number in range(300):
        namespace = {}
        exec(f"def f(x): return x + {number}", namespace)
        assert namespace["f"](1) == number + 1
    return 0
def generator(depth):
    yield inner(depth)
    yield from generator(depth - 1) if depth else ()
print(inner(50), list(generator(3)))
stats = pyjit.stats()
assert stats["events"]["evict"] > 20, stats
""")
        self.expect(run([LAUNCHER, script], JIT_STRESS="compile-all,evict", JIT_TIERING="1"), "50 [3, 2, 1, 0]\n")


if __name__ == "__main__":
    unittest.main()
