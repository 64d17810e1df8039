"""tracemalloc started while compiled code calls map, enumerate, zip and reversed, and builds tuples out of kept memory."""
import tracemalloc


def total(count):
    result = 0
    for i in range(count):
        result += sum(map(lambda value: value ^ i, (1, 2, 3)))
        for index, item in enumerate((1, 2)):
            result += index * item
        for left, right in zip((1, 2), [3, 4]):
            result += left * right
        for item in reversed([1, 2]):
            result -= item
    return result


def pair(item):
    return (item, item)


def pairs(count):
    kept = None
    for i in range(count):
        kept = pair(i)
    return kept


print(total(2000), pairs(2000))
tracemalloc.start()
print(total(2000))
many = [(i, i) for i in range(3000)]  # more than are kept: the last are of memory that is traced
del many
made = pairs(2000)
print(made, tracemalloc.get_object_traceback(made)[0].lineno)
tracemalloc.stop()
print(total(2000), pairs(2000))


# More ints of each length than are kept die at once, and come back.
def numbers(count, shift):
    made = [(i + 1) << shift for i in range(count)]
    result = sum(made)
    while made:
        made.pop()
    return result


for shift in (10, 31, 61, 91, 121, 151, 200):
    for turn in range(4):
        print(shift, numbers(1500, shift), -numbers(700, shift))
