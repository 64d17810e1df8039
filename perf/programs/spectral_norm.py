"""Largest singular value of an infinite matrix's corner by the power method: float sums over comprehensions."""

SCALE = 10


def entry(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector):
    size = range(len(vector))
    return [sum(entry(i, j) * vector[j] for j in size) for i in size]


def transposed_times(vector):
    result = []
    for i in range(len(vector)):
        total = 0.0
        for j, value in enumerate(vector):
            total += entry(j, i) * value
        result.append(total)
    return result


def norm(size):
    u = [1.0] * size
    for _ in range(3):
        v = transposed_times(times(u))
        u = transposed_times(times(v))
    top = sum(a * b for a, b in zip(u, v))
    bottom = sum(b * b for b in v)
    return (top / bottom) ** 0.5


def run(scale):
    return [norm(96 + turn % 4) for turn in range(scale)]
