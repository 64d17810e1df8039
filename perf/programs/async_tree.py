"""A tree of asyncio tasks: gather, sleep(0), a queue between workers, an event, a semaphore."""

import asyncio

SCALE = 10


class Counters:
    def __init__(self):
        self.leaves = 0
        self.cached = 0


async def leaf(counters, gate, number):
    async with gate:
        counters.leaves += 1
        if number % 3 == 0:
            counters.cached += 1
            return number
        await asyncio.sleep(0)
        return number + 1


async def branch(counters, gate, depth, number):
    if depth == 0:
        return await leaf(counters, gate, number)
    children = [branch(counters, gate, depth - 1, number * 4 + i) for i in range(4)]
    return sum(await asyncio.gather(*children))


async def worker(queue, results):
    while True:
        item = await queue.get()
        if item is None:
            return
        results.append(item * 2)


async def produce(count):
    queue = asyncio.Queue(16)
    results = []
    workers = [asyncio.create_task(worker(queue, results)) for _ in range(3)]
    for item in range(count):
        await queue.put(item)
    for _ in workers:
        await queue.put(None)
    await asyncio.gather(*workers)
    return sum(results)


async def main(scale):
    counters = Counters()
    total = 0
    for _ in range(scale):
        gate = asyncio.Semaphore(50)
        total += await branch(counters, gate, 5, 1)
        total += await produce(500)
    return total, counters.leaves, counters.cached


def run(scale):
    return asyncio.run(main(scale))
