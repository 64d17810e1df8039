"""Numbers become one object: `is`, reference counts, slots of one exit."""
import sys


SEEN = []


class F:
    def __rmul__(self, other):
        SEEN.append((other, sys.getrefcount(other)))
        return 1


class Add(float):
    def __radd__(self, other):
        return other


def local(x, other):
    y = x * 2.0
    return y * other, other * y if not isinstance(other, F) else 0, y


def same_after(a, b):
    c = d = a * b
    e = (c, b + c, d)  # b may be anything
    return c is d, e[0] is e[2], e[0] is c


def loop(n):
    a = b = 1.0
    out = []
    for i in range(n):
        if i % 50 == 49:
            out.append(a is b)
        a = b = a + 1.5
    return out, a is b


def copies(x):
    t = (x, x, x := x + 1.0, x)
    return t[0] is t[1], t[2] is t[3], t[2] is x


def pack(items, value):
    items.append(value)


def callee(x, items):
    y = x * 3.0
    pack(items, y)
    return items[-1] is y


def walrus(items, x):
    items.append(y := x + 0.5)
    return items[-1] is y


def two(x):
    a = x + 1.0
    b = x + 1.0
    return a is b


for i in range(300):
    items = []
    local(1.0 * i, 2.0)
    result = [same_after(1.5, 2.0), copies(1.5 * i), callee(i * 1.0, items), walrus(items, i * 1.0), two(i * 1.0)]
    if i in (0, 299):
        print(result)
print(loop(300)[1], set(loop(300)[0]))
for i in range(2):
    local(3.75, F())
    print(SEEN)
print(same_after(2.5, Add(2)), same_after(3, 10**30))


def counted(v, n):
    out = []
    for i in range(n):
        x = v * 1.5 + i
        y = (x, isinstance(v, F))
        out.append(sys.getrefcount(x))
    return out


# A number that is an operand and a local of an inlined function while other code runs: two references, not three.
for turns in (5, 300, 300):
    print([sorted(set(counted(v, n))) for v in (1.25, 3.5) for n in (5, turns, turns)])


def one_way_only(n):
    """A number that is another one on some ways."""
    same = other = 0
    for k in range(n):
        x = k * 1.5
        y = k * 2.0 + 1.0
        z = x
        if k & 1:
            z = y
        same += z is y
        other += z is x
        i = k * 1000 + 500
        j = 0 if k % 3 else i
        same += (j is i) * 10000
    return same, other


def handed_on(n):
    found = [0] * 5
    for k in range(n):
        x = k * 1.5 - 30.0
        y = 40.0 - k * 2.0
        i = k * 1000 + 7777
        found[0] += max(x, y) is x
        found[1] += min(x, y) is y
        found[2] += abs(i) is i
        found[3] += max(i, 0 - i) is i
        found[4] += (x + 0.0) is x
    return found


def is_that(a, b):
    return a is b


def in_a_callee(n):
    found = 0
    for k in range(n):
        x = k * 1.5
        found += is_that(x, x) + is_that(x, x * 1.0) * 1000
    return found


for i in range(40):
    result = one_way_only(200), handed_on(100), in_a_callee(100)
print(result)
