"""Slots of built-in types that the JIT replaces: map's next, int's deallocation. What C code sees of them is as on stock."""

import gc
import sys
import traceback
import weakref


class Item:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


def double(value):
    return value * 2


def counted(item):
    return sys.getrefcount(item)


def with_default(value, more=7):
    return value + more


def rebinding(item):
    item = None
    print("rebound")
    return 1


def failing(value):
    if value == 3:
        raise ValueError("three")
    return value


def stopping(value):
    if value == 2:
        raise StopIteration("early")
    return value


def yielding(value):
    yield value


def usual():
    for _ in range(3):
        print(sum(map(double, [1, 2, 3])), list(map(double, (1.5, "ab", [1]))), tuple(map(with_default, range(3))))
        print(list(map(with_default, [1, 2], [3, 4])), list(map(lambda: 0)) if False else None)
        print(sorted(map(lambda word: word[::-1], "one two three".split())), max(map(len, ["a", "bb"])))
        print(list(map(counted, [object(), "a string with a space", 10**20])))
        print([list(made) for made in map(yielding, "xy")])
        print(list(map(double, {"k": 1})), list(map(double, iter([]))), next(map(double, []), "none"))


def ends():
    iterator = map(double, [1])
    print(next(iterator), next(iterator, "end"), next(iterator, "end again"))
    growing = [1, 2]

    def grow(value):
        if len(growing) < 6:
            growing.append(value * 10)
        return value

    print(list(map(grow, growing)))
    print(list(map(stopping, [1, 2, 3])))
    later = map(double, iter(int, 1))
    print(next(later), next(later))


def errors():
    for function, items in ((failing, [1, 2, 3, 4]), (double, [1, None]), (with_default, ["a"]), (lambda a, b: 0, [1])):
        try:
            print(sum(map(function, items)))
        except Exception:
            traceback.print_exc(file=sys.stdout)
    iterator = map(failing, [1, 3, 5])
    print(next(iterator))
    try:
        next(iterator)
    except ValueError as error:
        print(error)
    print(next(iterator))


def bad_iterator():
    class Bad:
        def __iter__(self):
            return self

        def __next__(self):
            raise KeyError("bad")

    try:
        list(map(double, Bad()))
    except KeyError as error:
        print(repr(error), len(traceback.extract_tb(error.__traceback__)))


def destruction():
    print("order of destruction")
    items = [Item("a"), Item("b")]
    print(list(map(rebinding, items)))
    print(list(map(rebinding, (Item(name) for name in "cd"))))
    reference = weakref.ref(items[0])

    def look(item):
        items.clear()
        del item
        return reference() is not None

    print(list(map(look, items)))
    print(reference())


def changing_function():
    def first(value):
        if value == 2:
            first.__code__ = second.__code__
        return value

    def second(value):
        return -value

    print(list(map(first, [1, 2, 3, 4])))

    def plain(value, more):
        return value, more

    iterator = map(plain, [1, 2, 3])
    try:
        next(iterator)
    except TypeError as error:
        print(error)
    plain.__defaults__ = (5,)
    print(next(iterator), list(iterator))


def recursion():
    def nested(depth):
        return 1 + sum(map(nested, [depth - 1])) if depth else 0

    print(nested(50))

    def endless(value):
        return sum(map(endless, [value]))

    try:
        endless(1)
    except RecursionError as error:
        print(error)


def under_profile():
    events = []

    def profile(frame, event, argument):
        if frame.f_code is double.__code__:
            events.append((event, argument))

    iterator = map(double, [1, 2, 3])
    print(next(iterator))
    sys.setprofile(profile)
    next(iterator)
    sys.setprofile(None)
    print(next(iterator), events)


def frames():
    def caller_name(_):
        return sys._getframe(1).f_code.co_name

    print(list(map(caller_name, [1])), [*map(caller_name, [1])])


class Number(int):
    pass


class Slotted(int):
    __slots__ = ()


class Dying(int):
    def __del__(self):
        print("number dies", int(self))


class Own(Number):
    pass


def ints():
    for round in range(3):
        for made in (Number, Slotted, Own):
            numbers = [made(n) for n in range(300, 700)]
            print(made.__name__, sum(numbers), type(numbers[7]) is made)
            del numbers
        Dying(round)
        values = [Dying(n) for n in range(2)]
        del values
        plain = [n * n for n in range(1000, 2000)]
        large = {n: 10 ** (n % 90) for n in range(1000, 2000)}
        print(sum(plain), sum(large.values()) % 1000003, len(set(plain) & set(large)))
        del plain, large
        fresh = [n + 1 for n in range(5000, 7000)]
        print(fresh[0], fresh[-1], len({id(n) for n in fresh}))
    print(gc.collect() >= 0, bool(2), True + True, -(1 << 200) >> 199)
    print(Own(5).__class__.__name__, hash(Slotted(77)), repr(Number(-3)))


def main():
    usual()
    ends()
    errors()
    bad_iterator()
    destruction()
    changing_function()
    recursion()
    under_profile()
    frames()
    ints()


for _ in range(2):
    main()
