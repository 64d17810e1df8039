"""Objects that compiled code does without: tuples handed from function to function and unpacked, boxes of numbers; seen by whoever looks at them
after all, in a frame that was left in the middle, in a container, in an exception's frames, by a finalizer."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc,tier2-fail-alloc
import gc
import sys

ROUNDS = 400


def pair(a, b):
    return a, b


def sums(a, b):
    return a + b, a - b


def three(a, b, c):
    return c, a, b


def nested(a, b):
    return (a, b), (b, a)


def chosen(flag, a, b):
    if flag:
        return a, b
    return b, a


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        events.append(self.name)


events = []


# ---- Unpacked at once --------------------------------------------------------------------------------------------

def numbers(n):
    x, y = 1.5, 2.0
    total = 0
    for i in range(n):
        a, b = sums(x, y)
        x = a * 0.25
        y = b - 0.5
        c, d = sums(i, total)
        total = (c + d) % 1000
    return x, y, total


def strings(n):
    x, y, z = "x", "y", ["z"]
    for i in range(n):
        x, y, z = three(x, y, z)
    return x, y, z


def deep(n):
    x, y = [1], [2]
    for i in range(n):
        (a, b), (c, d) = nested(x, y)
        assert a is d and b is c and a is x and b is y
        x, y = b, d
        x, y = y, x
    return x, y, sys.getrefcount(x) - sys.getrefcount(y)


def indexed(n):
    total = 0
    for i in range(n):
        t = pair(i, 3)
        total += t[0] * t[1] + t[-1] + len(t)
        total += pair(i, 1)[0] - pair(i, 1)[-2]
    return total


def choosing(n):
    x, y = "x", "y"
    seen = ""
    for i in range(n):
        x, y = chosen(i % 3 == 0, x, y)
        seen = x + y
    return seen


# ---- Seen after all ------------------------------------------------------------------------------------------------

def kept(n):
    """The tuple is the same object for all that hold it."""
    first = None
    for i in range(n):
        t = pair(i, "k")
        u = t
        if i == n - 7:
            first = t, u
    return first, first[0] is first[1], sys.getrefcount(first[0])


def escapes_rarely(n):
    found = []
    for i in range(n):
        t = pair(i, i + 0.5)
        if i % 97 == 96:
            found.append(t)
        a, b = t
    return found


def counted(n):
    """What references callees count."""
    item = ["item"]
    counts = set()
    for i in range(n):
        a, b = pair(item, item)
        counts.add(sys.getrefcount(item))
        t = pair(item, a)
        counts.add(sys.getrefcount(item))
        del t, a, b
    return sorted(counts), sys.getrefcount(item)


def types_change(n):
    """Guards that fail with a tuple on the stack."""
    out = []
    x = 1
    for i in range(n):
        if i == n - 20:
            x = 1.5
        if i == n - 10:
            x = "s"
        if i == n - 5:
            x = 2 ** 70
        a, b = pair(x, (x * 2, i))
        if i > n - 22:
            out.append((a, b[0]))
    return out


def raising(n):
    caught = []
    for i in range(n):
        d = i - (n - 3)
        try:
            a, b = pair(1, 10 // d)
        except ZeroDivisionError as error:
            frame = error.__traceback__.tb_frame
            caught.append((i, sorted(name for name in frame.f_locals), frame.f_locals["d"]))
            del frame
    return caught


def wrong_count(n):
    out = []
    for i in range(n):
        try:
            if i % 50 == 49:
                a, b, c = pair(i, i)
            else:
                a, b = pair(i, i)
        except ValueError as error:
            out.append(str(error))
    return len(out), out[0]


def locals_of_caller():
    return dict(sys._getframe(1).f_locals)


def seen_by_callee(n):
    last = None
    for i in range(n):
        t = pair(i, "v")
        u = t
        a, b = t
        if i > n - 3:
            last = locals_of_caller()
            last.pop("last", None)
            assert last["t"] is last["u"]
    return last


def die(name):
    return Noisy(name), name


def finalized(n):
    """Items of a tuple die from the last to the first, one after another, when stock lets them."""
    order = []
    for i in range(n):
        t = pair(Noisy("a"), Noisy("b"))
        events.append("made")
        t = None
        events.append("gone")
        x, y = pair(Noisy("c"), Noisy("d"))
        x = None
        events.append("x")
        y = 0
        pair(Noisy("e"), Noisy("f"))
        pair(pair(Noisy("g"), Noisy("h")), Noisy("i"))[1]
        order.append("".join(event[:1] if len(event) > 1 else event for event in events))
        events.clear()
    return sorted(set(order))


class Resurrecting:
    kept = []

    def __del__(self):
        Resurrecting.kept.append(sorted(sys._getframe(1).f_locals))


def resurrected(n):
    for i in range(n):
        one = pair(i, "one")
        if i % 100 == 99:
            pair(one, Resurrecting())
        else:
            pair(one, i)
    return len(Resurrecting.kept), Resurrecting.kept[-1]


def traced(n):
    lines = []

    def tracer(frame, event, argument):
        if event == "line" and frame.f_code is traced.__code__ and "t" in frame.f_locals:
            lines.append(frame.f_locals["t"])
        return tracer

    out = []
    for i in range(n):
        t = pair(i, -i)
        if i == n - 4:
            sys.settrace(tracer)
            sys._getframe().f_trace = tracer
        a, b = t
        out.append(a + b)
    sys.settrace(None)
    return len(out), lines[-3:]


def collected(n):
    """The collector runs while a tuple is on its way."""
    x = []
    for i in range(n):
        a, b = pair([i], x)
        if i % 100 == 0:
            gc.collect()
            t = pair(a, b)
            assert any(o is t for o in gc.get_referrers(a))
        x = b
    return x


def recursive_sum(t, n):
    a, b = t
    if n == 0:
        return a, b
    return recursive_sum((b, a + b), n - 1)


def in_locals(n):
    """Left in the middle of functions that are built in: tuples in their locals, in several, and in several frames."""
    out = []
    x = 3
    for i in range(n):
        if i == n - 6:
            x = 3.25
        if i == n - 3:
            x = Noisy("in_locals")
        out.append(outer_of(i, x))
    del x
    result = out[-8:-3], out[-3:][0][2]
    out.clear()
    return result, events.pop()


def outer_of(i, x):
    t = i, i + 1
    u = t
    r = inner_of(t, u, x)
    return r[0], t is u, r[1]


def inner_of(t, u, x):
    v = t, u
    w = v[0]
    if type(x) is not Noisy:
        y = x * 2 + t[0] - u[1]
    else:
        y = "noisy"
    return (w is t and v[1] is u), y


def main():
    for function in (numbers, strings, deep, indexed, choosing, kept, escapes_rarely, counted, types_change, raising,
                     wrong_count, seen_by_callee, finalized, resurrected, traced, collected, in_locals):
        for turn in range(2):
            print(function.__name__, function(ROUNDS + turn))
    print(recursive_sum((0, 1), 50))
    t = 0, 1
    for i in range(ROUNDS):
        t = recursive_sum(t, 3)
        t = t[0] % 1000, t[1] % 1000
    print(t)


main()
