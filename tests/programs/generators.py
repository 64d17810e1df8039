"""Generators: send, throw, close, yield from, return values, exceptions, state."""
import inspect
import itertools
import sys
import traceback


def numbers(n):
    for i in range(n):
        yield i


def squares(source):
    for x in source:
        yield x * x


def evens(source):
    for x in source:
        if x % 2 == 0:
            yield x


print(sum(evens(squares(numbers(1000)))), [sum(numbers(i)) for i in range(300)][-1])


def echo():
    received = None
    log = []
    while True:
        try:
            received = yield received
            log.append(received)
        except ValueError as error:
            received = f"caught {error}"
        except GeneratorExit:
            print("closing", log)
            raise


for _ in range(3):
    g = echo()
    print(next(g), [g.send(i) for i in range(5)], g.throw(ValueError("v")), g.throw(ValueError, "w"), g.send("last"))
    g.close()
    g.close()
    try:
        g.send(1)
    except StopIteration as stop:
        print("stopped", stop.value)


def averager():
    total = count = 0
    average = None
    while True:
        value = yield average
        if value is None:
            return total, count
        total += value
        count += 1
        average = total / count


def run_averager(values):
    g = averager()
    next(g)
    out = [g.send(v) for v in values]
    try:
        g.send(None)
    except StopIteration as stop:
        return out, stop.value


print([run_averager(range(1, 20)) for _ in range(50)][-1])


def delegating(values):
    result = yield from averager()
    values.append(result)
    again = yield from iter("ab")
    values.append(again)
    return "done"


def drive(generator, inputs):
    out = [next(generator)]
    try:
        for value in inputs:
            out.append(generator.send(value))
    except StopIteration as stop:
        out.append(("stop", stop.value))
    except Exception as error:
        out.append(repr(error))
    return out


for _ in range(100):
    values = []
    result = drive(delegating(values), [1, 2, None, None, None])
print(result, values)


def inner_throw():
    while True:
        try:
            x = yield "inner"
        except KeyError:
            yield "inner caught KeyError"
        except GeneratorExit:
            print("inner exit")
            raise


def outer_throw():
    try:
        yield from inner_throw()
    except IndexError as error:
        yield f"outer caught {error!r}"
    finally:
        print("outer finally")


g = outer_throw()
print(next(g), g.throw(KeyError("k")), next(g), g.throw(IndexError("i")))
print(next(g, "end"))
g = outer_throw()
next(g)
g.close()


class Iterator:
    """An iterator that is no generator: yield from must find send, throw and close by name."""

    def __init__(self):
        self.log = []

    def __iter__(self):
        return self

    def __next__(self):
        self.log.append("next")
        return "n"

    def send(self, value):
        self.log.append(("send", value))
        if value == "stop":
            raise StopIteration("value of stop")
        return "s"

    def throw(self, *args):
        self.log.append(("throw", args[0].__name__ if isinstance(args[0], type) else repr(args[0])))
        if "stop" in self.log:
            raise StopIteration("thrown stop")
        return "t"

    def close(self):
        self.log.append("close")


def over(iterator):
    result = yield from iterator
    yield result


for _ in range(100):
    it = Iterator()
    g = over(it)
    result = next(g), next(g), g.send(1), g.throw(ValueError), g.send("stop")
    g.close()
print(result, it.log)
it = Iterator()
g = over(it)
next(g)
g.close()
print(it.log)


def return_in_finally():
    try:
        yield 1
    finally:
        return "from finally"


g = return_in_finally()
next(g)
try:
    g.throw(ValueError)
except StopIteration as stop:
    print(stop.value)


def stop_iteration_inside():
    yield 1
    raise StopIteration("inside")


def next_inside():
    yield next(iter([]))


for function in (stop_iteration_inside, next_inside):
    try:
        list(function())
    except RuntimeError as error:
        print(error, repr(error.__cause__))


def ignores_exit():
    try:
        yield 1
    except GeneratorExit:
        yield 2


g = ignores_exit()
next(g)
try:
    g.close()
except RuntimeError as error:
    print(error)


def reenter():
    yield next(g)


g = reenter()
try:
    next(g)
except ValueError as error:
    print(error)

g = numbers(2)
try:
    g.send(1)
except TypeError as error:
    print(error)
print(inspect.getgeneratorstate(g), next(g), inspect.getgeneratorstate(g), list(g), inspect.getgeneratorstate(g))
print(g.gi_frame, g.gi_running, g.gi_yieldfrom, g.__name__, g.__qualname__)


def locals_visible(a):
    b = a + 1
    yield b
    c = b * 2
    yield c


g = locals_visible(1)
states = []
for value in g:
    states.append((value, sorted(g.gi_frame.f_locals.items()), g.gi_frame.f_lineno))
print(states)


def handled_exception_state():
    try:
        raise KeyError("in generator")
    except KeyError:
        yield sys.exc_info()[0].__name__
        yield sys.exc_info()[0].__name__
    yield sys.exc_info()[0]


g = handled_exception_state()
out = [next(g)]
try:
    raise ValueError("outside")
except ValueError:
    out.append(next(g))
    out.append(sys.exc_info()[0].__name__)
    out.append(next(g).__name__)
print(out, sys.exc_info())


def failing(n):
    yield n
    raise LookupError("n is %d" % n)


def consume(n):
    for value in failing(n):
        pass


for n in (1, 2):
    try:
        consume(n)
    except LookupError:
        print(traceback.format_exc())


def deep_yield_from(n):
    if n == 0:
        yield "bottom"
        raise OverflowError("at the bottom")
    else:
        yield from deep_yield_from(n - 1)


g = deep_yield_from(5)
print(next(g))
try:
    next(g)
except OverflowError:
    print(traceback.format_exc())


def permutations(items):
    if len(items) <= 1:
        yield items
    else:
        for i in range(len(items)):
            for rest in permutations(items[:i] + items[i + 1:]):
                yield [items[i]] + rest


print(len(list(permutations(list(range(6))))), list(permutations([1, 2, 3])))


class Tree:
    def __init__(self, value, left=None, right=None):
        self.value, self.left, self.right = value, left, right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right


def insert(tree, value):
    if tree is None:
        return Tree(value)
    if value < tree.value:
        tree.left = insert(tree.left, value)
    else:
        tree.right = insert(tree.right, value)
    return tree


root = None
for i in range(200):
    root = insert(root, i * 71 % 200)
print(list(root) == list(range(200)), sum(root))
print(sum(x * y for x in range(50) for y in range(x) if (x + y) % 3), list(itertools.islice((a for a in itertools.count() if a % 7 == 0), 5)))
expression = (x for x in [1, 2, 0, 4] if 10 / x > 1)
try:
    print(list(expression))
except ZeroDivisionError:
    print(traceback.format_exc())
try:
    (x for x in None)
except TypeError as error:
    print(error)


def many_locals(n):
    a, b, c, d = n, n + 1, n + 2, n + 3
    while a < n + 20:
        t = yield a, b, c, d
        a, b, c, d = b, c, d, a + 5 + (t or 0)
    return a


def run_many(n):
    g = many_locals(n)
    out = []
    value = next(g)
    try:
        while True:
            out.append(value)
            value = g.send(len(out) % 3)
    except StopIteration as stop:
        return out[-1], len(out), stop.value


print([run_many(i) for i in range(100)][-1])
