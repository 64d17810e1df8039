"""for loops over range: nested counts, Pythagorean triples, greatest common divisors."""

SCALE = 5


def sum_of_squares(limit):
    total = 0
    for i in range(limit):
        total += i * i
    return total


def triples(limit):
    found = 0
    for a in range(1, limit):
        for b in range(a, limit):
            square = a * a + b * b
            c = int(square**0.5)
            if c < limit and c * c == square:
                found += 1
    return found


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def coprime_pairs(limit):
    count = 0
    for a in range(1, limit):
        for b in range(1, a):
            if gcd(a, b) == 1:
                count += 1
    return count


def run(scale):
    total = found = coprime = 0
    for turn in range(scale):
        total += sum_of_squares(600000)
        found += triples(250 + turn % 3)
        coprime += coprime_pairs(200 + turn % 5)
    return total, found, coprime
