"""Attributes of receivers of several classes, which have them in different places; isinstance; slices; iterators that die with what they run over."""

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


class Plain:
    def __init__(self, weight):
        self.weight = weight
        self.name = "plain"


class Other:
    def __init__(self, weight):
        self.color = "red"
        self.name = "other"
        self.weight = weight


class Slotted:
    __slots__ = ("weight", "name")

    def __init__(self, weight):
        self.weight = weight
        self.name = "slotted"


class Classy:
    weight = 11
    name = "classy"


class Fifth:
    name = "fifth"

    def __init__(self, weight):
        self.name, self.weight = "five", weight


def weigh(things):
    total = 0
    names = []
    for i in range(TURNS):
        for thing in things:
            total += thing.weight
            names.append(thing.name)
    return total, len(names), names[-5:]


two = [Plain(1), Other(2)]
four = [Plain(1), Slotted(4), Other(2.5), Classy()]
for things in (two, four, two, [*four, Fifth(3)], four):
    report(weigh, things)
instance = four[3]
instance.weight = 20
report(weigh, four)
del instance.weight
report(weigh, four)
Classy.weight = 12
report(weigh, four)
four[1].weight = "heavy"
report(weigh, four)
del four[1].weight
report(weigh, four)
four[1].weight = 4
four[0].__dict__["weight"] = 100
report(weigh, four)
four[2].__class__ = Plain
report(weigh, four)
Plain.weight = property(lambda self: 1000)
report(weigh, two)
del Plain.weight


def classify(things):
    counts = [0, 0, 0, 0]
    for i in range(TURNS):
        for thing in things:
            if isinstance(thing, int):
                counts[0] += 1
            if isinstance(thing, (str, Plain)):
                counts[1] += 1
            if isinstance(thing, Other):
                counts[2] += 1
            if isinstance(thing, object):
                counts[3] += 1
    return counts


report(classify, [1, True, "x", Plain(1), Other(2), 1.5, None])


class Meta(type):
    def __instancecheck__(cls, thing):
        return thing == 3


class Strange(metaclass=Meta):
    pass


def strange(values):
    return [sum(isinstance(value, Strange) for i in range(TURNS)) for value in values]


def strange_loop(values):
    total = 0
    for i in range(TURNS):
        for value in values:
            total += isinstance(value, Strange)
    return total


report(strange, [1, 3, "3"])
report(strange_loop, [1, 3, "3", 3.0])


class Disguised:
    @property
    def __class__(self):
        return Plain


report(classify, [Disguised(), Plain(1)])


def raw_numbers():
    counts = set()
    for i in range(1000, 1000 + TURNS):
        number = i * 3
        if isinstance(number, int):
            counts.add(sys.getrefcount(number))
    return counts


report(raw_numbers)


def slices(text, first, last):
    out = []
    for i in range(TURNS):
        out.append(text[first:last])
        out.append(text[:last])
        out.append(text[first:])
        out.append(text[::2])
        out.append(text[::-1])
    return out[-5:], len(out)


for text in ("abcdefgh", [1, 2, 3, 4], (5, 6, 7), b"bytes", "äöü€", bytearray(b"array"), range(10)):
    report(slices, text, 1, 3)
    report(slices, text, -2, None)
    report(slices, text, None, 10**30)
    report(slices, text, 10, 2)
report(slices, "text", "a", 2)
report(slices, 5, 1, 2)
report(slices, {1: 2}, 1, 2)


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class Sliced:
    def __getitem__(self, key):
        return key


report(slices, "abcdef", Index(1), Index(4))
report(slices, Sliced(), 1, 2)


def copies(items):
    same = 0
    for i in range(TURNS):
        same += items[:] is items
    return same


report(copies, (1, 2))
report(copies, [1, 2])
report(copies, "text")


class Dying:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


class Holder:
    def __init__(self, thing):
        self.thing = thing

    def things(self):
        return (self.thing, self.thing)

    def fresh(self, i):
        return (Dying(i), self.thing) if i % 100 == 0 else (self.thing, self.thing)


def iterate(holder):
    total = 0
    for i in range(TURNS):
        for thing in holder.things():
            total += thing.weight
    return total


def iterate_fresh(holder):
    total = 0
    for i in range(TURNS):
        for thing in holder.fresh(i):
            total += 1
        if i % 100 == 0:
            print("after", i)
    thing = None
    return total


report(iterate, Holder(Other(2)))
report(iterate_fresh, Holder(Other(2)))


def shared_twice():
    """Objects that are in a dying tuple twice, and nowhere else."""
    for i in range(6):
        for thing in ((lambda d: (d, d))(Dying("twice")) if i % 2 else ()):
            pass
        thing = None
        print("turn", i)


report(shared_twice)
