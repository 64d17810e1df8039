"""The sieve of Eratosthenes on a list, and prime factors by trial division."""

SCALE = 5


def primes_below(limit):
    flags = [True] * limit
    flags[0] = flags[1] = False
    n = 2
    while n * n < limit:
        if flags[n]:
            for multiple in range(n * n, limit, n):
                flags[multiple] = False
        n += 1
    return [n for n, is_prime in enumerate(flags) if is_prime]


def factors(number, primes):
    found = []
    for prime in primes:
        if prime * prime > number:
            break
        while number % prime == 0:
            found.append(prime)
            number //= prime
    if number > 1:
        found.append(number)
    return found


def run(scale):
    primes = primes_below(400000 * scale)
    kinds = 0
    for number in range(100000, 100000 + 4000 * scale):
        kinds += len(factors(number, primes))
    return len(primes), primes[-1], kinds
