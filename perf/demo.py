"""make demo: a real program, first in the stock interpreter, then compiled.

The program is lib2to3, the standard library's source-to-source translator (a parser, a pattern matcher and fifty small
fixers, all in Python), rewriting modules of the standard library. Both sides do the same passes in processes of
their own, turn about; what they wrote is compared. Usage: demo.py [path of the pyjit command]
"""

import collections
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_LAUNCHER = os.path.join(os.path.dirname(HERE), "build", "pyjit")
ROUNDS = 2
SHOWN = 16

# What each side runs. It is a program of its own, so that nothing of this one is in its process.
PROGRAM = r"""
import hashlib, json, os, sys, time
from lib2to3 import refactor

PASSES = 3
FILES = "textwrap.py shlex.py string.py queue.py calendar.py getopt.py configparser.py argparse.py".split()
folder = os.path.dirname(os.__file__)
sources = []
for name in FILES:
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        sources.append((name, file.read()))
tool = refactor.RefactoringTool(refactor.get_fixers_from_package("lib2to3.fixes"), {"print_function": True})
digest, passes = hashlib.sha256(), []
for _ in range(PASSES):
    start = time.perf_counter()
    for name, source in sources:
        digest.update(str(tool.refactor_string(source, name)).encode())
    passes.append(time.perf_counter() - start)
lines = sum(source.count("\n") for _, source in sources)
print(json.dumps({"passes": passes, "digest": digest.hexdigest(), "files": len(sources), "lines": lines}))
"""


def run(launcher, log, **changes):
    """One process; its answer as a dict."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JIT_"))}
    environment.update(changes, PYTHONHASHSEED="0")
    if log is not None:
        environment["JIT_LOG"] = log
    result = subprocess.run([launcher, "-W", "ignore", "-c", PROGRAM], env=environment, text=True, stdout=subprocess.PIPE)
    if result.returncode != 0:
        sys.exit(f"demo: the program failed with exit code {result.returncode}")
    return json.loads(result.stdout)


def short_name(event):
    return f"{event['function']} ({os.path.basename(event['file'])}:{event['line']})"


def show_log(path):
    """What was compiled, in the words of the log."""
    with open(path, encoding="ascii") as file:
        events = [json.loads(line) for line in file]
    compiled = [event for event in events if event["event"] == "compile"]
    for tier in sorted({event["tier"] for event in compiled}):
        of_tier = [event for event in compiled if event["tier"] == tier]
        own = [event for event in of_tier if "/lib2to3/" in event["file"]]
        print(f"\nTier {tier}: {len(of_tier)} functions compiled, {sum(event['bytes'] for event in of_tier) / 1024:.0f} KiB of "
              f"machine code, {sum(event['ms'] for event in of_tier):.1f} ms of compiling in all.")
        print(f"{len(own)} of them are lib2to3's; in the order in which they got hot, the first {min(len(own), SHOWN)}:\n")
        for event in own[:SHOWN]:
            print(f"    tier {tier} {event['bytes']:8d} bytes {event['ms']:8.3f} ms  {short_name(event)}")
    if not compiled:
        print("\nNothing was compiled.")
    left = collections.Counter((event["event"], event["sentence"]) for event in events
                               if event["event"] in ("refuse", "leave", "decline"))
    if left:
        print("\nWhat stayed with, or went back to, tier 0:\n")
    for (kind, sentence), count in left.most_common(8):
        print(f"    {kind}: {sentence} ({count} lines of the log)")


def main(arguments):
    launcher = arguments[0] if arguments else DEFAULT_LAUNCHER
    stock_runs, compiled_runs = [], []
    with tempfile.TemporaryDirectory(prefix="pyjit-demo-") as folder:
        log = os.path.join(folder, "log")
        print("lib2to3 rewrites modules of the standard library. Running, tier 0 and compiled, turn about ...", flush=True)
        for _ in range(ROUNDS):
            stock_runs.append(run(launcher, None, PYTHON_JIT="0"))
            # The log is written in a run of its own at the end: the timed ones do not pay for it.
            compiled_runs.append(run(launcher, None))
        logged = run(launcher, log)
        first = stock_runs[0]
        print(f"\n{first['files']} files, {first['lines']} lines, {len(first['passes'])} passes in each process; seconds, "
              f"best of {ROUNDS} processes:\n")
        print("    pass   tier 0   compiled   tier 0 / compiled")
        for index in range(len(first["passes"])):
            stock = min(answer["passes"][index] for answer in stock_runs)
            compiled = min(answer["passes"][index] for answer in compiled_runs)
            print(f"    {index + 1:4d} {stock:8.2f} {compiled:10.2f} {stock / compiled:14.2f}")
        show_log(log)
    digests = {answer["digest"] for answer in stock_runs + compiled_runs + [logged]}
    print()
    if len(digests) != 1:
        print("The outputs DIFFER: that is a bug in pyjit.")
        return 1
    print(f"All {2 * ROUNDS + 1} processes wrote exactly the same text (sha256 {digests.pop()[:16]}...).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
