"""tests/fuzz/run.py FIRST COUNT [--jit build/pyjit] [--modes default,compile-all] [--numbers|--hot]: random programs, stock against the JIT.

Programs that differ are kept in --keep (build/fuzz) with both outputs. Prints a line per difference and a closing line
"N compared, N different, N skipped" (skipped: too slow on stock); the exit status is 1 when something differed.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import generate
import generate_hot
import generate_numbers
from run_modes import MODES

STOCK_SECONDS = 3


def run(interpreter, path, extra, seconds):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JIT_"))}
    environment.update(PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", PYTHONFAULTHANDLER="1", **extra)
    try:
        result = subprocess.run([interpreter, "-W", "ignore", str(path)], capture_output=True, text=True, timeout=seconds, env=environment,
                                errors="backslashreplace")
    except subprocess.TimeoutExpired:
        return None
    return result.returncode, re.sub(r"0x[0-9a-f]{6,}", "0x", result.stdout + result.stderr)


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
        # Tier 2 compiles the program, not what it imports.
        extra = dict(MODES[mode], JIT_ONLY=f"{path.name}:*,<string>:*") if "JIT_ONLY" in MODES[mode] else MODES[mode]
        found = run(options.jit, path, extra, 40 * STOCK_SECONDS)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--jit", default=str(HERE.parent.parent / "build/pyjit"))
    parser.add_argument("--stock", default="/usr/bin/python3.11")
    parser.add_argument("--modes", default="default,compile-all")
    parser.add_argument("--keep", default=str(HERE.parent.parent / "build/fuzz"), type=pathlib.Path)
    parser.add_argument("--numbers", action="store_true", help="programs of arithmetic (generate_numbers.py)")
    parser.add_argument("--hot", action="store_true", help="programs of what tier 2 speculates on (generate_hot.py)")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.modes = options.modes.split(",")
    options.maker = generate_numbers.Maker if options.numbers else generate_hot.Maker if options.hot else generate.Maker
    options.keep = pathlib.Path(options.keep)
    options.keep.mkdir(parents=True, exist_ok=True)
    compared = different = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        seeds = range(options.first, options.first + options.count)
        for seed, found in zip(seeds, pool.map(lambda seed: compare(seed, options), seeds)):
            if found is None:
                skipped += 1
                continue
            compared += 1
            different += bool(found)
            for mode, text in found:
                print(f"{options.keep}/{seed}.py [{mode}]: {text}", flush=True)
    print(f"{compared} compared, {different} different, {skipped} skipped")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
