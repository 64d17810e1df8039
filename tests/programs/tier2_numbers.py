"""Loops of numbers, hot enough for tier 2: results, overflow, changing types, exceptions in the middle, what is seen from outside."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc,tier2-fail-alloc
import sys


def ints(n):
    total = 0
    for i in range(n):
        total += i * 3 % 7
        if total > 1000:
            total -= 999
    return total


def nested(n):
    count = 0
    for i in range(n):
        for j in range(n):
            if (i ^ j) & 1:
                count += 1
    return count


def floats(n):
    x = 1.0
    i = 0
    while i < n:
        x = x * 1.0000001 + 1e-9
        i += 1
    return x


def mandelbrot(width, height, limit):
    total = 0
    for row in range(height):
        y0 = row * 2.0 / height - 1.0
        for column in range(width):
            x0 = column * 3.0 / width - 2.0
            x = 0.0
            y = 0.0
            k = 0
            while x * x + y * y <= 4.0 and k < limit:
                x, y = x * x - y * y + x0, 2.0 * x * y + y0
                k += 1
            total += k
    return total


def sum_that_changes_type(values):
    total = 0
    for value in values:
        total += value
    return total


def overflowing(n):
    product = 1
    for i in range(1, n):
        product = product * i + 1
    return product


def shifting(n):
    word = 1
    seen = []
    for i in range(n):
        word = (word << 1) ^ i
        if i % 16 == 15:
            seen.append(word)
            word &= 0xFF
    return seen


def divisions(n):
    out = [0, 0, 0]
    for i in range(-n, n):
        if i:
            out[0] += 1000003 // i
            out[1] += 1000003 % i
            out[2] += -i // 4 + (i % 8) * (i >> 2)
    return out


def fails_at(n, stop):
    total = 0
    try:
        for i in range(n):
            total += 100 // (stop - i)
    except ZeroDivisionError as error:
        return total, i, str(error), error.__traceback__.tb_lineno
    return total, i


def index_error(items, n):
    total = 0
    i = 0
    try:
        while i < n:
            total += items[i]
            i += 1
    except IndexError as error:
        return total, i, str(error)
    return total, i


def matrix(n):
    a = [[float(i + j) for j in range(n)] for i in range(n)]
    b = [[float(i - j) for j in range(n)] for i in range(n)]
    c = [[0.0] * n for _ in range(n)]
    for i in range(n):
        ai = a[i]
        ci = c[i]
        for j in range(n):
            s = 0.0
            for k in range(n):
                s += ai[k] * b[k][j]
            ci[j] = s
    return sum(map(sum, c))


def sieve(n):
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    i = 2
    while i * i <= n:
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
        i += 1
    count = 0
    for flag in flags:
        if flag:
            count += 1
    return count


def locals_seen(n):
    snapshots = []
    x = 0.5
    for i in range(n):
        x = x * 1.5
        k = i * 2
        if i % 100 == 99:
            snapshots.append(sorted((name, value) for name, value in sys._getframe().f_locals.items() if name in "xik"))
            x = 0.5
    return snapshots[-1]


class Watched:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __del__(self):
        self.log.append(self.name)


def objects_die(n):
    log = []
    for i in range(n):
        thing = Watched(log, i)
        if i == n // 2:
            thing = None
            log.append("none")
    log.append("end")
    del thing
    return log[:3], log[n // 2 - 1 : n // 2 + 4], log[-3:]


def same_object(value, n):
    kept = value
    i = 0
    while i < n:
        i += 1
    return kept is value, value


print(ints(5000), nested(100), floats(5000))
print(mandelbrot(20, 16, 60))
print(sum_that_changes_type([1] * 3000 + [0.5] + [2] * 100), sum_that_changes_type(range(3000)))
print(sum_that_changes_type([1.5] * 2000), sum_that_changes_type([1 << 40] * 2000), sum_that_changes_type([True] * 2000))
print(overflowing(60) % 1000000007, [overflowing(k) for k in (5, 20, 25)])
print(shifting(4000)[-3:], divisions(3000))
print([fails_at(5000, stop) for stop in (4999, 3, 6000)])
print(index_error([1] * 3000, 4000), index_error((2,) * 3000, 3000), index_error([0.5] * 1000, 10**6))
print(matrix(24), sieve(5000))
print(locals_seen(3000))
print(objects_die(2000))
print(same_object(1e10, 4000), same_object(10**30, 4000))
