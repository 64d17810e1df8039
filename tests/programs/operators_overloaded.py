"""Operator overloading: reflected methods, NotImplemented, subclasses first, in-place methods, truth, errors."""
import operator
import traceback

LOG = []


class Number:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"{type(self).__name__}({self.value})"


def make(name, symbol):
    def forward(self, other):
        LOG.append(f"{type(self).__name__} {symbol}")
        if isinstance(other, Number):
            return type(self)(f"{self.value}{symbol}{other.value}")
        if isinstance(other, int):
            return type(self)(f"{self.value}{symbol}{other}")
        return NotImplemented

    def reflected(self, other):
        LOG.append(f"{type(self).__name__} r{symbol}")
        if isinstance(other, (int, float)):
            return type(self)(f"{other}{symbol}{self.value}")
        return NotImplemented

    setattr(Number, f"__{name}__", forward)
    setattr(Number, f"__r{name}__", reflected)


OPERATORS = [("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"), ("floordiv", "//"), ("mod", "%"), ("pow", "**"),
             ("lshift", "<<"), ("rshift", ">>"), ("and", "&"), ("or", "|"), ("xor", "^"), ("matmul", "@")]
for name, symbol in OPERATORS:
    make(name, symbol)


class Derived(Number):
    def __radd__(self, other):
        LOG.append("Derived r+ first")
        return Derived(f"({other!r}+{self.value})")


class InPlace(Number):
    def __iadd__(self, other):
        self.value += f"+={other}"
        return self

    def __isub__(self, other):
        return "replaced"

    def __imul__(self, other):
        return NotImplemented


def all_operators(a, b):
    return [a + b, a - b, a * b, a / b, a // b, a % b, a ** b, a << b, a >> b, a & b, a | b, a ^ b, a @ b]


def one_by_one(a, b):
    results = []
    for name, symbol in OPERATORS:
        try:
            results.append(eval(f"a {symbol} b"))
        except TypeError as error:
            results.append(str(error))
    return results


for _ in range(200):
    LOG.clear()
    results = all_operators(Number("x"), Number("y"))
print(results, LOG)
for left, right in [(Number("x"), 3), (3, Number("x")), (2.5, Number("x")), (Number("x"), 2.5), (Number("b"), Derived("d")),
                    (Derived("d"), Number("b")), (Derived("d"), Derived("e")), ("s", Number("x")), (Number("x"), None)]:
    LOG.clear()
    print(one_by_one(left, right), LOG)


def in_place(x):
    first = x
    x += 1
    same = x is first
    x -= 2
    return same, x


def in_place_multiply(x):
    x *= 2
    return x


print([in_place(InPlace("v")) for _ in range(300)][-1], [in_place_multiply(InPlace("v")) for _ in range(300)][-1])


def list_in_place(n):
    a = b = [1]
    a += (2, 3)
    a *= 2
    c = a
    a = a + [n]
    return a, b, b is c, a is not c


print([list_in_place(i) for i in range(300)][-1])


def failing_in_place(t):
    try:
        t[0] += [2]
    except TypeError as error:
        return t, str(error)


print([failing_in_place(([1],)) for _ in range(300)][-1])


class Truth:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        LOG.append("bool")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Length:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n


def truth(x):
    result = []
    if x:
        result.append("if")
    while not x:
        result.append("while not")
        break
    result.append(x and 1)
    result.append(x or 2)
    result.append(not x)
    result.append(1 if x else 0)
    return [r if not isinstance(r, (Truth, Length)) else "itself" for r in result]


for value in [Truth(True), Truth(False), Length(0), Length(5), 0, 1, 0.0, -0.0, "", "0", [], [0], {}, None, ..., object]:
    for _ in range(30):
        result = truth(value)
    print(result)
for value in [Truth("no"), Truth(ValueError("refused")), Length(-1), Length("x")]:
    try:
        truth(value)
    except Exception as error:
        print(type(error).__name__, error)


class Compared:
    def __init__(self, answer):
        self.answer = answer

    def __eq__(self, other):
        return self.answer

    def __lt__(self, other):
        return self.answer

    def __ne__(self, other):
        return [self.answer]


def compare(a, b):
    return a == b, a != b, a < b, b > a


def compare_branch(a, b):
    return "yes" if a == b else "no", "yes" if a < b else "no", "yes" if a != b else "no"


for answer in (True, False, NotImplemented, "text", "", [], 7, None):
    for _ in range(50):
        try:
            result = compare(Compared(answer), 1), compare_branch(Compared(answer), 1)
        except TypeError as error:
            result = str(error)
    print(answer, result)


def chain(a, b, c):
    return a < b < c, a < b <= c != a, a == b == c


print([chain(*t) for t in [(1, 2, 3), (3, 2, 1), (1, 1, 1), (1.0, 1, True), ("a", "b", "c")]])


class Once:
    """Evaluated once each in a chained comparison."""

    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        LOG.append((self.n, other.n))
        return self.n < other.n


LOG.clear()
print(Once(1) < Once(2) < Once(3), Once(2) < Once(1) < Once(3), LOG)


class Subscript:
    def __getitem__(self, key):
        return ("get", key)

    def __setitem__(self, key, value):
        LOG.append(("set", key, value))

    def __delitem__(self, key):
        LOG.append(("del", key))

    def __contains__(self, key):
        return key == 5

    def __class_getitem__(cls, key):
        return ("class", key)


def subscripts(s):
    s[1] = 2
    s[1:2] = 3
    s["a", ...] = 4
    s[1] += 5 if False else (6,)
    del s[7]
    del s[1:2:3]
    return s[0], s[1:2], s[::2], s[1, 2:3], 5 in s, 6 in s, 5 not in s


LOG.clear()
print(subscripts(Subscript()), LOG, Subscript[int])
for _ in range(300):
    subscripts(Subscript())


def failing(a, b):
    return a + b


for pair in [(1, "a"), ("a", 1), ([], ()), (None, None), (object, 1), ({}, {}), (b"a", "a")]:
    try:
        failing(*pair)
    except TypeError:
        print(traceback.format_exc())
print(operator.index(True), [x.__index__() for x in (1, True)])
