"""tests/cpython_test.py TEST RECORD [RESOURCES [CASE ...]]: runs one of CPython's own test modules and writes how each case ended.

RECORD gets a JSON object a line: {"event": "start", "case": ...} before a case, {"event": "end", "case": ...,
"outcome": ..., "text": ...} after it, so that a crash can be laid at a case's door. Run by tests/run.py and
tests/cpython_suite.py, once with stock python3.11 and once under the JIT.

With RESOURCES (names of regrtest's -u, separated by commas, may be empty) the process is set up as `python -m test -u`
does it, and the CASEs are left out; without, every resource may be used and nothing is set up.
"""
import doctest
import importlib
import json
import os
import sys
import unittest


def name_of(test):
    """Its id; some cases have an attribute of that name themselves."""
    return type(test).id(test)


class Recorder(unittest.TestResult):
    """Writes instead of collecting."""

    def __init__(self, record):
        super().__init__()
        self.record = record

    def write(self, **row):
        print(json.dumps(row), file=self.record, flush=True)

    def end(self, test, outcome, error=None, text=""):
        if error is not None:
            text = self._exc_info_to_string(error, test)
        self.write(event="end", case=name_of(test), outcome=outcome, text=text)

    def startTest(self, test):
        self.write(event="start", case=name_of(test))

    def addSuccess(self, test):
        self.end(test, "ok")

    def addFailure(self, test, error):
        self.end(test, "FAIL", error)

    def addError(self, test, error):
        self.end(test, "ERROR", error)

    def addSkip(self, test, reason):
        self.end(test, "skip", text=reason)

    def addExpectedFailure(self, test, error):
        self.end(test, "expected failure")

    def addUnexpectedSuccess(self, test):
        self.end(test, "unexpected success")

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.end(subtest, "FAIL", error)


def run_as_regrtest(name, recorder, resources, left_out):
    """Sets the process up as regrtest's worker does, then runs the module's test_main or all its cases."""
    from test import support
    from test.libregrtest import cmdline, setup

    setup.setup_tests(cmdline._parse_args(["-u", resources] if resources else []))
    support.set_match_tests(ignore_patterns=left_out)

    def run_doctest(module, verbosity=None, optionflags=0):
        suite = doctest.DocTestSuite(module, optionflags=optionflags)
        suite.run(recorder)
        return 0, suite.countTestCases()

    # Every way into a run ends in one of these two.
    support._run_suite = lambda suite: suite.run(recorder)
    support.run_doctest = run_doctest
    try:
        module = importlib.import_module(f"test.{name}")
    except unittest.SkipTest as reason:
        recorder.write(event="end", case=f"import test.{name}", outcome="skip", text=str(reason))
        return
    try:
        if hasattr(module, "test_main"):
            module.test_main()
        else:
            support.run_unittest(unittest.defaultTestLoader.loadTestsFromModule(module))
    except unittest.SkipTest as reason:
        recorder.write(event="end", case=f"run test.{name}", outcome="skip", text=str(reason))


def main():
    name, record_path, *rest = sys.argv[1:]
    sys.argv[1:] = []
    # Its own folder: some tests write beside them, and tests/ must not shadow the package `test`.
    sys.path[0] = os.getcwd()
    recorder = Recorder(open(record_path, "w", encoding="utf-8"))
    from test import support

    support.verbose = 0
    if rest:
        run_as_regrtest(name, recorder, rest[0], rest[1:])
    else:
        unittest.defaultTestLoader.loadTestsFromName(f"test.{name}").run(recorder)


if __name__ == "__main__":
    main()
