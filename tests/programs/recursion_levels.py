"""200,000 levels of every call that stock makes without C stack; some thousand of those that take it; in small threads, too."""
# test: timeout=240
import functools
import sys
import threading

LEVELS = 200_000
sys.setrecursionlimit(LEVELS * 4)


def plain(n):
    return n and plain(n - 1) + 1


def many_locals(n, a, b, c, d, e, f):
    g, h, i, j = a + 1, b + 1, c + 1, d + 1
    return many_locals(n - 1, g, h, i, j, e, f) if n else (a, b, c, d, e, f)


def defaults(n, step=1, *, extra=0):
    return defaults(n - step, extra=extra) + step if n else extra


def make_closure():
    total = 0

    def descend(n):
        nonlocal total
        total += 1
        return descend(n - 1) if n else total

    return descend


class Object:
    def __init__(self, n=0, deep=False):
        self.n = n
        self.below = Object(n - 1, True) if deep and n else None

    def method(self, n):
        return self.method(n - 1) + 1 if n else 0

    @classmethod
    def class_method(cls, n):
        return cls.class_method(n - 1) + 1 if n else 0

    @staticmethod
    def static_method(n):
        return Object.static_method(n - 1) + 1 if n else 0

    def __getitem__(self, n):
        return self[n - 1] + 1 if n else 0

    def __getattr__(self, name):
        if name != "chained":
            raise AttributeError(name)
        return Object(self.n - 1).chained + 1 if self.n else 0

    def __add__(self, n):
        return (self + (n - 1)) + 1 if n else 0

    def __repr__(self):
        return f"<{Object(self.n - 1)!r}>" if self.n else "."

    def __eq__(self, other):
        return self.n == 0 or Object(self.n - 1) == other

    def __hash__(self):
        return hash(Object(self.n - 1)) + 1 if self.n else 0

    def __len__(self):
        return len(Object(self.n - 1)) + 1 if self.n else 0

    def __iter__(self):
        if self.n:
            for x in Object(self.n - 1):
                yield x + 1
        else:
            yield 0

    def __call__(self, n):
        return self(n - 1) + 1 if n else 0

    @property
    def prop(self):
        return Object(self.n - 1).prop + 1 if self.n else 0

    def __enter__(self):
        if self.n:
            with Object(self.n - 1) as below:
                return below + 0 if False else below
        return "bottom"

    def __exit__(self, *error):
        pass


def even(n):
    return odd(n - 1) if n else True


def odd(n):
    return even(n - 1) if n else False


def comprehension(n):
    return [comprehension(n - 1) for _ in (0,)] if n else []


def flat(n):
    return sum([flat(n - 1) for _ in (0,)]) + 1 if n else 0


def in_try(n):
    try:
        if n == 0:
            raise KeyError("bottom")
        return in_try(n - 1)
    except ValueError:
        return 0


def in_finally(n, log):
    try:
        return in_finally(n - 1, log) if n else 0
    finally:
        log[0] += 1


def in_loop(n):
    for i in (1, 2):
        if n:
            return in_loop(n - 1) + i
    return 0


def expression(n):
    return (n, expression(n - 1), n)[1] if n else n


descend_lambda = lambda n: descend_lambda(n - 1) if n else "lambda"


def chain(n):
    if n:
        yield from chain(n - 1)
    else:
        yield "chain"


def loops(n):
    if n:
        for x in loops(n - 1):
            yield x + 1
    else:
        yield 0


async def awaits(n):
    return await awaits(n - 1) + 1 if n else 0


def sends(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def starred(n, *values):
    return starred(n - 1, *values) if n else values


def named(n, **values):
    return named(n - 1, **values) if n else values


def through_sorted(n):
    return sorted([n - 1], key=through_sorted)[0] if n else 0


def through_map(n):
    return next(map(through_map, [n - 1])) + 1 if n else 0


def through_reduce(n):
    return functools.reduce(lambda a, b: through_reduce(n - 1), [1, 2]) if n else 0


def through_expression(n):
    return sum(through_expression(n - 1) for _ in (0,)) + 1 if n else 0


@functools.lru_cache(maxsize=None)
def through_cache(n):
    return through_cache(n - 1) + 1 if n else 0


def through_eval(n):
    return eval("through_eval(n - 1) + 1") if n else 0


class Dies:
    died = 0

    def __init__(self, n):
        self.n = n

    def __del__(self):
        Dies.died += 1
        if self.n:
            Dies(self.n - 1)
        plain(100)


def destructors(n):
    Dies.died = 0
    Dies(n)
    return Dies.died


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except KeyError as error:
        return repr(error)


def nested(value):
    depth = 0
    while value:
        depth, value = depth + 1, value[0]
    return depth


def pure(where, n):
    """No C frame between the Python frames on stock."""
    log = [0]
    print(where, [plain(n), many_locals(n, 1, 2, 3, 4, 5, 6), defaults(n), make_closure()(n), Object().method(n), Object.class_method(n)])
    print(where, [Object.static_method(n), even(n), odd(n), nested(comprehension(n)), flat(n), attempt(in_try, n), attempt(in_finally, n, log), log])
    print(where, [in_loop(n), expression(n), descend_lambda(n), Object()[n], plain(n)])


def mixed(where, n):
    """C frames between the Python frames."""
    print(where, [next(chain(n)), next(loops(n)), sends(awaits(n)), starred(n, 1, 2), named(n, a=1), through_map(n), through_reduce(n)])
    print(where, [through_expression(n), through_cache(n), through_eval(n), through_sorted(n // 10), Object(n).chained, Object(n) + n])
    print(where, [len(repr(Object(n))), Object(n) == 1, hash(Object(n)), len(Object(n)), list(Object(n)), Object(n)(n), Object(n).prop])
    with Object(n) as value:
        print(where, value, destructors(n))
    deep, count = Object(n, True), 0
    while deep is not None:
        deep, count = deep.below, count + 1
    print(where, count)
    through_cache.cache_clear()


def in_thread(size, function, *arguments):
    threading.stack_size(size)
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    threading.stack_size(0)
    return thread


for _ in range(20):
    attempt(in_try, 3), plain(3), next(chain(3)), Object(3).chained
pure("main", LEVELS)
mixed("main", 6000)
pure("main again", 1000)
for kilobytes in (64, 128, 256, 1024, 8192):
    # What is left of the smallest must do for the deepest C function called at the bottom.
    in_thread(kilobytes * 1024, pure, f"{kilobytes} KiB", 20_000).join()
    in_thread(kilobytes * 1024, mixed, f"{kilobytes} KiB", kilobytes * 6000 // 8192).join()
print("together")
results = []


def quiet(n):
    results.append((plain(n), defaults(n), nested(comprehension(n)), Object().method(n), attempt(in_try, n), next(chain(40))))


threads = [in_thread(size * 1024, quiet, 30_000) for size in (64, 64, 256, 256, 8192)]
quiet(100_000)
for thread in threads:
    thread.join()
print(sorted(results))
sys.setrecursionlimit(1000)


def caught(n):
    try:
        return caught(n + 1)
    except RecursionError:
        return n


def after(where):
    for _ in range(3):
        print(where, caught(0), [plain(i) for i in (10, 900)])


after("main")
for kilobytes in (64, 512):
    in_thread(kilobytes * 1024, after, f"{kilobytes} KiB").join()
