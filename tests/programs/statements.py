"""Every statement and expression form, in functions hot enough to be compiled."""
import sys


def hot(function, *args, times=150):
    results = []
    for _ in range(times):
        result = function(*args)
        if result not in results:
            results.append(result)
    print(getattr(function, "__name__", "?"), *results)


def conditionals(x):
    out = []
    if x > 10:
        out.append("big")
    elif x > 5:
        out.append("middle")
    elif not x:
        out.append("zero")
    else:
        out.append("small")
    out.append("a" if x else "b")
    out.append(x and "and")
    out.append(x or "or")
    out.append(not x and not (x or 0))
    if x and (x > 3 or x < -3) and not x == 7:
        out.append("complex")
    return out


for x in (0, 1, 7, 20, -5):
    hot(conditionals, x)


def while_loops(n):
    out = []
    i = 0
    while i < n:
        i += 1
        if i == 3:
            continue
        if i == 7:
            break
        out.append(i)
    else:
        out.append("else")
    while True:
        i -= 1
        if i <= 0:
            break
    while i > 0:
        pass
    j = 10
    while j and (j := j - 3) > 0:
        out.append(j)
    return out


for n in (0, 5, 10):
    hot(while_loops, n)


def for_loops():
    out = []
    for i in range(3):
        for j in "ab":
            if j == "b":
                break
            out.append((i, j))
        else:
            out.append("never")
    for a, (b, *c) in [(1, "xyz"), (2, [3])]:
        out.append((a, b, c))
    for x.y in (1, 2):
        pass
    d = {}
    for d["k"] in range(3):
        pass
    for i in range(10, 0, -3):
        out.append(i)
    for i in range(0):
        pass
    for k, v in {"p": 1, "q": 2}.items():
        out.append((k, v))
    for i, z in enumerate(zip("ab", (1, 2))):
        out.append((i, z))
    for t in reversed([1, 2]), sorted({3, 1}), iter((4,)), {5: 6}, map(str, [7]):
        out.append(list(t))
    for i in range(2**62, 2**62 + 2):
        out.append(i)
    return out, x.y, d, i


class x:
    pass


hot(for_loops)


def modified_during_iteration():
    out = []
    items = [1, 2, 3]
    for item in items:
        out.append(item)
        if len(items) < 6:
            items.append(item * 10)
    for item in items:
        items.remove(item)
    d = {1: 1, 2: 2}
    try:
        for k in d:
            d[k + 10] = 1
    except RuntimeError as error:
        out.append(str(error))
    s = {1, 2}
    try:
        for k in s:
            s.add(k + 100)
    except RuntimeError as error:
        out.append(str(error))
    return out, items


hot(modified_during_iteration)


def assignments():
    a = b = c = [1]
    a, b = b, 5
    (a, [b, c]), *d = (1, [2, 3]), 4, 5
    e, *f, g = range(6)
    *h, = "xyz"
    [i, j] = {7: 8}.items().__iter__().__next__()
    k = l, = [9]
    m: int = 10
    n: str
    o = (p := 11) + p
    q = 1,
    r = s = t = 0
    r += 1
    s -= 1
    t |= 6
    t &= 3
    t ^= 1
    t <<= 4
    t >>= 1
    u = 7
    u //= 2
    u **= 3
    u %= 10
    v = 7
    v /= 2
    a, b, c = c, a, b
    x, y = [1, 2]
    x, y, z, w = y, x, x, y
    return a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u, v, x, y, z, w


hot(assignments)


def unpack_errors(value):
    out = []
    try:
        a, b = value
        out.append((a, b))
    except (ValueError, TypeError) as error:
        out.append(str(error))
    try:
        a, *b, c = value
        out.append((a, b, c))
    except (ValueError, TypeError) as error:
        out.append(str(error))
    return out


for value in ([], [1], [1, 2], (1, 2), (1, 2, 3), "ab", "abc", {1, 2}, {"a": 1, "b": 2}, 5, None, range(2), range(5), b"xy"):
    hot(unpack_errors, value)


