"""asyncio: tasks, gather, queues, locks, cancellation, timeouts, task groups, streams over a socket pair, threads."""
import asyncio
import contextvars
import socket
import traceback

variable = contextvars.ContextVar("variable", default="unset")


async def worker(name, queue, results):
    while True:
        item = await queue.get()
        if item is None:
            queue.task_done()
            return name
        results.append(item * item)
        await asyncio.sleep(0)
        queue.task_done()


async def queues():
    queue = asyncio.Queue(maxsize=5)
    results = []
    workers = [asyncio.create_task(worker(f"w{i}", queue, results)) for i in range(4)]
    for i in range(200):
        await queue.put(i)
    for _ in workers:
        await queue.put(None)
    await queue.join()
    return sorted(results) == [i * i for i in range(200)], sorted(await asyncio.gather(*workers))


async def cancelled():
    log = []

    async def sleeper():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            log.append("finally")

    task = asyncio.create_task(sleeper())
    await asyncio.sleep(0)
    task.cancel("reason")
    try:
        await task
    except asyncio.CancelledError as error:
        log.append(error.args)
    return log, task.cancelled()


async def timeouts():
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except TimeoutError as error:
        first = repr(error)
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
    except asyncio.TimeoutError:
        return first, "timed out"


async def groups():
    async def fail(delay, error):
        await asyncio.sleep(delay)
        raise error

    log = []
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(0, ValueError("a")))
            group.create_task(fail(0, KeyError("b")))
            group.create_task(asyncio.sleep(50))
    except* ValueError as matched:
        log.append(("values", [repr(e) for e in matched.exceptions]))
    except* KeyError as matched:
        log.append(("keys", [repr(e) for e in matched.exceptions]))
    return log


async def gathering():
    async def f(i):
        await asyncio.sleep(0)
        if i % 4 == 3:
            raise IndexError(i)
        return i

    return [repr(x) for x in await asyncio.gather(*(f(i) for i in range(8)), return_exceptions=True)]


async def locks():
    lock = asyncio.Lock()
    order = []

    async def use(i):
        async with lock:
            order.append(i)
            await asyncio.sleep(0)
            order.append(-i)

    await asyncio.gather(*(use(i) for i in range(1, 6)))
    event, condition = asyncio.Event(), asyncio.Condition()

    async def waiter(i):
        await event.wait()
        async with condition:
            order.append(i * 100)

    tasks = [asyncio.create_task(waiter(i)) for i in range(3)]
    await asyncio.sleep(0)
    event.set()
    await asyncio.gather(*tasks)
    return order


async def contexts():
    async def set_it(value):
        variable.set(value)
        await asyncio.sleep(0)
        return variable.get()

    return await asyncio.gather(set_it("x"), set_it("y")), variable.get()


async def streams():
    a, b = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=a)
    reader2, writer2 = await asyncio.open_connection(sock=b)

    async def server():
        lines = []
        while line := await reader2.readline():
            lines.append(line)
            writer2.write(line.upper())
            await writer2.drain()
        writer2.close()
        return lines

    task = asyncio.create_task(server())
    answers = []
    for i in range(50):
        writer.write(f"line {i}\n".encode())
        await writer.drain()
        answers.append(await reader.readline())
    writer.write_eof()
    lines = await task
    writer.close()
    return len(lines), answers[-1]


async def subprocesses():
    process = await asyncio.create_subprocess_exec("/bin/echo", "hello", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return out, process.returncode


async def in_threads():
    return await asyncio.gather(*(asyncio.to_thread(lambda i=i: sum(range(i * 1000))) for i in range(5)))


async def deep(n):
    if n == 0:
        await asyncio.sleep(0)
        raise ArithmeticError("bottom")
    return await deep(n - 1)


async def main():
    for function in (queues, cancelled, timeouts, groups, gathering, locks, contexts, streams, subprocesses, in_threads):
        print(function.__name__, await function())
    try:
        await deep(3)
    except ArithmeticError:
        print(traceback.format_exc())


asyncio.run(main())


def callbacks():
    loop = asyncio.new_event_loop()
    log = []
    loop.call_soon(log.append, 1)
    loop.call_later(0.001, log.append, 3)
    loop.call_soon(log.append, 2)
    loop.call_later(0.02, loop.stop)
    loop.run_forever()
    future = loop.create_future()
    loop.call_soon(future.set_result, "result")
    log.append(loop.run_until_complete(future))
    loop.close()
    return log


print(callbacks())
