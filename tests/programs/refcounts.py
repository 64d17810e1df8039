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


def callee(x):
    return count(x)


def callee_with_defaults(x, y=None):
    y = x
    return count(x)


def callee_star(*args):
    return count(args[0]), count(args)


def callee_keywords(**kwargs):
    return count(kwargs["x"])


def arguments():
    x = Thing()
    return callee(x), callee(Thing()), callee_with_defaults(x), callee_star(x), callee_keywords(x=x), callee(x=x)


class Method:
    def method(self):
        return count(self)

    def __call__(self):
        return count(self)

    def __add__(self, other):
        return count(self), count(other)

    def __iter__(self):
        return iter([count(self)])

    def __enter__(self):
        return count(self)

    def __exit__(self, *args):
        pass

    @property
    def prop(self):
        return count(self)

    def __bool__(self):
        seen.append(count(self))
        return True

    def __eq__(self, other):
        seen.append((count(self), count(other)))
        return True

    def __contains__(self, x):
        seen.append((count(self), count(x)))
        return True

    def __getattr__(self, name):
        return count(self)

    def __neg__(self):
        return count(self)

    def __format__(self, spec):
        return str(count(self))


seen = []


def methods():
    x = Method()
    bound = x.method
    del seen[:]
    if x:
        pass
    x == x
    1.5 in x
    not x
    with x as w:
        pass
    return (x.method(), Method().method(), bound(), x(), Method()(), x + x, Method() + Method(), x + 1.5, list(x), [*Method()], w, x.prop,
            Method().prop, x.missing, -x, -Method(), f"{x}", f"{Method()}", tuple(seen))


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


def through():
    return count(returned()), count(callee_returns(returned()))


def callee_returns(x):
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


def deep(n, x):
    return deep(n - 1, x) if n else count(x)


class Elision:
    """Whether an operator may reuse its left operand is decided by its count (NumPy does so)."""

    def __init__(self, reused=0):
        self.reused = reused

    def __add__(self, other):
        return Elision(self.reused + (count(self) <= 3))


def elision():
    a, b, c = Elision(), Elision(), Elision()
    return (a + b + c + a).reused, (a + (b + c)).reused


for function in [local, temporary, arguments, methods, operands, loop, constants, unpack, closure, exception, lambda: list(generator()),
                 lambda: conditional(True), lambda: conditional(False), comprehension, walrus, through, augmented, attribute,
                 lambda: deep(5, Thing()), lambda: deep(50, Thing()), elision]:
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
