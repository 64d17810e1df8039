"""The Mandelbrot set, twice: with pairs of floats and with complex numbers."""

SCALE = 24

SIZE = 60


def escape_time(cr, ci, limit):
    zr = zi = 0.0
    for turn in range(limit):
        rr = zr * zr
        ii = zi * zi
        if rr + ii > 4.0:
            return turn
        zi = 2.0 * zr * zi + ci
        zr = rr - ii + cr
    return limit


def escape_time_complex(c, limit):
    z = 0j
    for turn in range(limit):
        if abs(z) > 2.0:
            return turn
        z = z * z + c
    return limit


def render(size, limit):
    rows = []
    inside = 0
    for y in range(size):
        bits = 0
        ci = 2.0 * y / size - 1.0
        for x in range(size):
            cr = 3.0 * x / size - 2.0
            if x % 4 == 0:
                time = escape_time_complex(complex(cr, ci), limit)
            else:
                time = escape_time(cr, ci, limit)
            bits = (bits << 1 | (time == limit)) & 0xFFFFFFFF
            inside += time
        rows.append(bits)
    checksum = 0
    for bits in rows:
        checksum = (checksum * 31 + bits) & 0xFFFFFFFF
    return inside, checksum


def run(scale):
    return [render(SIZE, 50 + turn) for turn in range(scale)]
