"""Tier 2: sum(map(function, items)) as a loop, and what happens when it has to be left in the middle."""

import sys
import traceback

TURNS = 300


def run(function):
    last = None
    for turn in range(TURNS):
        try:
            result = function(turn)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        if repr(result) != last and (turn < 3 or turn > TURNS - 3):
            print(function.__name__, turn, repr(result))
        last = repr(result)
    print(function.__name__, "ends with", last)


def square(x):
    return x * x


def hot_constant_tuple(n):
    return sum(map(lambda value: value ^ (n & 1), (1, 2, 3)))


def hot_list(n):
    rows = [n & 3, 2, 3]
    return sum(map(square, rows)), sum(map(lambda x: x + 1, rows)), sum(map(square, [])), sum(map(square, ()))


def hot_floats(n):
    rows = [0.5, 1.5, -0.0]
    return sum(map(lambda x: x * 2.0, rows)), sum(map(lambda x: x, [-0.0])), sum(map(lambda x: x * 1.0, []))


def hot_changes_kind(n):
    rows = [1, 2, 3, 0.5, 2**40, True]
    return sum(map(lambda x: x, rows)), sum(map(lambda x: x + 0, [1.5, 2, 2**70])), sum(map(lambda x: x > 1, rows))


def hot_overflow(n):
    return sum(map(lambda x: x << 40, [2**20, 2**22, 2**22])), sum(map(lambda x: x * x, [2**31, 2**32, 2**40]))


def hot_rarely_other(n):
    rows = [1, 2, 3]
    if n % 50 == 49:
        rows[1] = 2.25
    if n % 70 == 69:
        rows[2] = "x"
    return sum(map(lambda x: x + x, rows))


def hot_error(n):
    rows = [4, 2, n % 5 - 4, 1]
    try:
        return sum(map(lambda x: 8 // x,
                       rows))
    except ZeroDivisionError:
        return traceback.format_exc().replace(__file__, "FILE")


def hot_branches(n):
    limit = n % 4
    return sum(map(lambda x: 1 if x > limit else -x, (0, 1, 2, 3, 4)))


def hot_list_grows(n):
    rows = [1, 2]

    def grow(x):
        if len(rows) < 6:
            rows.append(x + 1)
        return x
    return sum(map(grow, rows)), rows


def hot_counts(n):
    rows = [object(), object()]
    return sum(map(lambda x: sys.getrefcount(rows), rows)), sum(map(lambda x: sys.getrefcount(x), rows))


def hot_frames(n):
    names = []

    def see(x):
        if n % 30 == 29:
            frame = sys._getframe()
            names.append((frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_back.f_lineno - frame.f_lineno))
        return x
    return sum(map(see, (1, 2))), names


class Number:
    def __init__(self, value):
        self.value = value

    def __radd__(self, other):
        return Number(other + self.value)

    __add__ = __radd__

    def __repr__(self):
        return f"Number({self.value})"


def hot_objects(n):
    return sum(map(lambda x: x, (1, 2, Number(3)))) if n % 40 == 39 else sum(map(lambda x: x, (1, 2, 3)))


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        deaths.append(self.name)


deaths = []


def hot_deaths(n):
    deaths.clear()
    total = sum(map(lambda x, held=Noisy("default"): x.name, [Noisy(1), Noisy(2)]))
    second = sum(map(lambda x: Noisy(x).name, [3, 4]))
    return total, second, list(deaths)


def hot_raising_next(n):
    def fail(x):
        if x == n % 7:
            raise StopIteration("inner")
        return x
    try:
        return sum(map(fail, [1, 2, 3, 4, 5]))
    except StopIteration as error:
        return "stopped", str(error)


def hot_deep(n):
    def down(k):
        return 0 if k == 0 else 1 + sum(map(down, (k - 1,)))
    return down(n % 6)


def hot_locals(n):
    a = n * 1.5
    b = n + 1000
    total = sum(map(lambda x: x + 1, (1, 2, 3)))
    return a - n * 1.5, b - n, total


def hot_in_loop(n):
    total = 0
    for i in range(5):
        total += sum(map(lambda value: value ^ i, (1, 2, 3)))
        total += i
    return total


def shadowed(n):
    return sum(map(lambda x: x, (1, 2, 3)))


def hot_shadowed(n):
    return shadowed(n)


for function in [value for name, value in list(globals().items()) if name.startswith("hot_")]:
    run(function)


def sum(values):
    return "mine", list(values)


run(hot_shadowed)
del sum
run(hot_shadowed)
sys.setrecursionlimit(120)


def recursing(k):
    return 1 + sum(map(recursing, (k + 1,)))


for turn in range(100):
    try:
        recursing(0)
    except RecursionError as error:
        message = str(error)
print(message)
depths = []


def measured(k):
    depths.append(k)
    return sum(map(measured, (k + 1,)))


for turn in range(60):
    try:
        measured(0)
    except RecursionError:
        pass
print(max(depths))
