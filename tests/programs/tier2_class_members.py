"""Class attributes, static and class methods of classes and of instances; bound methods of built-in types kept in locals; globals that are small numbers."""

import enum
import sys
import traceback

TURNS = 300


def report(function, *arguments):
    try:
        print(function.__name__, function(*arguments))
    except Exception as error:
        print(function.__name__, type(error).__name__, error)
        for frame in traceback.extract_tb(error.__traceback__):
            print("  ", frame.name, frame.lineno, frame.line)


class Base:
    step = 3
    names = ("a", "b")
    made = 0

    def __init__(self, value):
        self.value = value

    @staticmethod
    def twice(x):
        return x + x

    @classmethod
    def make(cls, value):
        return cls(value + cls.step)

    @classmethod
    def count(cls):
        cls.made += 1
        return cls.made

    @classmethod
    def counts(cls):
        return sys.getrefcount(cls) - sys.getrefcount(Base)

    def plain(self):
        return self.value


class Derived(Base):
    step = 4


class Color(enum.Enum):
    RED = 1
    GREEN = 2


def of_class(n):
    total = 0
    for i in range(n):
        total += Base.step + Base.twice(i) + Base.make(i).value + len(Base.names)
        total += Base.plain(Base(i))
    return total


def of_instance(thing, n):
    total = 0
    for i in range(n):
        total += thing.step + thing.twice(i) + thing.make(i).value
    return total, type(thing.make(1)).__name__


def of_any_class(cls, n):
    total = 0
    for i in range(n):
        total += cls.step + cls.twice(i) + cls.make(i).value
    return total


def counting(n):
    for i in range(n):
        Base.count()
    return Base.made


def refcounts(n):
    return {Base.counts() for i in range(n)}, {Base(1).counts() for i in range(n)}


def colors(n):
    found = []
    for i in range(n):
        found.append(Color.RED if i % 2 else Color.GREEN)
    return found[-2:], found.count(Color.RED)


report(of_class, TURNS)
report(of_instance, Base(1), TURNS)
report(of_instance, Derived(1), TURNS)
report(of_any_class, Base, TURNS)
report(of_any_class, Derived, TURNS)
report(of_any_class, Base, TURNS)
report(counting, TURNS)
report(refcounts, TURNS)
report(colors, TURNS)
hider = Base(1)
hider.twice = lambda x: 1000
hider.make = lambda x: Base(5000)
report(of_instance, hider, TURNS)
report(of_instance, Base(1), TURNS)
Base.__dict__["twice"].__init__(lambda x: -x)
report(of_class, TURNS)
Base.__dict__["make"].__init__(lambda cls, x: cls(-x))
report(of_class, TURNS)
report(of_instance, Derived(1), TURNS)
Base.step = 5
report(of_class, TURNS)
Base.step = "text"
report(of_class, TURNS)
Base.step = 5
Base.twice = staticmethod(abs)
report(of_class, TURNS)
del Base.twice
report(of_class, TURNS)
report(of_any_class, int, TURNS)
report(of_any_class, 5, TURNS)


def bound(items, n):
    push = items.append
    pop = items.pop
    total = 0
    for i in range(n):
        push(i)
        push(i + 1)
        total += pop()
    return total, len(items), items[-3:]


def bound_dict(table, n):
    get = table.get
    total = 0
    for i in range(n):
        total += get(i, 1) + (get("x") or 0)
    return total


def empty(items):
    pop = items.pop
    for i in range(TURNS):
        pop()


def changing(items, n):
    push = items.append
    other = []
    for i in range(n):
        push(i)
        if i == n // 2:
            push = other.append
        if i == n - 20:
            push = print
    return len(items), len(other)


class Items(list):
    def append(self, item):
        super().append((item, "mine"))


report(bound, [], TURNS)
report(bound, [1, 2], TURNS)
report(bound, Items(), TURNS)
report(bound, set(), TURNS)
report(bound_dict, {1: 5, "x": 2}, TURNS)
report(empty, list(range(100)))
report(changing, [], TURNS)

LIMIT = 10
NOTHING = None


def with_globals(n):
    global LIMIT
    total = 0
    for i in range(n):
        if i % 20 < LIMIT and NOTHING is None:
            total += LIMIT
        if i == n - 50:
            LIMIT += 1
        if i > n - 30:
            LIMIT = LIMIT + 1.5
    return total


report(with_globals, TURNS)
NOTHING = 1
LIMIT = 10
report(with_globals, TURNS)
LIMIT = True
report(with_globals, TURNS)
LIMIT = "x"
report(with_globals, TURNS)
