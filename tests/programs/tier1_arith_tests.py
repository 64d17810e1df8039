"""Comparisons, truth, negation, containment and unpacking: as values, in jumps, forwards and backwards."""

NUMBERS = [0, 1, -1, 5, 256, 257, -5, -6, 2**30 - 1, 2**30, -2**30, 2**60, -2**60, 2**70, True, False,
           0.0, -0.0, 1.0, 256.0, 1.5, -1.5, 1e300, float("inf"), float("nan"), 2.0**53, 2**53 + 1]
THINGS = ["", "a", "left", "lefT", "é", "ééé", "\U0001F600", [], [1], (), (0,), {}, {1: 2}, set(), {3}, None, b"", b"x", 2j]


def values(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b, not a, not a == b


def jumps(a, b):
    out = ""
    if a < b:
        out += "<"
    if a <= b:
        out += "l"
    if a == b:
        out += "="
    if not a != b:
        out += "e"
    if a > b:
        out += ">"
    if not a >= b:
        out += "n"
    if a:
        out += "a"
    if not b:
        out += "b"
    out += "x" if a and b else "y"
    return out, a or b, a and b


def with_constants(a):
    return (a < 5, a == 256, a != 0, 257 >= a, 0 == a, a > -6, a == 1.5, a < 2.0, a == 2**30, a <= 2**60,
            "five" if a == 5 else "other", "less" if a < 1000 else "more", 0 < a < 300)


def equal(a, b):
    return a == b, a != b, "same" if a == b else "different", "differ" if a != b else "equal"


def text(a):
    return a == "left", "left" != a, "" == a, "long" if a == "ééé" else "short"


def contained(a, b):
    try:
        return a in b, a not in b, "in" if a in b else "out"
    except (TypeError, ValueError) as error:
        return str(error)


def unary(a):
    out = [-a, +a, not a]
    try:
        out.append(~a)
    except TypeError as error:
        out.append(str(error))
    b = -a
    c = -b
    return out, b, c, -(a + a), not (a + a)


def loop_back(limit):
    n = 0
    while n is not limit and n != limit:
        n += 1
        if n == 300:
            continue
        if not n % 7:
            continue
        if n > 2000:
            break
    x = 0.0
    while True:
        x += 0.5
        if x >= 40.0:
            break
    return n, x


def comprehension(values, cut):
    return [v for v in values if v is not None], [v for v in values if v == cut], [v for v in values if v]


def unpack(three, pair):
    a, b, c = three
    d, e = pair
    (f, g), h = pair, a
    a, b, c = c, a, b
    return a, b, c, d, e, f, g, h


def fresh(n):
    def make():
        return n, n + 1, [n]

    a, b, c = make()
    d, e = [n, n + 2]
    f, = (n,)
    return a, b, c, d, e, f


def bad_unpack(value):
    try:
        a, b, c = value
    except (TypeError, ValueError) as error:
        return str(error)
    return a, b, c


class Odd:
    def __init__(self, result):
        self.result = result

    def __eq__(self, other):
        return self.result

    def __lt__(self, other):
        return self.result

    def __bool__(self):
        return bool(self.result)

    def __neg__(self):
        return "negative"

    def __contains__(self, item):
        return self.result

    __hash__ = None

    def __repr__(self):
        return f"Odd({self.result!r})"


class Number(int):
    def __add__(self, other):
        return "added"

    def __lt__(self, other):
        return "lower"

    def __bool__(self):
        return False


class Text(str):
    def __eq__(self, other):
        return "text"

    __hash__ = str.__hash__


def subclasses(a, b):
    c = a
    c += b
    return a + b, a < b, b > a, not a, c, "t" if a else "f"


def run():
    for a in NUMBERS:
        print(a, [values(a, b) for b in NUMBERS])
        print([jumps(a, b) for b in NUMBERS], with_constants(a), unary(a))
    for a in THINGS:
        print(repr(a), [equal(a, b) for b in THINGS], text(a), not a, [contained(a, b) for b in THINGS])
        print([equal(a, b) for b in NUMBERS], [contained(b, a) for b in NUMBERS])
    for n in (0, 1, 7, 300, 2001):
        print(loop_back(n), fresh(n))
    print(comprehension([1, None, 0, "", 5, 5.0, [], None, 300], 5))
    for three in ((1, 2, 3), [4, 5, 6], "abc", range(3), {7: 1, 8: 2, 9: 3}):
        for pair in ((1, 2), [3, 4], "xy"):
            print(unpack(three, pair))
    for value in ((1, 2), [1], "abcd", (1, 2, 3, 4), 5, None, iter([1, 2, 3]), [1, 2, 3]):
        print(bad_unpack(value))
    for result in (True, False, 0, "yes", [], None):
        odd = Odd(result)
        print(equal(odd, 1), equal(1, odd), not odd, -odd, contained(1, odd), contained(odd, [1, 2]), contained(odd, (odd,)))
    print(subclasses(Number(5), 7), subclasses(7, Number(5)), subclasses(Number(0), Number(0)))
    print(equal(Text("a"), "a"), equal("a", Text("b")), text(Text("left")), contained(Text("x"), ["y"]))


for _ in range(3):
    run()
