"""Life on a torus: sets of tuples with neighbour counting, and a list of rows with wrapped indexes."""

SCALE = 350

GLIDERS = [(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)]
ACORN = [(21, 18), (23, 19), (20, 20), (21, 20), (24, 20), (25, 20), (26, 20)]
SIZE = 40


def step_sparse(cells):
    counts = {}
    for x, y in cells:
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                if dx or dy:
                    key = ((x + dx) % SIZE, (y + dy) % SIZE)
                    counts[key] = counts.get(key, 0) + 1
    return {cell for cell, count in counts.items() if count == 3 or count == 2 and cell in cells}


def step_dense(rows):
    result = []
    for y, row in enumerate(rows):
        above = rows[y - 1]
        below = rows[(y + 1) % SIZE]
        out = []
        for x in range(SIZE):
            left = x - 1
            right = (x + 1) % SIZE
            around = (
                above[left] + above[x] + above[right] + row[left] + row[right] + below[left] + below[x] + below[right]
            )
            out.append(1 if around == 3 or (around == 2 and row[x]) else 0)
        result.append(out)
    return result


def run(scale):
    cells = set(GLIDERS + ACORN)
    rows = [[1 if (x, y) in cells else 0 for x in range(SIZE)] for y in range(SIZE)]
    population = 0
    for _ in range(scale):
        cells = step_sparse(cells)
        rows = step_dense(rows)
        if sum(map(sum, rows)) != len(cells):
            raise AssertionError("two worlds")
        population += len(cells)
    return population
