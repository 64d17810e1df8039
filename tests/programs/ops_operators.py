"""Unary and binary operators, comparisons, identity, membership, truth."""
import operator
import traceback

TURNS = 5


def outcome(function, *arguments):
    try:
        result = function(*arguments)
        return f"{type(result).__name__} {result!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def show(function, *arguments):
    outcomes = []
    for _ in range(TURNS):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException:
            outcomes.append(traceback.format_exc())
    same = all(outcome == outcomes[0] for outcome in outcomes)
    for text in outcomes[:1] if same else outcomes:
        print(function.__name__, text, sep=": ")


# ---- Every operator on every pair of operands

def add(a, b): return a + b
def subtract(a, b): return a - b
def multiply(a, b): return a * b
def divide(a, b): return a / b
def floor_divide(a, b): return a // b
def remainder(a, b): return a % b
def power(a, b): return a ** b
def matrix(a, b): return a @ b
def left_shift(a, b): return a << b
def right_shift(a, b): return a >> b
def bit_and(a, b): return a & b
def bit_or(a, b): return a | b
def bit_xor(a, b): return a ^ b
def less(a, b): return a < b
def less_equal(a, b): return a <= b
def equal(a, b): return a == b
def not_equal(a, b): return a != b
def greater(a, b): return a > b
def greater_equal(a, b): return a >= b
def is_same(a, b): return a is b
def is_not_same(a, b): return a is not b
def contained(a, b): return a in b
def not_contained(a, b): return a not in b


def iadd(a, b):
    a += b
    return a


def isubtract(a, b):
    a -= b
    return a


def imultiply(a, b):
    a *= b
    return a


def idivide(a, b):
    a /= b
    return a


def ifloor_divide(a, b):
    a //= b
    return a


def iremainder(a, b):
    a %= b
    return a


def ipower(a, b):
    a **= b
    return a


def imatrix(a, b):
    a @= b
    return a


def ileft_shift(a, b):
    a <<= b
    return a


def iright_shift(a, b):
    a >>= b
    return a


def ibit_and(a, b):
    a &= b
    return a


def ibit_or(a, b):
    a |= b
    return a


def ibit_xor(a, b):
    a ^= b
    return a


def branch_less(a, b):
    if a < b:
        return "yes"
    return "no"


def branch_equal(a, b):
    return "yes" if a == b else "no"


def positive(a): return +a
def negative(a): return -a
def inverted(a): return ~a
def negated(a): return not a


BINARY = [add, subtract, multiply, divide, floor_divide, remainder, power, matrix, left_shift, right_shift, bit_and,
          bit_or, bit_xor, less, less_equal, equal, not_equal, greater, greater_equal, contained, not_contained,
          iadd, isubtract, imultiply, idivide, ifloor_divide, iremainder, ipower, imatrix, ileft_shift,
          iright_shift, ibit_and, ibit_or, ibit_xor, branch_less, branch_equal]
UNARY = [positive, negative, inverted, negated]

NUMBERS = [0, 1, -1, 2, 7, -7, 255, 256, 257, -5, -6, 2**30 - 1, 2**30, -2**30, 2**31, 2**59, 2**60 + 1, -2**62, 2**63 - 1,
           2**64, -2**65 + 3, True, False, 0.0, -0.0, 1.0, 1.5, -2.5, 1e308, float("inf"), float("-inf"), float("nan"),
           2 + 1j]
OTHERS = ["", "a", "ab%s", "\u20ac", b"x", [1], (), (1, 2), {1: 2}, {1, 2}, frozenset({2}), None, NotImplemented]


def huge(function, a, b):
    """Would this take more memory or time than a test may?"""
    if function in (power, ipower):
        return isinstance(a, int) and isinstance(b, int) and abs(a) > 1 and abs(b) > 70
    if function in (left_shift, ileft_shift):
        return isinstance(a, int) and isinstance(b, int) and b > 500
    if function in (multiply, imultiply):
        return any(isinstance(s, (str, bytes, list, tuple)) and s and isinstance(n, int) and n > 300
                   for s, n in ((a, b), (b, a)))
    return False


def sweep(function):
    checksum = 0
    for a in NUMBERS:
        for b in NUMBERS:
            if not huge(function, a, b):
                checksum = hash((checksum, *outcome(function, a, b).encode()))
    # Hashes of bytes' integers do not depend on the hash seed.
    print(function.__name__, checksum)


