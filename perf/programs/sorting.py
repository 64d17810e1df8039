"""Sorting algorithms over lists of ints: insertion, merge, quick, heap and shell sort."""

SCALE = 16


def numbers(count, seed):
    values = []
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        values.append(seed >> 8)
    return values


def insertion_sort(values):
    for i in range(1, len(values)):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value


def merge_sort(values):
    if len(values) < 2:
        return values
    middle = len(values) // 2
    left = merge_sort(values[:middle])
    right = merge_sort(values[middle:])
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    merged.extend(left[i:])
    merged.extend(right[j:])
    return merged


def quick_sort(values, low, high):
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j - low < high - i:
            quick_sort(values, low, j)
            low = i
        else:
            quick_sort(values, i, high)
            high = j


def sift_down(values, start, end):
    root = start
    while True:
        child = 2 * root + 1
        if child > end:
            return
        if child + 1 <= end and values[child] < values[child + 1]:
            child += 1
        if values[root] >= values[child]:
            return
        values[root], values[child] = values[child], values[root]
        root = child


def heap_sort(values):
    end = len(values) - 1
    for start in range(end // 2, -1, -1):
        sift_down(values, start, end)
    while end > 0:
        values[0], values[end] = values[end], values[0]
        end -= 1
        sift_down(values, 0, end)


def shell_sort(values):
    gap = len(values) // 2
    while gap:
        for i in range(gap, len(values)):
            value = values[i]
            j = i
            while j >= gap and values[j - gap] > value:
                values[j] = values[j - gap]
                j -= gap
            values[j] = value
        gap //= 2


def run(scale):
    checksum = 0
    for seed in range(scale):
        short = numbers(220, seed)
        insertion_sort(short)
        unsorted = numbers(2000, seed + 1)
        expected = sorted(unsorted)
        quick, heap, shell = list(unsorted), list(unsorted), list(unsorted)
        quick_sort(quick, 0, len(quick) - 1)
        heap_sort(heap)
        shell_sort(shell)
        if not (merge_sort(unsorted) == quick == heap == shell == expected):
            raise AssertionError("not sorted")
        checksum += short[10] + expected[100]
    return checksum
