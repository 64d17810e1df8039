"""How good tier 2's code for loops of numbers is: the same loops in C (c_loops.c), and what is left in the innermost ones.

    python3.11 perf/bench/c_loops.py [--jit build/pyjit] [--scale 1000] [--check]

Prints nanoseconds of C, of the JIT and their ratio. With --check the status is 1 where the results differ, where a loop takes more than LIMIT times
what C takes, or where one of the innermost blocks still calls something, counts references or writes a frame.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 2.0

# What must not be left in the innermost loops, as operations of the IR (tier2/ir_ops.def).
HEAVY = {
    "handler", "hold", "drop", "store_home", "sync_home", "clear_home", "store_operand", "empty_operand", "box_int",
    "box_float", "call_plain", "call_plain_array", "call_direct", "guard_quiet",
}  # fmt: skip


def nested(n):
    total = 0
    for i in range(n):
        for j in range(n):
            total += i * j & 7
            if total > 1000000:
                total -= 999999
    return total


def floats(n):
    x = 1.0
    for i in range(n):
        x = x * 1.0001
    return x


def collatz(n):
    steps = 0
    for i in range(1, n):
        value = i
        while value != 1:
            if value & 1:
                value = value * 3 + 1
            else:
                value >>= 1
            steps += 1
    return steps


def mandelbrot(n):
    total = 0
    for x in range(n):
        cr = 2.0 * x / n - 1.5
        zr = zi = 0.0
        turn = 0
        while turn < 200 and zr * zr + zi * zi < 4.0:
            zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + 0.1
            turn += 1
        total += turn
    return total


def dot(a, b, turns):
    total = 0.0
    for turn in range(turns):
        for i in range(len(a)):
            total += a[i] * b[i]
    return total


def run_loops(scale, seconds):
    """The child process: each loop until `seconds` have passed; the best of the last runs."""
    a = [0.5 * i for i in range(1000)]
    b = [0.5 * i for i in range(1000)]
    cases = [
        (nested, (scale,)),
        (floats, (scale * 1000,)),
        (collatz, (scale * 10,)),
        (mandelbrot, (scale * 10,)),
        (dot, (a, b, scale)),
    ]
    for function, arguments in cases:
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(times) < 7:
            start = time.thread_time_ns()
            result = function(*arguments)
            times.append(time.thread_time_ns() - start)
        print(function.__name__, "%.17g" % result, min(times[-7:]))


def parse(text):
    rows = (line.split() for line in text.splitlines())
    return {name: (result, float(nanoseconds)) for name, result, nanoseconds in rows}


def heavy_operations(dump):
    """Per function: what is left in blocks of the greatest loop depth, in the last IR of each of its graphs."""
    found = {}
    for part in re.split(r"(?m)^==== ", dump)[1:]:
        name = re.match(r"\S+ \S+ (\w+), entered", part)
        stages = re.split(r"(?m)^---- ", part.split("; ModuleID")[0])
        if name is None or len(stages) < 2:
            continue
        blocks = re.findall(r"(?m)^b\d+ .*?depth (\d+)\n((?:  .*\n)*)", stages[-1])
        deepest = max((int(depth) for depth, _ in blocks), default=0)
        for depth, body in blocks:
            if int(depth) == deepest:
                operations = re.findall(r"(?m)^  (?:v\d+:\S+ +)?(\w+)", body)
                found.setdefault(name[1], set()).update(HEAVY.intersection(operations))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jit", default=str(HERE.parents[1] / "build" / "pyjit"))
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--scale", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each loop, until tier 2's code is there")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_loops(options.scale, options.seconds)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "c_loops")
        flags = ["-O2", "-fno-tree-vectorize", "-ffp-contract=off"]
        subprocess.run([options.cc, *flags, str(HERE / "c_loops.c"), "-o", program, "-lm"], check=True)
        c = parse(subprocess.run([program, str(options.scale)], check=True, stdout=subprocess.PIPE, text=True).stdout)
        dump = os.path.join(folder, "dump")
        command = [options.jit, __file__, "--child", "--scale", str(options.scale), "--seconds", str(options.seconds)]
        environment = dict(os.environ, JIT_TIERING="2", JIT_DUMP=dump)
        child = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        jit = parse(child.stdout)
        heavy = heavy_operations(pathlib.Path(dump).read_text(errors="replace"))
    bad = False
    print(f"{'loop':12} {'C ns':>12} {'JIT ns':>12} {'JIT / C':>8}  left in the innermost loop")
    for name, (result, nanoseconds) in c.items():
        ratio = jit[name][1] / nanoseconds
        left = heavy.get(name, {"not compiled"})
        differs = result != jit[name][0]
        bad |= differs or ratio > LIMIT or bool(left)
        print(f"{name:12} {nanoseconds:12.0f} {jit[name][1]:12.0f} {ratio:8.2f}  {', '.join(sorted(left)) or '-'}", end="")
        print("  RESULTS DIFFER" if differs else "")
    return 1 if options.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
