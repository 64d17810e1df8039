"""Memory runs out in hot loops of numbers: MemoryError comes, and what was computed before is right."""
# test: needs=_testcapi modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc,tier2-fail-alloc
import _testcapi

room = [None] * 100000


def fill_floats(room, n, x):
    for i in range(n):
        room[i] = x + i
    return n


def fill_ints(room, n, x):
    for i in range(n):
        room[i] = x + i
    return n


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def fill_points(room, n, x):
    """Instances that nobody needs until some way through the loop."""
    for i in range(n):
        point = Point(x, x + i)
        if point.y != x + i:
            return i
        room[i] = point
    return n


def fill_slotted(room, n, x):
    for i in range(n):
        point = Slotted(x, x + i)
        if point.y != x + i:
            return i
        room[i] = point
    return n


def points_running_out(fill):
    for i in range(len(room)):
        room[i] = None
    caught = False
    _testcapi.set_nomemory(300, 0)
    try:
        fill(room, len(room), 0.5)
    except MemoryError:
        caught = True
    finally:
        _testcapi.remove_mem_hooks()
    filled = [point for point in room if point is not None]
    return caught, len(filled) < len(room), all(point.x == 0.5 and point.y == 0.5 + i for i, point in enumerate(filled))


def running_out(fill, x):
    for i in range(len(room)):
        room[i] = None
    caught = False
    _testcapi.set_nomemory(300, 0)
    try:
        fill(room, len(room), x)
    except MemoryError:
        caught = True
    finally:
        _testcapi.remove_mem_hooks()
    filled = [value for value in room if value is not None]
    return caught, len(filled) < len(room), filled == [x + i for i in range(len(filled))]


for turn in range(20):
    fill_floats(room, 2000, 0.5)
    fill_ints(room, 2000, 1 << 20)
for turn in range(20):
    for fill in (fill_points, fill_slotted):
        room[:] = [None] * len(room)
        fill(room, 2000, 0.5)
for turn in range(8):
    print(points_running_out(fill_points), points_running_out(fill_slotted))
for turn in range(8):
    print(running_out(fill_floats, 0.25), running_out(fill_ints, 1 << 40), running_out(fill_ints, -(1 << 62)))
