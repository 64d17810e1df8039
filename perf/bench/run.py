"""make bench: every program of perf/programs/list.def under stock python3.11 and under the JIT, turn about.

For each program several sets of processes are started, called pairs: stock, and the JIT with each of the highest tiers asked for.
Inside a pair they take turns run by run (stock, JIT, JIT, stock, ...), so that whatever else the machine does hits all. Each must
return the same result. The first runs are the warm-up: reported, not counted; tier 2, which compiles in the background, runs alone
for some seconds before, ten of them in the first pair, which are reported too. Times are the thread's processor time by default, because a busy machine's waiting is
nobody's speed; the wall time is kept in the JSON.
"""

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from fnmatch import fnmatch
from statistics import median

import short_programs
from estimate import Estimate, weighted_mean
from processes import ROOT, Worker, WorkerFailed, add_interpreter_options, interpreters

PROGRAMS = os.path.join(ROOT, "perf", "programs")


class Program:
    def __init__(self, name, family, weight):
        self.name = name
        self.family = family
        self.weight = weight
        self.path = os.path.join(PROGRAMS, name + ".py")


def read_list(path):
    """The rows of list.def; ValueError names a bad line."""
    programs = []
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            try:
                name, family, weight = words
                programs.append(Program(name, family, float(weight)))
            except ValueError:
                raise ValueError(f"{path}:{number}: a line is: name family weight") from None
    return programs


def chosen(programs, patterns):
    """Programs whose name or family matches one of the patterns; all without patterns. A pattern that matches nothing is an
    error."""
    if not patterns:
        return programs
    for pattern in patterns:
        if not any(fnmatch(p.name, pattern) or fnmatch(p.family, pattern) for p in programs):
            raise ValueError(f"no program or family is called {pattern}")
    return [p for p in programs if any(fnmatch(p.name, pattern) or fnmatch(p.family, pattern) for pattern in patterns)]


class Tier:
    """One column: the JIT with this highest tier."""

    def __init__(self, number, interpreter, settle):
        self.number = number
        self.interpreter = interpreter
        self.settle = settle  # seconds of runs on its own, before turns are taken


def warm_up_alone(workers, tiers, scale, seconds):
    """The JITs that compile in the background run alone first, for so many seconds each (of None: for those each needs). Returns
    the runs of the last."""
    runs = []
    for worker, tier in zip(workers[1:], tiers):
        length = tier.settle if seconds is None else seconds if tier.settle else 0
        if length:
            runs = worker.ask("run_for", length, scale=scale, seconds=length)["runs"]
    return runs


def measure_pair(program, stock, tiers, seed, options):
    """One process of each: what they said of warm-up and counted runs, of the first seconds, and what the processes used."""
    with ExitStack() as stack:
        interpreters = [stock] + [tier.interpreter for tier in tiers]
        workers = [stack.enter_context(Worker(interpreter, seed, options.timeout)) for interpreter in interpreters]
        for worker in workers:
            usual = worker.ask("load", name=program.name, path=program.path)["scale"]
        scale = max(1, round(usual * options.scale))
        first = warm_up_alone(workers, tiers, scale, options.first_seconds if seed == 1 else None)
        runs = []
        for turn in range(options.warm_up + options.iterations):
            answers = [None] * len(workers)
            for i in range(len(workers)) if turn % 2 == 0 else reversed(range(len(workers))):
                answers[i] = workers[i].ask("run", scale=scale)
            for answer in answers[1:]:
                if answer["result"] != answers[0]["result"]:
                    raise WorkerFailed(f"wrong result: {answer['result'][:80]} instead of {answers[0]['result'][:80]}")
            runs.append(answers)
        return runs, first, [w.ask("finish", stats=i.is_jit) for w, i in zip(workers, interpreters)]


