"""Somebody asks a running function's frame for its locals and lets go of the frame: the dict dies with the frame."""

import ctypes
import gc
import sys

to_fast = ctypes.pythonapi.PyFrame_LocalsToFast
to_fast.argtypes = [ctypes.py_object, ctypes.c_int]


class Asks:
    def __init__(self, action):
        self.action = action

    def __del__(self):
        self.action(sys._getframe(1))


def look(frame):
    frame.f_locals["a"]


def change(frame):
    frame.f_locals["a"] = "changed"
    to_fast(frame, 0)


def dying(a, action):
    asks = Asks(action)
    t = (a, [a])
    asks = None
    return a, t


class Adds:
    def __add__(self, action):
        asks = Asks(action)
        mine = self
        a = [mine]
        asks = None
        return a and 1

    @property
    def asked(self):
        a = [self]
        asks = Asks(look)
        asks = None
        return a and 1


def leaked(action):
    a = "".join(["a", "bc"])
    adds = Adds()
    before = sys.getrefcount(a), sys.getrefcount(adds)
    for _ in range(60):
        dying(a, action)
        adds + action
        adds.asked
    return sys.getrefcount(a) - before[0], sys.getrefcount(adds) - before[1]


for _ in range(3):
    print(leaked(look), leaked(change))


def formats_locals(name, path=None):
    method = "spec_{name}".format(**locals())
    found = getattr(name, method, lambda: None)
    return found()


def dicts_left(turns):
    gc.collect()
    before = sum(type(item) is dict for item in gc.get_objects())
    for _ in range(turns):
        formats_locals("x")
    gc.collect()
    return sum(type(item) is dict for item in gc.get_objects()) - before


dicts_left(3)
print("left", dicts_left(20))
