"""Python functions built into their callers: results, exits from each depth, errors, and what is seen from outside."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr not=tier2-fail-alloc
import sys


def scale(x, factor=2.0):
    if x > factor:
        return x * factor
    return x + factor


def pair(a):
    return scale(a, factor=3.0) + scale(a)


def triple(a, b):
    c = pair(a)
    d = pair(b)
    return c - d if a > b else d - c


def floats(n):
    total = 0.0
    for i in range(n):
        total += triple(i * 0.5, (n - i) * 0.25)
    return total


print(floats(500), floats(2000))


# ---- Leaving from the first, second and third function ----

def third(x, y):
    return x + y


def second(x, y):
    z = third(x, y) * 2
    return z - 1


def first(x, y):
    z = second(y, x)
    return z + x


def mixed(values):
    result = []
    for i in range(len(values)):
        result.append(first(values[i], i))
    return result


print(mixed(list(range(300)))[-3:])
for odd in (1.5, 2 ** 70, True, "no", None, [1], 2 ** 62):
    values = list(range(300))
    values[250] = odd
    for _ in range(3):
        try:
            result = mixed(values)
            print(type(odd).__name__, result[249:253])
        except TypeError as error:
            print(type(odd).__name__, error)
            trace = error.__traceback__
            while trace is not None:
                frame = trace.tb_frame
                position = list(frame.f_code.co_positions())[trace.tb_lasti // 2]
                print(" ", frame.f_code.co_name, trace.tb_lineno, trace.tb_lasti, position,
                      sorted(name for name in frame.f_locals if name not in ("values", "result")))
                trace = trace.tb_next


# ---- Errors caught in each of them ----

def lines_of(error):
    trace = error.__traceback__
    lines = []
    while trace is not None:
        code = trace.tb_frame.f_code
        lines.append((code.co_name, trace.tb_lineno - code.co_firstlineno, trace.tb_lasti))
        trace = trace.tb_next
    return lines


def divide(a, b):
    return a // b


def guarded(a, b):
    try:
        return divide(a, b)
    except ZeroDivisionError:
        return -1


def catches(n):
    total = 0
    for i in range(n):
        total += guarded(i, (i % 50) - 25)
    return total


print(catches(400), catches(1000))


def uncaught(n, zero_at):
    total = 0
    for i in range(n):
        try:
            total += divide(i, i - zero_at)
        except ZeroDivisionError as error:
            print("caught at", i, lines_of(error))
    return total


print(uncaught(300, 1000), uncaught(300, 200), uncaught(300, 299))


# ---- What is called changes ----

def step(x):
    return x + 1


def steps(n, change_at=-1, change=None):
    total = 0
    for i in range(n):
        if i == change_at:
            change()
        total = step(total)
    return total


def other_step(x):
    return x + 1000


print(steps(500))


def replace_code():
    step.__code__ = (lambda x: x + 10).__code__


print(steps(500, 300, replace_code), steps(500))


def replace_function():
    global step
    step = other_step


print(steps(500, 300, replace_function), steps(500))


def with_default(x, by=1, *, also=0):
    return x + by + also


def plain_default(x, by=1, more=(1, 2)):
    return x + by + len(more)


def defaults(n, change_at=-1, change=None):
    total = 0
    for i in range(n):
        if i == change_at:
            change()
        total = plain_default(total)
        total = with_default(total, also=2)
    return total


def replace_defaults():
    plain_default.__defaults__ = (100, ())


def drop_defaults():
    plain_default.__defaults__ = None


print(defaults(500), defaults(500, 300, replace_defaults), defaults(500))
try:
    defaults(500, 300, drop_defaults)
except TypeError as error:
    print(error)


def delete_global():
    global other_step, step
    del step


try:
    steps(500, 300, delete_global)
except NameError as error:
    print(error)
step = other_step


# ---- The limit of recursion ----

def leaf(n):
    return n + 1


def middle(n):
    return leaf(n) + 1


def at_depth(depth, n):
    if depth > 0:
        return at_depth(depth - 1, n)
    total = 0
    for i in range(n):
        total = middle(total) - 1
    return total


def deepest():
    sys.setrecursionlimit(150)
    best = 0
    for depth in range(100, 160):
        try:
            at_depth(depth, 50)
            best = depth
        except RecursionError as error:
            print(best, error, lines_of(error)[-1])
            break
    sys.setrecursionlimit(1000)


at_depth(3, 1000)
deepest()


# ---- Identity, reference counts and the end of objects ----

class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        seen.append((self.name, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


seen = []


def keep_one(a, b):
    a = None
    c = b
    b = 1
    return c


def same(x):
    return x


def pass_on(x):
    y = x
    return same(y)


def objects(n):
    count = 0
    big = 2 ** 40 + n
    number = 1.5 * n
    for i in range(n):
        count += pass_on(seen) is seen
        count += pass_on(big) is big
        count += same(number) is number
        count += sys.getrefcount(same(big))
    return count


print(objects(400) - objects(400))


def let_die(n):
    for i in range(n):
        if i % 100 == 99:
            value = Noisy(i)
            other = Noisy(-i)
        else:
            value = other = None
        kept = keep_one(value, other)
        value = other = None
        kept = None


let_die(500)
print(seen)
del seen[:]


def takes_two(a, b):
    c = a
    a = b = 3
    return 7


def last_reference(n):
    total = 0
    for i in range(n):
        total += takes_two(Noisy(i) if i % 100 == 99 else i, Noisy(-i) if i % 100 == 99 else i)
    return total


print(last_reference(500))
print(seen)
del seen[:]


# ---- Frames as destructors see them ----

class Looks:
    def __init__(self, deep):
        self.deep = deep

    def __del__(self):
        frame = sys._getframe()
        names = []
        while frame is not None and frame.f_code.co_name != "<module>":
            names.append((frame.f_code.co_name, sorted(frame.f_locals)))
            frame = frame.f_back
        seen.append(names)
        if self.deep:
            kept.append(sys._getframe(1))


kept = []


def drops(thing, n):
    thing = n
    n = thing + 1
    return n


def calls_drops(box, n):
    result = drops(box.pop(), n) if box else drops(None, n)
    return result + 1


def drops_of(n, deep):
    total = 0
    for i in range(n):
        holder = Looks(deep) if i % 150 == 149 else None
        total += drops_late(holder, i)
    return total


def drops_late(thing, n):
    x = thing
    thing = None
    y = inner_drop(n)
    x = y
    return x


def inner_drop(n):
    return n * 2


print(drops_of(600, False))
for names in seen:
    print(names)
del seen[:]
print(drops_of(600, True))
print([(frame.f_code.co_name, sorted(frame.f_locals.items(), key=str)[:1]) for frame in kept], len(seen))


# ---- Generators and comprehensions that call inlined functions ----

def values(n):
    for i in range(n):
        yield scale(i * 1.0)


print(sum(values(700)), sum([scale(i * 0.5) for i in range(700)]))


# ---- Closures ----

def make_adder(amount):
    return lambda value, more=1: value + more


def call_all(function, n):
    total = 0
    for i in range(n):
        total = function(total)
    return total


adders = [make_adder(3), make_adder(4)]
print([call_all(adder, 500) for adder in adders * 3], call_all(lambda x: x - 1, 500), call_all(abs, 300))


def make_counter(start):
    count = start

    def step(amount):
        nonlocal count
        count += amount
        return count

    def forget():
        nonlocal count
        del count

    return step, forget


def count_up(counter, n):
    total = 0
    for i in range(n):
        total += counter(i & 3)
        total += counter(total % 5)
    return total


counters = [make_counter(10), make_counter(2 ** 61), make_counter(0.5)]
print([count_up(step, 400) for step, _ in counters * 2])
counters[0][1]()
try:
    count_up(counters[0][0], 100)
except NameError as error:
    print(error, lines_of(error))


def make_holder(value):
    def swap(new):
        nonlocal value
        old = value
        value = new
        return old

    def look():
        return value

    return swap, look


def use_holder(swap, look, n):
    result = []
    for i in range(n):
        if i % 100 == 99:
            swap(Looks(False))
            result.append(swap(look() and None) is None)
        else:
            swap(i)
        result.append(look() is None)
    return len(result), sum(result)


print(use_holder(*make_holder("start"), 500))
for names in seen:
    print(names)
del seen[:]


def polymorphic(functions, n):
    total = 0
    for i in range(n):
        total += functions[i % 3](i)
    return total


print(polymorphic([lambda x: x, lambda x: -x, adders[0]], 900), polymorphic([abs, float, hash], 300))
