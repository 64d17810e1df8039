"""Pancake flips over all permutations: list slices, reversal, small-int loops."""

SCALE = 3


def flips(size):
    """Largest number of prefix reversals, and the alternating checksum of all of them."""
    order = list(range(size))
    counts = [0] * size
    checksum = 0
    most = 0
    even = True
    left = size
    while True:
        while left != 1:
            counts[left - 1] = left
            left -= 1
        top = order[0]
        if top:
            work = order[:]
            turned = 0
            while top:
                work[: top + 1] = work[top::-1]
                turned += 1
                top = work[0]
            if turned > most:
                most = turned
            checksum += turned if even else -turned
        while True:
            if left == size:
                return checksum, most
            first = order[0]
            for i in range(left):
                order[i] = order[i + 1]
            order[left] = first
            counts[left] -= 1
            if counts[left] > 0:
                break
            left += 1
        even = not even


def run(scale):
    return [flips(8) for _ in range(scale)]
