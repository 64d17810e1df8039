"""fork in the middle of compiled code: both go on, both compile more, both collect; in threads and generators."""
import os
import sys
import threading


def work(n):
    return sum(i * i for i in range(n))


for _ in range(300):
    work(5)


def forked(function):
    """What `function` returns in a child."""
    sys.stdout.flush()
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(w, repr(function()).encode())
            os._exit(0)
        except BaseException as error:
            os.write(w, repr(error).encode())
            os._exit(1)
    os.close(w)
    with os.fdopen(r) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return text, status


print(forked(lambda: work(1000)), work(1000))


def in_a_loop(n):
    out = []
    for i in range(n):
        if i == n // 2:
            out.append(forked(lambda: (i, work(i))))
        out.append(work(i))
    return out[-3:], len(out)


print(in_a_loop(200))


def new_code(text):
    namespace = {}
    exec(text, namespace)
    f = namespace["f"]
    return [f(i) for i in range(300)][-1]


print(forked(lambda: new_code("def f(x):\n return x * 3 + 1")), new_code("def f(x):\n return x * 5 - 1"))


def recursive(n):
    if n == 0:
        return forked(lambda: "at the bottom")
    return recursive(n - 1)


print(recursive(50))


def generator():
    for i in range(5):
        if i == 3:
            yield forked(lambda: i * 100)
        yield i


print(list(generator()))


def tree(depth):
    if depth == 0:
        return [work(3)]
    return [forked(lambda: tree(depth - 1)), depth]


print(tree(3))


def child_continues():
    """The child returns through the same compiled frames."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return "parent"
    return "child"


def outer():
    total = 0
    for i in range(100):
        total += i
    who = child_continues()
    for i in range(100):
        total += i
    return who, total


who = outer()
print(who, work(100))
sys.stdout.flush()
if who[0] == "child":
    os._exit(0)


def in_thread():
    result = []
    t = threading.Thread(target=lambda: result.append(forked(lambda: work(50))))
    t.start()
    t.join()
    return result


print(in_thread())
import gc
import multiprocessing


def square(x):
    return x * x


def main():
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        print(pool.map(square, range(10)))
    queue = context.Queue()
    process = context.Process(target=lambda q: q.put(work(500)), args=(queue,))
    process.start()
    print(queue.get(), work(500))
    process.join()
    print(process.exitcode)


if __name__ == "__main__":
    main()
    gc.collect()
    print(forked(lambda: gc.collect() >= 0))
    os.register_at_fork(after_in_child=lambda: hooks.append("child"), before=lambda: hooks.append("before"))
    hooks = []
    print(forked(lambda: hooks), hooks)
