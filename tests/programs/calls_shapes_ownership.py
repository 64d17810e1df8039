"""Counts of references, and when arguments die, in calls with keywords, defaults, *args and **kwargs.

Tier 0 under the eval-frame hook keeps references of its own (argument_ownership.py).
"""
# test: modes=tier0,compile-all,no-forward,gc,evict
import gc
import sys

# Counts of references, and when arguments die.
class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, end="; ")


def counts(a, b=5, *, c=7):
    return sys.getrefcount(a), b == 5 or sys.getrefcount(b), c == 7 or sys.getrefcount(c)


def star_counts(*args, **kwargs):
    return [sys.getrefcount(x) for x in args], {k: sys.getrefcount(v) for k, v in kwargs.items()}, gc.is_tracked(args)


def drops(a, b=1, *args, c, **kwargs):
    a = args = c = None
    print("dropped", end=" ")
    kwargs.clear()
    return None


def references():
    for i in range(40):
        x, y, z = object(), [], {}
        found = counts(x, c=z, b=y), counts(b=object(), a=x), star_counts(x, y, one=z, two=object())
        drops(Loud("1"), Loud("2"), Loud("3"), c=Loud("4"), d=Loud("5"))
        print("after", end="\n" if i % 10 == 9 else " ")
    print(found, sys.getrefcount(x), sys.getrefcount(y), sys.getrefcount(z))


references()