def describe(pairs, processes, column, options):
    """A tier beside stock: the numbers of one column of the table. `processes`: what they used, a list per pair."""
    clock = options.clock
    counted = [
        [[answers[0][clock], answers[column][clock]] for answers in runs[options.warm_up :]] for runs in pairs
    ]
    estimate = Estimate(counted)
    return {
        "estimate": estimate,
        "ratio": estimate.ratio,
        "low": estimate.low,
        "high": estimate.high,
        "stock_ms": median(run[0] for runs in counted for run in runs) / 1e6,
        "jit_ms": median(run[1] for runs in counted for run in runs) / 1e6,
        "first_ratio": median(runs[0][0][clock] / runs[0][column][clock] for runs in pairs),
        "private_kb": [median(p[i]["private_kb"] for p in processes) for i in (0, column)],
        "peak_kb": [median(p[i]["peak_kb"] for p in processes) for i in (0, column)],
        "memory": [[p[0]["peak_kb"], p[column]["peak_kb"], p[0]["private_kb"], p[column]["private_kb"]] for p in processes],
        "pairs": [
            [[a[0]["cpu"], a[column]["cpu"], a[0]["wall"], a[column]["wall"]] for a in runs] for runs in pairs
        ],
        "stats": processes[-1][column]["stats"],
    }


# What counts as warm: so much of the speed in the end, in so many runs one after the other; and as late, in seconds.
WARM_PART, WARM_RUNS, LATE = 0.8, 3, 2.0


def describe_first_seconds(tier, first, clock):
    """Adds to a tier's numbers what it did in the process's first seconds: the ratio to stock over all of them, and the
    seconds until it was warm."""
    times = [run[clock] / 1e6 for run in first]
    tier["first_seconds"] = [[run["began"], run["cpu"], run["wall"]] for run in first]
    tier["first_seconds_ratio"] = tier["stock_ms"] * len(times) / sum(times)
    enough = tier["jit_ms"] / WARM_PART
    for i in range(len(times)):
        if all(time <= enough for time in times[i : i + WARM_RUNS]):
            tier["warm_after"] = first[i]["began"]
            break


def measure(program, stock, tiers, options):
    """All pairs of a program; returns a result for the JSON, with "failure" where it could not be measured. Its numbers are those
    of the highest tier; "tiers" has those of all."""
    result = {"name": program.name, "family": program.family, "weight": program.weight}
    pairs, processes, first = [], [], []
    try:
        for pair in range(options.pairs):
            runs, alone, used = measure_pair(program, stock, tiers, pair + 1, options)
            pairs.append(runs)
            processes.append(used)
            first = first or alone
    except WorkerFailed as failure:
        result["failure"] = str(failure)
        return result
    columns = {}
    for column, tier in enumerate(tiers, 1):
        columns[str(tier.number)] = describe(pairs, processes, column, options)
    highest = columns[str(tiers[-1].number)]
    if first:
        describe_first_seconds(highest, first, options.clock)
    if len(tiers) > 1:
        clock = options.clock
        counted = [[[a[-2][clock], a[-1][clock]] for a in runs[options.warm_up :]] for runs in pairs]
        result["over_lower_tier"] = Estimate(counted)
    result.update(highest)
    result["tiers"] = columns
    return result


def find_number(stats, *words):
    """The first number in a nest of dictionaries whose key holds all the words; None without one."""
    if isinstance(stats, dict):
        for key, value in stats.items():
            if all(word in key for word in words) and isinstance(value, (int, float)) and not isinstance(value, bool):
                return value
        for value in stats.values():
            found = find_number(value, *words)
            if found is not None:
                return found
    return None


def compiled_text(stats):
    """Functions and kilobytes of code, and the compile thread's milliseconds, as far as pyjit.stats() tells."""
    parts = []
    for words, form in ((("functions",), "{:.0f} f"), (("machine_bytes",), "{:.0f} B")):
        value = find_number(stats, *words)
        if value is not None:
            parts.append(form.format(value))
    thread = (stats or {}).get("tier2", {})
    if thread.get("processor_milliseconds"):
        parts.append(
            f"tier 2: {thread['functions']} f {thread['processor_milliseconds']:.0f} ms, longest {thread['longest_milliseconds']:.0f}"
        )
    return " ".join(parts)


def header(tiers):
    lower = "".join(f"{f'tier {tier.number}':>7} " for tier in tiers[:-1])
    name = f"tier {tiers[-1].number}"
    return (
        f"{'program':<20} {'stock ms':>9} {'jit ms':>9} {lower}{name:>6}  {'95 % interval':<14} {'first':>6} "
        + (f"{'10 s':>6} {'80% s':>6} " if tiers[-1].settle else "")
        + f"{'private MB':>12}  compiled"
    )


