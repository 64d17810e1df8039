"""Other code that runs in inlined functions: what it sees of the frames, what it changes, errors, and how execution goes on."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import gc
import sys
import traceback
import weakref


def outside(x, *rest):
    """Not inlined: it takes any number of arguments."""
    return x + len(rest)


class Account:
    def __init__(self, start):
        self.total = outside(start)
        self.log = []

    def add(self, amount, *, twice=False):
        self.total += amount
        return self.total

    def step(self, amount):
        before = self.total
        self.total = outside(before, amount) + amount
        after = self.total
        return after - before

    def deep(self, amount):
        half = amount * 2
        result = self.step(half)
        return result + half


def totals(n):
    account = Account(0)
    result = 0
    for i in range(n):
        other = Account(i)
        result += account.deep(i) + other.step(3) + other.total
    return result, account.total


print(totals(2000), totals(5))


# ---- What is seen of the frames ----

def watch(*what):
    frame = sys._getframe(1)
    seen = []
    while frame is not None and frame.f_code.co_name != "<module>":
        seen.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, sorted(frame.f_locals)))
        frame = frame.f_back
    return seen


def count(*what):
    return [sys.getrefcount(x) for x in what]


def inner(a, when, i):
    b = [a]
    if i == when:
        return watch(a, b)
    return outside(a, b)


def outer(a, when, i):
    c = a + 1
    d = inner(c, when, i)
    return d


def watching(n, when):
    found = None
    for i in range(n):
        result = outer(i, when, i)
        if type(result) is list:
            found = result
    return found


print(watching(1500, 1400))
print(watching(100, 50))


class Thing:
    pass


def counts(thing, i):
    held = thing
    numbers = count(thing, held)
    return numbers


def counting(n):
    numbers = None
    for i in range(n):
        thing = Thing()
        numbers = counts(thing, i)
    return numbers, counts(Thing(), 1)


print(counting(1500))


# ---- Locals changed, frames kept ----

def meddle(*values):
    frame = sys._getframe(1)
    kept.append(frame)
    return values[0]


kept = []


def keeps(a, i):
    b = a * 2
    c = meddle(a, b) if i % 100 == 99 else outside(a, b)
    return b + c


def keeping(n):
    total = 0
    for i in range(n):
        total += keeps(i, i)
    return total


print(keeping(1000), [sorted(f.f_locals.items()) for f in kept[-2:]], [f.f_back is None for f in kept[-1:]])
del kept[:]


# ---- Errors in other code, with and without handlers in the inlined function ----

def fails(x, *rest):
    return 10 // x + len(rest)


def safe(x):
    y = x
    try:
        return fails(x, y)
    except ZeroDivisionError:
        return -y - 1


def unsafe(x):
    z = x + 0
    return fails(z, 1) + z


def trying(values):
    total = 0
    for v in values:
        total += safe(v) + unsafe(v + 1)
    return total


print(trying([1, 2, 0] * 600))
for i in range(3):
    try:
        trying([1, 2, 3] * 30 + [-1])
    except ZeroDivisionError as error:
        print([(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)])
        print(sorted(error.__traceback__.tb_next.tb_next.tb_frame.f_locals.items()))


# ---- Functions and classes replaced while they are inlined ----

class Swap:
    def __init__(self):
        self.n = 0

    def work(self, i, when):
        self.n += 1
        if i == when:
            swap(self, i)
        return self.rest(i)

    def rest(self, i):
        return 1


def swap(thing, *more):
    def work(self, i, when):
        return 1000

    Swap.work = work
    Swap.rest = lambda self, i: 50
    gc.collect()


def swapping(n, when):
    total = 0
    thing = Swap()
    for i in range(n):
        total += thing.work(i, when)
    return total, thing.n


print(swapping(1500, -1))
print(swapping(1500, 1300))
print(swapping(10, 5))


# ---- Tracing switched on in the middle ----

events = []


def tracer(frame, event, arg):
    if frame.f_code.co_name in ("traced", "tracing"):
        events.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


def switch(i, *on):
    if i == on[0]:
        sys.settrace(tracer)
        sys._getframe(1).f_trace = tracer
    return i


def traced(i, on):
    a = switch(i, on)
    b = a + 1
    return b


def tracing(n, on):
    total = 0
    for i in range(n):
        total += traced(i, on)
    sys.settrace(None)
    return total


print(tracing(1500, 1497), events)
del events[:]
print(tracing(30, 28), events)


# ---- Recursion through other code; weak references; generators ----

def again(n, *rest):
    return down(n - 1) if n else 0


def down(n):
    m = n
    return again(m, 1) + 1


def recursing(times, n):
    total = 0
    for i in range(times):
        total += down(n)
    return total


print(recursing(800, 5))
try:
    recursing(3, 10 ** 6)
except RecursionError as error:
    print(str(error)[:32])


def refers(i):
    thing = Thing()
    died = []
    reference = weakref.ref(thing, lambda r: outside(1, died.append(i)))
    thing = None
    return len(died), reference() is None


def references(n):
    total = 0
    for i in range(n):
        a, b = refers(i)
        total += a + b
    return total


print(references(1000))


class Truth:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        return outside(self.answer) > 0

    def __eq__(self, other):
        return outside(self.answer) == other


def truths(value, i):
    if value and i % 2:
        return 1
    if not value:
        return 2
    return 3 if value == i else 4


def asking(n):
    total = [0] * 5
    values = Truth(0), Truth(1), Truth(2)
    for i in range(n):
        total[truths(values[i % 3], i)] += 1
    return total


print(asking(2000))
