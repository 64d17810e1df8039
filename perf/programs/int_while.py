"""A while loop over ints: sums, remainders and Collatz steps."""

SCALE = 1


def polynomial_sum(limit):
    i = 0
    total = 0
    while i < limit:
        total += i * 3 - (i & 7)
        i += 1
    return total


def longest_collatz(limit):
    best_start = 1
    best_length = 0
    start = 1
    while start < limit:
        n = start
        length = 1
        while n != 1:
            if n % 2 == 0:
                n //= 2
            else:
                n = 3 * n + 1
            length += 1
        if length > best_length:
            best_length = length
            best_start = start
        start += 1
    return best_start, best_length


def run(scale):
    return polynomial_sum(1000000 * scale), longest_collatz(5000 * scale)