def is_below_lower(result):
    """Is the highest tier slower than the one below it? Noise and small differences considered."""
    over = result.get("over_lower_tier")
    return over is not None and over.high < 1.0 and over.ratio < 0.97


def row(result, tiers, minimum):
    if "failure" in result:
        return f"{result['name']:<20} FAILED: {result['failure']}"
    mark = "  SLOW" if result["low"] < minimum else ""
    if is_below_lower(result):
        mark += f"  BELOW TIER {tiers[-2].number}"
    lower = "".join(f"{result['tiers'][str(tier.number)]['ratio']:7.2f} " for tier in tiers[:-1])
    start = ""
    if tiers[-1].settle:
        start = f"{result['first_seconds_ratio']:6.2f} {result['warm_after']:6.2f} " if "warm_after" in result else f"{'-':>6} {'-':>6} "
    return (
        f"{result['name']:<20} {result['stock_ms']:9.2f} {result['jit_ms']:9.2f} {lower}{result['ratio']:6.2f}  "
        f"[{result['low']:5.2f}, {result['high']:5.2f}] {result['first_ratio']:6.2f} {start}"
        f"{result['private_kb'][0] / 1024:5.1f} {result['private_kb'][1] / 1024:6.1f}  {compiled_text(result['stats'])}{mark}"
    )


def summarise(results, tiers, minimum, report):
    """The means by family and over all, and the list of slow programs. Returns what goes into the JSON."""
    good = [r for r in results if "failure" not in r]
    summary = {"families": {}, "mean": None, "tiers": {}}
    if not good:
        return summary
    report("")
    families = {}
    for result in good:
        families.setdefault(result["family"], []).append(result)
    for family, members in families.items():
        mean = weighted_mean([m["estimate"] for m in members], [m["weight"] for m in members])
        summary["families"][family] = mean
        report(f"{family:<20} geometric mean {mean[0]:6.3f}  [{mean[1]:.3f}, {mean[2]:.3f}]  of {len(members)}")
    weights = [r["weight"] for r in good]
    for tier in tiers:
        number = str(tier.number)
        mean = summary["tiers"][number] = weighted_mean([r["tiers"][number]["estimate"] for r in good], weights)
        report(f"{'all, tier ' + number:<20} geometric mean {mean[0]:6.3f}  [{mean[1]:.3f}, {mean[2]:.3f}]  of {len(good)}")
    summary["mean"] = summary["tiers"][str(tiers[-1].number)]
    slow = sorted((r for r in good if r["low"] < minimum), key=lambda r: r["low"])
    if slow:
        report(f"lower bound under {minimum}: " + ", ".join(f"{r['name']} {r['low']:.2f}" for r in slow))
    else:
        report(f"no lower bound under {minimum}")
    if len(tiers) > 1:
        below = [f"{r['name']} {r['over_lower_tier'].ratio:.2f}" for r in good if is_below_lower(r)]
        report(f"below tier {tiers[-2].number}: " + (", ".join(below) or "none"))
    if tiers[-1].settle:
        late = [f"{r['name']} {r.get('warm_after', '-')}" for r in good if r.get("warm_after", LATE) >= LATE]
        report(f"not at {WARM_PART:.0%} of their speed within {LATE:.0f} s: " + (", ".join(late) or "none"))
    return summary


def without_estimates(value):
    """The same without objects that are no JSON."""
    if isinstance(value, dict):
        return {k: without_estimates(v) for k, v in value.items() if not isinstance(v, Estimate)}
    return value


