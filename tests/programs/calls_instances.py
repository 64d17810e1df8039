"""Instances of the program's own classes: made in line, dropped by our own deallocator, and everything that can be seen of both."""

import gc
import sys
import traceback
import weakref


class Plain:
    def __init__(self, a, b):
        self.a = a
        self.b = b


class Empty:
    pass


class Slotted:
    __slots__ = ("left", "right", "__weakref__")

    def __init__(self, left, right):
        self.left = left
        self.right = right


class Derived(Slotted):
    __slots__ = ("more",)

    def __init__(self, left, right, more=5):
        super().__init__(left, right)
        self.more = more


class Mixed(Slotted):
    def __init__(self, left, right):
        self.extra = [left]
        super().__init__(left, right)


class NoSlots:
    __slots__ = ()

    def __init__(self, a):
        pass


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, end="; ")


def many(n):
    total = 0
    for i in range(n):
        p = Plain(i, 2)
        q = Slotted(i, p)
        r = Derived(q, p)
        s = Mixed(i, 1)
        total += p.a + q.right.b + r.more + s.extra[0] + (Empty() is not None) + (NoSlots(i) is None)
    return total


print(many(300))


# Counts of references that __init__ sees.
class Counting:
    def __init__(self, a, b):
        global seen
        seen = (sys.getrefcount(self), sys.getrefcount(a), sys.getrefcount(b), sys.getrefcount(Counting))


def counting():
    base = sys.getrefcount(Counting)
    for _ in range(40):
        x = object()
        Counting(x, [])
    print([s for s in seen[:3]], seen[3] - base)
    c = Counting(x, x)
    print(seen[:3], sys.getrefcount(Counting) - base, sys.getrefcount(x), sys.getrefcount(c))
    del c
    print(sys.getrefcount(Counting) - base)
    e = [Empty() for _ in range(5)]
    base = sys.getrefcount(Empty)
    e.clear()
    print(sys.getrefcount(Empty) - base)


counting()


# The order in which things die.
class Holder:
    def __init__(self, *parts):
        self.first, self.second, self.third = parts


class SlottedHolder:
    __slots__ = ("z", "a", "m")

    def __init__(self, a, m, z):
        self.m = m
        self.a = a
        self.z = z


def order():
    for i in range(30):
        Holder(Loud("1"), Loud("2"), Loud("3"))
        SlottedHolder(Loud("a"), Loud("m"), Loud("z"))
        h = Holder(1, Loud("x"), Loud("y"))
        h.second = None
        print(end="| ")
        del h
    print()


order()


class DropsArgument:
    def __init__(self, a, b):
        a = None
        print("in init", end=" ")


def arguments_die():
    for i in range(30):
        DropsArgument(Loud("p"), Loud("q"))
        print("after", end="\n" if i % 10 == 9 else " ")


arguments_die()


# Destructors and weak references look at the rest.
def weak():
    log = []

    class Node:
        def __init__(self, value):
            self.value = value

    for i in range(30):
        n = Node(i)
        r = weakref.ref(n, lambda ref: log.append("gone"))
        w = weakref.WeakValueDictionary()
        w["k"] = n
        assert r() is n
        del n
        assert r() is None and len(w) == 0
    print(len(log))
    s = Slotted(1, 2)
    r = weakref.ref(s)
    s = Slotted(3, 4)
    print(r() is None, s.left)


weak()


def destructor_added_later():
    class Late:
        def __init__(self, n):
            self.n = n

    for i in range(40):
        if i == 30:
            Late.__del__ = lambda self: print("late", self.n, end=" ")
        if i == 35:
            del Late.__del__
        Late(i)
    print()


destructor_added_later()


# A dict of its own, a changed class, a changed layout.
def dicts():
    result = []
    for i in range(40):
        p = Plain(i, Loud("d") if i == 20 else 0)
        if i % 3 == 0:
            p.__dict__["late"] = i
        if i % 5 == 0:
            p.__dict__ = {"a": i, "b": Loud("own") if i == 25 else 1}
        if i % 7 == 0:
            p.__class__ = Empty
        result.append(len(p.__dict__))
        del p
    print(result)


dicts()


def many_attributes():
    class Wide:
        def __init__(self, n):
            for i in range(n):
                setattr(self, f"attribute{i}", i)

    print([len(vars(Wide(n))) for n in (1, 5, 29, 30, 31, 40, 3, 0) for _ in range(4)])
    for turn in range(50):
        w = Wide(turn % 6)
        w.attribute1 = w
        w.attribute0 = turn
        del w
    gc.collect()
    print(Wide(3).attribute2)


many_attributes()


# __init__ exchanged, removed, made something else; __new__ given.
def changing():
    class Changing:
        def __init__(self, x):
            self.x = x

    def second(self, x):
        self.y = x

    out = []
    for i in range(120):
        if i == 30:
            Changing.__init__ = second
        elif i == 50:
            Changing.__init__.__code__ = (lambda self, x: setattr(self, "z", x)).__code__
        elif i == 60:
            Changing.__init__ = lambda self, x, y=7: setattr(self, "w", (x, y))
        elif i == 70:
            del Changing.__init__
        elif i == 80:
            Changing.__new__ = lambda cls, x: [x]
        elif i == 90:
            Changing.__new__ = staticmethod(lambda cls, *a: object.__new__(cls))
        elif i == 100:
            Changing.__init__ = int
        try:
            made = Changing(i)
            if i % 10 == 1:
                out.append(made if type(made) is list else vars(made))
        except TypeError as error:
            if i % 10 == 1:
                out.append(str(error))
    print(out)


