"""Dynamic programming tables: edit distance, longest common subsequence, knapsack."""

SCALE = 20

FIRST = "the compiler writes machine code for the functions that are called most" * 2
SECOND = "a tracing compiler wrote machine codes for those loops that were run most often" * 2


def edit_distance(a, b):
    previous = list(range(len(b) + 1))
    for i, from_a in enumerate(a, 1):
        current = [i]
        for j, from_b in enumerate(b, 1):
            if from_a == from_b:
                current.append(previous[j - 1])
            else:
                current.append(1 + min(previous[j], current[j - 1], previous[j - 1]))
        previous = current
    return previous[-1]


def common_subsequence(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            if a[i - 1] == b[j - 1]:
                table[i][j] = table[i - 1][j - 1] + 1
            elif table[i - 1][j] >= table[i][j - 1]:
                table[i][j] = table[i - 1][j]
            else:
                table[i][j] = table[i][j - 1]
    letters = []
    i, j = len(a), len(b)
    while i and j:
        if a[i - 1] == b[j - 1]:
            letters.append(a[i - 1])
            i -= 1
            j -= 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return "".join(reversed(letters))


def knapsack(items, capacity):
    best = [0] * (capacity + 1)
    for weight, value in items:
        for room in range(capacity, weight - 1, -1):
            candidate = best[room - weight] + value
            if candidate > best[room]:
                best[room] = candidate
    return best[capacity]


def run(scale):
    items = [(3 + i * 7 % 23, 10 + i * 13 % 41) for i in range(30)]
    results = []
    for turn in range(scale):
        a = FIRST[turn % 5 :]
        results.append((edit_distance(a, SECOND), common_subsequence(a, SECOND), knapsack(items, 400)))
    return results[0], results[-1]
