"""make micro: nanoseconds per operation under stock and under the JIT, for every case of micro_cases.py.

One process of each runs all cases, turn about; a process that dies is replaced and the case marked. The ratio's
interval comes from the turns; what matters here is to find the operations that are slower than stock.
"""

import argparse
import json
import os
import sys
from fnmatch import fnmatch
from statistics import median

from estimate import Estimate
from micro_cases import CASES, UNROLLED, source
from processes import ROOT, Worker, WorkerFailed, add_interpreter_options, interpreters

RUN_NANOSECONDS = 4e6
EMPTY = "for turn in range(turns): pass"


class Pair:
    """Both workers; started again after a failure."""

    def __init__(self, stock, jit, options):
        self.interpreters = (stock, jit)
        self.options = options
        self.workers = None

    def get(self):
        if self.workers is None:
            self.workers = [Worker(i, 1, self.options.timeout) for i in self.interpreters]
        return self.workers

    def close(self):
        for worker in self.workers or ():
            if not worker.errors.closed:
                worker.close()
        self.workers = None


def measure(pair, name, text, options):
    """Turn-about times of a case in nanoseconds per loop turn: [(stock, jit), ...]."""
    stock, jit = pair.get()
    for worker in (stock, jit):
        worker.ask("define", name=name, source=text, warm_up_calls=options.warm_up)
    turns = 10
    while True:
        spent = stock.ask("measure", turns=turns)["cpu"]
        if spent > RUN_NANOSECONDS / 8:
            break
        turns *= 4
    turns = max(1, int(turns * RUN_NANOSECONDS / spent))
    jit.ask("measure", turns=turns)
    times = []
    for turn in range(options.turns):
        order = (stock, jit) if turn % 2 == 0 else (jit, stock)
        spent = {worker: worker.ask("measure", turns=turns)["cpu"] / turns for worker in order}
        times.append((spent[stock], spent[jit]))
    return times


def subtract(times, empty):
    """Time per operation without the loop around it; never under a twentieth of a nanosecond."""
    return [(max(s - empty[0], 0.5) / UNROLLED, max(j - empty[1], 0.5) / UNROLLED) for s, j in times]


def run_cases(stock, jit, selected, options):
    pair = Pair(stock, jit, options)
    results = []
    empty_times = measure(pair, EMPTY, source("", "", "pass"), options)
    empty = (median(s for s, _ in empty_times), median(j for _, j in empty_times))
    print(f"empty loop: stock {empty[0]:.2f} ns, jit {empty[1]:.2f} ns a turn; subtracted below", flush=True)
    print(f"{'family':<10} {'operation':<32} {'stock ns':>9} {'jit ns':>9} {'loss ns':>8} {'ratio':>6}  95 % interval")
    for family, name, module, setup, operation in selected:
        try:
            times = subtract(measure(pair, name, source(module, setup, operation), options), empty)
        except WorkerFailed as failure:
            pair.close()
            results.append({"family": family, "name": name, "failure": str(failure)})
            print(f"{family:<10} {name:<32} FAILED: {failure}", flush=True)
            continue
        estimate = Estimate([times])
        result = {
            "family": family,
            "name": name,
            "stock_ns": median(s for s, _ in times),
            "jit_ns": median(j for _, j in times),
            "ratio": estimate.ratio,
            "low": estimate.low,
            "high": estimate.high,
            "pairs": [times],
        }
        results.append(result)
        mark = "  SLOWER" if estimate.high < options.threshold else ""
        print(
            f"{family:<10} {name:<32} {result['stock_ns']:9.1f} {result['jit_ns']:9.1f} "
            f"{result['jit_ns'] - result['stock_ns']:+8.1f} {estimate.ratio:6.2f}  [{estimate.low:5.2f}, {estimate.high:5.2f}]{mark}",
            flush=True,
        )
    pair.close()
    return results


def main(arguments):
    parser = argparse.ArgumentParser(description="Nanoseconds per operation, stock against JIT.")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="families, names or patterns (all)")
    add_interpreter_options(parser)
    parser.add_argument("--turns", type=int, default=7, help="measurements of each (%(default)s)")
    parser.add_argument("--warm-up", type=int, default=400, help="calls before the first (%(default)s)")
    parser.add_argument("--timeout", type=float, default=20.0)
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.95,
        help="intervals wholly under this are marked: two processes of one interpreter differ by 5 %% (%(default)s)",
    )
    parser.add_argument("--output", default=os.path.join(ROOT, "build", "bench", "micro.json"))
    parser.add_argument("--show-source", action="store_true", help="print the measured functions instead of running them")
    options = parser.parse_args(arguments)
    patterns = options.cases or ["*"]
    selected = [c for c in CASES if any(fnmatch(c[0], p) or fnmatch(c[1], p) for p in patterns)]
    if not selected:
        parser.error("no case of that name")
    if options.show_source:
        for _, name, module, setup, operation in selected:
            print(f"# {name}\n{source(module, setup, operation)}")
        return 0
    stock, jit = interpreters(options)
    results = run_cases(stock, jit, selected, options)
    slower = sorted((r for r in results if "failure" not in r and r["high"] < options.threshold), key=lambda r: r["ratio"])
    failed = [r for r in results if "failure" in r]
    print(f"\n{len(results)} operations, {len(slower)} slower than stock, {len(failed)} failed")
    for result in slower:
        print(f"  {result['ratio']:5.2f}  {result['family']}: {result['name']}")
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output, "w") as out:
        json.dump(results, out, indent=1)
        out.write("\n")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
