"""Whole processes that live for a moment: start-up, --help pages, small tools on one file.

What a compiler costs shows here. Turn about; times are those of the chosen clock: the process's processor time, or the
wall from spawn to reaped.
"""

import os
import sys
import tempfile

from processes import run_once
from estimate import difference
from statistics import median

LIBRARY = "/usr/lib/python3.11"

DJANGO_SETUP = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages")])
django.setup()
"""

# name, arguments (FILE and DIRECTORY are replaced by scratch paths), how much slower it may be: part of stock's time and
# milliseconds, whichever is more
PROGRAMS = [
    ("start-up: -c pass", ["-c", "pass"], 0.0, 1.5),
    ("start-up: -I -S -c pass", ["-I", "-S", "-c", "pass"], 0.0, 1.5),
    ("-m json.tool --help", ["-m", "json.tool", "--help"], 0.02, 3.0),
    ("-m tarfile --help", ["-m", "tarfile", "--help"], 0.02, 3.0),
    ("-m json.tool FILE", ["-m", "json.tool", "FILE"], 0.02, 3.0),
    ("-m tokenize argparse.py", ["-m", "tokenize", f"{LIBRARY}/argparse.py"], 0.02, 3.0),
    ("-m compileall DIRECTORY", ["-m", "compileall", "-q", "-f", "DIRECTORY"], 0.02, 3.0),
    ("-m lib2to3 shlex.py", ["-m", "lib2to3", f"{LIBRARY}/shlex.py"], 0.02, 3.0),
    ("django.setup()", ["-c", DJANGO_SETUP], 0.02, 3.0),
    ("-m pip list", ["-m", "pip", "list"], 0.02, 3.0),
    ("asyncio.run(sleep(0))", ["-c", "import asyncio; asyncio.run(asyncio.sleep(0))"], 0.02, 3.0),
]


def prepare(directory):
    """Scratch files the programs read."""
    document = os.path.join(directory, "document.json")
    with open(document, "w") as out:
        rows = ",".join('{"id": %d, "name": "row %d", "values": [%d, 1.5, null]}' % (i, i, i) for i in range(500))
        out.write('{"rows": [' + rows + "]}")
    sources = os.path.join(directory, "sources")
    os.mkdir(sources)
    for name in ("textwrap.py", "shlex.py", "heapq.py", "bisect.py"):
        with open(os.path.join(LIBRARY, name)) as source, open(os.path.join(sources, name), "w") as copy:
            copy.write(source.read())
    return {"FILE": document, "DIRECTORY": sources}


def measure_one(stock, jit, arguments, turns, timeout, clock):
    pairs = []
    others = []
    other = "wall" if clock == "cpu" else "cpu"
    for turn in range(turns + 1):
        both = {}
        order = (stock, jit) if turn % 2 == 0 else (jit, stock)
        for interpreter in order:
            both[interpreter.name] = run_once(interpreter, arguments, turn + 1, timeout)
        s, j = both["stock"], both["jit"]
        if j["timed_out"] or j["status"] != s["status"]:
            return {"failure": f"status {j['status']} instead of {s['status']}: {j['output'][-200:].decode(errors='replace')}"}
        if j["output"] != s["output"]:
            return {"failure": "another output than stock"}
        if turn:  # the first turn warms the file cache
            pairs.append((s[clock] * 1e3, j[clock] * 1e3))
            others.append((s[other] * 1e3, j[other] * 1e3))
    middle, low, high = difference(pairs)
    return {
        "stock_ms": median(s for s, _ in pairs),
        "jit_ms": median(j for _, j in pairs),
        "difference_ms": middle,
        "low_ms": low,
        "high_ms": high,
        f"{other}_difference_ms": difference(others)[0],
        "pairs": pairs,
    }


def measure_all(stock, jit, turns, timeout, clock, report):
    """Measures every short program; calls report(line) as results come. Returns a list of results."""
    results = []
    report(f"{'short program':<26} {'stock ms':>9} {'jit ms':>9} {'difference ms (95 %)':>26} {'allowed':>8}")
    with tempfile.TemporaryDirectory() as directory:
        scratch = prepare(directory)
        for name, arguments, part, milliseconds in PROGRAMS:
            result = measure_one(stock, jit, [scratch.get(a, a) for a in arguments], turns, timeout, clock)
            result["name"] = name
            results.append(result)
            if "failure" in result:
                report(f"{name:<26} FAILED: {result['failure']}")
                continue
            allowed = result["allowed_ms"] = max(part * result["stock_ms"], milliseconds)
            result["too_slow"] = result["low_ms"] > allowed
            report(
                f"{name:<26} {result['stock_ms']:9.1f} {result['jit_ms']:9.1f} {result['difference_ms']:+8.2f} "
                f"[{result['low_ms']:+6.2f}, {result['high_ms']:+6.2f}] {allowed:8.1f}"
                + ("  TOO SLOW" if result["too_slow"] else "")
            )
    return results


if __name__ == "__main__":
    sys.exit("short_programs.py is run by run.py")
