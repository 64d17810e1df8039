"""Matrices as lists of lists: product, transpose, Gaussian elimination, int and float."""

SCALE = 18


def identity(size):
    return [[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)]


def product(a, b):
    rows, inner, columns = len(a), len(b), len(b[0])
    result = [[0] * columns for _ in range(rows)]
    for i in range(rows):
        row = a[i]
        out = result[i]
        for j in range(columns):
            total = 0
            for k in range(inner):
                total += row[k] * b[k][j]
            out[j] = total
    return result


def transpose(matrix):
    return [list(column) for column in zip(*matrix)]


def product_by_dots(a, b):
    columns = transpose(b)
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def inverse(matrix):
    size = len(matrix)
    work = [list(row) + unit for row, unit in zip(matrix, identity(size))]
    for i in range(size):
        best = max(range(i, size), key=lambda row: abs(work[row][i]))
        work[i], work[best] = work[best], work[i]
        scale = work[i][i]
        work[i] = [value / scale for value in work[i]]
        for j in range(size):
            if j != i:
                factor = work[j][i]
                if factor:
                    pivot_row, row = work[i], work[j]
                    for k in range(i, 2 * size):
                        row[k] -= factor * pivot_row[k]
    return [row[size:] for row in work]


def run(scale):
    size = 34
    ints = [[(i * 7 + j * 3) % 11 for j in range(size)] for i in range(size)]
    floats = [[((i * 5 + j * j) % 13) / 13.0 + (3.0 if i == j else 0.0) for j in range(size)] for i in range(size)]
    checksum = 0
    error = 0.0
    for _ in range(scale):
        squared = product(ints, ints)
        if product_by_dots(ints, ints) != squared:
            raise AssertionError("two ways, two products")
        checksum += sum(squared[i][i] for i in range(size))
        near_identity = product(floats, inverse(floats))
        error = max(abs(near_identity[i][j] - (i == j)) for i in range(size) for j in range(size))
    return checksum, error < 1e-9, error
