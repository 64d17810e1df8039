"""tests/cpython_suite.py: all of CPython's test suite, each file in a process of its own, on stock and under the JIT.

    /usr/bin/python3.11 tests/cpython_suite.py [--mode compile-all] [--use cpu,decimal] [TEST ...]
    make test-cpython MODE=compile-all

The files are those of `python3.11 -m test`, set up as regrtest does it, without resources (-u) unless asked for. Each case
must end as it does on stock. A file that differs is run once more; what differs both times counts, what differed once is
told as unsteady. A case that does not end on stock is left out of both runs. Differences that are known and sound stand in tests/cpython_exceptions.txt, a line each; a line there
that no longer differs is an error too, so that the list only shrinks.

What was found is kept in build/cpython-suite/: stock's outcome per interpreter, the JIT's per mode and library, so that a
run that was stopped goes on where it was. The exit status is 1 when anything differs that is not listed.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from run import TOP, clean_environment, run_cpython_test, shortened
from run_modes import MODES

EXCEPTIONS = TOP / "tests/cpython_exceptions.txt"
STOCK_SECONDS = 400
CASES_LEFT_OUT = 4


def listed_exceptions(path):
    """{(mode, test, case): reason}; case may be "*". Lines: MODE TEST CASE: REASON."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\S+) (\S+) (.+?): (.+)", line)
        if match is None:
            sys.exit(f"{path}:{number}: not a line MODE TEST CASE: REASON")
        found[match.group(1, 2, 3)] = match.group(4)
    return found


class Store:
    """Outcomes as JSON files, a folder per interpreter and mode, a file per test."""

    def __init__(self, folder, key):
        self.folder, self.key = folder, key
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, test):
        """The outcome kept for `test`, or None if there is none of this key."""
        path = self.folder / f"{test}.json"
        if not path.exists():
            return None
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept if kept["key"] == self.key else None

    def put(self, test, kept):
        kept["key"] = self.key
        new = self.folder / f"{test}.new"
        new.write_text(json.dumps(kept), encoding="utf-8", errors="backslashreplace")
        new.replace(self.folder / f"{test}.json")


