"""Columns of errors in instructions that tier 0, once warm, carries out in pairs: stock then marks the first of the two.

Under compile-all tier 0 never gets warm, and its columns stay those of a cold start.
"""
# test: modes=tier0,default,no-compile not=tier2*
import traceback


def two_loads(n):
    for _ in range(n):
        pass
    if n < 0:
        b = c = 1
    a = n
    return (a, b, c)


def constant_and_load(a):
    if not a:
        b = 1
    return f"{a}-{b!r:>5}"


def store_and_load(a):
    if not a:
        c = 1
    try:
        q = a; c
    finally:
        pass


def run_of_loads(a):
    if not a:
        f = g = 1
    b = c = d = e = a
    return max(b, c, d, e, f, g)


def not_paired(a):
    x = a
    return x + y + [a, z,
                    y][0]
    y = z = 1


for function in (two_loads, constant_and_load, store_and_load, run_of_loads, not_paired):
    last = None
    for turn in range(5000):
        try:
            function(30)
        except UnboundLocalError:
            text = traceback.format_exc()
        if text != last:
            print("cold" if turn < 20 else "warm", text)
            last = text
