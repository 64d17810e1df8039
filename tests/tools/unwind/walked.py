"""A little of everything that has machine frames: run at every instruction by tests/tools/test_unwind.py."""


class Point:
    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x

    def __add__(self, other):
        return Point(self.x + other.x)

    def __lt__(self, other):
        return self.x < other.x

    @property
    def double(self):
        return self.get() * 2


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def tree(depth):
    return None if depth == 0 else (tree(depth - 1), tree(depth - 1))


def count(node):
    return 0 if node is None else 1 + count(node[0]) + count(node[1])


def numbers(n):
    for i in range(n):
        yield fib(i % 4)


def delegate(n):
    yield from numbers(n)


async def answer(n):
    return fib(n)


async def ask():
    return await answer(3)


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def mixed(n):
    """Changes types on the way: guards fail."""
    total = 0
    items = [1, 2.5]
    for i in range(n):
        total += Point(i).get() + items[i & 1]
    return total


def catch(n):
    caught = 0
    for i in range(n):
        try:
            [][i]
        except IndexError:
            caught += fib(2)
    return caught


def top():
    points = sorted([Point(3), Point(1), Point(2)])
    ordered = sorted([3, 1, 2], key=lambda x: -fib(x))
    return (fib(5) + sum(delegate(5)) + count(tree(3)) + mixed(9) + (points[0] + points[1]).double + len(ordered)
            + drive(ask()) + catch(3))
