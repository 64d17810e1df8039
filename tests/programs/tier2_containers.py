"""Lists, tuples, dicts, sets and strings in hot loops of tier 2: items, unpacking, iteration, errors, aliasing, what dies when."""
# test: modes=tier0,default,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc
import gc
import sys
import traceback


def product(a, b):
    result = [[0] * len(b[0]) for _ in a]
    for i in range(len(a)):
        row = a[i]
        for j in range(len(b[0])):
            total = 0
            for k in range(len(b)):
                total += row[k] * b[k][j]
            result[i][j] = total
    return result


def in_place(items, turns):
    for i in range(turns):
        items[i % 5] += 0.5
        items[-1] = items[-2] * 0.5
    return items


def aliased(turns):
    row = [1.0, 2.0, 3.0]
    rows = [row, row, [4.0, 5.0, 6.0]]
    for i in range(turns):
        rows[0][1] = rows[1][1] + 1.0
        rows[1][0] = rows[0][1] * 0.5
        rows[2][2] = rows[0][0]
        rows[2][2] += 1.0
    return rows, rows[2][2] is rows[0][0]


def shared_floats(turns):
    x = 0.125
    items = [x] * 4
    other = [items[0], items[1]]
    seen = []
    for i in range(turns):
        a = items[i % 4]
        items[i % 4] = a + 0.25
        other[i % 2] = items[i % 4]
        if i % 50 == 0:
            seen.append((a, items[i % 4], other[i % 2] is items[i % 4]))
    return items, other, x, seen


def int_items(turns):
    counts = [0] * 7
    for i in range(turns):
        counts[i % 7] += i
        counts[i * 3 % 7] -= 1
        if i % 100 == 99:
            counts[2] *= 10**9
            counts[3] = counts[3] % 1000
    return counts


def changing_kinds(turns):
    items = [0] * 6
    for i in range(turns):
        items[i % 6] = i * 0.5 if i % 11 else "s" if i % 22 else None
    return items


def unpack(pairs, turns):
    total = 0
    for _ in range(turns):
        for (a, b), c in pairs:
            a, b = b, a
            total += a * 2 - b + c
    return total


def unpack_wrong(rows, turns):
    out = []
    for i in range(turns):
        try:
            a, b = rows[i % len(rows)]
            out.append(a)
        except ValueError as error:
            out.append(str(error))
        except TypeError as error:
            out.append(str(error))
    return out[:6], len(out)


def index_errors(items, turns):
    caught = []
    for i in range(turns):
        try:
            items[i % 9] = items[(i * 7) % 10 - 5]
        except IndexError:
            caught.append(i)
    return items, caught[:5], len(caught)


def traceback_of(items, turns):
    try:
        for i in range(turns):
            value = items[i] + items[i - 1]
    except IndexError:
        return i, traceback.format_exc().splitlines()[1:]


def grows_while_iterating(items):
    total = 0
    for item in items:
        total += item
        if item % 5 == 0 and len(items) < 900:
            items.append(item + 3)
    return total, len(items)


def shrinks_while_iterating(items):
    seen = 0
    for item in items:
        seen += item
        if item % 3 == 0:
            items.pop()
    return seen, len(items)


def cleared_while_iterating(items):
    seen = []
    for item in items:
        seen.append(item)
        if item == 50:
            items.clear()
    return len(seen), items


def dict_counts(words, turns):
    counts = {}
    for i in range(turns):
        word = words[i % len(words)]
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    return counts


def dict_misses(table, turns):
    missed = 0
    total = 0
    for i in range(turns):
        try:
            total += table[i % 13]
        except KeyError as error:
            missed += error.args[0]
    return missed, total


class Default(dict):
    def __missing__(self, key):
        return key * 100


class Keys:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n % 3

    def __eq__(self, other):
        return self.n == other.n


def slow_keys(turns):
    table = {Keys(i): i for i in range(10)}
    total = 0
    for i in range(turns):
        total += table[Keys(i % 10)]
        table[Keys(i % 10)] = i
    return total, len(table)


def views(table, turns):
    total = 0
    for _ in range(turns):
        for key in table:
            total += len(key)
        for key, value in table.items():
            total += value * len(key)
        for value in table.values():
            total -= value
    return total


def resized_in_loop(table):
    try:
        for key in table:
            table[key + "x"] = 1
    except RuntimeError as error:
        return str(error)


def zipped(a, b, turns):
    total = 0
    for _ in range(turns):
        for i, (x, y) in enumerate(zip(a, b)):
            total += x * y + i
    return total


def strings(text, turns):
    out = []
    for i in range(turns):
        c = text[i % len(text)]
        if c == "e":
            out.append(c + text[i % 3])
        elif c in "xyz":
            out.append(f"{c}{i}")
        elif not text:
            out.append("never")
    return "".join(out)