def deletions():
    a, b, c = 1, [1, 2, 3, 4, 5], {"x": 1, "y": 2}
    del a, b[0], b[1:3], c["x"]
    out = [b, c]
    try:
        a
    except UnboundLocalError as error:
        out.append(str(error))
    try:
        del a
    except UnboundLocalError as error:
        out.append(str(error))
    for d in range(2):
        del d
    try:
        d
    except UnboundLocalError as error:
        out.append(str(error))
    return out


hot(deletions)


def slices(s, i, j, k):
    t = list(s)
    t[i:j] = "XY"
    u = list(s)
    del u[i:j]
    return s[i:], s[:j], s[i:j], s[i:j:k], s[::k], s[:], t, u, s[-1:], s[slice(i, j)]


hot(slices, "abcdefgh", 2, 5, 2)
hot(slices, (1, 2, 3, 4, 5), 1, -1, -1)
hot(slices, [1, 2, 3, 4], None, None, 1)


def displays(a, b):
    return ([], [a], [a, *[b, a], b], (), (a,), (a, b, *"x"), {a}, {a, *"x"} == {"x", a}, {}, {a: b}, {a: 1, **{"k": 2}, b: 3}, {**{}}, [[a], [b]],
            [1, 2, 3], (1, 2, 3), {1, 2, 3}, {"c": 1, "d": 2}, f"{a}{b}", [x for x in (a, b)], {x: y for x, y in [(a, b)]}, {x for x in "a"},
            [(x, y) for x in range(3) if x for y in range(x) if not y], [[z for z in range(w)] for w in range(3)], ..., None, True, a is b,
            a is not b, a in [a], a not in [b], -3, +3, ~3, 1_000, 0x1f, 1e3, 2j, b"b", "con" "cat", __name__)


hot(displays, 1, "s")


def comparisons(a, b, c):
    return a < b < c, a < b > c, a == b == c, a != b, a <= b, b >= c, a < b in [b], not a < b, (a < b) is True


hot(comparisons, 1, 2, 3)
hot(comparisons, 2.5, 1, 3)


def lambdas():
    f = lambda: 1
    g = lambda x, *y, z=2, **w: (x, y, z, w)
    h = (lambda x: lambda y: x + y)(1)
    return f(), g(1), g(1, 2, 3, z=4, k=5), h(2), (lambda *, a: a)(a=6), (lambda a, /, b: a - b)(5, b=1)


hot(lambdas)


def nested_functions(n):
    def helper(k, acc=()):
        if k == 0:
            return acc
        return helper(k - 1, acc + (k,))

    class Local:
        attribute = n

        def method(self, other=n):
            return self.attribute + other

        @staticmethod
        def static():
            return "static"

        @classmethod
        def klass(cls):
            return cls.__name__

        @property
        def prop(self):
            return "prop"

    return helper(n), Local().method(), Local.static(), Local.klass(), Local().prop, Local.__qualname__


hot(nested_functions, 4)


def globals_and_nonlocals():
    global made_global
    made_global = 1
    x = 0

    def inc():
        nonlocal x
        global made_global
        x += 1
        made_global += x
        return x

    inc()
    inc()
    return x, made_global


hot(globals_and_nonlocals)


def asserts(x):
    assert x
    assert x, "message"
    return "passed"


hot(asserts, 1)


def imports():
    import os.path
    import os.path as p
    from os import path, sep as separator
    from os.path import join, basename
    import collections.abc, itertools as it
    return os.path is p is path, separator, join("a", basename("b/c")), collections.abc.Sized.__name__, list(it.repeat(1, 2))


hot(imports)


def star_import():
    namespace = {}
    exec("from string import *", namespace)
    return "digits" in namespace, "Formatter" in namespace


hot(star_import, times=20)


def walrus(items):
    if (n := len(items)) > 2:
        return n, [last := x for x in items], last, (y := 1, y + 1)
    return n, [z for x in items if (z := x * 2)]


hot(walrus, [1, 2, 3])
hot(walrus, [1, 0])


