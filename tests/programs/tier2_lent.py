"""Numbers that locals have from containers: the object stays the one that was there, whatever is stored, dies, raises or leaves in between; pairs of
enumerate() and zip() that are unpacked at once."""

import gc
import sys

N = 600


def identity(values, turns):
    same = 0
    for turn in range(turns):
        x = values[turn % len(values)]
        values[turn % len(values)] = x
        y = x
        values.append(y)
        same += values.pop() is values[turn % len(values)]
    return same


def overwritten(values, turns):
    """The box in the list is replaced, or filled anew, while a local has the old number."""
    out = []
    for turn in range(turns):
        at = turn % len(values)
        x = values[at]
        values[at] = x + 0.5
        values[at] += 0.25
        out.append(x)
    return out[:5], out[-5:], sum(out)


def swapped(values, turns):
    kept = list(values)
    for turn in range(turns):
        i, j = turn % len(values), (turn * 7 + 3) % len(values)
        a = values[i]
        b = values[j]
        a, b = b, a
        values[i] = a
        values[j] = b
    return sorted(map(id, values)) == sorted(map(id, kept)), values


def owner_dies(turns):
    """What a local has is the last that is left of a container."""
    total = 0.0
    for turn in range(turns):
        row = [turn * 1.5, turn * 2.5]
        x = row[0]
        y = row[1]
        row = None
        total += x * y + x
        row = [x, y]
        z = row[1]
        row = (z, x)
        total += z
    return total, row


def nested_owner(rows, turns):
    total = 0
    for turn in range(turns):
        outer = [rows[turn % len(rows)]]
        inner = outer[0]
        x = inner[0]
        outer = inner = [x, turn + 0.5]
        w = inner[1]
        inner = outer = None
        total += x + w
    return total


def seen_by_frames(values, turns):
    found = []
    for turn in range(turns):
        x = values[turn % len(values)]
        y = x * 2.0
        values[turn % len(values)] = y
        if turn % 97 == 5:
            local = sys._getframe().f_locals
            found.append((local["x"], local["y"], local["x"] is x))
    return found


def counted(values, turns):
    counts = set()
    for turn in range(turns):
        x = values[3]
        y = values[4]
        if turn % 50 == 49:
            counts.add((sys.getrefcount(x), sys.getrefcount(y)))
    return counts


def branches(values, turns):
    out = []
    for turn in range(turns):
        x = values[turn % len(values)]
        if turn & 1:
            values[turn % len(values)] = turn * 0.5
        elif turn % 3 == 0:
            x = values[0]
        if x is not values[0] and x == x:
            out.append(x)
    return len(out), out[-3:]


def kinds_change(values, turns):
    out = []
    for turn in range(turns):
        x = values[turn % len(values)]
        values[0] = 1.5
        try:
            out.append(x + 1)
        except TypeError as error:
            out.append((str(error), x))
    return out[:14], out[-3:]


def raised(values, turns):
    for turn in range(turns):
        x = values[turn]
        y = x
        values[0] = turn * 1.0
    return x, y


def failing(values):
    try:
        raised(values, len(values) + 1)
    except IndexError as error:
        frame = error.__traceback__.tb_next.tb_frame
        return error.args, frame.f_locals["x"], frame.f_locals["x"] is values[-1], frame.f_locals["y"] is values[-1]


def deleted(values, turns):
    hits = 0
    for turn in range(turns):
        x = values[turn % len(values)]
        del x
        try:
            x
        except UnboundLocalError:
            hits += 1
    return hits


def after_loop(values):
    for x in values:
        y = x
    return x is values[-1], y is values[-1], x


def inner_loops(grid, turns):
    total = 0.0
    for turn in range(turns):
        row = grid[turn % len(grid)]
        first = row[0]
        for x in row:
            row[0] = first + x
            total += first * x
        row[0] = first
    return total, first is row[0]


def takes(x, store):
    store.append(x)
    return x * 2.0


def passed_on(values, turns):
    store = []
    total = 0.0
    for turn in range(turns):
        x = values[turn % len(values)]
        total += takes(x, store)
    return total, all(a is values[i % len(values)] for i, a in enumerate(store))


def enumerated(values, turns):
    out = []
    for turn in range(turns):
        for i, x in enumerate(values):
            out.append(i * x)
        for i, x in enumerate(tuple(values)):
            out.append(i - x)
    return sum(out), len(out), i, x, x is values[-1]


def zipped(a, b, turns):
    total = 0.0
    for turn in range(turns):
        for x, y in zip(a, b):
            total += x * y
        it = iter(a)
        for x, y in zip(it, b):
            total -= x
        total += len(list(it))
        it = iter(b)
        for x, y in zip(it, it):
            total += x - y
    return total, x, y


def strict(a, b, turns):
    errors = 0
    for turn in range(turns):
        try:
            for x, y in zip(a, b, strict=True):
                errors += x > y
        except ValueError as error:
            errors += len(str(error))
    return errors


def changed_while_running(values, turns):
    out = []
    for turn in range(turns):
        for i, x in enumerate(values):
            if i == 3 and len(values) < 12:
                values.append(x + 1.0)
            if i == 5:
                values[6] = "text" if turn % 50 == 49 else 2.5
            out.append(x)
        values[6] = 1.0
        if turn % 100 == 99:
            values[2] = turn
    return len(out), str(out[-9:])


def left_early(values, turns):
    out = 0
    for turn in range(turns):
        pairs = enumerate(values)
        for i, x in pairs:
            if x > 3:
                break
        out += next(pairs)[0] + i
    return out


def dies(log):
    class Noisy(float):
        def __del__(self):
            log.append("gone")

    def run(values):
        count = 0
        for i, x in enumerate(values):
            count += 1
            if i == 1:
                values[1] = 0.0
                x = None
                log.append(i)
        return count

    for turn in range(N):
        values = [1.0, 2.0, 3.0] if turn != N - 2 else [Noisy(1.0), Noisy(2.0), Noisy(3.0)]
        run(values)
        del log[:-6]
    values = None
    return log


def floats():
    return [1.5 * k for k in range(1, 8)]


print(identity(floats(), N), identity([10**6 + k for k in range(5)], N), overwritten(floats(), N), overwritten([1000, 2.5, 10**5], N))
print(swapped(floats(), N), swapped([10**5 + k for k in range(5)], N))
print(owner_dies(N), nested_owner([[1.25], [2.5, 3]], N))
print(seen_by_frames(floats(), N), counted(floats(), N), branches(floats(), N))
print(kinds_change([1.5, 2, "a", 3.5, None, 2**70, True], N), failing(floats() * 90), deleted(floats(), N))
print(after_loop(floats() * 90), inner_loops([floats(), floats()[:3]], N), passed_on(floats(), N))
print(enumerated(floats(), N), enumerated([10**4, 2, 3], N), enumerated([1.5, 2, 3.5, True, 7], N))
print(zipped(floats(), floats()[:6], N), zipped([1, 2, 3], (4.5, 5.5, 6.5, 7.5), N), strict(floats(), floats()[:4], N))
print(changed_while_running(floats(), N), left_early(floats(), N), dies([]))
gc.collect()
