"""Closures: cells shared, rebound, emptied, captured in loops, in classes and comprehensions."""


def counter(start):
    n = start

    def step(by=1):
        nonlocal n
        n += by
        return n

    def peek():
        return n

    def drop():
        nonlocal n
        del n

    return step, peek, drop


step, peek, drop = counter(10)
for i in range(500):
    step(i % 3)
print(peek(), step(), peek())
drop()
for function in (peek, step):
    try:
        function()
    except NameError as error:
        print(type(error).__name__, error)


def late(n):
    functions = []
    for i in range(n):
        functions.append(lambda: i)
    return [f() for f in functions]


def early(n):
    return [f() for f in [lambda i=i: i * 2 for i in range(n)]]


print(late(5), early(5), {tuple(late(3)) for _ in range(300)})


def unbound_local(flag):
    if flag:
        x = 1
    return x


def unbound_free(flag):
    if flag:
        y = 1

    def inner():
        return y

    return inner()


def unbound_cell(flag):
    if flag:
        z = 1

    def inner():
        return z

    return z


for function in (unbound_local, unbound_free, unbound_cell):
    for _ in range(300):
        function(True)
    try:
        function(False)
    except NameError as error:
        print(function.__name__, type(error).__name__, error, getattr(error, "name", None))


def argument_is_cell(a, b, *rest, c=3, **more):
    def inner():
        nonlocal a, c
        a += 1
        c *= 2
        return a, b, rest, c, sorted(more)

    inner()
    return inner(), a, c


print([argument_is_cell(i, 2, 3, 4, c=5, z=1, y=2) for i in range(300)][-1])


def deep(n):
    def one():
        def two():
            def three():
                nonlocal n
                n += 1
                return n

            return three() + n

        return two() + n

    return one() + n


print([deep(i) for i in range(300)][-1])


def adders():
    return [lambda x, k=k: x + k for k in range(10)]


print([f(1) for f in adders()])


def compose(*functions):
    def composed(x):
        for function in functions:
            x = function(x)
        return x

    return composed


inc_double = compose(lambda x: x + 1, lambda x: x * 2, str, lambda s: s + "!")
print([inc_double(i) for i in range(300)][-1])


def class_in_function(value):
    class C:
        attribute = value

        def method(self):
            return value, __class__.__name__

        nested = [value for _ in range(2)]

    return C.attribute, C().method(), C.nested


print([class_in_function(i) for i in range(200)][-1])


def cell_contents():
    x = 1

    def f():
        return x

    cell = f.__closure__[0]
    cell.cell_contents = 42
    first = f(), x
    del cell.cell_contents
    try:
        f()
    except NameError as error:
        return first, str(error)


print([cell_contents() for _ in range(300)][-1])


def comprehension_scopes(n):
    x = "outer"
    a = [x for x in range(n)]
    b = {x: y for x in range(2) for y in (x, x + 1)}
    c = {x for x in a if x % 2}
    d = list((x, n) for x in a)
    return x, a, b, sorted(c), d


print([comprehension_scopes(4) for _ in range(200)][-1])


def generator_closure(n):
    total = 0

    def add():
        nonlocal total
        for i in range(n):
            total += i
            yield total

    return list(add()), total


print([generator_closure(6) for _ in range(200)][-1])


def recursive_closure(n):
    def fact(k):
        return 1 if k < 2 else k * fact(k - 1)

    return fact(n)


print([recursive_closure(20) for _ in range(100)][-1])


def decorated(times):
    def decorator(function):
        calls = 0

        def wrapper(*args, **kwargs):
            nonlocal calls
            calls += 1
            return [function(*args, **kwargs) for _ in range(times)], calls

        wrapper.__name__ = function.__name__
        return wrapper

    return decorator


@decorated(2)
def greet(name, punctuation="."):
    return "hello " + name + punctuation


print([greet("x", punctuation="!") for _ in range(300)][-1], greet.__name__)


def exec_does_not_touch_closure():
    x = 1

    def f():
        return x

    exec("x = 2")
    return f(), x


print(exec_does_not_touch_closure())


def swap_closures():
    a, b = 1, 2

    def f():
        return a

    def g():
        return b

    c = f.__closure__
    import types
    h = types.FunctionType(f.__code__, globals(), "h", (), g.__closure__)
    return [(f(), h()) for _ in range(100)][-1]


print(swap_closures())
