"""Powers by constants, distances compared, and products of more than 60 bits: each must come to what the C library and CPython's ints come to."""

import math
import random
import sys

N = 3000


def powers(values):
    out = []
    for x in values:
        out.append((x**2, x**3, x**-1, x**-2, x**2.0))
    return out


def roots(values):
    out = []
    for x in values:
        out.append((x**0.5, x**-0.5, x**1.5, x**-1.5))
    return out


def by_library(values, exponents):
    # pow() of two arguments that vary goes through the C library
    return [tuple(math.pow(x, y) for y in exponents) for x in values]


def differences(found, expected):
    count = 0
    for ours, theirs in zip(found, expected):
        for a, b in zip(ours, theirs):
            if math.copysign(1, a) != math.copysign(1, b) or (a != b and not (a != a and b != b)):
                count += 1
    return count


def check_powers():
    random.seed(7)
    values = [random.uniform(0.4, 5) for _ in range(N)]
    values += [random.uniform(1e-4, 1e7) for _ in range(N)]
    values += [math.nextafter(2.0 ** random.randrange(-60, 60), random.choice([0, 1e300])) for _ in range(N // 4)]
    values += [2.0 ** random.randrange(-70, 70) for _ in range(N // 8)]
    values += [math.ldexp(random.random() + 1, random.randrange(-310, 310)) for _ in range(N // 2)]
    values += [float(random.randrange(1, 200)) / 8 for _ in range(N // 4)]
    negative = [-x for x in values]
    whole = (2, 3, -1, -2, 2)
    print(differences(powers(values), by_library(values, whole)), differences(powers(negative), by_library(negative, whole)))
    print(differences(roots(values), by_library(values, (0.5, -0.5, 1.5, -1.5))))


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except (ArithmeticError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def squared(x):
    return x**2


def inverse(x):
    return x**-1


def root(x):
    return x**0.5


def pull(x):
    return x**-1.5


def check_edges():
    edges = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e200, -1e200, 1e-200, 5e-324, 1.7e308, -2.25, 4, -4, True, 0, 10**30]
    for _ in range(2):
        for function in (squared, inverse, root, pull):
            for turn in range(400):
                function(1.0 + turn / 7)
            print(function.__name__, [outcome(function, x) for x in edges])


def int_powers(turns):
    total = 0
    for i in range(-turns, turns):
        total += i**2 + i**3
    large = []
    for i in range(turns):
        large.append(((3037000490 + i) ** 2, (-2097150 - i) ** 3, (i > 5) ** 2))
    return total, large[0], large[20], large[-1], type(large[7][2])


def escapes(points, limit):
    counts = [0] * 6
    for z in points:
        if abs(z) > 2:
            counts[0] += 1
        if abs(z) >= 2.0:
            counts[1] += 1
        if abs(z) < 2.0:
            counts[2] += 1
        if 2.0 >= abs(z):
            counts[3] += 1
        if abs(z) == 2.0:
            counts[4] += 1
        if abs(z) != limit:
            counts[5] += 1
    return counts


def points():
    near = []
    for k in range(300):
        angle = k / 47.0
        for radius in (1.9999999, 2.0, 2.0000001, 0.5, 7.0, math.nextafter(2.0, 3), math.nextafter(2.0, 1)):
            near.append(complex(radius * math.cos(angle), radius * math.sin(angle)))
    return near + [2 + 0j, -2j, 2j, 0j, complex(math.nan, 1), complex(math.inf, math.nan), 1e-300j, 1e160 + 1e160j] * 20


def distance_too_large(turns):
    hits = 0
    for turn in range(turns):
        z = complex(1.7e308, 1.7e308) if turn == turns - 3 else complex(turn, 1)
        if abs(z) > 2:
            hits += 1
    return hits


def mix64(turns):
    mask = 0xFFFFFFFFFFFFFFFF
    state, other = 12345, 88172645463325252
    h = 0xCBF29CE484222325
    for turn in range(turns):
        state = (state * 6364136223846793005 + 1442695040888963407) & mask
        other ^= (other << 13) & mask
        other ^= other >> 7
        h = ((h ^ (turn & 255)) * 0x100000001B3) & mask
    return state, other, h


def wide(a, b):
    return a + b, a - b, a * b, a & b, a | b, a ^ b, a // b, a % b, a << (b & 63), a >> (b & 63)


def check_wide():
    digest = 0
    numbers = []
    for bits in (29, 30, 59, 60, 61, 63, 64, 90, 119, 120, 121, 126, 127, 128, 150, 151):
        for near in (-1, 0, 1):
            numbers += [(1 << bits) + near, -(1 << bits) - near]
    for a in numbers:
        for b in numbers:
            digest = hash((digest, wide(a, b)))
    return digest


check_powers()
check_edges()
print(int_powers(N))
print(escapes(points(), 2.5), outcome(distance_too_large, N), sys.getrefcount(2.5) > 0)
print(mix64(N), check_wide())
