"""In-place updates must not be seen by anybody: aliases, containers, closures, defaults, constants, snapshots of locals."""
import sys


def alias(start):
    x = start
    y = x
    x += 1
    z = x
    x = x * 3
    w = y
    w -= 7
    return x, y, z, w


def two_locals(n):
    seen = []
    x = n
    i = 1000
    while i < 1010:
        x += i
        seen.append(x)
        y = x
        y += 1
        i += 1
    return seen, x, y


def float_aliases(start):
    x = start
    y = x
    x *= 2.0
    kept = [x]
    x += 0.5
    kept.append(x)
    z = x
    x = x - 1.0
    z = z / 3.0
    return x, y, z, kept


def same_operand(n):
    x = n * 1000
    x += x
    x = x + x
    x = x - 1
    x = x * x
    y = n * 0.5
    y += y
    y = y * y
    y = y - y
    return x, y


def closures(n):
    x = n

    def get():
        return x

    def bump():
        nonlocal x
        x += 1000
        return x

    before = get()
    after = bump()
    return before, after, get(), x


def default_argument(n, step=100000, factor=1.5):
    step += n
    factor *= 2.0
    return step, factor


def constants():
    total = 0
    for _ in range(3):
        x = 123456
        x += 1
        y = 2.5
        y += 1.0
        total += x
    return total, x, y, 123456, 2.5


def in_dictionary(n):
    table = {}
    x = n * 1000
    for i in range(5):
        table[x] = i
        x += 1
    return sorted(table.items()), x


def in_tuple(n):
    x = n * 1000
    pairs = []
    for i in range(3):
        pairs.append((x, x))
        x += 1
    return pairs, [a is b for a, b in pairs]


def snapshot(n):
    x = n * 1000
    first = locals()["x"]
    taken = dict(locals())
    x += 1
    second = locals()["x"]
    return first, taken["x"], second, x


def small_identity(n):
    out = []
    x = n
    for i in range(12):
        x -= 1
        out.append(x is (n - i - 1) if -5 <= x <= 256 else x == n - i - 1)
    y = 300
    y -= 100
    z = 250
    z += 6
    w = z
    w += 1
    v = w
    v -= 1
    two_hundred, top = int("200"), int("256")
    return out, y is two_hundred, z is top, v is z, w == 257


def falls_into_small(n):
    x = n
    y = n
    while x > 250:
        x -= 1
        y = x - 1
    a, b = int("250"), int("249")
    return x is a, y is b, x, y


def negative_range(n):
    x = n
    seen = []
    for _ in range(20):
        x -= 3
        seen.append(x)
    small = [v is int(str(v)) for v in seen if -5 <= v <= 256]
    return seen, small


def reused_temporaries(a, b):
    kept = []
    c = a + b
    for i in range(4):
        t = (a * 3 + b) - (a & b)
        kept.append(t)
        c = (c ^ t) + (t >> 1)
        kept.append(c)
    return kept, c


def swap(a, b):
    for _ in range(5):
        a, b = b, a + b
    return a, b


def parameters(a, b, c):
    a += b
    b += c
    c += a
    a, b, c = b, c, a
    return a, b, c


def argument_kept(n):
    values = [n, n + 1]
    copy = values[0]
    copy += 1
    copy *= 2
    return values, copy


def generator(n):
    x = n
    while True:
        x += 1000
        yield x


def exceptions(n):
    x = n * 1000
    try:
        x += 5
        x += None
    except TypeError as error:
        return x, str(error)


def divide_by_zero(n):
    out = []
    for op in range(6):
        x = n
        y = float(n)
        z = 0
        try:
            if op == 0:
                x //= z
            elif op == 1:
                x %= z
            elif op == 2:
                x = x / z
            elif op == 3:
                y = y / 0.0
            elif op == 4:
                x <<= -1
            else:
                x >>= -1
        except (ZeroDivisionError, ValueError) as error:
            out.append((x, y, type(error).__name__, str(error)))
    return out


class Account:
    rate = 1000.5

    def __init__(self):
        self.total = 100000

    def add(self, amount):
        total = self.total
        total += amount
        rate = self.rate
        rate += 1.0
        return total, self.total, rate, self.rate


class Loud:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append("gone")


def replaces_object(log):
    x = Loud(log)
    a = 1000
    x = a + 1
    log.append("after")
    y = Loud(log)
    y = a / 8
    log.append("after")
    z = [Loud(log)]
    z = a * 5000000000
    log.append("after")
    return x, y, z


def unbound_target(flag):
    if flag:
        x = 5000
    a = 1000
    x = a + 1
    return x


def walrus(n):
    out = []
    x = n
    out.append(x + (x := x + 1000) + x)
    out.append([x, (x := x * 2), x])
    return out, x


def counts(n):
    x = n * 1000 + 500
    before = sys.getrefcount(x)
    x += 1
    after = sys.getrefcount(x)
    y = x
    x += 1
    return before, after, sys.getrefcount(x), sys.getrefcount(y)


def many(n):
    """More temporaries than the free lists hold."""
    kept = [i * 1001 for i in range(n)]
    total = 0
    for value in kept:
        total += value
    del kept
    again = [i * 1003 + 1 for i in range(n)]
    floats = [i * 0.5 for i in range(n)]
    sum_of_floats = 0.0
    for value in floats:
        sum_of_floats += value
    return total, sum(again), sum_of_floats


def run():
    for n in (0, 1, 5, 250, 256, 257, 260, -4, -5, -6, -7, 2**30 - 2, 2**30 - 1, 2**30, 2**31, -2**30, 2**60 - 1, 2**60, 2**63,
              -2**63, 2**90):
        print(n, alias(n), two_locals(n), same_operand(n), closures(n), default_argument(n), in_dictionary(n))
        print(in_tuple(n), snapshot(n), negative_range(n), argument_kept(n), exceptions(n), divide_by_zero(n), walrus(n))
        print(reused_temporaries(n, 12345), swap(n, n + 1), parameters(n, n, n), counts(n))
        stream = generator(n)
        print([next(stream) for _ in range(4)], unbound_target(n > 5))
    for x in (0.0, -0.0, 1.5, 1e308, 5e-324, float("inf"), float("nan")):
        print(float_aliases(x))
    print(constants(), small_identity(10), small_identity(260), falls_into_small(300), many(1000))
    print(Account().add(5), Account().add(5))
    log = []
    print(replaces_object(log), log)


for _ in range(4):
    run()