changing()


# Errors.
class Bad:
    def __init__(self, how):
        if how == 1:
            return 5
        if how == 2:
            raise ValueError(how)
        if how == 3:
            Bad(2)


def errors(how):
    try:
        return Bad(how)
    except (TypeError, ValueError):
        print(traceback.format_exc())
        return None


for i in range(40):
    Bad(0)
    if i > 36:
        for how in (1, 2, 3):
            errors(how)
for arguments in ((), (1,), (1, 2, 3)):
    try:
        Plain(*arguments)
    except TypeError as error:
        print(error)


def wrong_number(right):
    try:
        return Plain(1, 2) if right else Plain(1)
    except TypeError as error:
        return str(error)


print([type(w) is Plain or w for w in [wrong_number(i < 35) for i in range(37)][34:]])


def no_arguments_taken(n):
    try:
        return Empty() if n else Empty(1)
    except TypeError as error:
        return str(error)


print([type(no_arguments_taken(i != 38)).__name__ for i in range(40)][36:], no_arguments_taken(0))


class Recursive:
    def __init__(self, depth):
        global deepest
        deepest = depth
        self.inner = Recursive(depth + 1)


def too_deep():
    found = []
    for _ in range(3):
        try:
            Recursive(0)
        except RecursionError as error:
            found.append((deepest, str(error)))
    print(found)


too_deep()


# Abstract classes, metaclasses, subclasses met at one site.
def abstract():
    import abc

    class Base(abc.ABC):
        @abc.abstractmethod
        def method(self):
            pass

        def __init__(self, a):
            self.a = a

    class Concrete(Base):
        def method(self):
            return self.a

    class Meta(type):
        def __call__(cls, *arguments):
            return ("meta", super().__call__(*arguments).a)

    class WithMeta(metaclass=Meta):
        def __init__(self, a):
            self.a = a

    out = []
    for i in range(60):
        cls = Base if i % 20 == 19 else WithMeta if i % 5 == 4 else Concrete
        try:
            made = cls(i)
            out.append(made if type(made) is tuple else made.method())
        except TypeError as error:
            out.append(str(error)[:40])
    print(out[15:22], out[-3:])
    for i in range(40):
        made = WithMeta(i)
        assert made == ("meta", i)
        if i == 30:
            Concrete.__abstractmethods__ = frozenset(["method"])
        if i == 29 or i == 31:
            try:
                print(Concrete(i).a)
            except TypeError as error:
                print(error)
                Concrete.__abstractmethods__ = frozenset()


abstract()


# Long chains die without exhausting the stack, in the same order.
class Link:
    def __init__(self, following, number):
        self.following = following
        self.number = number


class LinkSlots:
    __slots__ = ("following", "number")

    def __init__(self, following, number):
        self.following = following
        self.number = number


class LoudLink(Link):
    def __del__(self):
        died.append(self.number)


died = []


def chains():
    for cls in (Link, LinkSlots, LoudLink):
        head = None
        for i in range(100000 if cls is not LoudLink else 300):
            head = cls(head, i)
        del head
    print(len(died), died[:60], died[-60:])
    for i in range(3):
        head = None
        for j in range(5000):
            head = Link(head, j)
        while head is not None:
            head = head.following


chains()


# Nothing is lost or found: instances are what the collector counts them to be.
def collected():
    gc.collect()
    before = sum(1 for o in gc.get_objects() if type(o) in (Plain, Link, Slotted))
    keep = [Plain(i, i) for i in range(500)]
    ring = []
    for i in range(200):
        a = Link(None, i)
        a.following = a
        ring.append(weakref.ref(a))
    del a
    gc.collect()
    print(sum(r() is not None for r in ring), gc.is_tracked(keep[3]))
    print(sum(1 for o in gc.get_objects() if type(o) in (Plain, Link, Slotted)) - before)
    del keep
    print(sum(1 for o in gc.get_objects() if type(o) in (Plain, Link, Slotted)) - before)
    gc.disable()
    for i in range(3000):
        Plain(i, Plain(i, 0))
    gc.enable()
    gc.collect()
    print(sum(1 for o in gc.get_objects() if type(o) in (Plain, Link, Slotted)) - before)


collected()


# A destructor that resurrects, and one that changes the class while its instance dies.
kept = []


class Phoenix:
    def __init__(self, n):
        self.n = n

    def __del__(self):
        if len(kept) < 3:
            kept.append(self)


def rising():
    for i in range(30):
        Phoenix(i)
    print([p.n for p in kept])
    kept.clear()

    class Dying:
        def __init__(self, part):
            self.part = part

    class Part:
        def __del__(self):
            Dying.shared = 5
            Dying(None)

    for i in range(30):
        Dying(Part())
    print(Dying.shared)


rising()


def in_a_class_that_dies():
    def make():
        class Short:
            def __init__(self, a):
                self.a = a

        return Short(1), weakref.ref(Short)

    dead = 0
    for i in range(30):
        instance, ref = make()
        del instance
        gc.collect() if i % 10 == 9 else None
        dead += ref() is None
    print(dead > 0)


in_a_class_that_dies()


def from_module():
    import fractions
    import types

    space = types.SimpleNamespace
    module = types.ModuleType("module")
    module.Plain = Plain
    total = 0
    for i in range(40):
        total += module.Plain(i, 1).a
        if i == 30:
            module.Plain = lambda a, b: space(a=1000)
    print(total, fractions.Fraction(4, 6))


from_module()
