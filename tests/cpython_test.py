"""tests/cpython_test.py TEST RECORD: runs one of CPython's own test modules and writes how each case ended.

RECORD gets a JSON object a line: {"event": "start", "case": ...} before a case, {"event": "end", "case": ...,
"outcome": ..., "text": ...} after it, so that a crash can be laid at a case's door. Run by tests/run.py, once with
stock python3.11 and once under the JIT.
"""
import json
import os
import sys
import unittest


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
        self.write(event="end", case=test.id(), outcome=outcome, text=text)

    def startTest(self, test):
        self.write(event="start", case=test.id())

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


def main():
    name, record_path = sys.argv[1:3]
    sys.argv[1:] = []
    # Its own folder: some tests write beside them, and tests/ must not shadow the package `test`.
    sys.path[0] = os.getcwd()
    record = open(record_path, "w", encoding="utf-8")
    from test import support

    support.verbose = 0
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    suite.run(Recorder(record))


if __name__ == "__main__":
    main()
