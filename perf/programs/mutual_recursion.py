"""Functions that call one another: parity by descent, and Hofstadter's female and male sequences."""

SCALE = 35


def is_even(n):
    if n == 0:
        return True
    return is_odd(n - 1)


def is_odd(n):
    if n == 0:
        return False
    return is_even(n - 1)


def female(n):
    return n - male(female(n - 1)) if n > 0 else 1


def male(n):
    return n - female(male(n - 1)) if n > 0 else 0


def run(scale):
    evens = 0
    for turn in range(scale):
        for n in range(0, 400, 2):
            if is_even(n + turn % 2):
                evens += 1
        evens += female(26) * 3 + male(25)
    return evens
