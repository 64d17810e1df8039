"""A chaos game on a B-spline: points as objects, basis functions, a seeded generator, a hit map."""

SCALE = 12000


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Point(self.x - other.x, self.y - other.y)

    def scaled(self, factor):
        return Point(self.x * factor, self.y * factor)

    def towards(self, other, part):
        return self + (other - self).scaled(part)

    def length(self):
        return (self.x * self.x + self.y * self.y) ** 0.5


class Spline:
    """Uniform knots at the ends; evaluated by de Boor's recurrence."""

    def __init__(self, points, degree):
        self.points = points
        self.degree = degree
        inner = len(points) - degree
        self.knots = [0] * degree + list(range(inner + 1)) + [inner] * degree

    def domain_end(self):
        return self.knots[len(self.points)]

    def span(self, u):
        for index in range(self.degree, len(self.points)):
            if self.knots[index] <= u < self.knots[index + 1]:
                return index
        return len(self.points) - 1

    def at(self, u):
        span = self.span(u)
        degree = self.degree
        work = [self.points[span - degree + i] for i in range(degree + 1)]
        for level in range(1, degree + 1):
            for i in range(degree, level - 1, -1):
                low = self.knots[i + span - degree]
                high = self.knots[i + 1 + span - level]
                part = (u - low) / (high - low)
                work[i] = work[i - 1].towards(work[i], part)
        return work[degree]


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 16) % limit

    def fraction(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return self.state / 4294967296.0


class ChaosGame:
    def __init__(self, splines, thickness, width, height):
        self.splines = splines
        self.thickness = thickness
        self.width = width
        self.height = height
        self.hits = [[0] * width for _ in range(height)]
        corners = [spline.at(spline.domain_end() * i / 4) for spline in splines for i in range(5)]
        self.low = Point(min(p.x for p in corners) - 1.0, min(p.y for p in corners) - 1.0)
        self.high = Point(max(p.x for p in corners) + 1.0, max(p.y for p in corners) + 1.0)

    def transform(self, point, random):
        x = (point.x - self.low.x) / (self.high.x - self.low.x)
        y = (point.y - self.low.y) / (self.high.y - self.low.y)
        spline = self.splines[random.below(len(self.splines))]
        end = spline.domain_end()
        u = x * end * 0.9999
        base = spline.at(u)
        if u + 0.01 < end:
            slope = spline.at(u + 0.01) - base
        else:
            slope = base - spline.at(u - 0.01)
        length = slope.length()
        if length:
            shift = self.thickness * (y - 0.5)
            base = base + Point(-slope.y / length * shift, slope.x / length * shift)
        return self.clipped(base)

    def clipped(self, point):
        return Point(min(max(point.x, self.low.x), self.high.x), min(max(point.y, self.low.y), self.high.y))

    def play(self, turns, seed):
        random = Random(seed)
        point = Point((self.low.x + self.high.x) / 2.0, (self.low.y + self.high.y) / 2.0)
        for _ in range(turns):
            point = self.transform(point, random)
            column = int((point.x - self.low.x) / (self.high.x - self.low.x) * (self.width - 1))
            row = int((point.y - self.low.y) / (self.high.y - self.low.y) * (self.height - 1))
            self.hits[row][column] += 1


def run(scale):
    splines = [
        Spline([Point(1.6, 0.3), Point(2.8, 0.7), Point(4.3, 3.8), Point(1.2, 3.0), Point(0.5, 1.2)], 3),
        Spline([Point(2.8, 3.5), Point(2.4, 3.2), Point(2.1, 1.0), Point(4.9, 0.4)], 3),
        Spline([Point(3.2, 4.3), Point(3.8, 2.2), Point(0.6, 0.6), Point(2.2, 2.5)], 3),
    ]
    game = ChaosGame(splines, 0.25, 64, 64)
    game.play(scale, 1234)
    return sum(1 for row in game.hits for cell in row if cell), max(max(row) for row in game.hits)
