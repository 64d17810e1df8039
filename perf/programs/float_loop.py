"""Float loops: numerical integration, a Leibniz series, a logistic map."""

SCALE = 2


def integrate(start, stop, steps):
    width = (stop - start) / steps
    total = 0.0
    x = start + width / 2.0
    for _ in range(steps):
        total += (x * x * x - 2.0 * x + 1.0) * width
        x += width
    return total


def leibniz(terms):
    total = 0.0
    sign = 1.0
    divisor = 1.0
    i = 0
    while i < terms:
        total += sign / divisor
        sign = -sign
        divisor += 2.0
        i += 1
    return 4.0 * total


def logistic(rate, turns):
    x = 0.5
    for _ in range(turns):
        x = rate * x * (1.0 - x)
    return x


def run(scale):
    return integrate(0.0, 3.0, 400000 * scale), leibniz(500000 * scale), logistic(3.7, 500000 * scale)
