"""Reference counts as sys.getrefcount tells them: of locals, arguments, temporaries, in callees and containers."""
import sys

count = sys.getrefcount


class Thing:
    pass


def local():
    x = Thing()
    a = count(x)
    y = x
    b = count(x)
    z = [x, x]
    c = count(x)
    del y
    z.pop()
    return a, b, c, count(x)


def temporary():
    return count(Thing()), count([]), count(object())


def operands():
    """A C function that looks at the count of its operand."""
    x = [1, 2]
    return count(x), count(x) + count(x), [count(x), x, count(x)][::2], (x, count(x), x)[1]


def loop():
    out = []
    for x in [Thing(), Thing()]:
        out.append(count(x))
    for y in (Thing() for _ in range(2)):
        out.append(count(y))
    return out


def constants(x=1000000007):
    return count(x) > 2, count("a constant string") > 2


def unpack():
    a, b = Thing(), Thing()
    c, d = b, a
    (e, *f) = a, b
    return count(a), count(b), count(f)


def closure():
    x = Thing()

    def inner():
        return count(x)

    return count(x), inner(), count(inner)


def exception():
    try:
        raise ValueError
    except ValueError as error:
        a = count(error)
        kept = error
        b = count(error)
    return a, b, count(kept)


def generator():
    x = Thing()
    yield count(x)
    y = x
    yield count(x)
    del x
    yield count(y)


def conditional(flag):
    x = Thing()
    return count(x if flag else None) if flag else 0, count(x or 1), count(x and x)


def comprehension():
    x = Thing()
    return [count(x) for _ in range(2)], [count(y) for y in [x, x]], {k: count(v) for k, v in {1: x}.items()}


def walrus():
    return count(x := Thing()), count(x)


def returned():
    x = Thing()
    return x


def augmented():
    x = [Thing()]
    y = x
    x += [1]
    return count(x), count(y), count(x[0])


def attribute():
    x = Thing()
    x.y = Thing()
    z = x.y
    return count(x), count(x.y), count(z)


class Elision:
    """Whether an operator may reuse its left operand is decided by its count (NumPy does so)."""

    def __init__(self, reused=0):
        self.reused = reused

    def __add__(self, other):
        return Elision(self.reused + (count(self) <= 3))


def elision():
    a, b, c = Elision(), Elision(), Elision()
    return (a + b + c + a).reused, (a + (b + c)).reused


for function in [local, temporary, operands, loop, constants, unpack, closure, exception, lambda: list(generator()),
                 lambda: conditional(True), lambda: conditional(False), comprehension, walrus, augmented, attribute,
                 elision]:
    results = []
    for _ in range(200):
        result = function()
        if result not in results:
            results.append(result)
    print(function.__name__, *results)


def leak_check():
    """Counts of shared objects come back to where they were."""
    shared = Thing()
    before = count(shared), count(None) - count(None), count(Thing)

    def use(x, n):
        y = [x] * n
        for z in y:
            if z is not x:
                return None
            try:
                z.missing
            except AttributeError:
                pass
        t = (x, y)
        a, b = t
        return len({id(q) for q in b})

    for i in range(300):
        use(shared, i % 5)
        try:
            use(shared, None)
        except TypeError:
            pass
    return before, (count(shared), 0, count(Thing))


print(leak_check())


def none_and_bools(n):
    for i in range(n):
        x = None
        y = True if i % 2 else False
        z = (x, y, not y, x is None, i == 3)
    return z


before = [count(x) for x in (None, True, False, (), 0, 1, "")]
none_and_bools(1000)
none_and_bools(1000)
after = [count(x) for x in (None, True, False, (), 0, 1, "")]
none_and_bools(100000)
last = [count(x) for x in (None, True, False, (), 0, 1, "")]
print([abs(a - b) < 50 for a, b in zip(after, last)])
