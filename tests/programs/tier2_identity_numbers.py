"""One number assigned twice is one object, also where compiled code has had it in a register; NaN is found by identity alone."""
# test: modes=tier0,default,compile-all,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import sys


def pair(x):
    return (x, x)


def are_same(a, b):
    return a is b


def twice_in_a_tuple(a):
    both = pair(a * 1.5)
    return both[0] is both[1]


def handed_over_twice(a):
    x = a * 1.5
    return are_same(x, x)


def named_in_an_expression(a):
    return (y := a * 1.5) is y


def assigned_twice(a):
    x = y = a * 1.5
    return x is y


def assigned_on(a):
    x = a * 1.5
    y = x
    z = y
    x = a * 2.5
    return y is z, x is y


def computed_twice(a):
    x = a * 1.5
    y = a * 1.5
    return x is y


def in_containers(a):
    x = a * 1.5
    items = (x, a * 1.5, x)
    box = [0.0]
    box[0] = x
    return items[0] is items[2], items[0] is items[1], box[0] is x, x in [x], x in (x, x), x in {x}, x in {x: 1}


def equal_beside_it(a):
    x = a * 1.5
    items = (x, a * 1.5, x)
    return items[0] is items[2], items[0] is items[1], x in {x}


def in_a_loop(a):
    found = []
    for x in (a * 1.5, a, a + a):
        if x not in {x}:
            found.append("not in its set")
        if x not in [x]:
            found.append("not in its list")
        if not [x] == [x]:
            found.append("lists differ")
        if not {x: None} == {x: None}:
            found.append("dicts differ")
    return found


def in_a_loop_of_sums(a):
    x = a + a
    for _ in range(3):
        y = x
        if x not in {y}:
            return "lost"
        x = x + a
    return "kept"


class Place:
    pass


def as_an_attribute(a):
    place = Place()
    x = a * 1.5
    place.x = x
    return place.x is x


def across_a_store_that_frees(a):
    x = Place()
    x = y = a * 1.5
    return x is y


def as_itself(a):
    x = a * 1.5
    y, z, w = abs(x), +x, float(x)
    return y is x, z is x, w is x, max(x, 1.0) is x, min(x, 1e300) is x


def long_ints(a):
    x = y = a * 3001
    return x is y, +x is x, int(x) is x, max(x, 1) is x


LIMIT = 1e10


def clamp(a):
    if a > LIMIT:
        return LIMIT
    return a


def scaled(a, b=2):
    return a * b


def summed(a, b):
    return a + b


def deep(a, b):
    return scaled(summed(a, b), b=clamp(b))


def by_one_of_two_ways(a):
    total = 0.0
    for i in range(4):
        total += deep(a, i)
    return total == total


FUNCTIONS = [by_one_of_two_ways, twice_in_a_tuple, handed_over_twice, named_in_an_expression, assigned_twice, assigned_on, computed_twice, in_containers, equal_beside_it,
             in_a_loop, in_a_loop_of_sums, as_an_attribute, across_a_store_that_frees, as_itself]
for function in FUNCTIONS:
    results = {}
    for turn in range(40):
        for argument in (2.0, 3.0, float("nan"), 1e300, 7001, float("nan")):
            if turn < 30 and argument == 7001:
                continue
            try:
                results.setdefault(repr(function(argument)), turn)
            except TypeError as error:
                results.setdefault(str(error), turn)
    print(function.__name__, *results)
results = set()
for turn in range(400):
    results.add(long_ints(turn + 7))
print("long_ints", results)


# Two locals of a loop that stand for one number are one object in it, after it and where it is left.

def in_an_inner_loop(n):
    out = []
    for i in range(n):
        r = s = i
        for j in range(4):
            s = r = i * 300 + j
        out.append(s is r)
    return set(out), s is r


def from_one_constant(n):
    j = k = 0
    for i in range(n):
        j = k = i + 300
    return j is k, j == k


def late_ints(n):
    for i in range(n):
        j = k = i
    return j is k


def late_floats(n):
    for i in range(n):
        j = k = i * 2.5
    return j is k


def late_in_an_inner_loop(n):
    res = set()
    for i in range(n):
        for m in range(3):
            j = k = i
        res.add(j is k)
    return res, j is k


def by_two_ways(n):
    res = set()
    a = b = None
    for i in range(n):
        if i % 7 == 3:
            a = b = i + 1000
        elif i % 7 == 5:
            a = i + 1000
            b = a
        res.add(a is b)
    return res


def counted_up(n):
    i = 0
    while i < n:
        i = j = i + 1
    return i is j


def counted_up_in_floats(n):
    i = 300.0
    while i < n:
        i = j = i + 1.0
        if i % 50 == 0:
            k = j
            l = (i, j)
    return i is j, l[0] is l[1], k is l[0]


def counted_references(n):
    c = set()
    for i in range(n):
        j = k = i + 1000
        if i > n - 5:
            c.add(sys.getrefcount(j))
    return c, sys.getrefcount(j), sys.getrefcount(k)


def exchanged(n):
    a = 1000
    b = 2000
    for i in range(n):
        a, b = b, a
        c = a
    return a is b, c is a, c is b


def reset_to_a_constant(n):
    a = b = c = 1
    for i in range(n):
        a, b = b, a + b
        c = b
        if b > 10**12:
            a = b = c = 1
    return c is b, a is b


def handed_out_of_a_loop(n):
    for i in range(n):
        for j in range(2):
            s = r = i + 500
            t = s
        u = t
    return s is r, t is s, u is t


def seen_in_the_next_turn(n):
    s = r = t = None
    out = set()
    for i in range(n):
        out.add((s is r, t is r))
        s = r = i + 1000
        for q in range(3):
            t = r
            s = r = s + 1
    return out


for function in (in_an_inner_loop, from_one_constant, late_ints, late_floats, late_in_an_inner_loop, by_two_ways, counted_up, counted_up_in_floats, counted_references, exchanged, reset_to_a_constant, handed_out_of_a_loop, seen_in_the_next_turn):
    for turns in (600, 600, 601, 700, 3000):
        results = function(turns)
        print(function.__name__, [sorted(part) if isinstance(part, set) else part for part in (results if isinstance(results, tuple) else (results,))])
