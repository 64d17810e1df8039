"""Instances whose float attributes are updated again and again: springs, and an online mean."""

SCALE = 3


class Spring:
    def __init__(self, position, stiffness):
        self.position = position
        self.velocity = 0.0
        self.stiffness = stiffness
        self.energy = 0.0

    def step(self, dt):
        force = -self.stiffness * self.position
        self.velocity += force * dt
        self.position += self.velocity * dt
        self.energy = 0.5 * (self.velocity * self.velocity + self.stiffness * self.position * self.position)


class Statistics:
    """Running mean and variance, one value at a time."""

    def __init__(self):
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def add(self, value):
        self.count += 1
        delta = value - self.mean
        self.mean += delta / self.count
        self.squares += delta * (value - self.mean)


def run(scale):
    springs = [Spring(1.0 + 0.1 * i, 2.0 + i) for i in range(10)]
    statistics = Statistics()
    for _ in range(26000 * scale):
        for spring in springs:
            spring.step(0.001)
        statistics.add(springs[0].position)
    return [spring.energy for spring in springs], statistics.mean, statistics.squares
