"""Methods of receivers of several classes, operators of classes, and loops in inlined functions: results, orders, errors, exits from the
middle, changes under way."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import sys
import traceback


class Shape:
    def __init__(self, size):
        self.size = size

    def area(self, factor):
        return self.size * factor

    def same(self):
        return self.size + 1


class Square(Shape):
    def area(self, factor):
        return self.size * self.size * factor


class Circle(Shape):
    def area(self, factor):
        if factor > 5:
            return 1
        return self.size * 3.0


class Odd(Circle):
    def __init__(self, size):
        super().__init__(size)
        self.more = 1


class Fails(Shape):
    def area(self, factor):
        return self.size / (factor - factor)


def areas(n, things):
    total = 0
    for i in range(n):
        thing = things[i % len(things)]
        total += thing.area(i if i % 3 else 4) + thing.same()
    return total


things = [Shape(1), Square(2), Circle(3), Odd(4)]
print(areas(3000, things), areas(7, things))
print(areas(500, [Square(1), Shape(2)]), areas(500, [Odd(1)] * 3))
for i in range(3):
    try:
        areas(40, things * 3 + [Fails(5)])
    except ZeroDivisionError as error:
        print([(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)])
        frame = error.__traceback__.tb_next.tb_next.tb_frame
        print(frame.f_locals["factor"], frame.f_back is not None)

# An instance hides the method; a class gets another; an instance changes its class.
things[1].area = lambda factor: -1000
print(areas(400, things))
del things[1].area
things[2].same = lambda: 50000
print(areas(400, things))
Circle.area = lambda self, factor: self.size
print(areas(400, things))
things[0].__class__ = Odd
print(areas(400, things))


class Many:
    def area(self, factor=2):
        return 7

    same = staticmethod(lambda: 3)


print(areas(400, things + [Many(), Square(1.5)]))
del Square.area
print(areas(400, things))


# ---- Arguments that branch and call in between; arguments in order ----

order = []


def note(x):
    order.append(x)
    return x


class One:
    def take(self, a, b=10, *, c=1):
        return a + b

    def plain(self, a, b):
        return (a, b)


class Two:
    def take(self, a, b=20):
        return a - b

    def plain(self, a, b):
        return (b, a)


def arguments(n):
    result = 0
    last = None
    takers = One(), Two()
    for i in range(n):
        taker = takers[i & 1]
        result += taker.take(note(i) if i > 5 else -i, 3 if i % 2 and i % 3 else note(4))
        last = taker.plain(takers[1 - (i & 1)].take(i), taker.take(2))
        if len(order) > 20:
            del order[:]
    return result, last


print(arguments(2000), order)


# ---- Operators ----

class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        if not isinstance(other, Vector):
            return NotImplemented
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __truediv__(self, other):
        return NotImplemented if other == 0 else Vector(self.x / other, self.y / other)

    def __repr__(self):
        return f"<{self.x} {self.y}>"


class Sub(Vector):
    __slots__ = ()

    def __radd__(self, other):
        return "radd"

    def __rsub__(self, other):
        return "rsub"


class Right:
    def __radd__(self, other):
        return Vector(other.x, 1000)


def vectors(n):
    total = Vector(0.0, 1.0)
    step = Vector(0.5, 0.25)
    for i in range(n):
        total = total + step * 2 - step
        total += step
        if total @ step > 100.0:
            total = total / 4
    return total


print(vectors(3000), vectors(10))


def add_all(left, values):
    last = None
    for value in values:
        last = left + value
    return last


v = Vector(1, 2)
print(add_all(v, [Vector(i, 1) for i in range(2000)]))
print(add_all(v, [Vector(1, 1)] * 20 + [Right()]), add_all(v, [Vector(1, 1)] * 3 + [Sub(1, 1)]))
for wrong in (3, None, "x"):
    try:
        add_all(v, [Vector(1, 1)] * 20 + [wrong])
    except TypeError as error:
        print(error)


def divide_all(left, values):
    last = None
    for value in values:
        last = left / value
    return last


print(divide_all(v, [2] * 2000))
for i in range(2):
    try:
        divide_all(v, [2] * 10 + [0])
    except TypeError as error:
        print(error)


class Counted:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __add__(self, other):
        self.log.append((sys.getrefcount(self), sys.getrefcount(other)))
        return self

    def __sub__(self, other):
        other = None
        return 5

    def __del__(self):
        self.log.append(self.name)


def counted(n):
    log = []
    for i in range(n):
        Counted(log, "left") - Counted(log, "right")
        log.append("between")
        c = Counted(log, "kept") + Counted(log, "gone")
        log.append("after")
        c = None
        if i < n - 1:
            del log[:]
    return log


print(counted(1200))


# ---- Loops in inlined functions; locals that are not always bound ----

class Bag:
    def __init__(self, items):
        self.items = items

    def total(self, start=0):
        result = start
        for item in self.items:
            result += item
        return result

    def find(self, wanted):
        for item in self.items:
            if item == wanted:
                found = item
        return found

    def last(self):
        for item in self.items:
            pass
        return item

    def count_down(self, n):
        steps = 0
        while n > 0:
            n -= 2
            steps += 1
        return steps, n

    def longest(self):
        best = None
        length = -1
        for item in self.items:
            if item > length:
                best = item
                length = item
        return best


def bags(n):
    bag = Bag([1, 5, 3, 2])
    results = 0
    for i in range(n):
        results += bag.total() + bag.find(3) + bag.last() + bag.count_down(i % 9)[0] + bag.longest()
        results += bag.total(i)
    return results


print(bags(2000))


def finding(n, bags, wanted):
    total = 0
    for i in range(n):
        total += bags[i % len(bags)].find(wanted)
    return total


print(finding(2000, [Bag([1, 2, 3])], 2))
for items in ([1, 3], [], [2.0], [2 ** 70, 2], "ab"):
    for i in range(2):
        try:
            print(finding(60, [Bag([1, 2, 3])] * 50 + [Bag(items)], 2))
        except UnboundLocalError as error:
            print(error)
            print([(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)])


def lasts(n, bags):
    total = 0
    for i in range(n):
        total += bags[i % len(bags)].last()
    return total


print(lasts(1500, [Bag([4])]))
for i in range(2):
    try:
        lasts(60, [Bag([4]), Bag([1.5])] * 20 + [Bag([])])
    except UnboundLocalError as error:
        frame = error.__traceback__.tb_next.tb_frame
        print(error, sorted(frame.f_locals))


class Chain:
    def __init__(self, value, following):
        self.value = value
        self.following = following

    def end(self):
        node = self
        while node.following is not None:
            node = node.following
        return node

    def append(self, other):
        last = self
        while last.following is not None:
            last = last.following
        last.following = other
        return self


def chains(n):
    total = 0
    for i in range(n):
        chain = Chain(i, None).append(Chain(i + 1, None)).append(Chain(2, Chain(i + 2, None)))
        total += chain.end().value
    return total


print(chains(2000))


class Dies:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __del__(self):
        self.log.append(self.name)


def keeps_one(log, n):
    held = Dies(log, "first")
    for i in range(n):
        held = Dies(log, i)
        log.append("made")
    log.append("done")
    return n


def keeping(n):
    log = []
    for i in range(n):
        keeps_one(log, 2)
        log.append("returned")
        if i < n - 1:
            del log[:]
    return log


print(keeping(1000))
