"""Calling classes: __init__ and __new__ of every sort, errors, metaclasses, reference counts and who dies when."""
import abc
import collections
import dataclasses
import enum
import sys
import weakref


def make(cls, *arguments):
    return cls(*arguments)


def attempt(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def make0(cls):
    try:
        return cls()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def make1(cls, a):
    try:
        return cls(a)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def make_named(cls, a):
    try:
        return cls(a=a)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def describe(value):
    return value if isinstance(value, str) else (type(value).__name__, getattr(value, "__dict__", None))


class Empty:
    pass


class Init:
    def __init__(self, a, b=2):
        self.a = a
        self.b = b


class InitFails:
    def __init__(self, a=0):
        self.a = a
        raise ValueError("init failed")


class ReturnsSomething:
    def __init__(self, a=0):
        return 5


class ReturnsGenerator:
    def __init__(self, a=0):
        yield a


class ReturnsSelf:
    def __init__(self, a=0):
        return self


class AllShapes:
    def __init__(self, *args, key="k", **kw):
        self.all = (args, key, sorted(kw.items()))


class New:
    def __new__(cls, *args):
        self = object.__new__(cls)
        self.from_new = args
        return self


class NewAndInit:
    def __new__(cls, *args, **kw):
        return object.__new__(cls)

    def __init__(self, a=1):
        self.a = a


class NewOther:
    def __new__(cls, *args):
        return 42

    def __init__(self, *args):
        print("never")


class NewSubclass:
    def __new__(cls, *args):
        return object.__new__(SubOfNew)


class SubOfNew(NewSubclass):
    def __init__(self, *args):
        self.sub = args


class Inherits(Init):
    pass


class Extends(Init):
    def __init__(self, a):
        super().__init__(a, "from extends")
        self.c = 3


class Slots:
    __slots__ = ("a",)

    def __init__(self, a=0):
        self.a = a


class FromDict(dict):
    def __init__(self, a=()):
        super().__init__(a)
        self.extra = 1


class FromTuple(tuple):
    def __init__(self, a=()):
        self.extra = 2


class FromInt(int):
    def __new__(cls, a=0):
        return super().__new__(cls, 7)


class FromException(Exception):
    def __init__(self, a=0):
        super().__init__("message", a)
        self.a = a


class PlainException(Exception):
    pass


class Abstract(abc.ABC):
    def __init__(self, a=0):
        self.a = a

    @abc.abstractmethod
    def method(self):
        ...


class Concrete(Abstract):
    def method(self):
        return self.a


class Meta(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.by_meta = True
        return made


class WithMeta(metaclass=Meta):
    def __init__(self, a=0):
        self.a = a


class QuietMeta(type):
    pass


class WithQuietMeta(metaclass=QuietMeta):
    def __init__(self, a=0):
        self.a = a


class InitIsStatic:
    @staticmethod
    def __init__(a=0):
        pass


class InitIsCallable:
    __init__ = print


class InitIsNone:
    __init__ = None


class InitIsPartial:
    __init__ = __import__("functools").partialmethod(lambda self, a=0, b=1: setattr(self, "got", (a, b)), b=9)


@dataclasses.dataclass
class Data:
    a: int = 0
    rest: list = dataclasses.field(default_factory=list)


Named = collections.namedtuple("Named", "a", defaults=(1,))


class Color(enum.Enum):
    RED = 0
    BLUE = 5


CLASSES = [object, Empty, Init, InitFails, ReturnsSomething, ReturnsGenerator, ReturnsSelf, AllShapes, New, NewAndInit, NewOther, NewSubclass,
           SubOfNew, Inherits, Extends, Slots, FromDict, FromTuple, FromInt, FromException, PlainException, Abstract, Concrete,
           WithMeta, WithQuietMeta, InitIsStatic, InitIsCallable, InitIsNone, InitIsPartial, Data, Named, Color,
           int, str, list, tuple, dict, bytes, float, type, bool, range, ValueError, super, property]
for round_ in range(3):
    for cls in CLASSES:
        if cls in (str, bytes, type, super, property, object):
            print(cls.__name__, type(make0(cls)).__name__, type(make1(cls, 5)).__name__, describe(make_named(cls, 5)) if cls is object else "")
            continue
        print(cls.__name__, describe(make0(cls)), describe(make1(cls, ())), describe(make_named(cls, (1,))) if cls is not Color else "")
for number in range(3000):
    one = Init(number)
    two = AllShapes(number, key=2, extra=3)
    assert one.a == number and two.all == ((number,), 2, [("extra", 3)])

# The class changes between calls.
for step in range(10):
    if step == 1:
        Init.__init__ = lambda self, a=0: setattr(self, "lambda_", a)
    if step == 3:
        Init.__new__ = lambda cls, *args: object.__new__(Inherits)
    if step == 5:
        del Init.__new__
    if step == 6:
        del Init.__init__
    if step == 8:
        Init.__init__ = InitFails.__init__
    print(step, describe(make1(Init, step)), describe(make0(Init)), describe(make1(Inherits, step)))
Empty.__init__ = lambda self, a: setattr(self, "a", a)
print(describe(make0(Empty)), describe(make1(Empty, 1)))
Empty.__slots__ = ()
del Empty.__init__
print(describe(make0(Empty)), describe(make1(Empty, 1)))
Meta.__call__ = lambda cls, *args: ("meta says", args)
print(make1(WithMeta, 1))
del Meta.__call__
print(describe(make1(WithMeta, 1)))
QuietMeta.__call__ = lambda cls, *args: ("quiet no more", args)
print(make1(WithQuietMeta, 1))
del QuietMeta.__call__
print(describe(make1(WithQuietMeta, 1)))
Concrete.__abstractmethods__ = frozenset({"made_up"})
print(make0(Concrete))
Concrete.__abstractmethods__ = frozenset()
print(describe(make0(Concrete)))

# Reference counts inside __init__, functions, methods, properties.
class Counts:
    def __init__(self, a, b=None, *rest, k=None):
        self.counts = (sys.getrefcount(self), sys.getrefcount(a), sys.getrefcount(b) if b is not None else None)


class Thing:
    pass


def positional():
    return [Counts(Thing()).counts for _ in range(3)], [Counts(Thing(), Thing()).counts for _ in range(3)]


def held():
    thing = Thing()
    return Counts(thing).counts, sys.getrefcount(thing)


for _ in range(3):
    print(positional(), held())


class Mortal:
    def __init__(self, label):
        self.label = label

    def __del__(self):
        print("dies", self.label, end="; ")


class Dropper:
    def __init__(self, mortal):
        print("dropping", end="; ")
        del mortal
        print("dropped", end="; ")


class Failing:
    def __init__(self, mortal):
        self.mortal = mortal
        raise KeyError("failing")

    def __del__(self):
        print("failing dies", end="; ")


def dropper():
    Dropper(Mortal("argument"))
    print("after")


def failing():
    try:
        Failing(Mortal("held"))
    except KeyError:
        print("caught", end="; ")
    print("after")


def discarded():
    Mortal("at once")
    print("after")


def chained():
    return Mortal("chained").label


for _ in range(3):
    dropper()
    failing()
    discarded()
    print(chained())


class Weak:
    def __init__(self):
        self.reference = weakref.ref(self)


for _ in range(3):
    weak = Weak()
    reference = weak.reference
    print(reference() is weak, end=" ")
    del weak
    print(reference())


# A class that dies: its call sites must not keep it alive.
def passing():
    class Local:
        def __init__(self, a):
            self.a = a

    Local(1)
    return weakref.ref(Local)


import gc

references = [passing() for _ in range(5)]
gc.collect()
print([reference() for reference in references])
