"""Attributes in hot loops of tier 2: found, shadowed, deleted, of classes that change in the middle; floats and ints updated in place."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import sys


class Plain:
    scale = 3

    def __init__(self, x=1.0, n=0):
        self.x = x
        self.n = n
        self.other = None

    def get(self):
        return self.x


class Slots:
    __slots__ = ("x", "n", "other")

    def __init__(self, x=1.0, n=0):
        self.x = x
        self.n = n
        self.other = None

    def get(self):
        return self.x


class Hooked(Plain):
    def __getattr__(self, name):
        return ("hook", name)


class WithProperty:
    def __init__(self):
        self._x = 1.5
        self.n = 0

    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, value):
        self._x = value


def update(o, turns):
    for i in range(turns):
        o.x = o.x * 1.0001 + 0.5
        o.n += i
    return o.x, o.n


def shared_box(o, turns):
    seen = []
    for i in range(turns):
        a = o.x
        o.x += 1.0
        if i % 97 == 0:
            seen.append((a, o.x, a is o.x))
    return seen, o.x


def shared_int(o, turns):
    kept = 0
    for i in range(turns):
        before = o.n
        o.n = before * 3 + 100000 if before < 10**8 else before - 99999937
        kept += before is o.n
        kept += before != o.n
    return kept, o.n


def int_sizes(o, turns):
    """From small ints through one digit, two and more, and back."""
    out = []
    o.n = 0
    for i in range(turns):
        o.n += 1 << (i % 75)
        if i % 75 == 74:
            out.append(o.n)
            o.n = -(i & 15)
        o.n -= 3
    return out, o.n


def two_names(a, b, turns):
    total = 0.0
    for i in range(turns):
        a.x = a.x + 0.25
        total += b.x
        b.x = b.x * 0.5
        total -= a.x
    return total, a.x, b.x, a.x is b.x


def identity(o, turns):
    same = 0
    for i in range(turns):
        a = o.x
        b = o.x
        same += a is b
        o.x = a
        same += o.x is a
        if i % 10 == 0:
            o.x = a + 0.5
    return same


def nan_identity(turns):
    o = Plain(float("nan"))
    hits = 0
    for i in range(turns):
        x = o.x
        hits += x is o.x
        hits += o.x == o.x
        hits += [x] == [o.x]
    return hits


def counts_of(o, turns):
    """sys.getrefcount of a float in an attribute, seen by a callee."""
    seen = set()
    for i in range(turns):
        o.x = i * 0.5
        seen.add(sys.getrefcount(o.x))
        a = o.x
        seen.add(sys.getrefcount(o.x))
        del a
    return sorted(seen)


def reads(o, turns):
    total = 0
    for i in range(turns):
        total += o.n + o.scale
    return total


def missing(objects, turns):
    found = 0
    for i in range(turns):
        try:
            found += objects[i % len(objects)].n
        except AttributeError as error:
            found += 1000
            line = error.__traceback__.tb_lineno
            found += line * 0
    return found


def changing_class(turns):
    o = Plain(2.0, 5)
    total = 0
    for i in range(turns):
        if i == turns // 3:
            Plain.scale = 7
        elif i == turns // 2:
            o.scale = 11
        elif i == turns * 2 // 3:
            o.__class__ = Hooked
        elif i == turns * 3 // 4:
            del o.scale
        elif i == turns * 4 // 5:
            del o.n
            o.n = 6
        elif i == turns * 5 // 6:
            o.__dict__["n"] = 8
        elif i == turns * 6 // 7:
            del Plain.scale
            o.scale = 1
        total += o.scale + o.n
    if "scale" not in Plain.__dict__:
        Plain.scale = 3
    return total, type(o).__name__


def call_methods(objects, turns):
    total = 0
    for i in range(turns):
        total += objects[i % len(objects)].get()
    return total


def method_replaced(turns):
    o = Plain(2.0)
    total = 0
    old = Plain.get
    for i in range(turns):
        if i == turns // 3:
            Plain.get = lambda self: 100
        elif i == turns // 2:
            o.get = lambda: 10000
        elif i == turns * 3 // 4:
            del o.get
            Plain.get = old
        total += o.get()
    Plain.get = old
    return total


class Counted:
    alive = 0

    def __init__(self, number, log):
        Counted.alive += 1
        self.number = number
        self.log = log

    def __del__(self):
        Counted.alive -= 1
        if self.number % 50 == 0:
            self.log.append((self.number, sys._getframe(1).f_code.co_name, sys._getframe(1).f_locals["i"]))


def destroyed_by_stores(turns):
    log = []
    o = Plain()
    for i in range(turns):
        o.other = Counted(i, log)
        o.n = i
    del o.other
    return log, Counted.alive


def destroyed_by_number(turns):
    """The old value of a store of a number has a destructor that looks at the frame."""
    log = []
    o = Plain()
    for i in range(turns):
        if i % 40 == 10:
            o.x = Counted(i * 50, log)
        o.x = i * 0.5
        y = i * 2
    return log, o.x, y


class Meddler:
    def __init__(self, target):
        self.target = target

    def __del__(self):
        self.target.x = -1.0
        self.target.other = None


def meddling(turns):
    o = Plain(1.0)
    seen = []
    for i in range(turns):
        if i % 50 == 0:
            o.other = Meddler(o)
        o.x = o.x + 1.0
        if i % 50 == 25:
            o.other = None
            seen.append(o.x)
    return seen, o.x


def swapped(turns):
    a, b = Plain(1.0, 1), Plain(2.0, 2)
    for i in range(turns):
        a.x, b.x = b.x, a.x
        a.n, b.n = b.n, a.n
        a.other, b.other = b, a
    result = a.x, b.x, a.n, b.n, a.other is b
    a.other = b.other = None
    return result


def mixed(turns):
    o = Plain(0)
    out = []
    for i in range(turns):
        o.x = o.x + (1 if i % 3 else 0.5) + (i % 5 == 0)
        if i % 100 == 0:
            out.append((o.x, type(o.x).__name__))
            o.x = i % 2 == 0
    return out


def module_reads(turns):
    total = 0
    for i in range(turns):
        total += sys.maxsize & i
    return total


class Node:
    def __init__(self, value, next):
        self.value = value
        self.next = next


def walk_list(turns):
    head = None
    for i in range(60):
        head = Node(i, head)
    total = 0
    for _ in range(turns):
        node = head
        while node is not None:
            total += node.value
            node = node.next
        node = head
        while node:
            total -= node.value // 2
            node = node.next
    return total


def traceback_of(o, turns):
    import traceback

    try:
        for i in range(turns):
            if i == turns - 5:
                del o.n
            o.n = o.n + 1
    except AttributeError:
        return traceback.format_exc().splitlines()[1:]


def exhausted_versions():
    """A class that changes so often that nothing can be remembered about it."""
    class Changing:
        def __init__(self):
            self.v = 1.0

    o = Changing()
    total = 0.0
    for i in range(2500):
        Changing.extra = i
        o.v += 0.5
        total += o.v + o.extra
    return total


N = 700
for kind in (Plain, Slots, Hooked):
    print(kind.__name__, update(kind(), N), shared_box(kind(), N)[1], shared_box(kind(0.5), 300)[0][:3])
    print(shared_int(kind(), N), int_sizes(kind(), N), identity(kind(0.25), N))
    print(counts_of(kind(), N))
print(update(WithProperty(), N), shared_box(WithProperty(), N)[1])
o = Plain()
print(two_names(o, o, N), two_names(Plain(), Plain(2.0), N), two_names(Slots(), o, N))
print(nan_identity(N))
print(reads(Plain(), N), reads(Hooked(), N))
bare = Plain()
del bare.n
print(missing([Plain(), Slots()], N), missing([Plain(), bare], N), missing([Hooked(n=2), Slots(), Plain(), WithProperty()], N))
print(changing_class(N), changing_class(N))
print(call_methods([Plain(), Plain()], N), call_methods([Plain(), Slots(), Hooked()], N))
print(method_replaced(N))
print(destroyed_by_stores(N))
print(destroyed_by_number(N))
print(meddling(N))
print(swapped(N))
print(mixed(N))
print(module_reads(N))
print(walk_list(40))
print(traceback_of(Plain(), N))
d = Plain()
d.__dict__
print(update(d, N), sorted(vars(d)), update(d, N))
print(exhausted_versions())
