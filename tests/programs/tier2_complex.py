"""Complex numbers in tier 2: parts in registers, made objects where somebody sees them; every result to the bit."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import struct
import sys

INF = float("inf")
NAN = float("nan")


def bits(z):
    """Both parts as bytes; of what is not a number only that it is none."""
    if type(z) is complex:
        return bits(z.real) + " " + bits(z.imag)
    if type(z) is float:
        return "nan" if z != z else struct.pack(">d", z).hex()
    return repr(z)


def escape(c, limit):
    z = 0j
    for turn in range(limit):
        if abs(z) > 2.0:
            return turn, z
        z = z * z + c
    return limit, z


def escape_by_power(c, limit):
    z = 0j
    turn = 0
    while abs(z) <= 2 and turn < limit:
        z = z**2 + c
        turn += 1
    return turn, z


def escape_without_root(c, limit):
    z = c
    for turn in range(limit):
        if z.real * z.real + z.imag * z.imag > 4.0:
            return turn, z
        z = z * z + c
    return limit, z


def arithmetic(values):
    out = []
    for a in values:
        for b in values:
            out.append(bits(a + b))
            out.append(bits(a - b))
            out.append(bits(a * b))
            if b:
                out.append(bits(a / b))
            out.append((a == b, a != b))
        out.append(bits(-a))
        out.append(bits(a.real) + bits(a.imag))
    return hash(tuple(out)), len(out)


def mixed(values, others):
    out = []
    for a in values:
        for b in others:
            out.append(bits(a + b))
            out.append(bits(b + a))
            out.append(bits(a - b))
            out.append(bits(b - a))
            out.append(bits(a * b))
            out.append(bits(b * a))
            if b:
                out.append(bits(a / b))
            if a:
                out.append(bits(b / a))
            out.append((a == b, b != a))
    return hash(tuple(out)), len(out)


def divides(values, divisors):
    total = 0j
    for a, b in zip(values, divisors):
        total += a / b
    return total


def lengths(values):
    total = 0.0
    for value in values:
        total += abs(value)
    return total


def squares(values):
    total = 0j
    for value in values:
        total = value**2
    return total


def makes(count):
    total = complex(1)
    for turn in range(count):
        total += complex(turn, 0.5 * turn) - complex(0.25)
        total *= complex(True, -0.0)
        if turn % 17 == 3:
            total = complex(1.5, turn)
    return bits(total)


def comparisons_fail(values):
    found = 0
    for value in values:
        if value > 1:
            found += 1
    return found


def kinds_change(count):
    total = 0
    for turn in range(count):
        total = total + turn
        if turn == 30:
            total = total + 1j
        if turn == 50:
            total = total.real
    return total


def identity(count):
    first = 1 + 2j
    same = 0
    for turn in range(count):
        second = first
        third = first * 1
        same += (second is first) + 10 * (third is first) + 100 * (third is third)
        first = third
    return same


def counts(count):
    z = 1j
    held = []
    for turn in range(count):
        z = z * 1j
        if turn % 20 == 7:
            held.append(z)
            held.append(sys.getrefcount(z))
    return held


def watched(turn):
    if turn % 25 == 11:
        values = sys._getframe(1).f_locals
        print({name: values[name] for name in sorted(values)})


def locals_seen(count):
    z = 0.5j
    for turn in range(count):
        w = z * z
        z = w + 0.5
        watched(turn)
    return z, w


def in_list(count):
    zs = [0j] * 8
    for turn in range(count):
        zs[turn & 7] += turn * 1j
    return zs


class Point:
    def __init__(self, z):
        self.z = z


def in_attribute(count):
    p = Point(1 + 0j)
    for turn in range(count):
        p.z = p.z * 1j + 1
        p.z.real
    return p.z


def helper(a, b):
    return a * b - b


def inlined(count):
    z = 1j
    for turn in range(count):
        z = helper(z, 0.5 + 0.25j)
    return z


def truths(values):
    found = []
    for z in values:
        w = z * 1
        found.append(1 if w else 0)
        found.append(not w)
    return found


class Special(complex):
    def __abs__(self):
        return -7.0

    def __mul__(self, other):
        return "mul"


def subclasses(values):
    out = []
    for value in values:
        out.append((abs(value), value * 2, value + 1j, value.real))
    return out


def report(function, *arguments):
    try:
        print(function.__name__, function(*arguments))
    except Exception as error:
        trace = error.__traceback__
        while trace.tb_next is not None:
            trace = trace.tb_next
        values = trace.tb_frame.f_locals
        shown = {name: values[name] for name in sorted(values) if isinstance(values[name], (int, float, complex))}
        print(function.__name__, type(error).__name__, error, trace.tb_lineno, shown)


parts = [0.0, -0.0, 1.0, -1.0, 0.1, 3e200, -1e-200, 5e-324, 1.7e308]
usual = [complex(a, b) for a in parts for b in parts]
odd = [complex(a, b) for a in (INF, -INF, NAN, 1.0, -0.0, 0.0) for b in (INF, -INF, NAN, -1.0, 0.0)]
for _ in range(3):
    for c in (0.25 + 0.1j, -0.75 + 0.3j, 1 + 1j, -2 + 0j, 0j):
        report(escape, c, 70)
        report(escape_by_power, c, 70)
        report(escape_without_root, c, 70)
    report(arithmetic, usual[::3])
    report(arithmetic, odd)
    report(mixed, usual[::5] + odd[::4], [0, 1, -3, 2**53 + 1, 0.5, -0.0, INF, NAN, True, 1e300])
    report(divides, usual[1:60], usual[20:])
    report(divides, [1j] * 50, [2j] * 40 + [0j] + [1j])
    report(lengths, usual)
    report(lengths, usual * 2 + [complex(1.7e308, 1.7e308)])
    report(lengths, [1j] * 60 + [complex(INF, NAN), complex(-INF, 1)])
    report(lengths, [3 + 4j] * 60 + [-5, 2.5, True])
    report(squares, usual)
    report(squares, [2j] * 60 + [1e200 + 1e200j])
    report(squares, [2j] * 60 + [complex(NAN, 1.0)])
    report(makes, 60)
    report(comparisons_fail, [1] * 50 + [1j])
    report(kinds_change, 60)
    report(identity, 60)
    report(counts, 60)
    report(locals_seen, 60)
    report(in_list, 60)
    report(in_attribute, 60)
    report(inlined, 60)
    report(truths, [0j, 1j, 1 + 0j, complex(-0.0, -0.0), complex(NAN, 0)] * 12)
    report(subclasses, [1 + 2j] * 50 + [Special(3, 4)] * 9)
