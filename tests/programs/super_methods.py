"""super().method(...): found without a super object where that is possible, and as always where it is not."""

import sys
import traceback


class Root:
    def method(self, *a):
        return "Root.method", type(self).__name__, a

    @classmethod
    def made(cls, *a):
        return "Root.made", cls.__name__, a

    @staticmethod
    def free(*a):
        return "Root.free", a

    value = 3
    builtin = len

    @property
    def computed(self):
        return lambda *a: ("property", a)

    def counted(self, argument):
        return argument

    def fails(self):
        raise ValueError("fails")


class Left(Root):
    def method(self, *a):
        return ("Left.method",) + super().method(*a)

    @classmethod
    def made(cls, *a):
        return ("Left.made",) + super().made(*a)

    @staticmethod
    def free(*a):
        try:
            return super().free(*a)
        except (RuntimeError, TypeError) as error:
            return str(error)

    def call_all(self):
        return (super().method(1), super().made(2), super().free(3), super().builtin("four"), super().computed(5), super().value)

    @classmethod
    def call_all_of_class(cls):
        return super().method(cls, 1), super().made(2), super().free(3), super().builtin("four"), super().value

    def absent(self):
        return super().nothing(1)

    def counted(self, argument):
        before = sys.getrefcount(self), sys.getrefcount(argument)
        result = super().counted(argument)
        del result
        return before == (sys.getrefcount(self), sys.getrefcount(argument))

    def fails(self):
        return super().fails()

    def not_callable(self):
        return super().value()

    def own_class(self):
        return super().__class__, super().__repr__()[:20], super().__eq__(self), super().__hash__() == hash(self)


class Right(Root):
    def method(self, *a):
        return ("Right.method",) + super().method(*a)

    def call_all(self):
        return ("Right.call_all",) + (super().method(), super().free())


class Both(Left, Right):
    def method(self, *a):
        return ("Both.method",) + super().method(*a)

    def call_all(self):
        return super().call_all()


class Deep(Both):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def __new__(cls, *a):
        return super().__new__(cls)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)

    def __getattribute__(self, name):
        return super().__getattribute__(name)


class Stack(list):
    def append(self, item):
        super().append((item, len(self)))

    def pop(self, *a):
        return super().pop(*a)

    def __getitem__(self, index):
        return super().__getitem__(index)

    def __init_subclass__(cls, **k):
        super().__init_subclass__()
        cls.extra = k


class Meta(type):
    def method(cls, *a):
        return "Meta.method", cls.__name__, a

    def __call__(cls, *a):
        return super().__call__(*a)


class SubMeta(Meta):
    def method(cls, *a):
        return ("SubMeta.method",) + super().method(*a)


class WithMeta(metaclass=SubMeta):
    pass


def guarded(function, *a):
    try:
        return function(*a)
    except Exception as error:
        return type(error).__name__, str(error), [(e.name, e.lineno, e.line) for e in traceback.extract_tb(error.__traceback__)[1:]]


def survey(title):
    print("==", title)
    for make in (Root, Left, Right, Both, lambda: Deep(3)):
        o = make()
        for name in "method made free call_all call_all_of_class absent counted fails not_callable own_class".split():
            function = getattr(o, name, None)
            if function is not None:
                result = guarded(function, *([["x"]] if name == "counted" else []))
                if name == "own_class" and result[0] != "ValueError":
                    result = str(result[0]), *result[2:]
                print(type(o).__name__, name, result)
    s = Stack()
    s.append(1)
    s.append(2)
    print(s, s[0], guarded(s.pop), guarded(s.pop, 0), guarded(s.pop), guarded(s.pop, "x"), guarded(WithMeta.method, 1), type(WithMeta()))


survey("cold")
for _ in range(60):
    for make in (Left, Right, Both):
        o = make()
        o.method(1), o.made(2), o.free(3), o.call_all(), o.counted(4), guarded(o.fails)
    Left.call_all_of_class(), Both.call_all_of_class()
    Deep(1).method(), WithMeta.method(), WithMeta()
    s = Stack()
    s.append(1), s.append(2), s[0], s.pop(), s.pop(), guarded(s.pop)
survey("hot")

Root.method = lambda self, *a: ("replaced", a)
survey("replaced in the root")
Right.method = classmethod(lambda cls, *a: ("class method now", cls.__name__, a))
survey("another kind in the middle")
del Right.method
Left.value = 5
survey("deleted in the middle")
Root.free = Root.__dict__["method"]
survey("static method turned function")
Both.__bases__ = (Right, Left)
survey("other order of bases")


class Sub(Stack, key=1):
    pass


print(Sub.extra)


# ---- Where super() is not what it seems

def outside(self):
    return super().method()


print(guarded(outside, Left()))


class Odd(Root):
    def method(self):
        return "Odd"

    def no_self():
        return super().method()

    def variable(*a):
        return super().method()

    def rebound(self):
        self = Left()
        return super().method()

    def rebound_to_subclass(self):
        self = OddSub()
        return super().method()

    def deleted(self):
        del self
        return super().method()

    def captured(self):
        def inner():
            return self

        return super().method(), inner() is self

    def nested(self):
        return [super().method() for _ in range(2)]

    def inner(self):
        def helper(this):
            return super().method()

        return helper(self), helper(OddSub())

    def generator(self):
        for i in range(3):
            yield super().method(), i

    def keyword(self):
        return super().method(*[1], **{})

    def temporary(self):
        return super().method(super().method(), (super().made(), super().free()))


class OddSub(Odd):
    pass


def all_odd():
    o = Odd()
    for name in "rebound rebound_to_subclass deleted captured nested inner keyword temporary".split():
        print(name, guarded(getattr(o, name)))
    print(guarded(Odd.no_self), guarded(Odd.variable, o), guarded(list, o.generator()))


for _ in range(3):
    all_odd()
for _ in range(50):
    o = Odd()
    guarded(o.rebound), guarded(o.deleted), guarded(o.captured), guarded(o.inner), guarded(list, o.generator()), o.temporary()
all_odd()


class Fake(Root):
    def method(self):
        return super().method()

    def empty(self):
        return super().method()


real_super = super


def fake(*a):
    class Answer:
        def method(self, *a):
            return "fake"

    return Answer()


f = Fake()
for _ in range(40):
    f.method()
super = fake
print(f.method())
super = lambda: 5
print(guarded(f.method))
super = real_super
print(f.method())
del super
print(f.method())


class Endless:
    def go(self, n):
        self.depth = n
        return self.go(n + 1)


class EndlessSub(Endless):
    def go(self, n):
        return super().go(n)


for _ in range(3):
    e = EndlessSub()
    try:
        e.go(0)
    except RecursionError as error:
        print(e.depth, error)


class Watched(Root):
    def __del__(self):
        print("watched dies")

    def method(self, *a):
        return super().method(len(a))


def temporaries():
    print(Watched().method(1, 2))
    print("behind")


for _ in range(3):
    temporaries()
