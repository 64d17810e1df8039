"""Recursion far beyond the default limit, in the main thread and in others, without a C stack to match."""
# test: timeout=120
import sys
import threading

sys.setrecursionlimit(60000)


def plain(n):
    if n == 0:
        return 0
    return plain(n - 1) + 1


def with_locals(n, a, b):
    c = a + b
    if n == 0:
        return c
    d = with_locals(n - 1, c % 1000, a)
    return d + c - c


def keywords(n, *, step=1):
    if n <= 0:
        return 0
    return keywords(n - step, step=step) + step


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


class Node:
    __slots__ = ("next", "value")

    def __init__(self, value, next):
        self.value, self.next = value, next

    def total(self):
        if self.next is None:
            return self.value
        return self.value + self.next.total()


def linked(n):
    node = None
    for i in range(n):
        node = Node(i, node)
    return node


def caught_at_bottom(n):
    if n == 0:
        raise LookupError("bottom")
    return caught_at_bottom(n - 1)


def unwinding(n):
    try:
        if n == 0:
            raise LookupError("bottom")
        unwinding(n - 1)
    except LookupError:
        raise


def finally_at_each(n, log):
    try:
        if n:
            finally_at_each(n - 1, log)
    finally:
        log[0] += 1


def ackermann_like(n, m):
    if n == 0:
        return m + 1
    return ackermann_like(n - 1, m + 1)


def run(where):
    for i in range(300):
        plain(3), with_locals(3, 1, 2), is_even(4)
    print(where, plain(50000), with_locals(50000, 1, 2), keywords(50000), is_even(50000), is_odd(49999))
    print(where, linked(40000).total(), ackermann_like(50000, 0))
    try:
        caught_at_bottom(50000)
    except LookupError as error:
        print(where, error)
    try:
        unwinding(20000)
    except LookupError as error:
        depth, tb = 0, error.__traceback__
        while tb:
            depth, tb = depth + 1, tb.tb_next
        print(where, error, depth)
    log = [0]
    finally_at_each(30000, log)
    print(where, log)
    try:
        plain(10**6)
    except RecursionError as error:
        print(where, error)
    print(where, plain(59000))


run("main")
threading.stack_size(256 * 1024 * 1024)
thread = threading.Thread(target=run, args=("big stack",))
thread.start()
thread.join()
threading.stack_size(0)
thread = threading.Thread(target=run, args=("usual stack",))
thread.start()
thread.join()
threading.stack_size(64 * 1024)


def small():
    print("small stack", plain(20000), with_locals(5000, 1, 2))


thread = threading.Thread(target=small)
thread.start()
thread.join()


def deep_generator(n):
    """Nested generators do use the C stack on stock, so only a moderate depth."""
    if n == 0:
        yield 0
    else:
        for x in deep_generator(n - 1):
            yield x + 1


print(list(deep_generator(2000)))


def through_c(n):
    """map() between the frames: C stack on stock, too."""
    return n if n == 0 else next(map(through_c, [n - 1])) + 1


print(through_c(3000))


def drop_chain(n):
    """Freeing a long chain must not recurse without bound either."""
    head = None
    for _ in range(n):
        head = (head,)
    del head
    return n


print(drop_chain(200000))
