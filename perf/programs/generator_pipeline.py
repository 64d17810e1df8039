"""Generators that feed generators: sources, filters, windows, batches, and a sum at the end."""

SCALE = 600000


def count_up(limit):
    n = 0
    while n < limit:
        yield n
        n += 1


def keep_odd(values):
    for value in values:
        if value & 1:
            yield value


def squares(values):
    for value in values:
        yield value * value


def pairs(values):
    previous = None
    for value in values:
        if previous is not None:
            yield previous, value
        previous = value


def batches(values, size):
    batch = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def running_mean():
    total = 0
    count = 0
    mean = 0
    while True:
        value = yield mean
        total += value
        count += 1
        mean = total // count


def run(scale):
    differences = (b - a for a, b in pairs(squares(keep_odd(count_up(scale)))))
    total = sum(differences)
    for batch in batches(keep_odd(count_up(scale)), 16):
        total += max(batch) - batch[0]
    mean = running_mean()
    next(mean)
    for value in count_up(scale // 2):
        total ^= mean.send(value)
    mean.close()
    return total
