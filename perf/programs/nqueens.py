"""The queens' problem three ways: bit masks, sets with backtracking, and a generator over permutations."""

SCALE = 75


def by_bits(full, columns, left, right):
    if columns == full:
        return 1
    found = 0
    free = full & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        found += by_bits(full, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return found


def by_sets(size):
    placed = []
    columns, rising, falling = set(), set(), set()
    solutions = []

    def place(row):
        if row == size:
            solutions.append(tuple(placed))
            return
        for column in range(size):
            if column in columns or row + column in rising or row - column in falling:
                continue
            columns.add(column)
            rising.add(row + column)
            falling.add(row - column)
            placed.append(column)
            place(row + 1)
            placed.pop()
            columns.remove(column)
            rising.discard(row + column)
            falling.discard(row - column)

    place(0)
    return solutions


def permutations(pool, length):
    if length == 0:
        yield ()
        return
    for i, item in enumerate(pool):
        for rest in permutations(pool[:i] + pool[i + 1 :], length - 1):
            yield (item,) + rest


def by_permutations(size):
    found = 0
    for order in permutations(tuple(range(size)), size):
        if (
            len({order[i] + i for i in range(size)}) == size
            and len({order[i] - i for i in range(size)}) == size
        ):
            found += 1
    return found


def run(scale):
    results = set()
    for _ in range(scale):
        results.add((by_bits((1 << 8) - 1, 0, 0, 0), len(by_sets(7)), by_permutations(6)))
    return sorted(results)
