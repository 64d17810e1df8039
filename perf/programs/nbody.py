"""Gravity between five bodies, symplectic steps: floats in lists, tuples unpacked in loops."""

SCALE = 38000

DAYS = 365.24
SOLAR_MASS = 39.47841760435743

# position (astronomical units), velocity (per day), mass (of the sun): sun and the four giants
BODIES = [
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0),
    ((4.841, -1.160, -0.1036), (0.001660, 0.007699, -0.0000690), 0.0009548),
    ((8.343, 4.125, -0.4035), (-0.002767, 0.004999, 0.0000230), 0.0002859),
    ((12.894, -15.111, -0.2233), (0.002965, 0.002378, -0.0000297), 0.0000437),
    ((15.380, -25.919, 0.1793), (0.002681, 0.001628, -0.0000952), 0.0000515),
]


def make_system():
    bodies = []
    for (x, y, z), (vx, vy, vz), mass in BODIES:
        bodies.append(([x, y, z], [vx * DAYS, vy * DAYS, vz * DAYS], mass * SOLAR_MASS))
    drift = [0.0, 0.0, 0.0]
    for _, velocity, mass in bodies:
        for axis in range(3):
            drift[axis] -= velocity[axis] * mass / SOLAR_MASS
    bodies[0][1][:] = drift
    return bodies


def all_pairs(bodies):
    return [(first, second) for i, first in enumerate(bodies) for second in bodies[i + 1 :]]


def advance(bodies, pairs, dt, steps):
    for _ in range(steps):
        for ([x1, y1, z1], v1, m1), ([x2, y2, z2], v2, m2) in pairs:
            dx = x1 - x2
            dy = y1 - y2
            dz = z1 - z2
            squared = dx * dx + dy * dy + dz * dz
            magnitude = dt * squared**-1.5
            pull1 = m2 * magnitude
            pull2 = m1 * magnitude
            v1[0] -= dx * pull1
            v1[1] -= dy * pull1
            v1[2] -= dz * pull1
            v2[0] += dx * pull2
            v2[1] += dy * pull2
            v2[2] += dz * pull2
        for position, (vx, vy, vz), _mass in bodies:
            position[0] += dt * vx
            position[1] += dt * vy
            position[2] += dt * vz


def energy(bodies, pairs):
    total = 0.0
    for _, (vx, vy, vz), mass in bodies:
        total += mass * (vx * vx + vy * vy + vz * vz) / 2.0
    for (p1, _, m1), (p2, _, m2) in pairs:
        dx, dy, dz = p1[0] - p2[0], p1[1] - p2[1], p1[2] - p2[2]
        total -= m1 * m2 / (dx * dx + dy * dy + dz * dz) ** 0.5
    return total


def run(scale):
    bodies = make_system()
    pairs = all_pairs(bodies)
    before = energy(bodies, pairs)
    advance(bodies, pairs, 0.01, scale)
    return before, energy(bodies, pairs)
