# test: modes=tier0,default,compile-all,tier2
"""The sign of what is not a number: copysign() and struct.pack() see it, so no optimiser may change it."""
import struct


def bits(value):
    return struct.pack(">d", value).hex()


def negated_quotient(a, b, n):
    for _ in range(n):
        v = -(a / b)
    return v


def negated_product(a, b, n):
    for _ in range(n):
        v = -(a * b)
    return v


def times_minus_one(a, b, n):
    for _ in range(n):
        v = a * -1.0
    return v


def minus_one_times(a, b, n):
    for _ in range(n):
        v = -1.0 * a
    return v


def by_minus_one(a, b, n):
    for _ in range(n):
        v = a / -1.0
    return v


def from_minus_zero(a, b, n):
    for _ in range(n):
        v = -0.0 - a
    return v


def from_zero(a, b, n):
    for _ in range(n):
        v = 0.0 - a
    return v


def product_of_sizes(a, b, n):
    for _ in range(n):
        v = abs(a) * abs(b)
    return v


def quotient_of_sizes(a, b, n):
    for _ in range(n):
        v = abs(a) / abs(b)
    return v


def product_of_negated(a, b, n):
    for _ in range(n):
        v = (-a) * (-b)
    return v


def difference_of_negated(a, b, n):
    for _ in range(n):
        v = a - (-b)
    return v


def sum_with_negated(a, b, n):
    for _ in range(n):
        v = -a + b
    return v


def twice_negated(a, b, n):
    for _ in range(n):
        v = -(-a)
    return v


def chosen(a, b, n):
    for _ in range(n):
        v = a if a > b else -a
    return v


def infinite_constants(a, b, n):
    big = 1e999
    for _ in range(n):
        v = big - big
        w = big * 0.0
    return v * a + w


def overflowing_constants(a, b, n):
    big = 1e308
    huge = big * 10.0
    for _ in range(n):
        v = huge - big * 10.0
    return v if a != a else v * 2.0


FUNCTIONS = [negated_quotient, negated_product, times_minus_one, minus_one_times, by_minus_one, from_minus_zero, from_zero,
             product_of_sizes, quotient_of_sizes, product_of_negated, difference_of_negated, sum_with_negated, twice_negated,
             chosen, infinite_constants, overflowing_constants]
INFINITY = float("inf")
NAN = struct.unpack(">d", bytes.fromhex("7ff8000000000000"))[0]
NEGATIVE_NAN = struct.unpack(">d", bytes.fromhex("fff8000000000000"))[0]
PAYLOAD = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))[0]
VALUES = [1.0, -2.5, 0.0, -0.0, INFINITY, -INFINITY, NAN, NEGATIVE_NAN, PAYLOAD]

for function in FUNCTIONS:
    for a in VALUES:
        line = []
        for b in VALUES:
            if b == 0 and "quotient" in function.__name__:
                continue
            if a != a and b != b:
                continue  # whose bits come out depends on the order in which the processor gets the two
            line.append(bits(function(a, b, 300)))
        print(function.__name__, bits(a), *line)
