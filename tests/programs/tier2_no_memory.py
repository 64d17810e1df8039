"""Memory runs out in hot loops of numbers: MemoryError comes, and what was computed before is right."""
# test: needs=_testcapi modes=tier0,tier2-sync,tier2-deopt
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
for turn in range(8):
    print(running_out(fill_floats, 0.25), running_out(fill_ints, 1 << 40), running_out(fill_ints, -(1 << 62)))
