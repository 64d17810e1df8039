"""Attributes of classes that keep changing: each change makes every cache stale, and what was learnt must be learnt anew."""

import sys


class Counter:
    made = 0
    limit = 10

    def __init__(self):
        Counter.made += 1
        self.own = Counter.made

    @property
    def doubled(self):
        return self.own * 2

    @doubled.setter
    def doubled(self, value):
        self.own = value // 2

    @classmethod
    def how_many(cls):
        return cls.made, cls.limit

    @staticmethod
    def still():
        return "static"

    def method(self, a):
        return self.own + a + self.limit

    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name)
        return name + str(type(self).made)


class Sub(Counter):
    pass


def use(c):
    c.doubled = c.own * 4
    return c.own, c.doubled, c.limit, c.made, c.method(1), c.how_many(), c.still(), c.hooked, type(c).made, getattr(c, "nothing", None)


results = []
for turn in range(300):
    c = (Counter if turn % 3 else Sub)()
    results.append(use(c))
    if turn == 100:
        Counter.limit = property(lambda self: "property")
    elif turn == 130:
        Counter.limit = 11
    elif turn == 160:
        Sub.doubled = "class attribute without __set__"
    elif turn == 170:
        del Sub.doubled
    elif turn == 180:
        Counter.still = lambda self=None: ("function", self is not None)
    elif turn == 190:
        Counter.method = classmethod(lambda cls, a: (cls.__name__, a))
    elif turn == 200:
        Counter.method = lambda self, a: ("replaced", a)
    elif turn == 220:
        Counter.doubled = property(lambda self: -self.own)
        Counter.doubled = Counter.doubled.setter(lambda self, value: None)
    elif turn == 240:
        Sub.__getattr__ = lambda self, name: ("sub", name)
    elif turn == 260:
        del Counter.__getattr__
        Counter.hooked = 5
for number, result in enumerate(results):
    if number % 7 == 0 or number in (99, 100, 101, 102, 159, 160, 161, 162, 163, 180, 181, 182, 183, 239, 240, 241, 242, 260, 261, 262):
        print(number, result)


class Missing:
    count = 0

    @property
    def broken(self):
        Missing.count += 1
        if Missing.count % 5 == 0:
            return self.absent
        return Missing.count


def try_broken(o):
    try:
        return o.broken
    except AttributeError as error:
        return str(error), error.name, error.obj is o


print([try_broken(Missing()) for _ in range(60)][-12:])


class Refs:
    changed = 0

    @property
    def count(self):
        Refs.changed += 1
        return sys.getrefcount(self)

    def __getattr__(self, name):
        Refs.changed += 1
        return sys.getrefcount(self)


def reference_counts():
    r = Refs()
    return [(r.count, r.hooked, Refs().count) for _ in range(40)][-1]


print(reference_counts())
