"""tests/fuzz/run.py FIRST COUNT [--jit build/pyjit] [--modes default,compile-all] [--numbers|--hot]: random programs, stock against the JIT.

`tests/fuzz/run.py --minutes 60 --jobs 2` (`make fuzz MINUTES=60`) goes on for an hour. tests/fuzz/reduce.py makes a program that differs small.

Programs that differ are kept in --keep (build/fuzz) with both outputs. Prints a line per difference and a closing line
"N compared, N different, N skipped" (skipped: too slow on stock); the exit status is 1 when something differed.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import generate
import generate_hot
import generate_numbers
from run_modes import MODES

STOCK_SECONDS = 3
SEEDS_AT_ONCE = 8

# What --minutes runs: {kind: (maker of programs, modes)}.
KINDS = {
    "mixed": (generate.Maker, ["default", "compile-all", "no-forward", "tier2-sync"]),
    "hot": (generate_hot.Maker, ["tier2", "tier2-sync", "tier2-deopt", "tier2-osr", "tier2-trial"]),
    "numbers": (generate_numbers.Maker, ["compile-all", "tier2-sync", "tier2-deopt-each"]),
}


def run(interpreter, path, extra, seconds):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JIT_"))}
    environment.update(PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", PYTHONFAULTHANDLER="1", **extra)
    try:
        result = subprocess.run([interpreter, "-W", "ignore", str(path)], capture_output=True, text=True, timeout=seconds, env=environment,
                                errors="backslashreplace")
    except subprocess.TimeoutExpired:
        return None
    return result.returncode, re.sub(r"0x[0-9a-f]{6,}", "0x", result.stdout + result.stderr)


def mode_settings(mode, path):
    """The environment of a mode for the program `path`: tier 2 compiles the program, not what it imports."""
    settings = MODES[mode]
    return dict(settings, JIT_ONLY=f"{path.name}:*,<string>:*") if "JIT_ONLY" in settings else settings


def compare(seed, options):
    """None when skipped, else a list of (mode, first difference)."""
    path = options.keep / f"{seed}.py"
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path.write_text(options.maker(seed).program())
    expected = run(options.stock, path, {}, STOCK_SECONDS)
    if expected is None or expected[0] != 0:
        path.unlink()
        return None
    different = []
    for mode in options.modes:
        found = run(options.jit, path, mode_settings(mode, path), 40 * STOCK_SECONDS)
        if found == expected:
            continue
        if found is None:
            different.append((mode, "no end"))
            continue
        (options.keep / f"{seed}.stock").write_text(expected[1])
        (options.keep / f"{seed}.{mode}").write_text(found[1])
        first = next(((a, b) for a, b in zip(expected[1].splitlines(), found[1].splitlines()) if a != b), ("", "output ends early"))
        different.append((mode, f"exit {found[0]}; stock {first[0][:200]!r}, found {first[1][:200]!r}"))
    if not different:
        path.unlink()
    return different


def compare_all(seeds, options):
    """Compares the programs of these seeds in all modes, and prints a line per difference: (compared, different, skipped)."""
    compared = different = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for seed, found in zip(seeds, pool.map(lambda seed: compare(seed, options), seeds)):
            if found is None:
                skipped += 1
                continue
            compared += 1
            different += bool(found)
            for mode, text in found:
                print(f"{options.keep}/{seed}.py [{mode}]: {text}", flush=True)
    return compared, different, skipped


def add_to_tally(path, kind, modes, counts):
    """The file says how many programs were compared in each mode, over all runs with --minutes, and how many differed in any."""
    tally = json.loads(path.read_text()) if path.exists() else {"compared": {}, "different": 0}
    for mode in modes:
        name = f"{kind} {mode}"
        tally["compared"][name] = tally["compared"].get(name, 0) + counts[0]
    tally["different"] += counts[1]
    new = path.with_suffix(".new")
    new.write_text(json.dumps(tally, indent=1))
    new.replace(path)
    return tally


def go_on_for(minutes, options):
    """Programs of all kinds in their modes by turns, new ones at each run, until the time is over. True: none differed."""
    end = time.monotonic() + minutes * 60
    first = options.first or int(time.time()) % 10**9 * 1000
    tally, differed, path = {"compared": {}}, 0, options.keep / "tally.json"
    while time.monotonic() < end:
        for kind, (maker, modes) in KINDS.items():
            options.maker, options.modes = maker, modes
            counts = compare_all(range(first, first + SEEDS_AT_ONCE), options)
            tally = add_to_tally(path, kind, modes, counts)
            differed += counts[1]
            first += SEEDS_AT_ONCE
    print(f"{differed} different; in all runs, {sum(tally['compared'].values())} comparisons, {tally.get('different', 0)} programs different ({path})")
    return differed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("count", type=int, nargs="?", default=1)
    parser.add_argument("--jit", default=str(HERE.parent.parent / "build/pyjit"))
    parser.add_argument("--stock", default="/usr/bin/python3.11")
    parser.add_argument("--modes", default="default,compile-all")
    parser.add_argument("--keep", default=str(HERE.parent.parent / "build/fuzz"), type=pathlib.Path)
    parser.add_argument("--numbers", action="store_true", help="programs of arithmetic (generate_numbers.py)")
    parser.add_argument("--hot", action="store_true", help="programs of what tier 2 speculates on (generate_hot.py)")
    parser.add_argument("--minutes", type=float, help="programs of all kinds, in modes of their own, for so long; what was run is added to KEEP/tally.json")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.keep = pathlib.Path(options.keep)
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.minutes is not None:
        sys.exit(not go_on_for(options.minutes, options))
    options.modes = options.modes.split(",")
    options.maker = generate_numbers.Maker if options.numbers else generate_hot.Maker if options.hot else generate.Maker
    counts = compare_all(range(options.first, options.first + options.count), options)
    print("{} compared, {} different, {} skipped".format(*counts))
    sys.exit(counts[1] > 0)


if __name__ == "__main__":
    main()
