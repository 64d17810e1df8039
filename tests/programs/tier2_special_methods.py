"""Properties and special methods inlined into their callers: results, errors with tracebacks, odd answers, changed classes, counts, frames and deaths."""

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


class Dying:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


class Shelf:
    def __init__(self, items):
        self.items = items
        self.reads = 0
        self.limit = -1
        self.answer = None

    @property
    def size(self):
        self.reads += 1
        if self.reads == self.limit:
            raise ValueError("read too often")
        return len(self.items)

    @size.setter
    def size(self, value):
        if value < 0:
            raise ValueError(f"negative {value}")
        self.reads = value * 3

    @property
    def caller(self):
        return sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        self.items[key] = value

    def __len__(self):
        return len(self.items) if self.answer is None else self.answer

    def __contains__(self, item):
        if self.answer is not None:
            return self.answer
        for other in self.items:
            if other == item:
                return True
        return False

    def __call__(self, a, b=10):
        return self.reads + a * b

    def __lt__(self, other):
        return self.reads < other.reads

    def __eq__(self, other):
        if not isinstance(other, Shelf):
            return NotImplemented
        return self.reads == other.reads

    def __hash__(self):
        return 7


def load_property(shelf):
    total = 0
    for i in range(TURNS):
        total += shelf.size
    return total, shelf.reads


def store_property(shelf, last):
    for i in range(TURNS):
        shelf.size = i if i < TURNS - 1 else last
    return shelf.reads


def from_where(shelf):
    lines = set()
    for i in range(TURNS):
        lines.add(shelf.caller)
    return lines


def subscript(shelf, keys):
    total = 0
    for i in range(TURNS):
        for key in keys:
            total += shelf[key]
    return total


def store_subscript(shelf, key, value):
    for i in range(TURNS):
        shelf[key] = value
        value = value + value
    return shelf.items


def length(shelf):
    total = 0
    for i in range(TURNS):
        total += len(shelf)
    return total


def contains(shelf, item):
    inside = outside = 0
    for i in range(TURNS):
        if item in shelf:
            inside += 1
        if item not in shelf:
            outside += 1
    return inside, outside, item in shelf, item not in shelf


def call(shelf, b):
    total = 0
    for i in range(TURNS):
        total += shelf(i) + shelf(i, b)
    return total


def compare(left, right):
    less = equal = different = 0
    for i in range(TURNS):
        if left < right:
            less += 1
        if left == right:
            equal += 1
        if left != right:
            different += 1
    return less, equal, different


shelf = Shelf([1, 2, 3])
for _ in range(3):
    report(load_property, shelf)
    report(store_property, shelf, 5)
    report(store_property, shelf, -4)
    report(from_where, shelf)
    report(subscript, shelf, (0, 1, -1))
    report(subscript, shelf, (0, 1, 5))
    report(store_subscript, shelf, 1, 3)
    report(store_subscript, shelf, 9, 3)
    shelf.items[1] = 2
    report(length, shelf)
    report(contains, shelf, 2)
    report(contains, shelf, 4)
    report(contains, shelf, "x")
    report(call, shelf, 3)
    report(call, shelf, 2.5)
    report(call, shelf, None)
    report(compare, shelf, Shelf([]))
    report(compare, Shelf([]), shelf)
    report(compare, shelf, 3)
    report(compare, shelf, None)

for limit in (TURNS + 20, 7):
    shelf.reads, shelf.limit = 0, limit
    report(load_property, shelf)
shelf.limit = -1

# Answers that are of another kind, or none.
for answer in (7, True, False, 0, -1, 2**70, 1.5, "text", [], [1], None):
    shelf.answer = answer
    report(length, shelf)
    report(contains, shelf, 2)
shelf.answer = None
report(length, shelf)


class Bounded(Shelf):
    def __getitem__(self, key):
        return super().__getitem__(key % len(self.items))

    def __eq__(self, other):
        return "equal" if other is self else 0


# Subclasses, after the sites have seen one class only; then changed classes.
small = Bounded([5, 6])
for _ in range(2):
    report(load_property, small)
    report(subscript, small, (0, 9, 3))
    report(compare, small, small)
    report(compare, shelf, small)
    report(compare, small, shelf)
    report(length, small)
    report(call, small, 1)

