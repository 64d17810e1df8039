"""Look before you leap, the other way round: KeyErrors that are caught at once."""

SCALE = 500000


def lookup(table, key):
    try:
        return table[key]
    except KeyError:
        return 0


def count(keys):
    counts = {}
    for key in keys:
        try:
            counts[key] += 1
        except KeyError:
            counts[key] = 1
    return counts


def run(scale):
    table = {n: n * n for n in range(0, 100, 2)}
    total = 0
    for i in range(scale):
        total += lookup(table, i % 100)
    counts = count([(i * 7) % (scale // 4) for i in range(scale)])
    return total, len(counts), max(counts.values())
