"""Floats: signed zeros, infinities, nan, denormals, rounding, errors, mixing with ints and bools."""
import math

inf, nan = float("inf"), float("nan")
VALUES = [0.0, -0.0, 1.0, -1.0, 0.1, -0.1, 1e-320, 5e-324, 1e308, -1e308, 1.7976931348623157e308, inf, -inf, nan,
          2.0**53, 2.0**53 + 2, 3, -3, 0, True, 2**53 + 1, 10**20, -(2**63), 0.5, 1.5, 2.5]


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def mul(a, b):
    return a * b


def div(a, b):
    return a / b


def floordiv(a, b):
    return a // b


def mod(a, b):
    return a % b


def power(a, b):
    return a ** b


def compare(a, b):
    return (a < b, a <= b, a == b, a != b, a > b, a >= b)


def branch(a, b):
    result = []
    if a < b:
        result.append("<")
    if not a < b:
        result.append("!<")
    if a == b:
        result.append("=")
    if a != b:
        result.append("!=")
    if a >= b:
        result.append(">=")
    return "".join(result)


for function in (add, sub, mul, div, floordiv, mod, power, compare, branch):
    lines = []
    for a in VALUES:
        row = []
        for b in VALUES:
            if function is power and isinstance(a, int) and isinstance(b, int) and abs(b) > 100:
                continue  # would not end
            try:
                row.append(repr(function(a, b)))
            except Exception as error:
                row.append(f"{type(error).__name__}: {error}")
        lines.append(" ".join(row))
    print(function.__name__)
    print("\n".join(lines))


def negate(a):
    return -a, +a, not a, abs(a)


print([negate(a) for a in VALUES])


def in_place(n):
    x = 1.0
    first = x
    for i in range(n):
        x += 0.1
        x *= 1.01
        x -= i
        x /= 1.5
        if x > 1e6:
            x = -x
    return x, first


print([in_place(i) for i in (0, 1, 10, 100, 1000)])


def constant_untouched():
    x = 2.5
    x += 1.0
    x *= 2.0
    y = 2.5
    return x, y


print({constant_untouched() for _ in range(500)})


def shared(values):
    """An in-place update must not be seen through another name."""
    kept = []
    x = 0.0
    for value in values:
        x += value
        kept.append(x)
        y = x
        y *= 2.0
        kept.append(y)
    return kept


print(shared([0.5, 0.25, 1e300, -1e300, nan, inf]))
print(all(shared([1.0, 2.0]) == [1.0, 2.0, 3.0, 6.0] for _ in range(300)))


def horner(x):
    return ((3.0 * x - 2.0) * x + 1.5) * x - 0.25


print([horner(i / 7).hex() for i in range(-20, 20)])
print([(x ** 2.0).hex() for x in (1.1, 3.3, 7.7, 1e-200)], [math.fsum([0.1] * 10), sum([0.1] * 10)])


def fused(a, b, c):
    """Must not be contracted into one rounding."""
    return a * b + c


print(fused(1.0 + 2.0**-30, 1.0 + 2.0**-30, -1.0 - 2.0**-29).hex(), [fused(0.1, i, -0.1 * i).hex() for i in range(200)][3])
print([round(x) for x in (0.5, 1.5, 2.5, -0.5)], round(2.675, 2), int(-3.99), math.floor(-0.5), divmod(-7.5, 2), divmod(7.5, -2.0))
print(nan == nan, nan is nan, nan in [nan], [nan] == [nan], {nan: 1}[nan])


def nan_loop(x):
    n = 0
    while not (x < 1.0 or x >= 1.0):
        n += 1
        if n == 10:
            break
    return n


print([nan_loop(v) for v in (nan, 0.5, 1.0)])


def mandelbrot(cx, cy, limit=60):
    x = y = 0.0
    for i in range(limit):
        x2 = x * x
        y2 = y * y
        if x2 + y2 > 4.0:
            return i
        y = 2.0 * x * y + cy
        x = x2 - y2 + cx
    return limit


for row in range(-8, 9):
    print("".join(" .:-=+*#%@"[mandelbrot(column / 20 - 0.6, row / 7) // 7] for column in range(-30, 31)))


def complexes(a, b):
    return a + b, a * b, a - b, a == b, a / b, -a, a ** 2


print(complexes(1 + 2j, 3 - 1j), complexes(1.5, 2j), complexes(2j, 4))
for bad in ((1j, 2), (1.0, "a"), ("a", 1.0), (None, 1.0), (1.0, None)):
    for function in (add, mul, compare, mod):
        try:
            print(function(*bad))
        except TypeError as error:
            print(function.__name__, error)
