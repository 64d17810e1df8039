"""Coroutines that await one another and never suspend, driven by hand."""

SCALE = 220000


async def leaf(value):
    return value + 1


async def middle(value):
    first = await leaf(value)
    second = await leaf(first)
    return first * second


async def fib(n):
    if n < 2:
        return n
    return await fib(n - 1) + await fib(n - 2)


class Session:
    def __init__(self):
        self.opened = 0

    async def __aenter__(self):
        self.opened += 1
        return self

    async def __aexit__(self, kind, error, trace):
        return False

    async def fetch(self, key):
        return await middle(key & 7)


async def numbers(limit):
    for n in range(limit):
        yield n


async def main(scale):
    session = Session()
    total = 0
    for i in range(scale):
        total += await middle(i & 15)
        if i % 4 == 0:
            async with session as opened:
                total += await opened.fetch(i)
    async for n in numbers(scale):
        total += n & 3
    for _ in range(max(1, scale // 4000)):
        total += await fib(16)
    return total, session.opened


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the chain suspended")


def run(scale):
    return drive(main(scale))
