"""Int arithmetic without objects: every length of operands and results, overflow out of 64 bits, masks, subscripts, foreign operands."""
import sys
import traceback

VALUES = [0, 1, -1, 2, 5, -5, -6, 256, 257, 2**15, 2**30 - 1, -(2**30 - 1), 2**30, -(2**30), 2**31, 2**32 - 1, 2**53, 2**53 + 1, 2**60 - 1, 2**60, -(2**60),
          2**62, 2**63 - 1, -(2**63 - 1), -(2**63), 2**63, 2**64 - 1, 2**64, -(2**64), 2**90, 3**100, True, False, 1.5, -0.0, None, 1j]


def outcome(function, *arguments):
    try:
        return repr(function(*arguments))
    except Exception as error:
        spots = [(f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        return f"{type(error).__name__}: {str(error)[:60]} {spots}"


def warm(function, *arguments):
    for _ in range(40):
        function(*arguments)


def sums(a, b):
    c = (a ^ b) + (a & b)
    d = (a | b) - (a ^ 1) - b
    return c, d, (a * b + a) * 2, a * a - b * b, 7 - a * 3, -(a * b), ~(a ^ b), -(-(a ^ 0))


def divisions(a, b):
    return (a + 1) // 2, (a ^ 1) % 8, a * 1 // b, (a | 0) % b, (a ^ b) // -3, (a ^ b) % -3, (a ^ b) // 1, (a + 3) % 1, 17 // (b * 1), 17 % (b + 0), (a * b) // 2**40


def more_divisions(a, b):
    return (a ^ 0) // -1, (a ^ 0) % -1, (a * 1) / (b * 1), (a ^ 3) / 7, 1 / (a | 1), (a * 1) ** 2, 2 ** (b & 7), divmod(a * 1, b | 1), (a * 1) // 0.5


def shifts(a, b):
    return (a * 1) << 3, (a * 1) >> 3, (a ^ 1) << 29, (a ^ 1) << 30, (a ^ 1) << 62, (a ^ 1) << 63, (a ^ 1) << 64, (a ^ 1) >> 63, (a ^ 1) >> 64, (a ^ 1) >> 200


def variable_shifts(a, b):
    return (a ^ 2) >> (b & 63), (a ^ 2) << (b & 31), (a & 0xFF) << (b & 63), (a ^ 2) >> b


def negative_shift(a, b):
    return (a * 1) >> (b - 1000)


def masked(a, b):
    return (
        (a * b) & 0xFFFFFFFF,
        (a + b) & 0x7FFFFFFFFFFFFFFF,
        (a - b) & 0xFF,
        (a << 13) & 0xFFFFFFFF,
        (a << (b & 63)) & 0xFFFFFFFFFFFF,
        (a * b) & 0xFFFFFFFFFFFFFFFF,
        (a * b) & -256,
        (a ^ b) * 0x01000193 & 0xFFFFFFFF,
        ((a & 0xFFFF) * 6364136223846793005 + 1) & 0x7FFFFFFFFFFFFFFF,
        ((a * 1) << 63) & 1023,
        ((a * 1) << 64) & 1023,
    )


def in_place(a, b):
    x = a
    x ^= b
    x += 1
    x *= 3
    x -= b
    y = x
    x &= 0xFFFFFFFFFF
    x |= 1
    x <<= 5
    x >>= 2
    x //= 3
    x %= 1000003
    return x, y, x is y


def many_operands(a, b):
    return (a ^ 1) * ((b ^ 2) + ((a ^ 3) * ((b ^ 4) - ((a ^ 5) + ((b ^ 6) & ((a ^ 7) | (b ^ 8)))))))


def with_floats(a, b):
    return (a ^ 1) * 0.5 + b, (a ^ 1) / 3.0, 2.5 - (a * 1), (a ^ b) * 1.5 < (a ^ b), (a | 1) // 1.5, (a | 1) % 2.5, (a & 15) ** 0.5


FUNCTIONS = [sums, divisions, more_divisions, shifts, variable_shifts, negative_shift, masked, in_place, many_operands, with_floats]


def operators():
    for function in FUNCTIONS:
        warm(function, 1000, 37) if function is not negative_shift else warm(function, 1000, 1037)
        print(function.__name__)
        for a in VALUES:
            for b in VALUES[::2] + [-7]:
                if function is shifts and b != 1:
                    continue
                print("  ", a, b, outcome(function, a, b))


def relations(a, b):
    found = ""
    if (a ^ 0) < b:
        found += "<"
    if a <= (b ^ 0):
        found += "l"
    if (a ^ 0) == b:
        found += "="
    if (a ^ 0) != (b ^ 0):
        found += "!"
    if (a ^ 0) > b:
        found += ">"
    if a >= (b ^ 0):
        found += "g"
    if not (a ^ 0) < (b ^ 0):
        found += "N"
    if a & 1:
        found += "o"
    if not b >> 1:
        found += "z"
    if (a & 255) == 0x7FFFFFFFFF or (a ^ 0) > 100:
        found += "c"
    if (a ^ 0) < 1.5:
        found += "f"
    if (a ^ 0) == float(b):
        found += "F"
    while a & 6:
        a = a >> 1
        found += "w"
        if len(found) > 40:
            break
    return found


def comparisons():
    warm(relations, 1000, 37)
    for a in VALUES:
        for b in VALUES:
            print(outcome(relations, a, b))


# ---- Subscripts ---------------------------------------------------------------------------------------------------


class Row:
    def __init__(self, items):
        self.items = items

    def __getitem__(self, key):
        if 20 < key < 100:
            raise IndexError
        return "row", key, type(key).__name__


def item(row, i):
    return row[i + 1], row[i * 2 - 3], row[-(i ^ 0)]


def item_of_made(row, i):
    return list(row)[i & 3], row[i + 1][i - 1], (row, 5)[i & 1]


class Dying:
    def __init__(self, value):
        self.value = value

    def __del__(self):
        print("dies", self.value)


def item_of_dying(i):
    return [Dying(0), Dying(1)][i & 1].value


def subscripts():
    data = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]
    warm(item, data, 1)
    warm(item_of_made, data, 1)
    for row in (data, tuple(data), "abcd", {2: "x", -1: "y"}, Row(3), None, b"abcd"):
        for i in (0, 1, 2, 3, 4, -5, 2**40, 2**70, True, 1.0):
            print(outcome(item, row, i), outcome(item_of_made, row, i))
    warm(item, tuple(data), 1)
    print(outcome(item, tuple(data), 1), outcome(item, tuple(data), 9))
    for i in range(4):
        print(item_of_dying(i))


# ---- Foreign operands, stores, what stands on the stack -------------------------------------------------------------


class Foreign:
    def __radd__(self, other):
        return "radd", other, sys.getrefcount(other) if other > 1000 else 0

    def __xor__(self, other):
        return "xor", other

    def __rand__(self, other):
        return "rand", other

    def __rlshift__(self, other):
        return 2**70


class Number(int):
    def __add__(self, other):
        return "Number.add"

    def __and__(self, other):
        return "Number.and"

    def __index__(self):
        return 1


def foreign_operands(a, other):
    return (a * 12345 + other), (a ^ 1) & other, (a ^ 5) << other


def foreign():
    warm(foreign_operands, 77, 3)
    print(outcome(foreign_operands, 77, Foreign()), outcome(foreign_operands, Number(5), 3), outcome(foreign_operands, 5, Number(3)))
    warm(relations, 1000, 37)
    print(outcome(relations, Number(1000), 37), outcome(relations, {1, 2}, {2}), outcome(item, [1, 2, 3], Number(0)))
    sets = lambda a, b: ((a | b) - (a & b)) ^ a
    warm(sets, 5, 9)
    print(outcome(sets, {1, 2}, {2, 3}), outcome(sets, {1: 2}, {2: 3}))
    words = lambda a, b: (a % b, a * 2 % b)
    warm(words, 5, 9)
    print(outcome(words, "%s-%s", (1, 2)), outcome(words, "%d", 5))


class Dies:
    def __del__(self):
        print("dies in line", sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno)


def stores(a, make):
    x = make()
    y = a * 3
    x = y ^ 0x5555
    z = x
    x = (x << 20) ^ y
    w = x
    x = x & 0xFF
    x = (x * y) ^ 2**50
    x = x >> 49
    return x, y, z, w


def overlapping(x):
    y = (x ^ 1) + (x := x * 3) + (x ^ 2)
    z = (x, x := (x ^ 7) * 5, x * 2, x)
    return x, y, z


def growing(x, turns):
    seen = []
    for i in range(turns):
        x = (x * 3) ^ i
        seen.append(x)
    while x & -2 and len(seen) < 200:
        x = x >> 7
        seen.append(x)
    return seen[::5], len(seen), x


def storing():
    for make in (lambda: None, lambda: 1, lambda: 2**40, lambda: 2**70, lambda: 1.5, lambda: [1], Dies):
        warm(stores, 1000, lambda: 5)
        for a in (1, 1000, -1000, 2**31, 2**58, 2**61, 1.5):
            print(outcome(stores, a, make))
    warm(overlapping, 1000)
    print(overlapping(5), overlapping(2**40), outcome(overlapping, 1.5))
    print(growing(1, 60), growing(-1, 60), growing(12345, 30))


def around_calls(a, b, call):
    return (a * b - call(a ^ 1)) * ((b ^ 3) + call(a * 2)) + call(a)


def change_caller(value):
    sys._getframe(1).f_locals
    return value


TRACED = []


def traced(value):
    def trace(frame, event, argument):
        TRACED.append(event)
        return trace

    sys._getframe(1).f_trace = trace
    sys.settrace(trace)
    return value


def raising(a, b, c):
    try:
        return [(a ^ 2) + (b * 3) // (c ^ 0) for _ in range(2)]
    except ZeroDivisionError:
        return (a ^ 2) + (late * 3 if c else b)
    late = 1


def generator(a, b):
    got = yield a * b
    while True:
        got = (a ^ got) + ((yield got * 2) ^ b)


def stack():
    warm(around_calls, 1000, 2000, int)
    print(around_calls(1000, 2000, change_caller), around_calls(2**40, 2**41, int), around_calls(1000, 2, float))
    result = around_calls(2**33, 2**25, traced)
    sys.settrace(None)
    print(result, TRACED[-1:])
    warm(raising, 5, 6, 7)
    print(raising(5, 6, 7), raising(5, 6, 0), outcome(raising, 5, "b", 1))
    for _ in range(30):
        running = generator(1000, 2**35)
        next(running)
        values = [running.send(1), running.send(2**62), running.send(True), running.send(2**70)]
    print(values)


operators()
comparisons()
subscripts()
foreign()
storing()
stack()
