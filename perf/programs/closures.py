"""Closures: counters, accumulators, composition, memoisation, and parsers made of functions."""

SCALE = 150000


def make_counter(start):
    count = start

    def step(amount):
        nonlocal count
        count += amount
        return count

    return step


def compose(*functions):
    def composed(value):
        for function in functions:
            value = function(value)
        return value

    return composed


def adder(amount):
    return lambda value: value + amount


def memoised(function):
    known = {}

    def lookup(n):
        if n in known:
            return known[n]
        known[n] = result = function(n)
        return result

    return lookup


def partition_counter():
    @memoised
    def ways(n):
        if n <= 1:
            return 1
        return (ways(n - 1) + ways(n - 2) * 2) % 1000003

    return ways


def run(scale):
    counter = make_counter(10)
    pipeline = compose(adder(3), lambda value: value * 2, adder(-1))
    ways = partition_counter()
    total = 0
    for i in range(scale):
        total += counter(i & 3) & 1
        total += pipeline(i)
        shift = adder(i)
        total += shift(1) + shift(2)
        total += ways(i % 300)
        total += sum(map(lambda value: value ^ i, (1, 2, 3)))
    return total, counter(0)
