"""Calls that stand both in the fast code and in the fallback code behind a guard on numbers: their arguments must fit in both."""


class Box:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def method(self, number, other="other", last="last"):
        return "method", number, other, last


def three(number, text, last, special="default"):
    return number, text, last, special


def four(number, text, last, special):
    return "four", number, text, last, special


def one(number, special="default"):
    return number, special


def combine(a, b, function):
    if a.left == "never":
        return None
    return function(a.left ^ b.left, str(int(a.right) * int(b.right)), a.right + b.right)


def single(a, b, function):
    return function(a.left + b.left)


def by_method(a, b):
    return a.method(a.left + b.left), a.method(a.left * b.left, a.right), a.method(a.right - b.right, 1, 2)


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except TypeError as error:
        return str(error)


class Odd(int):
    def __add__(self, other):
        return "odd sum"

    def __xor__(self, other):
        return "odd xor"


for turn in range(6):
    a, b = Box(turn, 12), Box(2, 34)
    print(combine(a, b, three), attempt(combine, a, b, four), single(a, b, one), by_method(a, b))
    c, d = Box(Odd(turn), 2.5), Box(3, 1 << 70)
    print(combine(c, d, three), attempt(combine, c, d, four), single(c, d, one), by_method(c, d))
    print(attempt(single, a, d, four), attempt(combine, b, d, lambda *rest: rest), single(d, a, lambda x, *, y=3: (x, y)))
