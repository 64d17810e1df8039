"""Where the time of one program or micro case goes, under stock and under the JIT, function by function (perf record).

    python3.11 perf/bench/hotspots.py PROGRAM [--top 25]      a name of perf/programs
    python3.11 perf/bench/hotspots.py --micro 'subscript str'
    python3.11 perf/bench/hotspots.py PROGRAM --tier 2    what tier 2 does once it is warm

Compiled code has no symbols of its own here: it is one row, and `--addresses` lists its hottest addresses. Tier 2's compile thread
is one row too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter

from micro_cases import CASES, source
from processes import ROOT, add_interpreter_options, interpreters

COMPILED = "(compiled code)"
COMPILE_THREAD = "(compile thread)"

# Seconds that the background compiler gets before recording starts.
WARM_UP = 2.0
PROGRAM_DRIVER = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["program"] = module
spec.loader.exec_module(module)
warm = time.perf_counter() + float(sys.argv[3])
while time.perf_counter() < warm:
    module.run(module.SCALE)
end = time.perf_counter() + float(sys.argv[2])
runs = 0
while time.perf_counter() < end or not runs:
    module.run(module.SCALE)
    runs += 1
print(runs)
"""
MICRO_DRIVER = """
import sys, time
namespace = {"thread_time_ns": time.thread_time_ns}
exec(compile(open(sys.argv[1]).read(), "<micro>", "exec"), namespace)
case = namespace["case"]
for _ in range(400):
    case(2)
warm = time.perf_counter() + float(sys.argv[3])
while time.perf_counter() < warm:
    case(1000)
end = time.perf_counter() + float(sys.argv[2])
turns = 0
while time.perf_counter() < end:
    case(1000)
    turns += 1000
print(turns)
"""


def record(interpreter, driver, subject, seconds, warm_up, folder):
    """Runs the driver under perf. Returns samples per (symbol, address), and how often the subject ran."""
    script = os.path.join(folder, "driver.py")
    with open(script, "w") as out:
        out.write(driver)
    data = os.path.join(folder, "perf.data")
    command = ["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "5000", "-o", data]
    command += ["-D", str(round(warm_up * 1000)), "--"] if warm_up else ["--"]
    environment = interpreter.environment(1)
    done = subprocess.run(
        command + interpreter.argv + [script, subject, str(seconds), str(warm_up)],
        env=environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )
    if done.returncode:
        sys.exit(f"{interpreter.name}: {done.stderr.strip().splitlines()[-1:]}")
    listing = subprocess.run(
        ["perf", "script", "-i", data, "-F", "comm,ip,sym,dso"], capture_output=True, text=True, check=True
    ).stdout
    samples = Counter()
    for line in listing.splitlines():
        comm, _, rest = line.strip().partition(" ")
        address, _, rest = rest.strip().partition(" ")
        symbol, _, dso = rest.rpartition(" (")
        dso = dso.rstrip(")")
        symbol = symbol.strip()
        if comm == "pyjit-compile":
            symbol = COMPILE_THREAD
        elif symbol == "[unknown]" and (
            dso in ("[unknown]", "//anon") or "pyjit" in dso or os.path.basename(dso).startswith("perf-")
        ):
            symbol = COMPILED
        elif symbol == "[unknown]":
            symbol = os.path.basename(dso)
        samples[symbol.removesuffix(".lto_priv.0"), address] += 1
    return samples, int(done.stdout.split()[-1])


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subject")
    parser.add_argument("--micro", action="store_true", help="the subject is a micro case's name")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--top", type=int, default=25)
    parser.add_argument("--addresses", action="store_true", help="the hottest addresses of compiled code too")
    add_interpreter_options(parser)
    options = parser.parse_args(arguments)
    warm_up = WARM_UP if options.tier > 1 else 0
    with tempfile.TemporaryDirectory() as folder:
        if options.micro:
            cases = [c for c in CASES if options.subject in (c[1], f"{c[0]}: {c[1]}")]
            if not cases:
                parser.error("no case of that name")
            driver, subject = MICRO_DRIVER, os.path.join(folder, "case.py")
            with open(subject, "w") as out:
                out.write(source(*cases[0][2:]))
        else:
            driver, subject = PROGRAM_DRIVER, os.path.join(ROOT, "perf", "programs", options.subject + ".py")
        by_symbol = {}
        total = {}
        for interpreter in interpreters(options):
            samples, runs = record(interpreter, driver, subject, options.seconds, warm_up, folder)
            # Samples come 200 microseconds apart.
            scale = (200e3 if options.micro else 200.0) / runs
            total[interpreter.name] = sum(samples.values()) * scale
            for (symbol, address), count in samples.items():
                row = by_symbol.setdefault(symbol, {"stock": 0.0, "jit": 0.0, "addresses": Counter()})
                row[interpreter.name] += count * scale
                if interpreter.is_jit:
                    row["addresses"][address] += count * scale
    unit = "nanoseconds per loop turn (ten operations)" if options.micro else "microseconds per run"
    print(f"{unit}: stock {total['stock']:.2f}, jit {total['jit']:.2f}, ratio {total['stock'] / total['jit']:.2f}")
    print(f"{'stock':>10} {'jit':>10} {'jit-stock':>10}")
    rows = sorted(by_symbol.items(), key=lambda item: -max(item[1]["stock"], item[1]["jit"]))
    for symbol, row in rows[: options.top]:
        print(f"{row['stock']:10.2f} {row['jit']:10.2f} {row['jit'] - row['stock']:+10.2f}  {symbol}")
    if options.addresses and COMPILED in by_symbol:
        for address, cost in by_symbol[COMPILED]["addresses"].most_common(30):
            print(f"{cost:10.2f}  {address}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
