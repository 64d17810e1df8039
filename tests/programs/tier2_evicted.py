"""Code is thrown away while functions called directly are in the middle of it: by what their innermost callee does."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-evict,tier2-fail-alloc,tiny-arena
import sys

try:
    from pyjit import clear
except ImportError:
    def clear():
        pass


def busy(kind):
    total = 0
    for i in range(40):
        namespace = {}
        exec(f"def made(n):\n    return n + {i}", namespace)
        total += namespace["made"](kind)
    return total


class Odd:
    """Meets the arithmetic of direct functions, whose guards fail by it, and throws all code away in the middle."""

    def __init__(self, value, thorough, error=None):
        self.value, self.thorough, self.error = value, thorough, error

    def disturb(self):
        if self.thorough:
            clear()
        busy(self.value)
        if self.error is not None:
            raise self.error

    def __sub__(self, other):
        self.disturb()
        return self.value - other

    def __lt__(self, other):
        self.disturb()
        return self.value < other

    def __radd__(self, other):
        self.disturb()
        return other + self.value

    __add__ = __radd__


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


LEAVES = [1]


def climb(n, x):
    """The deepest call returns what LEAVES has, which is no int some day: each of those above goes on with that."""
    if n == 0:
        return LEAVES[0]
    return climb(n - 1, x + 0.5) + 1


def lines_of(error):
    trace, lines = error.__traceback__, []
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno))
        trace = trace.tb_next
    return lines[-12:]


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, TypeError, KeyError) as error:
        return type(error).__name__, lines_of(error)


results = set()
for turn in range(12):
    for _ in range(20):
        results.add((fib(11), climb(12, 1.5)))
    for thorough in (False, True):
        for error in (None, ValueError("in the middle")):
            print(turn, thorough, attempt(fib, Odd(6, thorough, error)))
            LEAVES[0] = Odd(3, thorough, error)
            print(turn, thorough, attempt(climb, 9, 1.5), sys.getrefcount(LEAVES[0]))
            LEAVES[0] = 1
            results.add((fib(10), climb(11, 2.5)))
print(sorted(results))
