"""Calls of objects with a Python __call__: arguments of every shape, changed classes, errors, counts, recursion."""
import sys
import traceback


class Adder:
    def __init__(self, n):
        self.n = n

    def __call__(self, a, b=10, *rest, c=3, **more):
        return self.n + a + b + sum(rest) + c + sum(more.values())


class Counting:
    def __call__(self, a, b=5):
        return sys.getrefcount(self), sys.getrefcount(a), b == 5 or sys.getrefcount(b)


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, end="; ")

    def __call__(self, a, b):
        a = b = None
        print("in", self.name, end=" ")


def use(n):
    adder = Adder(1)
    total = 0
    for i in range(n):
        total += adder(i) + adder(i, 1) + adder(i, 1, 2, c=4) + adder(i, d=5) + adder(a=i) + adder(*(1, 2), **{"x": 1})
    return total


print(use(200))


def ownership():
    counting = Counting()
    for i in range(40):
        x, y = object(), []
        found = counting(x), counting(x, y), Counting()(x, y)
        Loud("self")(Loud("a"), Loud("b"))
        print("after", end="\n" if i % 10 == 9 else " ")
    print(found, sys.getrefcount(counting), sys.getrefcount(x), sys.getrefcount(y))


ownership()


def changing():
    class C:
        def __call__(self, a):
            return "first", a

    c = C()
    out = []
    for i in range(100):
        if i == 20:
            C.__call__ = lambda self, a: ("second", a)
        if i == 30:
            C.__call__ = staticmethod(lambda a: ("static", a))
        if i == 40:
            C.__call__ = str
        if i == 50:
            C.__call__ = classmethod(lambda cls, a: (cls.__name__, a))
        if i == 60:
            del C.__call__
        if i == 70:
            c.__call__ = lambda a: "instance"
        if i == 80:
            C.__call__ = Adder(5)
        try:
            made = c(i)
        except TypeError as error:
            made = str(error)
        if i % 10 == 5:
            out.append(made)
    print(out)


changing()


def errors():
    class C:
        def __call__(self, a):
            raise ValueError(a)

    class D(C):
        def __call__(self, a, b):
            return super().__call__(a)

    for i in range(40):
        for callee, arguments in ((C(), (1,)), (D(), (1, 2)), (C(), ()), (D(), (1,))):
            try:
                if len(arguments) == 1:
                    callee(1)
                elif arguments:
                    callee(1, 2)
                else:
                    callee()
            except (ValueError, TypeError):
                if i == 39:
                    print(traceback.format_exc())


errors()


class Deep:
    depth = 0

    def __call__(self, n):
        Deep.depth = n
        return self(n + 1)


def too_deep():
    found = []
    for _ in range(3):
        try:
            Deep()(0)
        except RecursionError as error:
            found.append((Deep.depth, str(error)))
    print(found)


too_deep()


class Decorator:
    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)

    def __get__(self, owner, kind=None):
        return self if owner is None else lambda *args: self(owner, *args)


class Holder:
    @Decorator
    def method(self, a, b=2):
        return a + b


@Decorator
def function(a, b=1):
    return a * b


total = sum(function(i) + function(i, b=2) + Holder().method(i) + Holder().method(i, 1) for i in range(200))
print(total, function.calls, Holder.method.calls)
