"""User classes with operators: vectors, fractions, and polynomials that can be indexed and compared."""

SCALE = 85000


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    __rmul__ = __mul__

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __bool__(self):
        return bool(self.x or self.y)


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


class Ratio:
    def __init__(self, top, bottom):
        divisor = gcd(top, bottom)
        self.top = top // divisor
        self.bottom = bottom // divisor

    def __add__(self, other):
        return Ratio(self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom)

    def __lt__(self, other):
        return self.top * other.bottom < other.top * self.bottom

    def __hash__(self):
        return hash((self.top, self.bottom))


class Polynomial:
    def __init__(self, coefficients):
        self.coefficients = coefficients

    def __call__(self, x):
        value = 0
        for coefficient in self.coefficients:
            value = value * x + coefficient
        return value

    def __getitem__(self, index):
        return self.coefficients[index]

    def __len__(self):
        return len(self.coefficients)

    def __contains__(self, value):
        return value in self.coefficients


def run(scale):
    position = Vector(0, 0)
    step = Vector(3, -2)
    origin = Vector(0, 0)
    polynomial = Polynomial([2, -3, 5, 7])
    half, third = Ratio(1, 2), Ratio(1, 3)
    total = 0
    for i in range(scale):
        position = position + step * (i & 3) - 2 * step
        if position == origin or not position:
            total += 1
        total += (-position).x
        ratio = half + third
        if third < ratio:
            total += ratio.bottom
        total += polynomial(i & 15) + polynomial[i & 3] + len(polynomial) + (5 in polynomial)
    return total, position.x, position.y, half.__hash__() == Ratio(2, 4).__hash__()
