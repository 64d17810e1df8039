"""gevent: a server, clients, queues and timeouts, all greenlets over one event loop with a patched standard library."""
# test: needs=gevent timeout=120
from gevent import monkey

monkey.patch_all()

import queue
import socket
import threading
import time

import gevent
from gevent.event import AsyncResult
from gevent.pool import Pool
from gevent.server import StreamServer


def fib(n):
    """Deep compiled frames under every switch."""
    if n < 2:
        gevent.sleep(0)
        return n
    return fib(n - 1) + fib(n - 2)


def handle(connection, address):
    file = connection.makefile("rw")
    for line in file:
        command, *numbers = line.split()
        try:
            if command == "sum":
                answer = sum(int(x) for x in numbers)
            elif command == "fib":
                answer = fib(int(numbers[0]))
            elif command == "quit":
                break
            else:
                raise ValueError(f"unknown {command}")
        except ValueError as error:
            answer = f"error: {error}"
        file.write(f"{answer}\n")
        file.flush()
    connection.close()


def client(port, name):
    answers = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        file = connection.makefile("rw")
        for i in range(30):
            for line in (f"sum {' '.join(map(str, range(i)))}", f"fib {i % 9}", f"bad{name}", "sum x"):
                file.write(line + "\n")
                file.flush()
                answers.append(file.readline().strip())
        file.write("quit\n")
        file.flush()
    return name, answers


def server_and_clients():
    server = StreamServer(("127.0.0.1", 0), handle)
    server.start()
    jobs = [gevent.spawn(client, server.server_port, name) for name in "abcdef"]
    gevent.joinall(jobs, timeout=60, raise_error=True)
    server.stop()
    for job in jobs:
        name, answers = job.value
        print(name, len(answers), answers[:4], answers[-4:])


def pool_and_queue():
    pool = Pool(5)
    print(pool.map(fib, range(12)), list(pool.imap(lambda x: (gevent.sleep(0.001 * (x % 3)), x * x)[1], range(10))))
    tasks, results = queue.Queue(3), []

    def worker():
        while (item := tasks.get()) is not None:
            results.append(fib(item))
            tasks.task_done()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(60):
        tasks.put(i % 10)
    tasks.join()
    for _ in threads:
        tasks.put(None)
    for thread in threads:
        thread.join()
    print(len(results), sum(results))


def failing(n):
    try:
        if n:
            return failing(n - 1)
        gevent.sleep(10)
    except gevent.GreenletExit:
        log.append("killed")
        raise
    finally:
        log.append(n)


log = []


def kills_and_timeouts():
    job = gevent.spawn(failing, 3)
    gevent.sleep(0)
    job.kill()
    print(log, job.dead, type(job.value).__name__)
    log.clear()
    try:
        with gevent.Timeout(0.02):
            failing(2)
    except gevent.Timeout as error:
        print(log, error)
    total = 0
    for i in range(300):
        with gevent.Timeout(5, False):
            total += fib(5)
    print(total)
    result = AsyncResult()
    gevent.spawn_later(0.01, result.set, "set")
    print(result.get(timeout=5), threading.current_thread().name)
    job = gevent.spawn(lambda: 1 / 0)
    job.join()
    print(repr(job.exception), [e.tb_frame.f_code.co_name for e in walk(job.exc_info[2])][-1:])


def walk(tb):
    while tb is not None:
        yield tb
        tb = tb.tb_next




def local_values():
    local = threading.local()
    local.value = 1

    def other():
        local.value = time.monotonic() > 0
        gevent.sleep(0)
        return local.value

    jobs = [gevent.spawn(other) for _ in range(3)]
    gevent.joinall(jobs)
    return local.value, [job.value for job in jobs]


gevent.get_hub().exception_stream = None
server_and_clients()
pool_and_queue()
kills_and_timeouts()
print(local_values())
