"""Displays, comprehensions, unpacking, slices, f-strings."""
import sys
import traceback

TURNS = 5


def show(function, *arguments):
    """Prints what some turns of the function give; once, when they all give the same."""
    outcomes = []
    for _ in range(TURNS):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException:
            outcomes.append(traceback.format_exc())
    same = all(outcome == outcomes[0] for outcome in outcomes)
    for outcome in outcomes[:1] if same else outcomes:
        print(function.__name__, outcome, sep=": ")


# ---- Building

def displays(a, b):
    return (a, b), [a, b, a], {a, b}, {a: b, b: a}, {"x": a, "y": b}, (), [], {}


def const_keys(a):
    return {"one": a, "two": a + 1, "three": [a], 4: None}


def many_keys(v):
    return {"a": v, "b": v, "c": v, "d": v, "e": v, "f": v, "g": v, "h": v, "i": v, "j": v, "k": v, "l": v}


def mixed_keys(v):
    return {"a": v, "b": v, "c": v, "d": v, 5: v, "f": v, (): v}


def sizes(v):
    return [sys.getsizeof(d) for d in (const_keys(v), many_keys(v), mixed_keys(v), {v: 1, "b": 2}, {"a": 1})]


def unhashable_set(a, b):
    return {a, b, a}


def unhashable_key(a, b):
    return {a: 1, b: 2}


def starred(a, b):
    return [*a, 1, *b], (*a, *b), {*a, *b, 0}


def double_starred(a, b):
    return {**a, "x": 1, **b}


class Logged:
    def __init__(self, name, log, hashed=1):
        self.name, self.log, self.hashed = name, log, hashed

    def __hash__(self):
        self.log.append(("hash", self.name))
        if self.hashed is None:
            raise ValueError(f"no hash for {self.name}")
        return self.hashed

    def __eq__(self, other):
        self.log.append(("eq", self.name, other.name))
        return self.hashed == other.hashed

    def __repr__(self):
        return self.name

    def __del__(self):
        self.log.append(("del", self.name))


def logged_dict(hashes):
    log = []
    try:
        d = {Logged("a", log, hashes[0]): Logged("A", log), Logged("b", log, hashes[1]): Logged("B", log),
             Logged("c", log, hashes[2]): Logged("C", log)}
        log.append(repr(d))
        del d
    except ValueError as error:
        log.append(str(error))
    return list(log)


def logged_set(hashes):
    log = []
    try:
        s = {Logged("a", log, hashes[0]), Logged("b", log, hashes[1]), Logged("c", log, hashes[2])}
        log.append(len(s))
        del s
    except ValueError as error:
        log.append(str(error))
    return list(log)


def logged_comprehension(hashes):
    log = []
    try:
        d = {Logged(n, log, h): Logged(n.upper(), log) for n, h in zip("abc", hashes)}
        log.append(len(d))
        del d
    except ValueError as error:
        log.append(str(error))
    return list(log)


show(displays, 1, 2)
show(const_keys, 5)
show(sizes, 1)
show(unhashable_set, 1, [])
show(unhashable_key, 1, {})
show(starred, [1, 2], (3,))
show(starred, [1], 5)
show(starred, None, [5])
show(double_starred, {"x": 0, "y": 2}, {"z": 3})
show(double_starred, {"x": 0}, [1])
show(double_starred, 7, {})
for hashes in [(1, 2, 3), (1, 1, 1), (1, None, 1), (1, 2, None)]:
    show(logged_dict, hashes)
    show(logged_set, hashes)
    show(logged_comprehension, hashes)


# ---- Comprehensions

def comprehensions(n):
    return ([i * i for i in range(n) if i % 2], {i % 3 for i in range(n)}, {i: str(i) for i in range(n)},
            [[j for j in range(i)] for i in range(n)], list(i for i in range(n) for _ in "ab"))


def comprehension_error(values):
    return [1 / v for v in values]


def comprehension_unhashable(values):
    return {v for v in values}


show(comprehensions, 6)
show(comprehension_error, [1, 2, 0])
show(comprehension_unhashable, [1, []])


# ---- Unpacking