def tests(values, turns):
    count = [0, 0, 0, 0]
    for i in range(turns):
        value = values[i % len(values)]
        if value:
            count[0] += 1
        if not value:
            count[1] += 1
        if value is None:
            count[2] += 1
        if value is not values[0] and value == value:
            count[3] += 1
    return count


def builds(turns):
    pairs = []
    for i in range(turns):
        pair = (i, i * 0.5)
        a, b = pair
        box = [a, b, pair]
        if i % 100 == 0:
            pairs.append((box, {a: b}, {"k": i}, {a, b}))
    return pairs


def collected(turns):
    """Cycles made in a hot loop are collected as on stock, sooner or later."""
    gc.collect()
    for i in range(turns):
        a = [None, i]
        b = (a, i)
        a[0] = b
    a = b = None
    return gc.collect() < 3 * turns


class Noisy:
    def __init__(self, name, log):
        self.name = name
        self.log = log

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((self.name, frame.f_code.co_name, frame.f_locals.get("i"), frame.f_locals.get("x")))


def death_in_list(turns):
    log = []
    items = [None] * 3
    x = 0
    for i in range(turns):
        x = i * 2
        if i % 60 == 0:
            items[i % 3] = Noisy(i, log)
        elif i % 60 == 30:
            items[0] = items[1] = items[2] = x
        items[1] = x
    return log


def death_in_tuple(turns):
    log = []
    t = None
    for i in range(turns):
        x = i + 1
        t = (Noisy(i, log), i) if i % 90 == 0 else (i, t[1])
    return log


def death_of_iterator(turns):
    log = []
    for i in range(turns):
        for item in [Noisy(i, log)] if i % 100 == 0 else [i]:
            x = i
    return log


def death_in_test(turns):
    """What is tested dies with the test, and the way that was taken goes on."""
    log = []
    taken = other = flags = 0
    for i in range(turns):
        x = i
        if [Noisy(i, log)] if i % 70 == 0 else [] if i % 3 else [i]:
            taken += 1
        else:
            other += 1
        flags += not ([Noisy(-i, log)] if i % 90 == 5 else ())
        while [Noisy(i + 10000, log)] if x == i and i % 110 == 0 else 0:
            x = None
    return log, taken, other, flags


def references(turns):
    item = object()
    items = [item, item]
    base = sys.getrefcount(item)
    for i in range(turns):
        a = items[i % 2]
        items[1 - i % 2] = a
        b, c = items
        for d in items:
            pass
        for d in (a, b):
            pass
    return sys.getrefcount(item) - base


def stored_in_self(turns):
    """A list that holds itself; a slot overwritten by what it held."""
    a = [1.5, None]
    a[1] = a
    total = 0.0
    for i in range(turns):
        total += a[1][1][0]
        a[1][0] = a[0] + 0.5
        a[0] = a[1][0]
    a[1] = None
    return total


ints = [[(i * 7 + j * 3) % 11 for j in range(9)] for i in range(9)]
floats = [[i * 0.5 + j for j in range(9)] for i in range(9)]
mixed = [[i * 0.5 if (i + j) % 2 else j for j in range(9)] for i in range(9)]
print(product(ints, ints)[3], product(floats, floats)[4], product(ints, floats)[5], product(mixed, ints)[6])
N = 600
print(in_place([0.5] * 7, N), in_place([1, 2.5, True, 4, 5], N))
print(aliased(N), shared_floats(N))
print(int_items(N), changing_kinds(N))
print(unpack([((1, 2), 3), ((4, 5), 6)], N), unpack([([1, 2.5], 3), ((4, 5), 6)], N), unpack([[(True, 2), 3]], N))
print(unpack_wrong([(1, 2), (3, 4)], N), unpack_wrong([(1, 2), (3, 4, 5), [6], 7, "ab"], N))
print(index_errors(list(range(6)), N))
print(traceback_of([1, 2.5] * 200, N), traceback_of((1,) * 300, N))
print(grows_while_iterating(list(range(300))), shrinks_while_iterating(list(range(400))))
print(cleared_while_iterating(list(range(100))))
print(dict_counts("the quick brown fox jumps over the lazy dog the end".split(), N), dict_counts([1, 2.0, 2, True, "a"], N))
print(dict_misses({i: i * i for i in range(0, 13, 2)}, N), dict_misses(Default({1: 2}), N))
print(slow_keys(N))
print(views({"a": 1, "bb": 2, "ccc": 3}, N // 4), resized_in_loop({"a": 1, "b": 2}))
print(zipped([1, 2, 3], (4.5, 5, 6, 7), N // 4), zipped(range(5), iter([1, 2]), 3))
print(strings("hello everyone, xylophone zoo", N))
print(tests([0, 1, None, "", "s", [], [0], {}, {1: 2}, 0.0, float("nan"), object, ()], N))
print(builds(N)[-1], collected(N))
print(death_in_list(N), death_in_tuple(N), death_of_iterator(N))
print(death_in_test(N))
print(references(N), stored_in_self(N))
