# test: needs=numba timeout=240 modes=default,compile-all,tier2
"""Numba, with an LLVM of its own, before and after tier 2 has compiled with ours in the same process."""
import math
import os
import sys


def hot_floats(n):
    x = 0.5
    for i in range(n):
        x = x * 1.0000001 + math.sqrt(i) * 0.25
    return x


def hot_ints(n):
    total = 0
    for i in range(n):
        total += i * 3 % 7
    return total


def compiled_by_numba():
    os.environ["NUMBA_DISABLE_PERFORMANCE_WARNINGS"] = "1"
    import numba

    floats = numba.njit(hot_floats)
    ints = numba.njit(hot_ints)
    return floats(20000), ints(20000)


def under_the_jit():
    return [(hot_floats(20000), hot_ints(20000)) for _ in range(20)][-1]


if os.fork() == 0:
    print("numba last:", under_the_jit(), compiled_by_numba(), under_the_jit())
    sys.stdout.flush()
    os._exit(0)
os.wait()
print("numba first:", compiled_by_numba(), under_the_jit(), compiled_by_numba())