class Iterates:
    def __init__(self, count, fail=None):
        self.count, self.fail = count, fail

    def __iter__(self):
        for i in range(self.count):
            if i == self.fail:
                raise KeyError("in the middle")
            yield i


class OldSequence:
    def __init__(self, items):
        self.items = items

    def __getitem__(self, index):
        return self.items[index]


class BadIter:
    def __iter__(self):
        return 5


class RaisingIter:
    def __iter__(self):
        raise TypeError("from __iter__")


def unpack_three(value):
    a, b, c = value
    return a, b, c


def unpack_none(value):
    [] = value
    return "empty"


def unpack_star(value):
    a, *b, c = value
    return a, b, c


def unpack_star_first(value):
    *a, b, c = value
    return a, b, c


def unpack_star_last(value):
    a, b, *c = value
    return a, b, c


def unpack_nested(value):
    (a, *b), (c, (d,)) = value
    return a, b, c, d


def unpack_loop(pairs):
    return [a + b for a, b in pairs]


SUBJECTS = [(1, 2, 3), [1, 2, 3], (1, 2), [1, 2, 3, 4], "xyz", "ab", {1: 2, 3: 4, 5: 6}, range(3), range(5), Iterates(3),
            Iterates(2), Iterates(9), Iterates(3, 1), Iterates(4, 3), OldSequence("pqr"), OldSequence("pq"), 5, None, BadIter(),
            RaisingIter(), iter([1, 2, 3])]
for function in (unpack_three, unpack_none, unpack_star, unpack_star_first, unpack_star_last):
    for subject in SUBJECTS:
        show(function, subject)
show(unpack_nested, ([1, 2, 3], (4, [5])))
show(unpack_nested, ([], (4, [5])))
show(unpack_nested, ([1], (4, 5)))
show(unpack_loop, [(1, 2), [3, 4], "ab"])
show(unpack_loop, [(1, 2), (3,)])


def unpack_order(count, wanted):
    """In which order are the values of a failed unpacking released?"""
    log = []
    try:
        if wanted == 3:
            a, b, c = (Logged(f"v{i}", log) for i in range(count))
        else:
            a, *b, c, d = (Logged(f"v{i}", log) for i in range(count))
        log.append("unpacked")
        del a, b, c
    except ValueError as error:
        log.append(str(error))
    return list(log)


for count in range(6):
    show(unpack_order, count, 3)
    show(unpack_order, count, 0)


# ---- Slices

class ShowsKey:
    def __getitem__(self, key):
        return key

    def __setitem__(self, key, value):
        print(key, value)

    def __delitem__(self, key):
        print("del", key)


def slices(x, a, b, c):
    return x[a:b], x[a:], x[:b], x[:], x[a:b:c], x[::c], x[a:b, c, ...]


def slice_stores(x, a):
    x[a:] = 1
    x[::a] = 2
    del x[:a]


show(slices, ShowsKey(), 1, "b", None)
slice_stores(ShowsKey(), 3)
slice_stores(ShowsKey(), 3)
slice_stores(ShowsKey(), 3)
show(lambda x, a: x[a:], [1, 2, 3], "x")


# ---- f-strings

class Formats:
    def __format__(self, spec):
        return f"<{spec}>" if spec != "bad" else 5

    def __repr__(self):
        return "r\u00e9pr"

    def __str__(self):
        return "str"


class NoStr:
    def __str__(self):
        return 5

    __repr__ = __str__


class StrSubclass(str):
    def __format__(self, spec):
        return "formatted " + spec


def f_strings(value, width):
    return (f"{value}", f"{value!s}", f"{value!r}", f"{value!a}", f"{value:>{width}}", f"{value!r:^{width}}",
            f"a{value}b{width}c", f"{value=}", f"{{{value}}}", f"")


show(f_strings, 5, 6)
show(f_strings, "t\u00e9xt", 8)
show(f_strings, Formats(), 3)
show(f_strings, Formats(), "bad")
show(f_strings, StrSubclass("x"), 4)
show(f_strings, NoStr(), 4)
show(f_strings, None, 4)
show(f_strings, 1.5, ".3f")