def write_json(path, options, results, summary, short):
    kept = [without_estimates(r) for r in results]
    document = {
        "when": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "options": {k: v for k, v in vars(options).items()},
        "machine": {"load": os.getloadavg(), "processors": os.cpu_count()},
        "programs": kept,
        "summary": summary,
        "short": short,
    }
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w") as out:
        json.dump(document, out)
        out.write("\n")
    os.replace(path + ".part", path)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description="Benchmark programs under stock python3.11 and under the JIT, turn about.")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="names, families or patterns (all)")
    add_interpreter_options(parser, several_tiers=True)
    parser.add_argument("--pairs", type=int, help="process pairs per program (3; quick: 2)")
    parser.add_argument("--iterations", type=int, help="counted runs per process (10; quick: 5)")
    parser.add_argument("--warm-up", type=int, help="runs before them (2; quick: 1)")
    parser.add_argument(
        "--first-seconds", type=float, help="how long the highest tier runs alone first, when it is 2 or 3 (10; quick: 2)"
    )
    parser.add_argument("--settle", type=float, help="the same in all pairs but the first (1.5; quick: 1)")
    parser.add_argument("--scale", type=float, help="factor on every program's scale (1; quick: 0.35)")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="which time the ratio is made of")
    parser.add_argument("--min-ratio", type=float, default=0.98, help="lower bounds under this are marked (%(default)s)")
    parser.add_argument("--check", action="store_true", help="end with status 1 when one is marked")
    parser.add_argument("--quick", action="store_true", help="a few minutes in all")
    parser.add_argument("--no-short", action="store_true", help="without the short programs")
    parser.add_argument("--only-short", action="store_true", help="the short programs alone")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a single run may take")
    parser.add_argument("--output", default=None, help="JSON file (build/bench/TIME.json, and latest.json)")
    options = parser.parse_args(arguments)
    usual = {"pairs": (3, 2), "iterations": (10, 5), "warm_up": (2, 1), "scale": (1.0, 0.35), "first_seconds": (10.0, 2.0)}
    usual["settle"] = (1.5, 1.0)
    for name, values in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, values[options.quick])
    if options.pairs < 1 or options.iterations < 1 or options.warm_up < 0 or options.scale <= 0:
        parser.error("pairs, iterations and scale are at least 1, 1 and more than 0")
    try:
        options.selected = chosen(read_list(os.path.join(PROGRAMS, "list.def")), options.programs)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return options


def report(line):
    print(line, flush=True)


def progress(text):
    """One line that is overwritten, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


def main(arguments):
    options = parse_arguments(arguments)
    tiers = []
    for number in options.tiers:
        stock, jit = interpreters(options, number)
        tiers.append(Tier(number, jit, options.settle if number > 1 else 0))
    selected = options.selected
    del options.selected
    start = time.monotonic()
    report(f"stock: {options.stock}   jit: {options.jit} {' '.join(options.jit_env)}")
    report(
        f"{options.pairs} pairs of processes, {options.warm_up} + {options.iterations} runs each, {options.clock} time; "
        "ratio = stock / jit, above 1 the JIT is faster"
    )
    results, short, summary = [], [], {"families": {}, "mean": None}
    folder = os.path.join(ROOT, "build", "bench")
    paths = [options.output] if options.output else [
        os.path.join(folder, time.strftime("%Y%m%d-%H%M%S") + ".json"),
        os.path.join(folder, "latest.json"),
    ]
    if not options.only_short:
        report(header(tiers))
        for number, program in enumerate(selected, 1):
            elapsed = time.monotonic() - start
            progress(f"[{number}/{len(selected)}, {elapsed:.0f} s] {program.name}")
            result = measure(program, stock, tiers, options)
            results.append(result)
            progress("")
            report(row(result, tiers, options.min_ratio))
            # What is measured is kept, should the run be stopped.
            write_json(os.path.abspath(paths[0]), options, results, summary, short)
        summary = summarise(results, tiers, options.min_ratio, report)
    if not options.no_short and (options.only_short or not options.programs):
        report("")
        turns = 7 if options.quick else 15
        short = short_programs.measure_all(stock, jit, turns, options.timeout, options.clock, report)
    for path in paths:
        write_json(os.path.abspath(path), options, results, summary, short)
    report(f"\n{time.monotonic() - start:.0f} s; {paths[0]}")
    failures = [r for r in results + short if "failure" in r]
    if failures:
        report("failed: " + ", ".join(r["name"] for r in failures))
        return 1
    slow = [r for r in results if r["low"] < options.min_ratio or is_below_lower(r)] + [r for r in short if r["too_slow"]]
    return 1 if options.check and slow else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
