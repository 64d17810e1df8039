"""Tier 2: comprehensions in the function that has them: what they make, and what can be seen of them while they do."""

import sys
import traceback

TURNS = 300


def run(function, *arguments):
    """Calls a function many times and prints the results that differ from the one before."""
    last = None
    for turn in range(TURNS):
        try:
            result = function(turn, *arguments)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        if result != last and (turn < 3 or turn > TURNS - 3):
            print(function.__name__, turn, result)
        last = result
    print(function.__name__, "ends with", last)


def hot_over_range(n):
    a = [i * n for i in range(8)]
    b = [i for i in range(10, 0, -3)]
    c = [i for i in range(0)]
    d = [i for i in range(n % 5) if i % 2]
    return a[3] - 3 * n, b, c, d, sys.getsizeof(a), sys.getsizeof(d)


def hot_over_list(n):
    rows = [n, 2.5, "x", None]
    return [r for r in rows if r is not None][1:], [r for r in [1, 2, 3]], [r for r in (4, 5)], [c for c in "text"]


def hot_over_others(n):
    table = {"a": 1, "b": n % 2}
    return (
        [k for k in table],
        [v for v in table.values()],
        [k + str(v) for k, v in table.items()],
        [i + x for i, x in enumerate([5, 6, 7])],
        [x * y for x, y in zip([1, 2, 3], (4, 5, 6))],
        [x * y for x, y in zip(range(3), [4, 5])],
        [x for x in reversed([1, 2])],
        [b for b in b"ab"],
        sorted([x for x in {1, 2, 3}]),
        [x for x in map(str, [n % 2])],
    )


def hot_sets_and_dicts(n):
    return (
        sorted({x % 3 for x in range(10)}),
        {x: x * x for x in range(4)},
        {str(k): v for k, v in zip("ab", [n % 2, 2])},
        sorted({n % 2 for _ in range(3)}),
        {k: [v for v in range(k)] for k in range(3)},
    )


def hot_nested(n):
    table = [[a * b + n for a in range(4)] for b in range(4)]
    flat = [x - n for row in table for x in row if (x - n) % 2]
    return table[3][3] - n, flat, [row[0] - n for row in table], [sum(c) - 4 * n for c in zip(*table)]


def hot_free(n):
    factor = n % 7
    offset = 1
    result = [x * factor + offset for x in range(3)]
    offset = 2
    return result, [x * factor + offset for x in range(3)], [[x + y + factor for x in range(2)] for y in range(2)]


def hot_variable(n):
    x = "kept"
    made = [x for x in range(3)]
    return x, made, [x for x in [x]][0]


def hot_error(n):
    rows = [4, 2, n % 3, 1]
    try:
        return [12 // row
                for row in rows
                if row < 9]
    except ZeroDivisionError:
        return traceback.format_exc().replace(__file__, "FILE")


def hot_error_in_iterator(n):
    try:
        return [x for x in n % 2]
    except TypeError:
        return traceback.format_exc().replace(__file__, "FILE")


def hot_error_of_unpacking(n):
    try:
        return [a + b for a, b in [(1, 2), (3,) * (2 - n % 2), (4, 5)]]
    except ValueError as error:
        return str(error), error.__traceback__.tb_next.tb_frame.f_code.co_name


def who_calls():
    names = []
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "run":
        names.append((frame.f_code.co_name, sorted(k for k in frame.f_locals if k != "n")))
        frame = frame.f_back
    return names


def hot_frames(n):
    return [who_calls() for x in range(2)][1]


def hot_locals(n):
    return [sorted(locals()) for x in range(1)], [len(locals()) for y in [1, 2]]


def twice(x):
    return x + x


def hot_calls(n):
    return [twice(x) for x in range(4)], [twice(x) for x in ("a", n % 2, 2.5)], [str(x) for x in range(3)]


def hot_mixed_kinds(n):
    return [x + 1 for x in (1, 2.5, True, 10**20)], [x + x for x in (1, "a", [2])]


def hot_long_numbers(n):
    return [x * x for x in (1, 10**9, 10**18, 3)], [(1 << x) + n % 2 for x in (1, 29, 30, 61, 62, 63, 64)]


class Stops:
    def __init__(self, limit):
        self.limit = limit

    def __iter__(self):
        return self

    def __next__(self):
        self.limit -= 1
        if self.limit < 0:
            raise StopIteration("leaked")
        return self.limit


def hot_own_iterator(n):
    return [x for x in Stops(3)], {x for x in Stops(2)}


def raise_stop():
    raise StopIteration("from the body")


def hot_stop_in_body(n):
    try:
        return [raise_stop() if x == n % 3 + 7 else x for x in range(9)]
    except StopIteration as error:
        return f"stopped: {error}"


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        deaths.append(self.name)


deaths = []


def hot_deaths(n):
    deaths.clear()
    kept = [x.name for x in [Noisy(1), Noisy(2), Noisy(3)]]
    first = list(deaths)
    made = [Noisy(y) for y in range(3)]
    second = list(deaths)
    made = [z.name for z in made]
    return kept, first, second, made, list(deaths)


def hot_changing(n):
    """The list grows, and shrinks, while it is gone over."""
    rows = [1, 2, 3]
    grown = [rows.append(x + 3) or x for x in rows if len(rows) < 8]
    shrinking = [1, 2, 3, 4, 5, 6]
    rest = [shrinking.pop() for x in shrinking]
    table = {1: 2}
    try:
        changed = [table.update({x + n + 5: 1}) for x in table]
    except RuntimeError as error:
        changed = str(error)
    return grown, rest, changed


def hot_shared_iterator(n):
    iterator = iter([1, 2, 3, 4, 5, 6])
    return [(x, next(iterator)) for x in iterator], [x for x in iterator], list(iterator)


def hot_range_iterator_seen(n):
    iterator = iter(range(6))
    first = [(x, next(iterator)) for x in iterator]
    again = iter(range(10))
    part = [x for x in again if x < 5 or next(again) is None]
    return first, part, list(again), list(iterator)


def hot_counts(n):
    marker = object()
    return [sys.getrefcount(x) for x in [marker, marker]], [sys.getrefcount(marker) for _ in range(2)]


def hot_generators(n):
    rows = [1, 2, n % 2, 4]
    return (
        sum(x * x for x in rows),
        any(x > 3 for x in rows),
        all(x for x in rows),
        max(x for x in rows),
        list(x + 1 for x in rows),
        tuple(x for x in rows if x),
        sorted((x for x in rows), reverse=True),
        "-".join(str(x) for x in rows),
        dict((x, 1) for x in rows),
        set(x for x in rows),
        sum([x for x in rows]),
    )


def hot_conditions(n):
    return [("even" if x % 2 == 0 else "odd") for x in range(4) if x != n % 4], [x or "none" for x in (0, 1)]


def hot_walrus(n):
    made = [last := x + n for x in range(3)]
    return [m - n for m in made], last - n


def hot_lambdas(n):
    return [f(1) for f in [lambda v, x=x: v + x for x in range(3)]], [f() for f in [lambda: x for x in range(3)]]


class InClass:
    rows = [1, 2]
    made = [x * 2 for x in rows]
    names = {x: y for x, y in zip("ab", rows)}


def hot_unhashable(n):
    try:
        return {x for x in ([], 1)}
    except TypeError as error:
        return str(error)


for function in [value for name, value in list(globals().items()) if name.startswith("hot_")]:
    run(function)
print(InClass.made, InClass.names)
