"""pytest: assertion rewriting, fixtures, parameters, marks, plugins and its reports of failures."""
# test: needs=pytest timeout=180
import os
import re
import subprocess
import sys

CONFTEST = '''
import pytest

@pytest.fixture(scope="session")
def log():
    entries = []
    yield entries
    print("session ends", len(entries))

@pytest.fixture(params=[1, 2, 3], ids="abc".__getitem__ if False else str)
def number(request, log):
    log.append(request.param)
    yield request.param
    log.append(-request.param)

def pytest_assertrepr_compare(op, left, right):
    if isinstance(left, complex) and op == "==":
        return ["complex numbers:", f"  {left} is not {right}"]

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name, reverse=True)
'''

TESTS = '''
import dataclasses, sys, unittest, warnings
import pytest

def helper(x):
    assert x % 2 == 0, f"{x} is odd"
    return x

@dataclasses.dataclass
class Point:
    x: int
    y: list

class TestClass:
    @pytest.fixture(autouse=True)
    def prepare(self, tmp_path):
        self.path = tmp_path / "file"

    def test_method(self, number):
        self.path.write_text(str(number))
        assert self.path.read_text() == str(number)

    def test_walrus(self):
        assert (y := len("abc")) == 3 and y < 2 or y in {5, 6}

@pytest.mark.parametrize("a,b", [(1, 1), (2, 3), pytest.param(5, 6, marks=pytest.mark.xfail(strict=True)), pytest.param(1, 1, id="named")])
@pytest.mark.parametrize("factor", [1, -1])
def test_parameters(a, b, factor):
    assert a * factor == b * factor

def test_lists():
    a = list(range(30))
    assert a == a[:10] + [99] + a[11:]

def test_dicts():
    assert {"a": 1, "b": [1, 2], "c": None} == {"a": 1, "b": [1, 3], "d": None}

def test_text():
    assert "one\\ntwo\\nthree" == "one\\n2\\nthree"

def test_dataclass():
    assert Point(1, [2]) == Point(1, [3])

def test_helper(number):
    assert helper(number) + 0

def test_calls():
    values = {"k": [1, 2, 3]}
    assert sum(x for x in values["k"]) == max(map(helper, [2, 4])) * 2 - len(values)

def test_chain():
    assert 1 < 2 < sum([1, 1]) < 3

def test_not_in():
    assert 3 not in [1, 2, 3]

def test_complex():
    assert 1 + 2j == 2 + 1j

def test_raises():
    with pytest.raises(ValueError, match=r"inv.lid") as info:
        int("x")
    assert "x" in str(info.value)

def test_error():
    try:
        {}["key"]
    except KeyError as error:
        raise RuntimeError("second") from error

def test_approx():
    assert 0.1 + 0.2 == pytest.approx(0.3)
    assert [0.1, 0.2] == pytest.approx([0.1, 0.25])

@pytest.mark.skipif(sys.version_info > (3,), reason="new")
def test_skipped():
    assert False

def test_capture(capsys):
    print("out"); print("err", file=sys.stderr)
    assert capsys.readouterr() == ("out\\n", "err\\n")

def test_monkeypatch(monkeypatch):
    monkeypatch.setattr(sys, "platform", "other")
    assert sys.platform == "other"

def test_warns():
    with pytest.warns(UserWarning, match="w"):
        warnings.warn("w")

def test_recursion():
    def f(n):
        return f(n + 1)
    with pytest.raises(RecursionError, match="maximum"):
        f(0)

class Case(unittest.TestCase):
    def setUp(self):
        self.x = 1

    def test_case(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertLess(i, 2)

def documented(n):
    """
    >>> documented(3)
    [0, 1, 4]
    >>> documented(1)
    [1]
    """
    return [i * i for i in range(n)]
'''

for name, text in (("conftest.py", CONFTEST), ("test_sample.py", TESTS)):
    with open(name, "w") as file:
        file.write(text)
for arguments in (["-q"], ["-v", "--tb=long", "--showlocals", "-k", "chain or walrus or error or helper"], ["--collect-only", "-q"],
                  ["--doctest-modules", "-rA", "--tb=short", "-k", "documented or case or parameters"], ["--assert=plain", "-q", "--tb=line"],
                  ["--maxfail=2", "-x", "--setup-show", "-k", "number or method or calls"]):
    result = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments], capture_output=True, text=True)
    text = re.sub(r"in \d+\.\d+s|\d+\.\d+s (setup|call|teardown)", "", result.stdout)
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("platform", "cachedir", "plugins", "rootdir", "hypothesis profile")))
    print(arguments, result.returncode, text, result.stderr)
print(sorted(os.listdir()))
