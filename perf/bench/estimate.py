"""Statistics of turn-about measurements: median ratio and its confidence interval.

A measurement is a list of process pairs, each a list of (stock, jit) times taken one right after the other. Pairs
of processes differ more than runs inside one pair do (addresses, hash seeds), so the bootstrap draws pairs first and
then runs inside them.
"""

import math
import random
from statistics import median

DRAWS = 1000


def log_ratios(pairs):
    """log(stock / jit) of each run, per process pair."""
    return [[math.log(stock / jit) for stock, jit in runs] for runs in pairs]


def centre(pairs):
    """The estimate: the mean over process pairs of the median inside each."""
    return sum(median(values) for values in pairs) / len(pairs)


def bootstrap(pairs, seed=1):
    """Draws of the estimate, unsorted (so that draws of several programs can be added up one by one)."""
    source = random.Random(seed)
    draws = []
    for _ in range(DRAWS):
        total = 0.0
        for _ in pairs:
            values = source.choice(pairs)
            total += median(source.choices(values, k=len(values)))
        draws.append(total / len(pairs))
    return draws


def interval(draws, confidence=0.95):
    """Bounds between which the middle `confidence` of the draws lies."""
    ordered = sorted(draws)
    cut = int(len(ordered) * (1.0 - confidence) / 2.0)
    return ordered[cut], ordered[-1 - cut]


class Estimate:
    """A ratio with its 95 % confidence interval; above 1 the JIT is faster."""

    def __init__(self, pairs, seed=1):
        logs = log_ratios(pairs)
        self.draws = bootstrap(logs, seed)
        self.ratio = math.exp(centre(logs))
        low, high = interval(self.draws)
        self.low = math.exp(low)
        self.high = math.exp(high)


def weighted_mean(estimates, weights):
    """Geometric mean of the estimates' ratios with its interval: (ratio, low, high)."""
    total = sum(weights)
    logs = sum(math.log(e.ratio) * w for e, w in zip(estimates, weights)) / total
    draws = [sum(values[i] * w for values, w in zip([e.draws for e in estimates], weights)) / total for i in range(DRAWS)]
    low, high = interval(draws)
    return math.exp(logs), math.exp(low), math.exp(high)


def difference(pairs, seed=1):
    """Median of jit - stock over plain (stock, jit) measurements, with its interval."""
    values = [jit - stock for stock, jit in pairs]
    source = random.Random(seed)
    draws = [median(source.choices(values, k=len(values))) for _ in range(DRAWS)]
    low, high = interval(draws)
    return median(values), low, high
