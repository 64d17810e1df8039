"""make bench-compare A= B=: what changed between two runs of make bench (or of make micro).

Compared is the ratio to stock, because stock ran beside the JIT each time and the machine's own mood cancels out. A change
counts when the 95 % interval of new / old leaves out 1 and it is at least as large as --noise; runs compared with
themselves show what the noise is.
"""

import argparse
import json
import math
import os
import sys

from estimate import Estimate, interval
from processes import ROOT


class Run:
    """One JSON file: ratio, interval and draws per program."""

    def __init__(self, path):
        with open(path) as file:
            document = json.load(file)
        self.path = path
        self.estimates = {}
        self.failures = {}
        self.rows = {}
        if isinstance(document, list):
            self.read_micro(document)
        else:
            self.read_programs(document)

    def read_programs(self, document):
        options = document["options"]
        columns = (2, 3) if options["clock"] == "wall" else (0, 1)
        for seed, row in enumerate(document["programs"]):
            if "failure" in row:
                self.failures[row["name"]] = row["failure"]
                continue
            counted = [[[run[c] for c in columns] for run in runs[options["warm_up"] :]] for runs in row["pairs"]]
            # A seed of its own per file: draws that move together would hide the noise.
            self.estimates[row["name"]] = Estimate(counted, seed=f"{self.path} {seed}")
            self.rows[row["name"]] = (row["stock_ms"], row["jit_ms"], row["weight"])
        self.short = {row["name"]: row for row in document["short"] if "failure" not in row}

    def read_micro(self, rows):
        for row in rows:
            name = f"{row['family']}: {row['name']}"
            if "failure" in row:
                self.failures[name] = row["failure"]
                continue
            self.estimates[name] = Estimate([[tuple(times) for times in pair] for pair in row["pairs"]], seed=name + self.path)
            self.rows[name] = (row["stock_ns"], row["jit_ns"], 1.0)
        self.short = {}


def changes(old, new, noise):
    """Rows (name, old ratio, new ratio, change, low, high, verdict), the largest change first."""
    rows = []
    for name, before in old.estimates.items():
        after = new.estimates.get(name)
        if after is None:
            continue
        low, high = interval([b - a for a, b in zip(before.draws, after.draws)])
        change = after.ratio / before.ratio
        verdict = ""
        if abs(math.log(change)) >= noise and (low > 0.0 or high < 0.0):
            verdict = "faster" if change > 1.0 else "SLOWER"
        rows.append((name, before.ratio, after.ratio, change, math.exp(low), math.exp(high), verdict))
    rows.sort(key=lambda row: row[3])
    return rows


def main(arguments):
    parser = argparse.ArgumentParser(description="What changed between two benchmark runs.")
    parser.add_argument("old", help="JSON of the earlier run")
    parser.add_argument("new", nargs="?", default=os.path.join(ROOT, "build", "bench", "latest.json"))
    parser.add_argument("--noise", type=float, default=0.02, help="smallest change that counts (%(default)s)")
    parser.add_argument("--all", action="store_true", help="show what did not change too")
    options = parser.parse_args(arguments)
    try:
        old, new = Run(options.old), Run(options.new)
    except (OSError, ValueError, KeyError) as error:
        parser.error(f"not a benchmark's JSON: {error}")
    rows = changes(old, new, options.noise)
    if not rows:
        print("the two runs have no program in common")
        return 1
    print(f"{'program':<40} {'old':>6} {'new':>6} {'new/old':>8}  95 % interval")
    for name, before, after, change, low, high, verdict in rows:
        if verdict or options.all:
            print(f"{name:<40} {before:6.2f} {after:6.2f} {change:8.3f}  [{low:5.3f}, {high:5.3f}] {verdict}")
    weights = [old.rows[row[0]][2] for row in rows]
    mean = math.exp(sum(math.log(row[3]) * weight for row, weight in zip(rows, weights)) / sum(weights))
    slower = sum(row[6] == "SLOWER" for row in rows)
    faster = sum(row[6] == "faster" for row in rows)
    print(f"{len(rows)} in common: {faster} faster, {slower} slower, the rest within noise; geometric mean of new/old {mean:.3f}")
    for name, row in new.short.items():
        before = old.short.get(name)
        if before and (row["low_ms"] > before["high_ms"] or row["high_ms"] < before["low_ms"]):
            print(f"{name}: {before['difference_ms']:+.2f} ms over stock, now {row['difference_ms']:+.2f} ms")
    for name, failure in new.failures.items():
        if name not in old.failures:
            print(f"{name}: FAILED now: {failure}")
    for name in old.failures:
        if name not in new.failures:
            print(f"{name}: failed before, runs now")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
