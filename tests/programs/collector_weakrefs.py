"""The cyclic collector and weak references around compiled code: frames, generators, closures, code in cycles."""
# When the collector runs is what it shows.
# test: not=gc,tier2-gc
import gc
import sys
import weakref


class Node:
    def __init__(self, name):
        self.name = name
        self.other = None

    def __repr__(self):
        return self.name


def make_cycle(i):
    a, b = Node(f"a{i}"), Node(f"b{i}")
    a.other, b.other = b, a
    return weakref.ref(a), weakref.ref(b)


gc.collect()
gc.disable()
refs = [make_cycle(i) for i in range(300)]
print(sum(r() is not None for pair in refs for r in pair), gc.collect() >= 600, sum(r() is not None for pair in refs for r in pair))


def function_in_cycle(i):
    def f():
        return f, i

    f.attribute = f
    for _ in range(3):
        f()
    return weakref.ref(f)


refs = [function_in_cycle(i) for i in range(300)]
gc.collect()
print([r() for r in refs if r() is not None])


def class_in_cycle(i):
    class C:
        def method(self):
            return i

        def cls(self):
            return C

    C.instance = C()
    total = sum(C.instance.method() for _ in range(3)) + (C.instance.cls() is C)
    return weakref.ref(C), total


pairs = [class_in_cycle(i) for i in range(150)]
gc.collect()
print([r() for r, _ in pairs if r() is not None], sum(t for _, t in pairs))


def code_in_cycle(i):
    namespace = {}
    exec("def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total", namespace)
    namespace["self"] = namespace
    for _ in range(4):
        namespace["f"](50)
    return weakref.ref(namespace["f"]), weakref.ref(namespace["f"].__code__)


refs = [code_in_cycle(i) for i in range(150)]
gc.collect()
print([r() for pair in refs for r in pair if r() is not None])


def generator_in_cycle():
    def g(box):
        x = [box]
        while True:
            yield x

    box = []
    generator = g(box)
    box.append(generator)
    next(generator)
    return weakref.ref(generator)


refs = [generator_in_cycle() for _ in range(200)]
gc.collect()
print([r() for r in refs if r() is not None])


def frame_in_cycle():
    frame = sys._getframe()
    node = Node("held by a frame")
    return weakref.ref(node)


refs = [frame_in_cycle() for _ in range(200)]
gc.collect()
print([r() for r in refs if r() is not None])


def traceback_in_cycle():
    node = Node("held by a traceback")
    try:
        1 / 0
    except ZeroDivisionError as e:
        error = e
    return weakref.ref(node)


refs = [traceback_in_cycle() for _ in range(200)]
gc.collect()
print([r() for r in refs if r() is not None])
gc.enable()


def collects_while_running(n):
    """The collector runs at any call while operands are on the stack."""
    out = []
    for i in range(n):
        x = [i, [i], {"k": (i, gc.collect(0) * 0)}, Node(str(i))]
        out.append(x[2]["k"][0] + len(x))
    return sum(out)


print(collects_while_running(300))
gc.set_threshold(5)


def allocates(n):
    out = {}
    for i in range(n):
        a = [Node("n"), (i, [i])]
        a.append(a)
        b = {"a": a, "t": (a, i)}
        out[i % 7] = b
        c = [x for x in (a, b) for _ in range(2)]
        d = {**b, "c": c}
        e = f"{i}" + str(len(d))
    return sorted(out), e


print(allocates(3000))
gc.set_threshold(700)


def callbacks():
    log = []
    node = Node("x")
    refs = [weakref.ref(node, lambda r, i=i: log.append(i)) for i in range(3)]
    proxy = weakref.proxy(node)
    out = [proxy.name, refs[0]() is node]
    weakref.finalize(node, log.append, "finalized")
    del node
    try:
        proxy.name
    except ReferenceError as error:
        out.append(str(error))
    return out, log


print([callbacks() for _ in range(200)][-1])


def dictionaries():
    values, keys, members = weakref.WeakValueDictionary(), weakref.WeakKeyDictionary(), weakref.WeakSet()
    nodes = [Node(str(i)) for i in range(5)]
    for i, node in enumerate(nodes):
        values[i] = node
        keys[node] = i
        members.add(node)
    node = None
    del nodes[1:4]
    return sorted(values), sorted(keys.values()), len(members)


print([dictionaries() for _ in range(200)][-1])


class Finalised:
    count = 0

    def __init__(self):
        self.me = self

    def __del__(self):
        Finalised.count += 1


def many_finalised(n):
    for _ in range(n):
        Finalised()


many_finalised(300)
gc.collect()
print(Finalised.count)


def weak_method():
    class C:
        def m(self):
            return 5

    c = C()
    r = weakref.WeakMethod(c.m)
    first = r()()
    del c
    return first, r()


print([weak_method() for _ in range(200)][-1])


def slots_and_weakrefs():
    class S:
        __slots__ = ("x", "__weakref__")

    s = S()
    s.x = s
    r = weakref.ref(s)
    alive = r() is s
    s.x = None
    del s
    return alive, r()


print([slots_and_weakrefs() for _ in range(200)][-1])
debug = []
gc.callbacks.append(lambda phase, info: debug.append(phase))
gc.collect()
gc.callbacks.clear()
print(debug)
print(gc.is_tracked([]), gc.is_tracked(1), gc.isenabled(), gc.garbage)


def freeze_and_referents():
    x = [1, [2]]
    return gc.get_referents(x)[0], any(r is x for r in gc.get_referrers(x[1]))


print([freeze_and_referents() for _ in range(20)][-1])
