"""Doubly recursive Fibonacci: nothing but calls, comparisons and small-int addition."""

SCALE = 65


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def run(scale):
    total = 0
    for _ in range(scale):
        total += fib(22)
    return total
