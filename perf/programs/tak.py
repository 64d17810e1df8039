"""Takeuchi's function: deep recursion with three arguments."""

SCALE = 25


def tak(x, y, z):
    if y >= x:
        return z
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))


def run(scale):
    return [tak(14, 8, 1 + turn % 2) for turn in range(scale)]