def with_statements(log):
    class M:
        def __init__(self, name, swallow=False):
            self.name, self.swallow = name, swallow

        def __enter__(self):
            log.append(f"enter {self.name}")
            return self

        def __exit__(self, kind, value, tb):
            log.append(f"exit {self.name} {kind and kind.__name__}")
            return self.swallow

    with M("a") as a, M("b"):
        log.append("body")
    with M("c", True) as c:
        raise ValueError
    for i in range(3):
        with M(i):
            if i == 0:
                continue
            if i == 1:
                break
    try:
        with M("d"):
            with M("e"):
                raise KeyError
    except KeyError:
        log.append("caught")
    with (M("f") as f, M("g") as g):
        return log, a.name, c.name, f.name
    return "unreachable"


hot(lambda: with_statements([]))


def generator_expressions(n):
    return (sum(i for i in range(n)), list(i * j for i in range(n) for j in range(i)), max((i for i in range(n)), default=None),
            any(i > 2 for i in range(n)), all(i >= 0 for i in range(n)), tuple(x for x in "ab"), dict((i, i) for i in range(2)),
            sorted((-i for i in range(n)), key=lambda x: x), ",".join(str(i) for i in range(n)))


hot(generator_expressions, 4)
hot(generator_expressions, 0)


def pass_and_docstring():
    """A docstring."""
    pass
    ...
    "a string statement"
    5
    return pass_and_docstring.__doc__


hot(pass_and_docstring)


def big_function(n):
    """Many locals and constants: EXTENDED_ARG everywhere."""
    total = 0
    {0}
    for i in range(n):
        if i % 2:
            {1}
        else:
            {2}
    return total, {3}


names = [f"local_{i}" for i in range(300)]
text = "def big(n):\n    total = 0\n" + "".join(f"    {name} = {i} + n\n" for i, name in enumerate(names))
text += "    for i in range(n):\n        if i % 2:\n" + "".join(f"            {name} += {i * 1000 + 7}\n" for i, name in enumerate(names))
text += "        else:\n" + "".join(f"            total += {name}.real - {i}.5\n" for i, name in enumerate(names))
text += "        try:\n            total / (i - 3)\n        except ZeroDivisionError:\n            total -= 1\n"
text += "    return total, " + " + ".join(names) + "\n"
namespace = {}
exec(text, namespace)
hot(namespace["big"], 10, times=30)
text = "def deep(x):\n"
for i in range(19):
    text += "    " * (i + 1) + f"for v{i} in (x,):\n"
text += "    " * 20 + "return " + " + ".join(f"v{i}" for i in range(19)) + "\n"
exec(text, namespace)
hot(namespace["deep"], 2)
text = "def wide(x):\n    return f(" + ", ".join("x" for _ in range(300)) + ", " + ", ".join(f"k{i}=x" for i in range(300)) + ")\n"
exec(text, namespace)
namespace["f"] = lambda *a, **k: (len(a), len(k), sum(a), sum(k.values()))
hot(namespace["wide"], 3, times=50)
exec("def many(x):\n    return [" + ", ".join(["x"] * 400) + "], {" + ", ".join(f"{i}: x" for i in range(400)) + "}\n", namespace)
hot(lambda: [len(y) for y in namespace["many"](1)])
exec("def nested(x):\n    return " + "(" * 80 + "x" + " + 1)" * 80 + "\n", namespace)
hot(namespace["nested"], 5)
exec("def stack(x):\n    return " + " + ".join(f"(x * {i}" for i in range(80)) + ")" * 80 + "\n", namespace)
hot(namespace["stack"], 1.0)
print(sys.exc_info())


class Annotated:
    a: int
    b: str = "x"
    c: "list" = []


print(Annotated.__annotations__)
variable: int = 3
other: float
print(__annotations__)
if variable:
    for i in range(3):
        module_level = i
    else:
        module_level += 10
print(module_level, [i for i in range(3)], i)
del module_level
try:
    module_level
except NameError as error:
    print(error)
