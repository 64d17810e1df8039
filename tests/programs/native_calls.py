"""Native calls: every shape of call from hot code, several callees at one site, what dies when, what a callee can see, and what changes
under the site: code, defaults, classes, tracing, globals that are no plain dict. Counts and orders of death are stock's where the callers are
compiled (see argument_ownership.py)."""
# test: modes=tier0,compile-all,no-forward,gc,evict
import sys
import types


class Loud:
    def __init__(self, label):
        self.label = label

    def __del__(self):
        print("dies", self.label)


def counts(a, b=None, *rest, key=None, **more):
    return [sys.getrefcount(value) for value in (a, b, rest, key) if value is not None and value != ()] + [sorted(more)]


def shapes(x):
    method = Shape(0).bound
    return [counts(x), counts(x, x), counts(x, key=x), counts(b=x, a=x), counts(x, x, x, x), counts(x, other=x),
            method(1), method(b=2, a=3), Shape(4).value, Shape(value=5).value, Shape(6, twice=True).value]


class Shape:
    def __init__(self, value, *, twice=False):
        self.value = value * 2 if twice else value

    def bound(self, a, b=7):
        return self.value, a, b


for turn in range(3):
    print(shapes(object()))


# One code object with and without self; functions that only differ in their closure; more callees than a cell has cases.
def pair(a, b=9):
    return a, b


class Holder:
    method = pair


def call_one(f, x):
    return f(x)


def make(n):
    return lambda x: (n, x)


def many(n):
    names = {}
    exec(f"def many{n}(x): return {n}, x", names)
    return names[f"many{n}"]


holder = Holder()
holder.plain = pair
callees = [holder.method, pair, make(1), make(2), abs, Loud, str, many(3), many(4), many(5), many(6), many(7)]
for turn in range(3):
    for callee in callees:
        result = call_one(callee, -1)
        print(type(result).__name__ if isinstance(result, (Loud, Holder, tuple)) and callee is holder.method else result
              if not isinstance(result, Loud) else "a Loud")
        del result


def through_attribute(owner):
    return owner.plain(1), owner.method(1)[1]


for turn in range(3):
    print(through_attribute(holder))


# The order of destruction, results that are locals, and a callee that dies with its frame.
def drop(a, b, c):
    d = Loud(c)
    return d if b else None


def order(turn):
    result = drop(Loud(f"a{turn}"), turn % 2, f"c{turn}")
    print("back")
    (lambda: print("once"))()
    del result
    types.FunctionType((lambda x: x).__code__, globals())(Loud("argument"))
    print("done")


for turn in range(4):
    order(turn)


# Instances: what __init__ returns or raises, a class changed by __new__'s time, death order of the arguments.
class Odd:
    def __init__(self, what):
        if what == 1:
            raise ValueError("in __init__")
        if what == 2:
            return 5
        self.what = what


def instances(what):
    try:
        return Odd(what).what
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}", error.__traceback__.tb_lasti, error.__traceback__.tb_next is not None


print([instances(what) for what in (0, 1, 2, 0, 1, 2)])
Odd.__init__ = lambda self, what: setattr(self, "what", ("changed", what))
print([instances(what) for what in (0, 1)])
Odd.__new__ = lambda cls, what: object.__new__(cls)
print([instances(what) for what in (0, 1)])


# What a callee sees of its caller, and does to it.
def look():
    frame = sys._getframe(1)
    return frame.f_lineno - frame.f_code.co_firstlineno, frame.f_lasti % 2, frame.f_back is not None


class Looking:
    def __init__(self):
        self.seen = look(), sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno


def looks():
    a = look()
    b = [look()
         for _ in range(1)]
    return a, b, Looking().seen


for turn in range(3):
    print(looks())


def switch_on(events):
    sys.settrace(lambda frame, event, argument: events.append((event, frame.f_code.co_name)))


class Switching:
    def __init__(self, events):
        self.events = events

    def __del__(self):
        switch_on(self.events)


def at_the_end(guard):
    pass


def nothing():
    pass


def tracing():
    events = []
    switch_on(events)
    nothing()
    sys.settrace(None)
    at_the_end(Switching(events))
    nothing()
    sys.settrace(None)
    return events


for turn in range(3):
    print(tracing())


# Code, defaults and globals that change under a site.
def target(a, b=1):
    return "first", a, b


def site():
    return target(5)


def site_two():
    return target(5, 6)


def attempt(f):
    try:
        return f()
    except TypeError as error:
        return str(error)


print(attempt(site), attempt(site_two))
target.__code__ = (lambda a, b, c=3: ("second", a, b, c)).__code__
print(attempt(site), attempt(site_two))
target.__defaults__ = (7, 8)
print(attempt(site), attempt(site_two))
target.__code__ = (lambda *a: ("third", a)).__code__
print(attempt(site), attempt(site_two))


class Globals(dict):
    def __getitem__(self, key):
        return 42 if key == "answer" else dict.__getitem__(self, key)


answer = 1


def reads():
    return answer


other = types.FunctionType(reads.__code__, Globals(globals()))
builtins_of_its_own = types.FunctionType(reads.__code__, {"__builtins__": {"answer": 3}})
for f in (reads, other, builtins_of_its_own) * 2:
    print((lambda f: f())(f))


# A callee that throws its own code away while it runs, and one whose last reference goes while it runs.
def suicidal():
    global suicidal
    del suicidal
    return sys._getframe().f_code.co_name


print(suicidal())


def exchanging(value):
    exchanging.__code__ = (lambda value: ("new", value)).__code__
    return "old", value


def exchange():
    return exchanging(1), exchanging(2)


print(exchange())


# Deep: plain, with defaults, a method, __init__; then RecursionError at the same depth whatever the shape.
class Deep:
    def __init__(self, n):
        self.below = Deep(n - 1) if n else None

    def method(self, n):
        return self.method(n - 1) + 1 if n else 0


def plain(n):
    return plain(n - 1) + 1 if n else 0


def defaults(n, step=1, *, extra=0):
    return defaults(n - step, extra=extra) + 1 if n else extra


depth = 0


def endless(kind):
    global depth
    depth += 1
    if kind == 0:
        endless(kind)
    elif kind == 1:
        endless(kind=kind)
    elif kind == 2:
        Endless()
    else:
        endless(*(kind,))


class Endless:
    def __init__(self):
        global depth
        depth += 1
        Endless()


sys.setrecursionlimit(400)
for kind in (0, 1, 2, 3):
    depth = 0
    try:
        endless(kind)
    except RecursionError as error:
        print(kind, depth, error)
sys.setrecursionlimit(10**6)
print(plain(50_000), defaults(50_000), Holder.method.__code__.co_name, Deep(0).method(50_000))


# Arithmetic among the arguments: the site is compiled twice, and its callee has a default that the site leaves out.
def with_default(a, b, c="default"):
    return a, b, c


def computed(x, y):
    return with_default(x ^ y, y), with_default(y, x * 2 + y), holder.plain(x - y), holder.method(x & y)[1]


for turn in range(4):
    before = sys.getrefcount("default")
    print(computed(3, 4), computed(True, 7), computed(1 << 70, 7), sys.getrefcount("default") - before)
