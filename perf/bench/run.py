"""make bench: every program of perf/programs/list.def under stock python3.11 and under the JIT, turn about.

For each program several pairs of processes are started; inside a pair the two take turns run by run (stock, JIT, JIT,
stock, ...), so that whatever else the machine does hits both. Each must return the same result. The first runs are
the warm-up: reported, not counted. Times are the thread's processor time by default, because a busy machine's waiting is
nobody's speed; the wall time is kept in the JSON.
"""

import argparse
import json
import os
import sys
import time
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


def measure_pair(program, stock, jit, seed, options):
    """One pair of processes: warm-up and counted runs, each a pair of answers, and what the processes used."""
    with Worker(stock, seed, options.timeout) as first, Worker(jit, seed, options.timeout) as second:
        for worker in (first, second):
            usual = worker.ask("load", name=program.name, path=program.path)["scale"]
        scale = max(1, round(usual * options.scale))
        runs = []
        for turn in range(options.warm_up + options.iterations):
            if turn % 2 == 0:
                ours = first.ask("run", scale=scale)
                theirs = second.ask("run", scale=scale)
            else:
                theirs = second.ask("run", scale=scale)
                ours = first.ask("run", scale=scale)
            if ours["result"] != theirs["result"]:
                raise WorkerFailed(f"wrong result: {theirs['result'][:80]} instead of {ours['result'][:80]}")
            runs.append((ours, theirs))
        return runs, first.ask("finish", stats=False), second.ask("finish", stats=jit.is_jit)


def measure(program, stock, jit, options):
    """All pairs of a program; returns a result for the JSON, with "failure" where it could not be measured."""
    result = {"name": program.name, "family": program.family, "weight": program.weight, "pairs": [], "memory": []}
    try:
        for pair in range(options.pairs):
            runs, ours, theirs = measure_pair(program, stock, jit, pair + 1, options)
            result["pairs"].append([[s["cpu"], j["cpu"], s["wall"], j["wall"]] for s, j in runs])
            result["memory"].append(
                [ours["peak_kb"], theirs["peak_kb"], ours["private_kb"], theirs["private_kb"]]
            )
            result["stats"] = theirs["stats"]
    except WorkerFailed as failure:
        result["failure"] = str(failure)
        return result
    columns = (2, 3) if options.clock == "wall" else (0, 1)
    counted = [[[run[c] for c in columns] for run in runs[options.warm_up :]] for runs in result["pairs"]]
    estimate = result["estimate"] = Estimate(counted)
    result.update(
        ratio=estimate.ratio,
        low=estimate.low,
        high=estimate.high,
        stock_ms=median(run[0] for runs in counted for run in runs) / 1e6,
        jit_ms=median(run[1] for runs in counted for run in runs) / 1e6,
        first_ratio=median(runs[0][columns[0]] / runs[0][columns[1]] for runs in result["pairs"]),
        private_kb=[median(m[2] for m in result["memory"]), median(m[3] for m in result["memory"])],
        peak_kb=[median(m[0] for m in result["memory"]), median(m[1] for m in result["memory"])],
    )
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
    """Functions, kilobytes of code and milliseconds of compiling, as far as pyjit.stats() tells."""
    parts = []
    for words, form in (
        (("compiled",), "{:.0f} f"),
        (("bytes",), "{:.0f} B"),
        (("compile", "ms"), "{:.2f} ms"),
        (("compile", "milliseconds"), "{:.2f} ms"),
        (("compile", "nanoseconds"), "{:.0f} ns"),
        (("compile", "ns"), "{:.0f} ns"),
    ):
        value = find_number(stats, *words)
        if value is not None:
            parts.append(form.format(value))
    return " ".join(parts)


HEADER = (
    f"{'program':<20} {'stock ms':>9} {'jit ms':>9} {'ratio':>6}  {'95 % interval':<14} {'first':>6} "
    f"{'private MB':>12}  compiled"
)


def row(result, minimum):
    if "failure" in result:
        return f"{result['name']:<20} FAILED: {result['failure']}"
    mark = "  SLOW" if result["low"] < minimum else ""
    return (
        f"{result['name']:<20} {result['stock_ms']:9.2f} {result['jit_ms']:9.2f} {result['ratio']:6.2f}  "
        f"[{result['low']:5.2f}, {result['high']:5.2f}] {result['first_ratio']:6.2f} "
        f"{result['private_kb'][0] / 1024:5.1f} {result['private_kb'][1] / 1024:6.1f}  {compiled_text(result['stats'])}{mark}"
    )


def summarise(results, minimum, report):
    """The means by family and over all, and the list of slow programs. Returns what goes into the JSON."""
    good = [r for r in results if "failure" not in r]
    summary = {"families": {}, "mean": None}
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
    mean = summary["mean"] = weighted_mean([r["estimate"] for r in good], [r["weight"] for r in good])
    report(f"{'all':<20} geometric mean {mean[0]:6.3f}  [{mean[1]:.3f}, {mean[2]:.3f}]  of {len(good)}")
    slow = sorted((r for r in good if r["low"] < minimum), key=lambda r: r["low"])
    if slow:
        report(f"lower bound under {minimum}: " + ", ".join(f"{r['name']} {r['low']:.2f}" for r in slow))
    else:
        report(f"no lower bound under {minimum}")
    return summary


def write_json(path, options, results, summary, short):
    kept = [{k: v for k, v in r.items() if k != "estimate"} for r in results]
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
    add_interpreter_options(parser)
    parser.add_argument("--pairs", type=int, help="process pairs per program (3; quick: 2)")
    parser.add_argument("--iterations", type=int, help="counted runs per process (10; quick: 5)")
    parser.add_argument("--warm-up", type=int, help="runs before them (2; quick: 1)")
    parser.add_argument("--scale", type=float, help="factor on every program's scale (1; quick: 0.35)")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="which time the ratio is made of")
    parser.add_argument("--min-ratio", type=float, default=0.98, help="lower bounds under this are marked (%(default)s)")
    parser.add_argument("--check", action="store_true", help="end with status 1 when one is marked")
    parser.add_argument("--quick", action="store_true", help="about 90 seconds in all")
    parser.add_argument("--no-short", action="store_true", help="without the short programs")
    parser.add_argument("--only-short", action="store_true", help="the short programs alone")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a single run may take")
    parser.add_argument("--output", default=None, help="JSON file (build/bench/TIME.json, and latest.json)")
    options = parser.parse_args(arguments)
    usual = {"pairs": (3, 2), "iterations": (10, 5), "warm_up": (2, 1), "scale": (1.0, 0.35)}
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
    stock, jit = interpreters(options)
    selected = options.selected
    del options.selected
    start = time.monotonic()
    report(f"stock: {options.stock}   jit: {options.jit} {jit.settings}")
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
        report(HEADER)
        for number, program in enumerate(selected, 1):
            elapsed = time.monotonic() - start
            progress(f"[{number}/{len(selected)}, {elapsed:.0f} s] {program.name}")
            result = measure(program, stock, jit, options)
            results.append(result)
            progress("")
            report(row(result, options.min_ratio))
            # What is measured is kept, should the run be stopped.
            write_json(os.path.abspath(paths[0]), options, results, summary, short)
        summary = summarise(results, options.min_ratio, report)
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
    slow = [r for r in results if r["low"] < options.min_ratio] + [r for r in short if r["too_slow"]]
    return 1 if options.check and slow else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
