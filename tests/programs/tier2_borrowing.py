"""What compiled code borrows from attributes, items and cells, and what takes that away in the middle: stores in callees that are inlined or
called directly, objects that die quietly or loudly, boxes of numbers that change hands."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import sys


class Box:
    def __init__(self, x, items=None):
        self.x = x
        self.items = items
        self.inner = None

    def set(self, value):
        self.x = value
        return value

    def bump(self):
        self.x += 1.0
        return self.x

    def get(self):
        return self.x

    def drop_items(self):
        self.items = [0.5, 1.5]
        return 1

    def add(self, a, b):
        self.x = b
        return a + b


def argument_then_store(o, turns):
    """The first argument borrows o.x, which the second replaces."""
    total = 0.0
    for i in range(turns):
        total += o.add(o.x, o.set(i * 0.25))
        total += o.add(o.x, o.bump())
        pair = (o.x, o.bump(), o.x, o.get())
        total += pair[0] * 2 - pair[1] + pair[2] - pair[3]
    return total, o.x


def operand_then_store(o, turns):
    total = 0.0
    for i in range(turns):
        total += o.x * o.bump() - o.x
        total += o.get() - o.set(i * 0.5) + o.x
        if total > 1e6:
            total = 0.25
    return total


def item_then_death(o, turns):
    total = 0.0
    for i in range(turns):
        o.items = [i * 0.5, i * 1.5, i]
        total += o.items[0] * o.drop_items() + o.items[1]
        total += len(o.items)
    return total


def chain(o, turns):
    """o.inner.inner.x with the middle replaced."""
    total = 0
    for i in range(turns):
        o.inner = Box(i)
        o.inner.inner = Box(i * 0.5)
        total += o.inner.inner.x
        o.inner.inner.x = total
        o.inner = o.inner.inner
        total -= o.inner.x
        total += 1
    return total


def keep_box(o, turns):
    """A number in a local keeps its box when the attribute it came from is updated in place."""
    kept = []
    for i in range(turns):
        a = o.x
        o.bump()
        b = o.x
        o.x = a
        if i % 64 == 0:
            kept.append((a, b, o.x is a))
        o.bump()
    return kept


def lists_of_boxes(boxes, turns):
    total = 0.0
    for i in range(turns):
        for box in boxes:
            total += box.bump()
        boxes[0].x, boxes[1].x = boxes[1].x, boxes[0].x
        boxes[i % 3] = boxes[(i + 1) % 3]
        if boxes[0] is boxes[1] is boxes[2]:
            boxes[1] = Box(total)
            boxes[2] = Box(-total)
        if total > 1e9:
            total = 1.0
    return total


class Loud:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        caller = sys._getframe(1)
        self.log.append((self.name, caller.f_code.co_name, caller.f_locals.get("i")))


def replace(o, value, i):
    o.inner = value
    return i * 0.5


def loud_deaths(turns):
    log = []
    o = Box(0.0)
    total = 0.0
    for i in range(turns):
        total += o.x + replace(o, Loud(i, log) if i % 100 == 7 else None, i)
        o.x = total * 0.125
    return log, total


def holder(turns):
    """Borrowed from a list that a callee clears."""
    log = []
    items = [None] * 3

    def clear():
        items[0] = None
        return 1

    total = 0
    for i in range(turns):
        items[0] = Loud(i, log) if i % 150 == 0 else (i, i + 1)
        thing = items[0]
        total += clear() + (thing[0] if type(thing) is tuple else 1000)
        thing = None
    return total, log


def nonlocal_numbers(turns):
    count = 0
    mean = 0.5

    def step(value):
        nonlocal count, mean
        count += 1
        before = mean
        mean += (value - mean) / count
        return before, mean, before is mean

    out = []
    for i in range(turns):
        result = step(i % 7)
        if i % 90 == 0:
            out.append(result)
    return count, mean, out


def big_counts(turns):
    """nonlocal ints through all sizes."""
    n = 0

    def grow(i):
        nonlocal n
        n = n * 3 + i
        if n > 10**25:
            n = -(n % 1000)
        return n

    total = 0
    for i in range(turns):
        total ^= grow(i)
    return total, n


def tree(depth):
    return None if depth == 0 else Node(tree(depth - 1), tree(depth - 1), depth)


class Node:
    __slots__ = ("left", "right", "value")

    def __init__(self, left, right, value):
        self.left = left
        self.right = right
        self.value = value


def total_of(node):
    if node is None:
        return 0
    return total_of(node.left) + node.value + total_of(node.right)


def prune(node, limit):
    """Stores into what the callers borrowed from."""
    if node is None:
        return 0
    if node.value <= limit:
        node.left = node.right = None
        return 1
    return prune(node.left, limit) + prune(node.right, limit)


def trees(turns):
    out = []
    for i in range(turns):
        root = tree(5)
        out.append((total_of(root), prune(root, i % 5), total_of(root)))
    return out[-6:]


def references(turns):
    thing = object()
    o = Box(thing, [thing])
    base = sys.getrefcount(thing)
    for i in range(turns):
        a = o.get()
        o.set(a)
        o.items[0] = o.get()
        b = o.add if i < 0 else o.items[0]
        o.inner = b
        o.inner = None
    a = b = None
    return sys.getrefcount(thing) - base


N = 500
print(argument_then_store(Box(0.5), N))
print(operand_then_store(Box(0.5), N))
print(item_then_death(Box(1.0), N))
print(chain(Box(1.0), N))
print(keep_box(Box(0.25), N))
print(lists_of_boxes([Box(1.0), Box(2.0), Box(3.0)], N))
print(loud_deaths(N))
print(holder(N))
print(nonlocal_numbers(N))
print(big_counts(N))
print(trees(60))
print(references(N))
