"""Calls in every shape a program uses: defaults, keywords, star arguments, decorators, callbacks."""

import functools

SCALE = 110000


def area(width, height=2, *, unit=1):
    return width * height * unit


def total(*values, start=0):
    for value in values:
        start += value
    return start


def describe(name, **options):
    return len(name) + len(options) + options.get("weight", 0)


def counted(function):
    calls = 0

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        nonlocal calls
        calls += 1
        return function(*args, **kwargs)

    wrapper.calls = lambda: calls
    return wrapper


@counted
def clamp(value, low, high):
    return low if value < low else high if value > high else value


def apply_all(functions, value):
    for function in functions:
        value = function(value)
    return value


def increment(value):
    return value + 1


def halve(value):
    return value >> 1


def run(scale):
    chain = [increment, halve, lambda value: value * 3, abs]
    before = clamp.calls()
    checksum = 0
    pair = (3, 4)
    settings = {"weight": 2, "colour": "red"}
    for i in range(scale):
        checksum += area(i & 7)
        checksum += area(i & 7, 3, unit=2)
        checksum += area(height=2, width=5)
        checksum += total(1, 2, 3, start=i & 3) + total(*pair)
        checksum += describe("plain") + describe("full", **settings)
        checksum += clamp(i, low=10, high=1000)
        checksum += apply_all(chain, i)
    return checksum, clamp.calls() - before
