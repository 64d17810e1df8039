"""Tier 2: cells, functions made in hot loops, closures called by their code; what can be seen of them all.

Each `hot_` function is called often enough to be compiled; what it returns is printed once per distinct value."""

import gc
import sys
import traceback
import weakref

TURNS = 400


def run(function, *arguments):
    """Calls a function many times and prints the results that differ from the one before."""
    last = None
    for turn in range(TURNS):
        try:
            result = function(turn, *arguments)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        if result != last and (turn < 3 or turn > TURNS - 3):
            print(function.__name__, turn, result)
        last = result
    print(function.__name__, "ends with", last)


def adder(amount):
    return lambda value: value + amount


def hot_made_and_called(n):
    total = 0
    for i in range(5):
        shift = adder(i + n)
        total += shift(1) + shift(2)
    return total


def counter(start):
    count = start

    def step(amount=1):
        nonlocal count
        count += amount
        return count

    def peek():
        return count

    return step, peek


def hot_counter(n):
    step, peek = counter(n)
    for _ in range(10):
        step()
        step(3)
    return peek(), step.__closure__[0].cell_contents, step.__closure__[0] is peek.__closure__[0]


def hot_escaping(n, kept=[]):
    functions = []
    for i in range(4):
        def inner(x=i, *, y=n):
            return x + y + i
        functions.append(inner)
    kept.append(functions[-1])
    if len(kept) > 3:
        del kept[0]
    return [f() for f in functions], functions[0].__defaults__, functions[0].__kwdefaults__, kept[0]()


def hot_annotated(n):
    def inner(x: int, y: "text" = n) -> str:
        return f"{x}{y}"
    return inner(3), sorted(inner.__annotations__), inner.__qualname__, inner.__module__, inner.__name__, inner.__doc__


def hot_recursive(n):
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)
    return fact(n % 10)


