"""Float arithmetic without objects: every way out of it, operands of unexpected types, what stands on the stack meanwhile."""
import math
import sys
import traceback

INF = math.inf
NAN = math.nan
VALUES = [0.0, -0.0, 1.5, -2.25, 1e308, -1e308, 5e-324, INF, -INF, NAN, 3, -7, 0, 2**30, 2**53 + 1, 10**400, True, None, 2 - 1j]


def outcome(function, *arguments):
    try:
        return repr(function(*arguments))
    except Exception as error:
        spots = [(f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        return f"{type(error).__name__}: {error} {spots}"


def warm(function, *arguments):
    for _ in range(40):
        function(*arguments)


# ---- Each operator, warmed up with floats, then with everything --------------------------------------------------


def add(a, b):
    return a + b * 1.0


def subtract(a, b):
    c = a - b
    d = c - 0.5
    return d, c


def multiply(a, b):
    return 2 * a * b, a * 2.0 * b


def divide(a, b):
    return a / b + 1.0


def power(a, b):
    return (a * 1.0) ** b + 0.0


def power_left(a, b):
    return a ** (b * 1.0)


def remainder(a, b):
    return (a * 1.0) % b, a % (b + 0.0)


def floor_divide(a, b):
    return (a + 0.0) // b, a // (b * 1.0)


def negative(a, b):
    return -(a * b), -(-(a + 0.5))


def in_place(a, b):
    a += b * 1.0
    a -= 0.25
    a *= b
    a /= b
    return a


def squares(a, b):
    return a * a + b * b - a * b


OPERATORS = [add, subtract, multiply, divide, power, power_left, remainder, floor_divide, negative, in_place, squares]


def operators():
    for function in OPERATORS:
        warm(function, 1.25, 2.5)
        lines = [outcome(function, a, b) for a in VALUES for b in VALUES]
        print(function.__name__, len(lines))
        for line in lines:
            print("  ", line[:120])
        print(outcome(function, 1.25, 2.5))


# ---- Comparisons --------------------------------------------------------------------------------------------------


def relations(a, b):
    found = ""
    if a * 1.0 < b:
        found += "<"
    if a * 1.0 <= b:
        found += "l"
    if a * 1.0 == b:
        found += "="
    if a * 1.0 != b:
        found += "!"
    if a * 1.0 > b:
        found += ">"
    if a * 1.0 >= b:
        found += "g"
    if not a < b * 1.0:
        found += "N<"
    if not a >= b * 1.0:
        found += "N>"
    if not a == b * 1.0:
        found += "N="
    if not a != b * 1.0:
        found += "N!"
    if a * 1.0:
        found += "t"
    if not b * 1.0:
        found += "f"
    return found


def chains(a, b, c):
    return (1 if a * 1.0 < b < c * 1.0 else 2), (a * 1.0 < b), not (b * 1.0), (a * 1.0 or b), (a * 1.0 and b * 1.0)


def countdown(a):
    turns = 0
    while a - 1.0:
        a -= 1.0
        turns += 1
        if turns > 30:
            break
    while a * 1.0 < 20.0:
        a += 1.5
    return turns, a


def comparisons():
    warm(relations, 1.0, 2.0)
    warm(chains, 1.0, 2.0, 3.0)
    warm(countdown, 9.0)
    for a in VALUES:
        for b in VALUES:
            print(outcome(relations, a, b), outcome(chains, a, b, 2.0), outcome(chains, 1.0, a, b))
        print(outcome(countdown, a) if a == a and abs(a if isinstance(a, (int, float)) else 0) < 1e6 else "-")


# ---- Foreign operands: identity and counts are stock's -------------------------------------------------------------


class Foreign:
    def __init__(self):
        self.seen = []

    def __radd__(self, other):
        self.seen.append(("radd", other is HOLDER.value, sys.getrefcount(other), other))
        return "radd"

    def __rmul__(self, other):
        # A constant's count depends on who else has it, a local's on who runs the frame.
        self.seen.append(("rmul", other is HOLDER.value, sys.getrefcount(other) if other == 7.5 else 0, other))
        return 2.0

    def __mul__(self, other):
        self.seen.append(("mul", other is HOLDER.value, sys.getrefcount(other), other))
        return self

    def __lt__(self, other):
        self.seen.append(("lt", other is HOLDER.value, sys.getrefcount(other), other))
        return []

    def __gt__(self, other):
        self.seen.append(("gt", other is HOLDER.value, sys.getrefcount(other), other))
        return [1]


class Holder:
    def __init__(self, value):
        self.value = value


HOLDER = Holder(1.5 * 3)


def with_attribute(holder, other):
    return holder.value + other


def with_products(holder, other):
    a = holder.value * 2.0 * other
    b = other * holder.value
    if holder.value < other:
        a = (a, "lt")
    if holder.value * 2.0 > other:
        a = (a, "gt")
    return a, b


def local_and_constant(x, other):
    y = x * 2.0
    return y * other, 2.0 * other, x * other


def foreign():
    for function, first in ((with_attribute, HOLDER), (with_products, HOLDER), (local_and_constant, 1.25 * 3)):
        warm(function, first, 2.0 * 1.5)
        for _ in range(3):
            other = Foreign()
            print(outcome(function, first, other).replace(repr(other), "F"), other.seen)
        print(outcome(function, first, 2.5), outcome(function, first, 3), outcome(function, first, 1 + 2j))


# ---- Stores over every kind of old value ------------------------------------------------------------------------------


class Dies:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        print("dies", self.name, sorted(k for k in frame.f_locals if k in "xyz"), frame.f_lineno - frame.f_code.co_firstlineno)


def stores(a, make, delete):
    x = make()
    y = a * 2.0
    if delete:
        del x
    x = y * a + 1.0
    z = x
    x = x * 2.0
    y = z - x
    return x, y, z


def overlapping(x):
    y = x + (x := x * 2.0) + x
    z = (x, x := x + 1.0, x * 2.0, x)
    return x, y, z


def swapped(a, b):
    a, b = b * 1.0, a * 2.0
    a, b = b + a, b - a
    c = d = a * b
    return a, b, c, d, c is d


def unbound(flag):
    if flag:
        late = 1.0
    x = 2.5 * flag
    return x * 2.0 + late


def type_changes(values):
    x = 0
    for value in values:
        x = value * 1.5
        x = x + value
        y = x * 2.0
        x = "text"
        x = y / 4.0
        x = 7
        x = value / 8
    return x


def storing():
    for old in (None, 1, 2**70, 1.5, "x", Dies):
        warm(stores, 1.5, lambda: None, False)
        for delete in (False, True):
            print(stores(1.5, lambda: Dies("A") if old is Dies else old, delete))
            print(stores(3, lambda: Dies("B") if old is Dies else old, delete))
    warm(overlapping, 1.5)
    print(overlapping(2.5), overlapping(3), outcome(overlapping, "s"))
    warm(swapped, 1.0, 2.0)
    print(swapped(1.25, 2.5), swapped(1, 2))
    warm(unbound, 1.0)
    print(outcome(unbound, 1.0), outcome(unbound, 0.0))
    warm(type_changes, [1.0, 2.0])
    print(type_changes([1.0, 2, True, 4.5]), outcome(type_changes, [1.0, None]))


# ---- Numbers on the stack while other things happen --------------------------------------------------------------------


def deep(a, b, c, d, e, f):
    return a * b + (b * c + (c * d + (d * e + (e * f + (f * a - (a * 2.0 - (b * 3.0 / (c * 4.0))))))))


def around_calls(a, b, call):
    return (a * b - call(a + 1.0)) * (b + call(a * 2.0)) + call(a)


def around_everything(a, b, box, items):
    return [a * b + box.value * 2.0 + items[0] * items[1] + len(items) * (a - b), a / b] + [x * a + b * 2.0 for x in items]


def raising(a, b, c):
    try:
        return a * 2.0 + b / c + a
    except ZeroDivisionError:
        pass
    try:
        return a * 2.0 + (b * 1.5 + c.missing)
    except AttributeError:
        return (a * 2.0, [a * 3.0 + d for d in (b, c + 1.0)])


def generator(a, b):
    got = yield a * b
    while True:
        got = a * got + (yield got * 2.0) * b


def change_caller(value):
    frame = sys._getframe(1)
    frame.f_locals
    return value


def traced(value):
    lines = []

    def trace(frame, event, argument):
        if frame.f_code is around_calls.__code__:
            lines.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    frame = sys._getframe(1)
    frame.f_trace = trace
    sys.settrace(trace)
    TRACES.append(lines)
    return value


TRACES = []


def stack():
    warm(deep, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    print(deep(1.5, 2.5, 3.5, 4.5, 5.5, 6.5), deep(1, 2.5, 3, 4.5, 5, 6), outcome(deep, 1.5, 2.5, 0.0, 1.0, 1.0, 1.0))
    warm(around_calls, 1.0, 2.0, float)
    print(around_calls(1.0, 2.0, change_caller), around_calls(1.5, 2.5, int), outcome(around_calls, 1.5, 2.5, str))
    result = around_calls(1.0, 2.0, traced)
    sys.settrace(None)
    print(result, TRACES)
    warm(around_everything, 1.0, 2.0, HOLDER, [1.0, 2.0])
    print(around_everything(1.0, 2.0, HOLDER, [1, 2.5]), outcome(around_everything, 1.0, 0.0, HOLDER, [1.0, 2.0]))
    warm(raising, 1.0, 2.0, 3.0)
    print(raising(1.0, 2.0, 0.0), outcome(raising, 1.0, "b", 0.0), raising(1, 2, 0))
    for _ in range(30):
        running = generator(1.5, 2.5)
        next(running)
        values = [running.send(1.0), running.send(2), running.send(True), running.send(0.5)]
    print(values)


def many(count):
    kept = []
    total = 0.0
    for i in range(count):
        x = i * 0.5
        total = total + x * x
        kept.append(x + total)
        y = x
    return total, sum(kept), y


def counts(a, b):
    c = a * b
    d = c
    e = [c * 2.0, c]
    return sys.getrefcount(c), sys.getrefcount(e[0]), sys.getrefcount(d), c is d


operators()
comparisons()
foreign()
storing()
stack()
print(many(20000))
warm(counts, 1.5, 2.5)
print(counts(1.5, 2.5), counts(2, 3.5))
