"""Objects that compiled code does without, where ways come together and in loops: tuples and instances that are another one in each turn, chosen on
one of several ways, with objects in them; left in the middle, kept once in a while, of other shapes at times."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc,tier2-fail-alloc
import gc
import sys

ROUNDS = 400
events = []


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def plus(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def turned(self):
        if self.x > self.y:
            return Point(self.y, self.x)
        return Point(-self.x, self.y + 1)

    def either(self, flag):
        if flag:
            return self
        return Point(self.y, self.x)


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def plus(self, other):
        return Slots(self.x + other.x, self.y + other.y)


class Pair:
    def __init__(self, first, second):
        self.first = first
        self.second = second

    def swapped(self):
        return Pair(self.second, self.first)


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        events.append(self.name)


class Finalized:
    def __init__(self, x):
        self.x = x

    def __del__(self):
        events.append(("finalized", self.x))


class Late:
    def __init__(self, flag):
        if flag:
            self.a = 1
            self.b = 2
        else:
            self.b = 2
            self.a = 1
        self.c = 3


def walking(n):
    p = Point(0.5, 1.0)
    step = Point(0.25, -0.5)
    for i in range(n):
        p = p.plus(step)
    return p.x, p.y


def walking_slots(n):
    p = Slots(0.0, 1.0)
    for i in range(n):
        p = p.plus(Slots(0.5, i))
    return p.x, p.y, type(p) is Slots


def turning(n):
    p = Point(1, 2)
    for i in range(n):
        p = p.turned()
        p.x = p.x % 7
    return p.x, p.y


def choosing(n):
    p = Point(1.5, 2.5)
    same = 0
    for i in range(n):
        q = p.either(i % 3)
        same += q is p
        p = q.plus(q)
        if p.x > 1000:
            p = Point(1.0, i)
    return p.x, p.y, same


def swapping(n):
    a, b = ["a"], ["b"]
    p = Pair(a, b)
    for i in range(n):
        p = p.swapped()
        assert (p.first is a) == (i % 2 == 1)
    del p
    return sys.getrefcount(a), sys.getrefcount(b)


def nesting(n):
    p = Pair(Point(0.0, 0.0), Point(1.0, 1.0))
    for i in range(n):
        p = Pair(p.second.plus(p.first), Point(p.first.x - 1.0, 0.5))
        if p.first.x > 100.0 or p.first.x < -100.0:
            p.first.x = 0.25
    return p.first.x, p.first.y, p.second.x, p.second.y


def fibonacci(n):
    t = 0, 1
    for i in range(n):
        a, b = t
        t = b, (a + b) % 10007
    return t


def changing_kind(n):
    p = Point(1, 1)
    seen = []
    for i in range(n):
        if i == n - 30:
            p = Point(0.5, 1)
        if i == n - 20:
            p = Point("s", "t")
        if i == n - 10:
            p = Slots(1, 2)
        p = p.plus(p) if type(p) is Point and type(p.x) is not str else p
        if i % 10 == 0:
            p = type(p)(1, 1)
        if i > n - 32:
            seen.append((type(p).__name__, p.x, p.y))
    return seen[-1], seen[0], len(seen), len(set(seen))


def kept(n):
    out = []
    p = Point(0, 0)
    for i in range(n):
        p = p.plus(Point(1, 2))
        if i % 150 == 149:
            out.append(p)
    return [(q.x, q.y) for q in out], out[-1] is p, p.__dict__


def dying(n):
    p = Pair(Noisy("a"), Noisy("b"))
    for i in range(n):
        p = Pair(Noisy("c%d" % i), p.first)
        events.append("turn")
    p = None
    result = events[:7], events[-5:], len(events)
    events.clear()
    return result


def finalized(n):
    p = None
    for i in range(n):
        p = Finalized(i)
        q = Finalized(-i)
        q = None
    p = None
    result = events[:4], len(events)
    events.clear()
    return result


def ordered(n):
    out = set()
    for i in range(n):
        late = Late(i % 2)
        a = late.a
        if i > n - 5:
            out.add(tuple(late.__dict__))
    return sorted(out), list(late.__dict__)


def shared(n):
    """Two names of one object; changed through one, seen through the other."""
    total = 0
    for i in range(n):
        p = Point(i, 1)
        q = p
        p.x = p.x + 1
        q.y = q.x + i
        total += p.y + (p is q) + (p is not q)
        r = Pair(p, q)
        r.first.x = 0.5
        total += r.second.x
    return total, p.x, q.y


def own_cycle(n):
    count = 0
    for i in range(n):
        p = Pair(None, None)
        p.first = p
        count += p.first.first is p
        p.first = None
    return count


def callee_locals():
    frame = sys._getframe(1)
    return {name: (value.x, value.y) for name, value in frame.f_locals.items() if isinstance(value, Point)}


def seen(n):
    p = Point(1, 2)
    for i in range(n):
        p = Point(p.y % 100, p.x + 1)
        q = p
        if i == n - 2:
            found = callee_locals()
    return found, p is q, sys.getrefcount(p)


def unwinding(n):
    out = []
    for i in range(n):
        p = Point(i, n - 3 - i)
        try:
            q = Point(p.x, 10 // p.y)
        except ZeroDivisionError as error:
            out.append((p.x, p.y, error.__traceback__.tb_frame.f_locals["p"] is p))
    return out, q.x


def class_changes(n):
    out = []
    for i in range(n):
        p = Point(i, 1)
        if i == n - 10:
            Point.extra = 5
        if i == n - 5:
            Point.x = property(lambda self: "property", lambda self, value: None)
        q = p.plus(p) if i < n - 5 else p
        out.append((q.x, p.y, getattr(p, "extra", None)))
    del Point.x, Point.extra
    return out[0], out[-11:-9], out[-5:]


def classes_counted(n):
    before = sys.getrefcount(Point)
    for i in range(n):
        p = Point(i, 1)
        q = p.plus(p)
    during = sys.getrefcount(Point)
    del p, q
    return during - before, sys.getrefcount(Point) - before


def collected(n):
    for i in range(n):
        p = Point(i, [i])
        q = Pair(p, p)
        if i % 100 == 50:
            gc.collect()
            assert sum(o is p.y for o in gc.get_objects()) == 1
            assert gc.is_tracked(q) and gc.is_tracked(p)
    return q.first is q.second, p.y


def main():
    functions = (walking, walking_slots, turning, choosing, swapping, nesting, fibonacci, changing_kind, kept, dying,
                 finalized, ordered, shared, own_cycle, seen, unwinding, class_changes, classes_counted, collected)
    for function in functions:
        for turn in range(2):
            print(function.__name__, function(ROUNDS + turn))


main()
