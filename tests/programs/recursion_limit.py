"""RecursionError: at the same depth as stock, in every kind of call, and the program goes on afterwards."""
import sys
import traceback

depth = 0


def plain(n):
    global depth
    depth = n
    return plain(n + 1)


def keywords(*, n):
    global depth
    depth = n
    return keywords(n=n + 1)


def starred(*args):
    global depth
    depth = args[0]
    return starred(*(args[0] + 1,))


def mutual_a(n):
    global depth
    depth = n
    return mutual_b(n + 1)


def mutual_b(n):
    return mutual_a(n + 1)


class Object:
    def method(self, n):
        global depth
        depth = n
        return self.method(n + 1)

    def __add__(self, n):
        global depth
        depth = n
        return self + (n + 1)

    def __getattr__(self, name):
        global depth
        depth += 1
        return getattr(self, name + "x" if len(name) < 3 else name)

    def __call__(self, n):
        global depth
        depth = n
        return self(n + 1)

    def __getitem__(self, n):
        global depth
        depth = n
        return self[n + 1]

    @property
    def prop(self):
        global depth
        depth += 1
        return self.prop

    def __init__(self, n=None):
        global depth
        if n is not None:
            depth = n
            Object(n + 1)


def through_map(n):
    global depth
    depth = n
    return list(map(through_map, [n + 1]))


def through_sorted(n):
    global depth
    depth = n
    return sorted([n + 1], key=through_sorted)


def comprehension(n):
    global depth
    depth = n
    return [comprehension(n + 1) for _ in (0,)]


def generator(n):
    global depth
    depth = n
    yield from generator(n + 1)


def lambda_chain(n):
    global depth
    depth = n
    return (lambda: lambda_chain(n + 1))()


def closure(n):
    global depth

    def inner():
        return closure(n + 1)

    depth = n
    return inner()


def caught_each(n):
    global depth
    depth = n
    try:
        return caught_each(n + 1)
    finally:
        pass


def evaluated(n):
    global depth
    depth = n
    return eval("evaluated(n + 1)")


CASES = [lambda: plain(1), lambda: keywords(n=1), lambda: starred(1), lambda: mutual_a(1), lambda: Object().method(1), lambda: Object() + 1,
         lambda: Object().abc, lambda: Object()(1), lambda: Object()[1], lambda: Object().prop, lambda: Object(1), lambda: through_map(1),
         lambda: through_sorted(1), lambda: comprehension(1), lambda: list(generator(1)), lambda: lambda_chain(1), lambda: closure(1),
         lambda: caught_each(1), lambda: evaluated(1)]


# Where C functions stand between the frames, stock's own depth and message vary with how far it has specialised.
FUZZY = {6, 11, 12, 18}


def measure(case):
    global depth
    depth = 0
    try:
        case()
    except RecursionError as error:
        return depth, str(error)


for number, case in enumerate(CASES):
    results = [measure(case) for _ in range(3)]
    if number in FUZZY:
        results = [(depth > 400, text[:32]) for depth, text in results]
    print(number, *results)
for limit in (100, 250, 1000, 2000, 4321):
    sys.setrecursionlimit(limit)
    print(limit, [measure(case) for case in CASES[:5]])
sys.setrecursionlimit(1000)


def handler_uses_stack(n):
    try:
        return handler_uses_stack(n + 1)
    except RecursionError:
        return n


print([handler_uses_stack(0) for _ in range(3)])


def recover(n):
    """Each level catches and goes on calling."""
    try:
        if n > 400:
            plain(1)
        return recover(n + 1)
    except RecursionError:
        return n, depth


print(recover(0))


def text():
    try:
        plain(1)
    except RecursionError:
        return traceback.format_exc()


print(text())


def set_lower(n):
    if n:
        return set_lower(n - 1)
    try:
        sys.setrecursionlimit(20)
    except RecursionError as error:
        return str(error)


print(set_lower(50))


def nested_repr():
    x = []
    for _ in range(2000):
        x = [x]
    try:
        repr(x)
    except RecursionError as error:
        return str(error)


print(nested_repr())


def in_destructor():
    class D:
        def __del__(self):
            measured.append(measure(CASES[0])[0])

    def at_depth(n):
        if n:
            return at_depth(n - 1)
        d = D()
        del d

    measured = []
    for n in (0, 10, 100):
        at_depth(n)
    return measured


print(in_destructor())


def after_all(n):
    return n if n == 0 else after_all(n - 1)


print(after_all(900), [after_all(i) for i in range(300)][-1])
