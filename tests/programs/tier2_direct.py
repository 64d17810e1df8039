"""Functions that call themselves and one another directly, with raw values: results, exits at any depth, errors, and what is seen from outside."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import sys


def lines_of(error):
    trace = error.__traceback__
    lines = []
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append((code.co_name, trace.tb_lineno - code.co_firstlineno,
                      sorted(trace.tb_frame.f_locals.items(), key=str)[:2]))
        trace = trace.tb_next
    return lines


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


print([fib(n) for n in range(20)], fib(19), fib(True), fib(5.5), fib(-3))


def tak(x, y, z):
    if y >= x:
        return z
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))


print(tak(12, 8, 4), tak(10.0, 5.0, 1.0), tak(9, 6, 3))


def power(x, n):
    if n == 0:
        return 1.0
    if n % 2:
        return x * power(x, n - 1)
    half = power(x, n // 2)
    return half * half


print([power(1.5, n) for n in range(30)], power(1.0000001, 1000), power(3, 5))


def factorial(n):
    return n * factorial(n - 1) if n > 1 else 1


print([factorial(n) for n in range(15)], factorial(60), factorial(15), factorial(30) == factorial(29) * 30)


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


print([is_even(n) for n in range(40)], is_odd(201))


# ---- Errors in the depth ----

def down(n, at):
    if n == at:
        return n // (n - at)
    return down(n - 1, at) + 1


for _ in range(60):
    assert down(30, -100000) if False else True
for attempt in range(30):
    try:
        down(20, attempt % 5)
    except ZeroDivisionError as error:
        if attempt % 10 == 9:
            print(error, lines_of(error))


def catches(n):
    if n == 0:
        return 1 // n
    try:
        return catches(n - 1) + 1
    except ZeroDivisionError:
        return 100


print([catches(n) for n in range(1, 40)])


def total_of(n, last):
    if n == 0:
        return last
    return n + total_of(n - 1, last)


print([total_of(20, 5) for _ in range(50)][-1])
for last in (2 ** 62, 2 ** 63 - 1, 1.5, "no", None, True):
    for _ in range(2):
        try:
            print(total_of(12, last))
        except TypeError as error:
            print(error, len(lines_of(error)), lines_of(error)[-1])
print(total_of(20, 5))


# ---- Recursion ----

def deep(n):
    if n == 0:
        return 0
    return deep(n - 1) + 1


print([deep(100) for _ in range(20)][-1])
sys.setrecursionlimit(300)
try:
    deep(10 ** 6)
except RecursionError as error:
    lines = lines_of(error)
    print(error, len(lines), lines[-1], lines[-2], lines[50])


def levels():
    best = 0
    for n in range(200, 320):
        try:
            best = deep(n)
        except RecursionError:
            break
    return best


print(levels(), levels())
sys.setrecursionlimit(40000)
print(deep(30000))
sys.setrecursionlimit(1000)


# ---- What is called changes ----

def walk(n):
    if n <= 0:
        return 0
    return walk(n - 1) + 1


print([walk(30) for _ in range(40)][-1])
walk_before = walk


def walk(n):
    return 1000


print(walk_before(30), walk(3))
walk = walk_before
print([walk(30) for _ in range(40)][-1])
walk.__code__ = (lambda n: 7).__code__
print(walk(30), walk_before(3))


def countdown(n):
    if n == 0:
        return look(1)
    return countdown(n - 1) + 1


def look(k):
    return k


print([countdown(20) for _ in range(40)][-1])


def look(k):
    names = []
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "<module>":
        names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno,
                      sorted((name, value) for name, value in frame.f_locals.items() if name in "kn")))
        frame = frame.f_back
    print(names)
    return k


print(countdown(7))


# ---- Objects lent to the callee ----

class Node:
    def __init__(self, value):
        self.value = value

    def __del__(self):
        seen.append(self.value)


seen = []


def carry(thing, n):
    if n == 0:
        return thing
    return carry(thing, n - 1)


def forget(thing, n):
    if n == 0:
        thing = None
        return n
    return forget(thing, n - 1) + 1


def lend(n):
    count = 0
    for i in range(n):
        node = Node(i)
        count += carry(node, 5) is node
        count += forget(node, 6)
        count += sys.getrefcount(node)
        if i % 50 == 49:
            count += forget(node, 3.5 - 0.5)
        del node
    return count


print(lend(200), seen == list(range(200)))


def leaves_with(thing, n):
    if n == 0:
        return sys.intern('name') if thing else len(thing)
    return leaves_with(thing, n - 1)


print([leaves_with(seen, n % 7) for n in range(50)][-3:])
