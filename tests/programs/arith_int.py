"""Integers at the edges of their representations: digits of 30 bits, 64-bit words, signs, shifts, division."""

EDGES = sorted({sign * (2**bits + delta) for bits in (0, 1, 8, 15, 29, 30, 31, 32, 59, 60, 61, 62, 63, 64, 90, 127)
                for delta in (-2, -1, 0, 1, 2) for sign in (1, -1)})


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def mul(a, b):
    return a * b


def floordiv(a, b):
    return a // b


def mod(a, b):
    return a % b


def truediv(a, b):
    return a / b


def and_or_xor(a, b):
    return (a & b) ^ (a | b), a ^ b


def in_place(a, b):
    c = a
    c += b
    d = c
    c -= 3
    c *= 2
    e = a
    e |= b
    e &= ~a
    e ^= 5
    return c, d, e


def unary(a):
    return -a, +a, ~a, not a, abs(a)


def shifts(a, n):
    return a << n, a >> n


def power(a, n):
    return a ** n


def checksum(function, pairs):
    total = 0
    failures = {}
    for a, b in pairs:
        try:
            result = function(a, b)
        except Exception as error:
            key = f"{type(error).__name__}: {error}"
            failures[key] = failures.get(key, 0) + 1
        else:
            total = (total * 31 + hash(repr(result).__len__()) + hash(result)) % (2**61 - 1)
    return total, failures


pairs = [(a, b) for a in EDGES for b in EDGES[::3]]
for function in (add, sub, mul, floordiv, mod, truediv, and_or_xor, in_place):
    print(function.__name__, checksum(function, pairs))
for function in (add, sub, mul, floordiv, mod):
    for a, b in [(7, 2), (-7, 2), (7, -2), (-7, -2), (2**30, -1), (-(2**63), -1), (2**62, 2), (0, -5), (-1, 2**64), (1, 10**30)]:
        print(function.__name__, a, b, function(a, b))
print([unary(a) for a in EDGES[::7]])
print([shifts(a, n) for a in (0, 1, -1, 2**29, -(2**30), 2**62 + 1) for n in (0, 1, 29, 30, 31, 63, 64, 100)])
print([power(a, n) for a in (0, 1, -1, 2, -2, 3, 10) for n in (0, 1, 2, 5, 31, 64)])
print(power(2, -1), power(-2, -3), power(0, 0), power(5, True))
for bad in [(1, 0), (0, 0), (-5, 0), (2**70, 0)]:
    for function in (floordiv, mod, truediv, shifts):
        try:
            print(function(*bad))
        except ZeroDivisionError as error:
            print(function.__name__, bad, error)
for bad in [(1, -1), (0, -1)]:
    try:
        shifts(*bad)
    except ValueError as error:
        print(error)
try:
    truediv(10**400, 3)
except OverflowError as error:
    print(error)
try:
    power(0, -1)
except ZeroDivisionError as error:
    print(error)


def accumulate(n, step):
    """The same local grows through all sizes."""
    x = 1
    seen = []
    for i in range(n):
        x = x * 3 + step
        if i % 20 == 0:
            seen.append(x)
        x -= step
    return x, seen


print(accumulate(200, 7))


def wrap(n):
    h = 14695981039346656037
    for i in range(n):
        h ^= i & 0xFF
        h = (h * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return h


print(wrap(1000), [wrap(i) for i in range(0, 300, 50)])


def small_int_identity(n):
    """Results in the small-int range are the singletons."""
    same = 0
    for i in range(n):
        a = i - i
        b = (i + 5) - i
        c = (i * 2) // 2 - i + 256
        d = -(i - i) - 5
        same += (a is n - n) + (b is (n - n) + 5) + (c is (n - n) + 256) + (d is (n - n) - 5)
    return same


print(small_int_identity(500))


def identity_kept(n):
    big = 10**9 + n
    other = big
    big += 1
    return other is not big, other == big - 1, other


print([identity_kept(i) for i in range(300)][-1])


def bools(a, b):
    return a + b, a - b, a * b, a & b, a | b, a ^ b, -a, ~a, a << 2, a == 1, a is True, type(a + b), type(a & b), a // True


print({repr(bools(a, b)) for _ in range(100) for a in (True, False) for b in (True, False, 3)} ==
      {repr((a + b, a - b, a * b, a & b, a | b, a ^ b, -a, ~a, a << 2, a == 1, a is True, type(a + b), type(a & b), a // True))
       for a in (True, False) for b in (True, False, 3)})
print(bools(True, False), bools(False, 3))


class MyInt(int):
    def __add__(self, other):
        return MyInt(int(self) + int(other) + 100)

    __radd__ = __add__


def add_many(values):
    total = 0
    for value in values:
        total = total + value
    return total


print([add_many(range(i)) for i in range(300)][-1], add_many([1, True, MyInt(5), 2**40, 1.5]), type(add_many([MyInt(1), 1])))
print(int("9" * 40) % 97, (2**64).bit_length(), (-1).to_bytes(4, "big", signed=True), divmod(-(10**20), 7))
for conversion in (hex, oct, bin, str, float):
    print(conversion(2**53 + 1), conversion(-(2**30)))