Shelf.size = property(lambda self: 1000)
report(load_property, shelf)
report(store_property, shelf, 1)
Shelf.size = 5
report(load_property, shelf)
Shelf.__len__ = lambda self: 77
report(length, shelf)
Shelf.__getitem__ = lambda self, key: key * 2
report(subscript, shelf, (1, 2))
del Shelf.__getitem__
report(subscript, shelf, (1, 2))
Shelf.__call__ = None
report(call, shelf, 2)
Shelf.__lt__ = lambda self, other: NotImplemented
report(compare, shelf, shelf)


class Changing:
    """A property whose getter is set anew, and one that changes its class."""

    number = property(lambda self: 1)

    def __init__(self):
        self.turns = 0

    @property
    def turn(self):
        self.turns += 1
        if self.turns == TURNS // 2:
            Changing.turn = property(lambda self: -1)
        return self.turns


def changing(thing):
    total = 0
    for i in range(TURNS):
        total += thing.number
        if i == TURNS // 2:
            Changing.__dict__["number"].__init__(lambda self: 100)
    return total, sum(thing.turn for _ in range(TURNS))


def turns(thing):
    total = 0
    for i in range(TURNS):
        total += thing.turn
    return total


report(changing, Changing())
Changing.turn = property(lambda self: self.turns)
report(turns, Changing())


class Counted:
    """What methods see of reference counts."""

    def __init__(self):
        self.seen = set()

    @property
    def me(self):
        return sys.getrefcount(self)

    def __len__(self):
        return sys.getrefcount(self)

    def __contains__(self, item):
        self.seen.add((sys.getrefcount(self), sys.getrefcount(item)))
        return True

    def __call__(self, item):
        return sys.getrefcount(self), sys.getrefcount(item)

    def __lt__(self, other):
        return sys.getrefcount(self) * 1000 + sys.getrefcount(other)

    def __setitem__(self, key, value):
        self.seen.add((sys.getrefcount(self), sys.getrefcount(key), sys.getrefcount(value)))


def counts():
    counted = Counted()
    key, value = object(), object()
    seen = set()
    for i in range(TURNS):
        seen.add(("property", counted.me))
        seen.add(("len", len(counted)))
        seen.add(("call", counted(key)))
        seen.add(("less", counted < value))
        key in counted
        counted[key] = value
    return sorted(map(str, seen)), sorted(counted.seen)


report(counts)


class Maker:
    """Operands that die with the instruction."""

    def __init__(self, name):
        self.thing = Dying(name)
        self.name = name

    @property
    def taken(self):
        return self.name

    def __call__(self, other):
        return other.name

    def __contains__(self, other):
        return other.name == "b"

    def __lt__(self, other):
        return self.name < other.name

    def __setitem__(self, key, value):
        print("store", self.name, key.name, value.name)


def deaths():
    for i in range(4):
        print(Maker("p").taken)
        print(Maker("c")(Dying("argument")))
        print(Dying("b") in Maker("container"))
        print(Maker("l") < Maker("r"))
        Maker("s")[Dying("key")] = Dying("value")


report(deaths)


class Deep:
    def __init__(self, left):
        self.left = left

    @property
    def depth(self):
        return 1 if self.left is None else 1 + self.left.depth

    def __len__(self):
        return 0 if self.left is None else 1 + len(self.left)

    def __call__(self, n):
        return n if self.left is None else self.left(n + 1)

    def __lt__(self, other):
        return True if self.left is None else self.left < other


def deep(levels):
    thing = None
    for i in range(levels):
        thing = Deep(thing)
    return thing.depth, len(thing), thing(0), thing < 1


for levels in (3, 50, 100):
    report(deep, levels)


def deepest(function, limit):
    """At which depth of recursion it fails."""
    thing = None
    levels = 0
    while levels < limit:
        thing = Deep(thing)
        levels += 1
        if levels % 20 == 0:
            try:
                function(thing)
            except RecursionError as error:
                return levels, str(error)
    return None


sys.setrecursionlimit(260)
for function in (lambda t: t.depth, lambda t: t(0), lambda t: t < 1):
    # Not len(): stock counts a level more for it before it is specialised.
    report(deepest, function, 400)
