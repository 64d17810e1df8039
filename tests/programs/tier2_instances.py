"""Instances made in line by tier-2 code, their __init__ built into the caller: what is in them, in which order, errors, exits from the
middle, changed classes, and what lives how long."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import gc
import sys
import traceback


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b=3):
        self.b = b
        self.a = a


def points(n):
    total = 0
    for i in range(n):
        p = Point(i, i * 2)
        s = Slots(p.x)
        q = Slots(b=p.y, a=s.a)
        total += p.x + p.y + s.a + s.b + q.a * q.b
    return total, list(p.__dict__.items()), s.b, q.a


print(points(3000), points(10))


# ---- The order of insertion, attributes twice, identity ----

class Order:
    def __init__(self, flag, value):
        if flag:
            self.first = value
            self.second = value
        else:
            self.second = value
            self.first = value
        self.first = self.second


def orders(n):
    seen = []
    for i in range(n):
        o = Order(i % 3 == 0, i + 1000)
        if i >= n - 6:
            seen.append((list(vars(o)), o.first is o.second, o.first))
    return seen


print(orders(3000))


# ---- Base classes, conditional and early returns, defaults, keywords ----

class Base:
    def __init__(self, name, size=7):
        self.name = name
        self.size = size
        if size > 100:
            return
        self.small = True


class Derived(Base):
    def __init__(self, name, extra=(1, 2), *, more=None):
        super().__init__(name, len(extra))
        self.extra = extra
        self.more = more


def derived(n):
    counts = [0, 0]
    for i in range(n):
        b = Base("b", i)
        d = Derived("d", (i,))
        counts[0] += hasattr(b, "small")
        counts[1] += d.size
    return counts, b.__dict__, d.__dict__


print(derived(2500))


# ---- Errors in __init__, with traceback; a result that is not None ----

class Fails:
    def __init__(self, divisor):
        self.before = divisor
        self.value = 10 // divisor


class Returns:
    def __init__(self, result):
        self.result = result
        return result


def fails(divisors):
    total = 0
    for d in divisors:
        total += Fails(d).value
    return total


def returns(values):
    last = None
    for v in values:
        last = Returns(v)
    return last.result


print(fails([1, 2, 5] * 1000))
for i in range(3):
    try:
        fails([1] * 50 + [0])
    except ZeroDivisionError as error:
        frames = traceback.extract_tb(error.__traceback__)
        print([(f.name, f.lineno - fails.__code__.co_firstlineno) for f in frames])
        inner = error.__traceback__.tb_next
        made = inner.tb_next.tb_frame.f_locals
        print(made["divisor"], vars(made["self"]))
print(returns([None] * 3000))
for i in range(2):
    try:
        returns([None] * 10 + [5])
    except TypeError as error:
        print(error)


# ---- Who dies when ----

class Noisy:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        self.log.append(self.name)


class Holder:
    def __init__(self, noisy, other):
        self.noisy = noisy
        other = None


class Forgets:
    def __init__(self, noisy, other):
        noisy = None
        self.other = other
        self.count = sys.getrefcount(other)


def deaths(n):
    log = []
    for i in range(n):
        Holder(Noisy(i, log), Noisy(-i, log))
        log.append("between")
        kept = Holder(Noisy(i + 0.5, log), None)
        f = Forgets(Noisy("gone", log), Noisy("kept", log))
        log.append(f.count)
        if i < n - 2:
            log.clear()
    log.append("end")
    del kept
    return log


print(deaths(1500))


# ---- The class changes while the loop runs ----

class Changing:
    def __init__(self, v):
        self.v = v


def other_init(self, v):
    self.w = v
    self.v = -v


def changing(n, when, what):
    total = 0
    for i in range(n):
        if i == when:
            what()
        c = Changing(i)
        total += c.v
    return total, list(c.__dict__)


plain_init = Changing.__init__
print(changing(3000, -1, None))
print(changing(3000, 2500, lambda: setattr(Changing, "__init__", other_init)))
print(changing(300, 100, lambda: setattr(Changing, "__init__", plain_init)))
print(changing(300, 100, lambda: setattr(Changing, "__new__", lambda cls, v: object.__new__(cls))))
try:
    changing(300, 100, lambda: delattr(Changing, "__new__"))
except TypeError as error:
    print(error)


class Changing:
    def __init__(self, v):
        self.v = v


plain_init = Changing.__init__
print(changing(1500, -1, None))
plain_init.__code__ = other_init.__code__
print(changing(300, 100, lambda: None))
Changing.v = property(lambda self: 5, lambda self, v: None)
print(changing(300, 100, lambda: None))


# ---- What a callee of __init__ sees ----

def look(deep):
    names = []
    frame = sys._getframe(1)
    while frame is not None and len(names) < deep:
        names.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        frame = frame.f_back
    return names


class Looks:
    def __init__(self, when, i):
        self.i = i
        self.seen = look(2) if i == when else None


def looking(n, when):
    seen = None
    for i in range(n):
        seen = Looks(when, i).seen or seen
    return seen


print(looking(2000, 1999), looking(50, 7))


# ---- Depth of recursion ----

class Deep:
    def __init__(self, n):
        self.n = n
        self.inner = Deep(n - 1) if n else None


def depth_of(n):
    deep = Deep(n)
    count = 0
    while deep is not None:
        deep = deep.inner
        count += 1
    return count


print([depth_of(5) for _ in range(1500)][-1])
try:
    depth_of(100000)
except RecursionError as error:
    print(error)


# ---- Collections while instances are made; cycles ----

class Node:
    def __init__(self, other):
        self.me = self
        self.other = other


def cycles(n):
    node = None
    for i in range(n):
        node = Node(node if i % 4 else None)
    return node.other is None


print(cycles(20000), gc.is_tracked(Node(None)))


# ---- Subclass of the class, polymorphic call of classes ----

def many_classes(n):
    total = 0
    classes = (Point, Point, lambda x, y: Slots(x, y), Order)
    for i in range(n):
        c = classes[i % 4](i, 2)
        total += getattr(c, "x", 1) + getattr(c, "a", 1) + getattr(c, "second", 1)
    return total


print(many_classes(3000))
