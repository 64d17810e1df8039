"""Threads at a tiny switch interval in compiled loops; locks, thread-local data, queues, exceptions in threads."""
import queue
import sys
import threading
import time

sys.setswitchinterval(1e-5)


def spin(n, results, index):
    total = 0
    for i in range(n):
        total += i * index % 7
        if total > 10**6:
            total -= 10**6
    results[index] = total


def parallel(count, n):
    results = [None] * count
    threads = [threading.Thread(target=spin, args=(n, results, i)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    alone = [None] * count
    for i in range(count):
        spin(n, alone, i)
    return results == alone


print(parallel(8, 20000))
lock = threading.Lock()
shared = 0


def locked(n):
    global shared
    for _ in range(n):
        with lock:
            shared += 1


threads = [threading.Thread(target=locked, args=(5000,)) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(shared)


def turns(n):
    """Every thread gets its turn although all are in pure loops."""
    progress = [0] * n
    stop = False

    def run(i):
        while not stop:
            progress[i] += 1

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    deadline = time.monotonic() + 20
    while min(progress) < 1000 and time.monotonic() < deadline:
        time.sleep(0.001)
    stop = True
    for t in threads:
        t.join()
    return min(progress) >= 1000


print(turns(4))


def endless_is_interrupted():
    """A loop without calls still hands over the GIL."""
    flag = []

    def setter():
        time.sleep(0.01)
        flag.append(1)

    threading.Thread(target=setter).start()
    n = 0
    while not flag:
        n += 1
    return n > 0


print(endless_is_interrupted())


def producer_consumer(n):
    q = queue.Queue(maxsize=10)
    out = []

    def produce():
        for i in range(n):
            q.put(i)
        q.put(None)

    def consume():
        while (item := q.get()) is not None:
            out.append(item * 2)

    threads = [threading.Thread(target=f) for f in (produce, consume)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return sum(out)


print(producer_consumer(2000))
local = threading.local()


def thread_local(i, out):
    local.x = i
    for _ in range(1000):
        local.x += 1
    out[i] = local.x


out = {}
threads = [threading.Thread(target=thread_local, args=(i, out)) for i in range(5)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(out.items()), hasattr(local, "x"))


def failing():
    def inner(n):
        if n == 0:
            raise ValueError("in a thread")
        inner(n - 1)

    caught = []
    threading.excepthook = lambda args: caught.append((args.exc_type.__name__, str(args.exc_value)))
    t = threading.Thread(target=inner, args=(5,))
    t.start()
    t.join()
    threading.excepthook = threading.__excepthook__
    return caught


print(failing())


def generator_between_threads():
    def numbers():
        i = 0
        while True:
            yield i
            i += 1

    g = numbers()
    seen = []
    lock = threading.Lock()

    def take():
        for _ in range(500):
            with lock:
                seen.append(next(g))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return seen == list(range(2000))


print(generator_between_threads())


def class_changed_by_other_thread():
    class C:
        def m(self):
            return 0

    stop = []
    bad = []

    def change():
        for i in range(200):
            C.m = lambda self, i=i: i
            time.sleep(0)
        stop.append(1)

    t = threading.Thread(target=change)
    c = C()
    t.start()
    last = 0
    while not stop:
        value = c.m()
        if value < last:
            bad.append((last, value))
        last = value
    t.join()
    return bad, c.m()


print(class_changed_by_other_thread())


def global_changed_by_other_thread():
    global flag
    flag = 0

    def change():
        global flag
        time.sleep(0.01)
        flag = 1

    t = threading.Thread(target=change)
    t.start()
    n = 0
    while flag == 0:
        n += 1
    t.join()
    return flag


print(global_changed_by_other_thread())


def condition():
    ready, log = threading.Condition(), []

    def waiter(i):
        with ready:
            ready.wait_for(lambda: len(log) == i)
            log.append(i)
            ready.notify_all()

    threads = [threading.Thread(target=waiter, args=(i,)) for i in reversed(range(10))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return log


print(condition())


def async_exception():
    import ctypes

    caught = []
    started = threading.Event()

    def victim():
        try:
            started.set()
            while True:
                pass
        except ZeroDivisionError as error:
            caught.append(type(error).__name__)

    t = threading.Thread(target=victim)
    t.start()
    started.wait()
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(t.ident), ctypes.py_object(ZeroDivisionError))
    t.join(20)
    return caught, t.is_alive()


print(async_exception())


def async_exception_in_calls():
    import ctypes

    caught = []
    started = threading.Event()

    def leaf(n):
        return n + 1

    def victim():
        n = 0
        try:
            started.set()
            while True:
                n = leaf(n)
        except KeyError as error:
            caught.append("KeyError")

    t = threading.Thread(target=victim)
    t.start()
    started.wait()
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(t.ident), ctypes.py_object(KeyError))
    t.join(20)
    return caught, t.is_alive()


print(async_exception_in_calls())
import concurrent.futures

with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(lambda n: sum(i * i for i in range(n)), range(0, 2000, 200))))
