"""NumPy reuses temporary arrays: how many arrays are alive at the peak of an expression. Nothing is printed without NumPy."""
import traceback
import tracemalloc

try:
    import numpy
except ImportError:
    raise SystemExit(0)

SIZE = 100_000
a, b, c, d = (numpy.full(SIZE, float(i)) for i in range(4))


def sums():
    return a + b + c + d


def mixed():
    return -(a * b) + ~(c > d) * (a / (b + 1.0) - c)


def named():
    product = a * b
    return product + c


def in_place():
    total = a + b
    total += c * d
    return total


def right_operand():
    return a + (b + c)


def compared():
    return ((a + b) < (c + d)).sum()


def small():
    return (a[:10] + b[:10] + c[:10]).sum()


def peak(function):
    """Peak memory, in arrays of SIZE floats."""
    function()
    tracemalloc.start()
    function()
    bytes_at_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(bytes_at_peak / (SIZE * 8))


for function in (sums, mixed, named, in_place, right_operand, compared, small):
    print(function.__name__, [peak(function) for _ in range(4)], float(numpy.sum(function())))


def wrong_shape():
    return a + b + numpy.ones(3)


def wrong_type():
    return a * b + object()


class Adds:
    def __radd__(self, array):
        return "added to", array.shape, bool((array == 0).any())


def reflected():
    return a * b + Adds()


for _ in range(4):
    for function in (wrong_shape, wrong_type, reflected):
        try:
            print(function())
        except Exception:
            print(traceback.format_exc().replace(str(numpy.ones(3)), ""))