def hot_mutual(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        return False if k == 0 else even(k - 1)
    return even(n % 8), odd(n % 8)


def hot_deleted(n):
    value = n

    def reader():
        return value
    first = reader()
    if n % 50 == 49:
        del value
        try:
            return reader()
        except NameError as error:
            return type(error).__name__, str(error)
    return first - n


def hot_deleted_own(n):
    value = n

    def reader():
        return value
    if n % 50 == 49:
        del value
    try:
        return value - n, reader() - n
    except NameError as error:
        return type(error).__name__, str(error)


def hot_empty(n):
    if n % 60 == 59:
        unset = 1

    def reader():
        return unset
    try:
        return reader()
    except NameError as error:
        return type(error).__name__, str(error)


def hot_first_store(n):
    """A cell that is stored into for the first time, and again in a loop."""
    total = 0
    last = None
    for i in range(6):
        total += i

        def get():
            return total
        last = get
    return last(), total


def hot_store_either_way(n):
    def fill():
        nonlocal slot
        slot = n
        return slot
    if n % 2:
        slot = "old"
    return fill() - n


def hot_argument_cell(a, b=3):
    def both():
        return a, b
    result = both()
    b = 7
    return result[1], both()[1], both()[0] - a


def hot_frame(n):
    """Locals of the frame that made the cells, and of the one that has them free."""
    value = n

    def inner():
        here = sys._getframe()
        names = sorted(here.f_locals), sorted(here.f_back.f_locals), here.f_code.co_name
        return value - n, names
    return inner()


def hot_locals(n):
    value = n % 2

    def inner():
        other = value
        return locals()
    result = inner()
    return sorted(result.items())


def hot_written_outside(n):
    value = 1

    def inner():
        return value
    before = inner()
    inner.__closure__[0].cell_contents = 5
    return before, inner(), value


def hot_function_changed(n):
    def first(x=1):
        return "first", x

    def second(x=2):
        return "second", x
    results = [first()]
    first.__defaults__ = (9,)
    results.append(first())
    first.__code__ = second.__code__
    results.append(first())
    first.note = n % 2
    return results, first.note, first.__dict__


def hot_identity(n):
    made = [lambda: n for _ in range(3)]
    one = made[0]
    return one is made[0], made[0] is made[1], one == made[1], made[0].__code__ is made[1].__code__


def hot_counts(n):
    value = object()

    def inner():
        return sys.getrefcount(value)
    count = inner()
    return count, sys.getrefcount(inner), sys.getrefcount(value), sys.getrefcount(inner.__closure__)


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        deaths.append(self.name)


deaths = []


def hot_deaths(n):
    deaths.clear()
    noisy = Noisy("cell")
    other = Noisy("default")

    def inner(x=other):
        return x is not None and noisy is not None
    del noisy_alias(noisy)[:]
    answer = inner()
    del other
    before = list(deaths)
    inner = None
    between = list(deaths)
    noisy = Noisy("second")
    return answer, before, between, list(deaths)


def noisy_alias(value):
    return [value]


def hot_death_of_lambda(n):
    deaths.clear()
    for name in ("a", "b"):
        shift = (lambda held: lambda: held)(Noisy(name))
        shift().name += "!"
    result = list(deaths)
    shift = None
    return result, list(deaths)


def hot_weak(n):
    def inner():
        return n
    reference = weakref.ref(inner)
    alive = reference() is inner
    del inner
    return alive, reference() is None


def failing(amount):
    def inner(x):
        return x // amount
    return inner


def hot_traceback(n):
    divide = failing(n % 3)
    try:
        return divide(6)
    except ZeroDivisionError:
        return traceback.format_exc().replace(__file__, "FILE")


def compose(*functions):
    def composed(value):
        for function in functions:
            value = function(value)
        return value
    return composed


pipeline = compose(adder(3), lambda value: value * 2, adder(-1), str, len, lambda value: value + 0.5)
pipeline_of_numbers = compose(adder(3), lambda value: value * 2, adder(-1), lambda value: value ^ 5, lambda v: v - 1)


def hot_pipeline(n):
    return pipeline(n), pipeline_of_numbers(n) - pipeline_of_numbers(n) + n % 2


def apply(function, items):
    result = []
    for item in items:
        result.append(function(item))
    return result


def hot_passed(n):
    return apply(lambda x: x + n % 2, (1, 2, 3)), apply(lambda x: x * 2, [n % 2, 2.5]), sorted([3, 1, 2], key=lambda x: -x)


def decorated(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) + 1
    return wrapper


def decorated_plainly(function):
    def wrapper(*args):
        return function(*args) + len(args)
    return wrapper


@decorated
def twice(x, y=1):
    return x * 2 + y


@decorated_plainly
def thrice(x, y=1):
    return x * 3 + y


def hot_decorated(n):
    return twice(n) - 2 * n, twice(n, y=4) - 2 * n, thrice(n) - 3 * n, thrice(n, 5) - 3 * n


class Partial:
    def __init__(self, function, first):
        self.function = function
        self.first = first

    def __call__(self, *rest):
        return self.function(self.first, *rest)


def hot_partial(n):
    add = Partial(lambda x, y: x + y, n)
    return add(3) - n, add(y_of(n)) - n


def y_of(n):
    return 4


def hot_generator(n):
    limit = n % 4

    def numbers():
        for i in range(limit):
            yield i + limit
    return list(numbers()), sum(x for x in range(limit))


def hot_exec(n):
    value = n % 3
    space = {}
    exec("def made(): return 42", space)

    def inner():
        return value + space["made"]()
    return inner()


def hot_nested(n):
    def a():
        def b():
            def c():
                nonlocal total
                total += n % 2
                return total
            return c() + c()
        return b()
    total = 0
    return a(), total


def hot_class_cell(n):
    class Base:
        def name(self):
            return "base"

    class Derived(Base):
        def name(self):
            return super().name() + __class__.__name__
    return Derived().name() if n % 40 == 0 else "-"


def hot_loop_variable(n):
    functions = [lambda: i for i in range(3)]
    more = []
    for j in range(3):
        more.append(lambda: j)
    return [f() for f in functions], [f() for f in more]


def hot_deep(n):
    """The limit of recursion counts inlined closures, too."""
    def down(k):
        return 0 if k == 0 else 1 + down(k - 1)
    return down(50)


def hot_collected(n):
    """A circle of function and cell is the collector's business."""
    def circle():
        return circle
    reference = weakref.ref(circle)
    del circle
    if n % 100 == 99:
        gc.collect()
        return reference() is None
    return True


def hot_float_cell(n):
    x = 0.5

    def grow():
        nonlocal x
        x = x * 1.5
        return x
    for _ in range(5):
        grow()
    return x


def hot_kept_number(n):
    """Number objects that go into cells stay what they are."""
    big = n + 100000

    def get():
        return big
    return get() is big, get() is get()


for function in [value for name, value in list(globals().items()) if name.startswith("hot_")]:
    run(function)