for function in BINARY:
    sweep(function)
    for a in [3, 2.5, *OTHERS]:
        for b in [2, 0, 0.0, *OTHERS]:
            if not huge(function, a, b):
                fresh = a.copy() if isinstance(a, (list, dict, set)) else a
                print(function.__name__, repr(a), repr(b), outcome(function, fresh, b))
for function in UNARY:
    for a in NUMBERS + OTHERS:
        print(function.__name__, repr(a), outcome(function, a))
for a in [None, (), "", 1, True]:
    for b in [None, (), "", 1, True]:
        print(is_same(a, b), is_not_same(a, b), end=" ")
print()


# ---- Operators of classes

class Base:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"{type(self).__name__}({self.value})"

    def __add__(self, other):
        return NotImplemented if other is None else ("add", self, other)

    def __radd__(self, other):
        return ("radd", self, other)

    def __iadd__(self, other):
        self.value += 1
        return self

    def __pow__(self, other, modulus=None):
        return ("pow", self, other, modulus)

    def __rpow__(self, other, modulus=None):
        return ("rpow", self, other, modulus)

    def __neg__(self):
        raise ArithmeticError("no negative")

    def __invert__(self):
        return "inverted"

    def __lt__(self, other):
        return NotImplemented

    def __eq__(self, other):
        return [] if other == 1 else "something"

    __hash__ = None

    def __contains__(self, other):
        return other and "truthy"

    def __bool__(self):
        raise RuntimeError("neither true nor false")


class Derived(Base):
    def __radd__(self, other):
        return ("derived radd", self, other)


def class_operators(a, b):
    results = []
    for function in (add, iadd, power, ipower, equal, not_equal, less, branch_equal, contained, bit_or):
        results.append((function.__name__, outcome(function, a, b)))
    return results


show(class_operators, Base(1), Base(2))
show(class_operators, Base(1), Derived(2))
show(class_operators, Derived(1), Base(2))
show(class_operators, 1, Base(2))
show(class_operators, Base(1), 1)
show(class_operators, Base(1), None)
show(negative, Base(1))
show(inverted, Base(1))
show(negated, Base(1))
show(positive, Base(1))


def truth_in_branch(value):
    if value:
        return 1
    return 0


def truth_of_comparison(a, b):
    if (a <
            b):
        return 1
    return 0


class Strange:
    def __lt__(self, other):
        return Base(0)

    def __len__(self):
        return -1


show(truth_in_branch, Base(1))
show(truth_in_branch, Strange())
show(truth_of_comparison, Strange(), 1)
show(truth_of_comparison, 1, "a")


# ---- Columns of tracebacks

def columns_binary(a, b, c):
    return (a + b) * (
        a / c) - b


def columns_subscript(a, b):
    return a[b + 1][b][
        b]


def columns_call(a):
    return abs(len(a) + max(a, key=
                            None))


def columns_compare(a, b):
    return a == b and a < b


show(columns_binary, 1, 2, 0)
show(columns_binary, 1, "x", 1)
show(columns_subscript, [[1], [2]], 0)
show(columns_subscript, [[1], [2]], 5)
show(columns_call, [])
show(columns_call, 3)
show(columns_compare, None, None)


# ---- Strings that grow in place, and what must not change

def grow(n):
    text = ""
    for i in range(n):
        text += chr(97 + i % 26)
        if i == 5:
            kept = text
    return text, kept


def grow_shared(text):
    before = text
    text += "!"
    return before, text


def grow_right(text):
    text = text + "?"
    text = text + text
    return text


def grow_in_cell(text):
    def inner():
        return text
    text += "#"
    return inner()


show(grow, 30)
show(grow_shared, "abc")
show(grow_right, "abc")
show(grow_in_cell, "abc")


def accumulate(values):
    total = 0
    squares = 0.0
    first = values[0]
    kept = []
    for value in values:
        total += value
        squares += value * value
        kept.append(squares)
    return total, squares, first, kept


show(accumulate, [0.5, 1.5, 2.5])
show(accumulate, list(range(250, 260)))
show(accumulate, [2**29, 2**30, 2**61, -5])
print([getattr(operator, name)(6, 3) for name in ("add", "sub", "mul", "mod")])
