"""import pyjit; sys._jit."""

import unittest

from tooling import LAUNCHER, MODULE_PATH, STOCK, ToolTest, run


class Modules(ToolTest):
    def check(self, program, interpreter=LAUNCHER, **changes):
        """Runs a program that ends by printing "right"."""
        script = self.write("program.py", program + "\nprint('right')\n")
        self.expect(run([interpreter, script], PYTHONPATH=MODULE_PATH, **changes), "right\n")

    def test_compile(self):
        self.check("""
import pyjit
def f(a, *, b=2):
    return a * b
assert not pyjit.is_compiled(f)
assert pyjit.compile(f) is True
assert pyjit.is_compiled(f)
assert pyjit.compile(f, tier=1) is True and pyjit.compile(f, 1) is True
assert f(21) == 42 and f(1, b=5) == 5
class C:
    def method(self): return 1
    @staticmethod
    def static(): return 2
    @classmethod
    def clas(cls): return 3
for item in (C.method, C().method, C.static, C.__dict__["static"], C.clas, C.__dict__["clas"], (lambda: 1).__code__):
    assert pyjit.compile(item) is True, item
    assert pyjit.is_compiled(item), item
assert (C().method(), C.static(), C.clas()) == (1, 2, 3)
""", JIT_HOTNESS_THRESHOLD="1000000")

    def test_wrong_arguments(self):
        self.check("""
import pyjit
def f(): pass
def raises(error, call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except error as caught:
        return str(caught)
    raise AssertionError((call, arguments))
for function in (pyjit.compile, pyjit.suppress, pyjit.is_compiled):
    for wrong in (1, None, "f", len, int, [].append, object()):
        text = raises(TypeError, function, wrong)
        assert "must be a Python function, method or code object, not " + type(wrong).__name__ in text, text
    raises(TypeError, function)
    raises(TypeError, function, f, f, f)
for tier in (0, 2, -1, 99):
    assert "tier must be from 1 to 1" in raises(ValueError, pyjit.compile, f, tier)
raises(TypeError, pyjit.compile, f, "1")
raises(TypeError, pyjit.compile, f, level=1)
raises(OverflowError, pyjit.compile, f, 10 ** 30)
for function in (pyjit.enable, pyjit.disable, pyjit.stats, pyjit.clear):
    raises(TypeError, function, 1)
""")

    def test_suppress(self):
        self.check("""
import pyjit
@pyjit.suppress
def f(n):
    total = 0
    for i in range(n):
        total += i
    return total
assert pyjit.compile(f) is False
for _ in range(500):
    assert f(20) == 190
assert not pyjit.is_compiled(f)
assert pyjit.stats()["events"]["reasons"]["refuse"]["suppressed"] >= 1
def g(): return 1
assert pyjit.compile(g) and pyjit.is_compiled(g)
assert pyjit.suppress(g) is g
assert not pyjit.is_compiled(g) and g() == 1
""")

    def test_suppress_while_off(self):
        self.check("""
import pyjit
@pyjit.suppress
def f(): return 1
pyjit.enable()
assert pyjit.compile(f) is False
assert f() == 1
""", interpreter=STOCK)

    def test_enable_and_disable(self):
        self.check("""
import sys, pyjit
def f(n): return n + 1
assert pyjit.compile(f) is False and not pyjit.is_compiled(f)
assert not sys._jit.is_enabled() and not pyjit.stats()["enabled"]
for _ in range(3):
    assert pyjit.enable() is True and pyjit.enable() is True
    assert sys._jit.is_enabled() and pyjit.stats()["enabled"]
    assert pyjit.compile(f) and pyjit.is_compiled(f) and f(1) == 2
    pyjit.disable(); pyjit.disable()
    assert not sys._jit.is_enabled() and not pyjit.is_compiled(f) and f(1) == 2
""", interpreter=STOCK)

    def test_disable_from_inside(self):
        self.check("""
import pyjit
def f(n):
    if n == 5:
        pyjit.disable()
    return n + 1
assert [f(i) for i in range(10)] == list(range(1, 11))
""", JIT_STRESS="compile-all", JIT_TIERING="1")

    def test_clear(self):
        self.check("""
import pyjit
def f(n): return n + 1
def inside():
    pyjit.clear()
    return f(1)
assert pyjit.compile(f) and pyjit.compile(inside)
assert pyjit.stats()["functions"] >= 2 and pyjit.stats()["arena_used"] > 0
assert inside() == 2
pyjit.clear()
stats = pyjit.stats()
assert stats["functions"] == 0 and stats["arena_used"] == 0, stats
assert stats["events"]["compile"] == 0
assert not pyjit.is_compiled(f) and f(1) == 2
assert pyjit.compile(f) and f(1) == 2
""", JIT_HOTNESS_THRESHOLD="1000000")

    def test_stats(self):
        self.check("""
import pyjit
def f(n): return n + 1
before = pyjit.stats()
assert pyjit.compile(f)
after = pyjit.stats()
assert after["functions"] == before["functions"] + 1
assert after["events"]["compile"] == before["events"]["compile"] + 1
assert 0 < after["machine_bytes"] <= after["arena_used"] <= after["arena_limit"]
assert after["events"]["bytes"] > before["events"]["bytes"] and after["events"]["milliseconds"] > 0
assert set(after["events"]["reasons"]) <= set(after["events"])
""", JIT_HOTNESS_THRESHOLD="1000000")

    def test_only_and_skip(self):
        program = """
import pyjit
def wanted(): return 1
def other(): return 2
class C:
    def wanted(self): return 3
for _ in range(5):
    assert (wanted(), other(), C().wanted()) == (1, 2, 3)
compiled = [pyjit.is_compiled(function) for function in (wanted, other, C.wanted)]
assert compiled == {}, compiled
"""
        for only, skip, expected in (
            ("wanted", None, [True, False, False]),
            ("*wanted", None, [True, False, True]),
            ("C.*,other", None, [False, True, True]),
            ("*wanted", "C.*", [True, False, False]),
            (None, "other", [True, False, True]),
            (None, "program.py:*", [False, False, False]),
            ("program.py:w*", None, [True, False, False]),
            ("nothing.py:*", None, [False, False, False]),
            ("/*/program.py:other", None, [False, True, False]),
        ):
            with self.subTest(only=only, skip=skip):
                self.check(program.replace("{}", repr(expected)), JIT_STRESS="compile-all", JIT_TIERING="1", JIT_ONLY=only, JIT_SKIP=skip)

    def test_compile_heeds_only_and_skip(self):
        self.check("""
import pyjit
def skipped(): return 1
def other(): return 1
assert (pyjit.compile(skipped), pyjit.compile(other)) == (False, True)
""", JIT_SKIP="skipped")

    def test_sys_jit(self):
        self.check("""
import sys
assert sys._jit.is_available() is True and sys._jit.is_enabled() is True
def f():
    return sys._jit.is_active()
import pyjit
assert pyjit.compile(f)
assert f() is True
@pyjit.suppress
def g():
    return sys._jit.is_active()
assert g() is False
""")

    def test_sys_jit_when_off(self):
        self.check("""
import sys
assert not hasattr(sys, "_jit")
import pyjit
assert sys._jit.is_available() and not sys._jit.is_enabled() and not sys._jit.is_active()
""", interpreter=STOCK)

    def test_version_and_documentation(self):
        self.check("""
import inspect, pyjit
assert pyjit.__version__.split(".")[0].isdigit()
for name in ("enable", "disable", "compile", "suppress", "is_compiled", "stats", "clear"):
    function = getattr(pyjit, name)
    assert len(function.__doc__) > 30 and inspect.signature(function)
""")

    def test_reload_and_many_imports(self):
        self.check("""
import importlib, sys, pyjit
importlib.reload(pyjit)
del sys.modules["pyjit"]
import pyjit as again
assert again.stats()["enabled"]
""")


if __name__ == "__main__":
    unittest.main()
