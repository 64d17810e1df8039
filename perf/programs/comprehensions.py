"""Comprehensions, unpacking, slices, zip and enumerate, sets, sorted with keys, any and all."""

SCALE = 6000


def run(scale):
    rows = [(name, index, index * index % 17) for index, name in enumerate("abcdefghijklmnopqrstuvwxyz")]
    checksum = 0
    for turn in range(scale):
        by_name = {name: (index, key) for name, index, key in rows}
        inverted = {}
        for name, (index, key) in by_name.items():
            inverted.setdefault(key, []).append(name)
        table = [[a * b + turn for a in range(12)] for b in range(12)]
        diagonal = [row[i] for i, row in enumerate(table)]
        columns = [sum(column) for column in zip(*table)]
        seen = {value % 10 for row in table for value in row}
        first, *middle, last = sorted(rows, key=lambda row: (row[2], row[0]))
        checksum += sum(diagonal) + max(columns) + len(seen) + len(inverted)
        checksum += first[1] * last[1] + sum(index for _, index, _ in middle[::2])
        checksum += any(value > 100 + turn for value in diagonal) + all(key < 17 for _, _, key in rows)
        evens, odds = [n for n in columns if n % 2 == 0], [n for n in columns if n % 2]
        a, b, c = len(evens), len(odds), turn
        a, b, c = b, c, a
        checksum += a * 3 + b - c
        pairs = list(zip(range(10), reversed(range(10))))
        checksum += sum(x * y for x, y in pairs if x != y)
    return checksum