class Suite:
    def __init__(self, options):
        self.options = options
        self.scratch = tempfile.mkdtemp(prefix="pyjit-suite-")
        top = pathlib.Path(options.state)
        self.output = top / f"output-{options.mode}"
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)
        version = subprocess.run([options.stock, "-VV"], capture_output=True, text=True, check=True).stdout.strip()
        library = pathlib.Path(options.jit).parent / "libpyjit.so"
        build = "any" if options.keep else hashlib.sha256(library.read_bytes()).hexdigest()
        resources = options.use and f" -u {options.use}"
        self.stock_store = Store(top / "stock", version + resources)
        self.jit_store = Store(top / options.mode, version + resources + " " + build)
        if options.keep:
            self.jit_store.get = self.any_outcome
        self.environment = clean_environment({})
        # As regrtest's workers have it: both change what some tests do.
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "COLUMNS", "TZ"):
            self.environment.pop(name, None)

    def any_outcome(self, test):
        path = self.jit_store.folder / f"{test}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def tests(self):
        code = "from test.libregrtest.runtest import findtests; print(*findtests())"
        found = subprocess.run([self.options.stock, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        unknown = set(self.options.tests) - set(found)
        if unknown:
            sys.exit(f"not in CPython's test suite: {' '.join(sorted(unknown))}")
        return [test for test in found if not self.options.tests or test in self.options.tests]

    # ---- Running -----------------------------------------------------------------------------------

    def measure(self, interpreter, test, extra, seconds, left_out):
        outcome = run_cpython_test(interpreter, test, dict(self.environment, **extra), seconds, self.scratch, self.options.gdb,
                                   [self.options.use, *left_out])
        ending = "no end" if outcome.timed_out else outcome.ending()
        if outcome.timed_out or outcome.status != 0:
            ending += f" in {outcome.last_case}" if outcome.timed_out or outcome.crashed() else ""
        return {"ending": ending, "seconds": round(outcome.seconds, 1), "cases": outcome.cases, "texts": outcome.texts,
                "out": outcome.out[-20000:], "err": outcome.err[-20000:], "trace": outcome.trace}

    def stock_outcome(self, test):
        kept = self.stock_store.get(test)
        if kept is None:
            left_out = []
            kept = self.measure(self.options.stock, test, {}, STOCK_SECONDS, left_out)
            while kept["ending"].startswith("no end in ") and len(left_out) < CASES_LEFT_OUT:
                left_out.append(kept["ending"].removeprefix("no end in "))
                kept = self.measure(self.options.stock, test, {}, STOCK_SECONDS, left_out)
            kept["left out"] = left_out
            self.stock_store.put(test, kept)
        return kept

    def jit_outcome(self, test, stock):
        kept = self.jit_store.get(test)
        if kept is None:
            seconds = max(300, 8 * stock["seconds"])
            left_out = stock.get("left out", [])
            extra = MODES[self.options.mode]
            kept = self.measure(self.options.jit, test, extra, seconds, left_out)
            kept["unsteady"] = {}
            found = difference(stock, kept)
            if found:
                again = self.measure(self.options.jit, test, extra, seconds, left_out)
                both = difference(stock, again)
                again["unsteady"] = {case: kept["texts"].get(case, []) for case in found if case not in both}
                kept = again
            self.jit_store.put(test, kept)
        return kept

    def run(self):
        tests = self.tests()
        exceptions = {(test, case): reason for (mode, test, case), reason in listed_exceptions(EXCEPTIONS).items()
                      if mode in (self.options.mode, "*")}
        unknown, unsteady, out, failing, used, known, count = [], [], [], [], set(), collections.Counter(), collections.Counter()
        for number, test in enumerate(tests, 1):
            began = time.monotonic()
            stock = self.stock_outcome(test)
            kept = self.jit_outcome(test, stock)
            count[summary(stock)] += 1
            count["cases"] += len(stock["cases"])
            found = difference(stock, kept)
            for case, (expected, outcome) in found.items():
                key = next((key for key in ((test, case), (test, "*")) if key in exceptions), None)
                if key:
                    used.add(key)
                    known[f"{test} {key[1]}: {exceptions[key]}"] += 1
                else:
                    unknown.append(f"{test} {case}: {outcome}, stock: {expected}")
            if summary(stock) == "fails":
                cases = [case for case, outcomes in stock["cases"].items() if {"FAIL", "ERROR"} & set(outcomes)]
                failing.append(f"{test} ({stock['ending']}): {len(cases)} of {len(stock['cases'])} cases, {cases[:1]}")
            out += [f"{test} {case}" for case in stock.get("left out", [])]
            unsteady += [f"{test} {case}" for case in kept["unsteady"]]
            count["same" if not found else "differ"] += 1
            if found or kept["unsteady"]:
                self.keep_details(test, stock, kept, found)
            if time.monotonic() - began > 0.5 or found:
                verdict = f"{len(found)} differ" if found else "same"
                print(f"[{number}/{len(tests)}] {test}: stock {summary(stock)}, {verdict} ({stock['seconds']} s, {kept['seconds']} s)",
                      flush=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        stale = [f"{test} {case}: differs no longer, take it off {EXCEPTIONS.name}" for test, case in exceptions
                 if (test, case) not in used and test in tests]
        return self.report(len(tests), count, known, unknown + stale, unsteady, out, failing)

    # ---- Telling -----------------------------------------------------------------------------------

    def keep_details(self, test, stock, kept, found):
        lines = [f"{test}: {kept['ending']}, stock: {stock['ending']}", ""]
        for case, (expected, outcome) in found.items():
            lines += [f"== {case}: {outcome}, stock: {expected}", *kept["texts"].get(case, [])]
        for case, texts in kept["unsteady"].items():
            lines += [f"== unsteady: {case}", *texts]
        lines += ["", kept["trace"], kept["out"], kept["err"]]
        (self.output / f"{test}.txt").write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")

    def report(self, total, count, known, wrong, unsteady, out, failing):
        print(f"\n{total} files, {count['cases']} cases; on stock {count['passes']} pass, {count['is skipped']} are skipped, "
              f"{count['fails']} fail")
        print(f"under {self.options.mode}: {count['same']} as on stock, {count['differ']} differ")
        for title, lines in (("left out (no end on stock)", out), ("fail on stock", failing),
                             ("known (cases)", [f"({number}) {line}" for line, number in known.items()]), ("unsteady (differed once of two runs)", unsteady),
                             ("WRONG", wrong)):
            if lines:
                print(f"{title}:")
                for line in lines:
                    print("  " + shortened(line))
        if wrong or unsteady:
            print(f"details: {self.output}/")
        return 1 if wrong else 0


def summary(kept):
    """"passes", "fails" or "is skipped": how a file ended in all."""
    outcomes = {outcome for outcomes in kept["cases"].values() for outcome in outcomes}
    if kept["ending"] != "exit status 0" or outcomes & {"FAIL", "ERROR", "unexpected success"}:
        return "fails"
    return "passes" if "ok" in outcomes else "is skipped"


def difference(stock, kept):
    """{case: (stock's outcome, the other's)} of the cases that differ; "(the file)" for how the process ended."""
    found = {}
    if stock["ending"] != kept["ending"]:
        found["(the file)"] = stock["ending"], kept["ending"]
    for case in sorted(stock["cases"].keys() | kept["cases"].keys()):
        if stock["cases"].get(case) != kept["cases"].get(case):
            found[case] = stock["cases"].get(case), kept["cases"].get(case)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tests", nargs="*", metavar="TEST", help="only these files (test_dict ...)")
    parser.add_argument("--mode", default="compile-all", choices=MODES, help="compile-all")
    parser.add_argument("--use", default="", help="regrtest's resources, separated by commas (none)")
    parser.add_argument("--keep", action="store_true", help="take outcomes of older builds as they are")
    parser.add_argument("--jit", default=str(TOP / "build/pyjit"), help="the interpreter under test (build/pyjit)")
    parser.add_argument("--stock", default=os.environ.get("PYJIT_STOCK", "/usr/bin/python3.11"))
    parser.add_argument("--state", default=str(TOP / "build/cpython-suite"), help="where outcomes are kept")
    parser.add_argument("--no-gdb", dest="gdb", action="store_false", help="no native backtraces of crashes")
    options = parser.parse_args()
    options.jit = os.path.abspath(options.jit)
    sys.exit(Suite(options).run())


if __name__ == "__main__":
    main()
