"""Loops over every kind of iterator: values, ends, errors, what the re-used tuples keep alive, containers changed on the way."""
import collections
import gc
import sys
import traceback


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)

    def __repr__(self):
        return f"Noisy {self.name}"


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} at {where.lineno - function.__code__.co_firstlineno}:{where.colno}"


def walk(iterable):
    seen = []
    for item in iterable:
        seen.append(item)
    return seen


def pairs(iterable):
    seen = []
    for a, b in iterable:
        seen.append(b)
        seen.append(a)
    return seen


def counts(iterable):
    """Reference counts inside the loop, of the value and of its parts."""
    seen = []
    for pair in iterable:
        seen.append((sys.getrefcount(pair), len(pair)))
    return seen


def all_kinds():
    sources = [
        lambda: [1, 2, 3], lambda: (1, 2, 3), lambda: range(3), lambda: range(10, 0, -3), lambda: "abc", lambda: "aé", lambda: "日本",
        lambda: {1: "a", 2: "b"}, lambda: {"x": 1, "y": 2}.items(), lambda: {1: "a", 2: "b"}.values(), lambda: {"x": 1}.keys(),
        lambda: {5}, lambda: frozenset((5,)), lambda: enumerate([7, 8]), lambda: enumerate("ab", 5), lambda: enumerate((x for x in "ab")),
        lambda: enumerate(range(3), 2**62 * 2 - 2), lambda: enumerate({1: 2}), lambda: zip(), lambda: zip([1, 2]), lambda: zip([1, 2], "ab"),
        lambda: zip([1, 2, 3], (4, 5), range(9)), lambda: zip(range(3), range(2)), lambda: zip([1], [2], [3], [4], [5]),
        lambda: zip((x for x in [1, 2]), [3, 4]), lambda: zip([1, 2], [3], strict=True), lambda: zip([1], [3], strict=True),
        lambda: reversed([1, 2, 3]), lambda: reversed((1, 2)), lambda: reversed("ab"), lambda: reversed({1: 2, 3: 4}),
        lambda: reversed(range(3)), lambda: map(str, [1, 2]), lambda: filter(None, [0, 1, 2]), lambda: b"ab", lambda: bytearray(b"ab"),
        lambda: iter([1, 2]), lambda: (x for x in (1, 2)), lambda: collections.OrderedDict(a=1).items(), lambda: collections.deque([1, 2]),
        lambda: collections.Counter("aab").items(), lambda: collections.defaultdict(int, {1: 2}), lambda: None, lambda: 5, lambda: [],
        lambda: "", lambda: {}, lambda: set(), lambda: zip([], [1]), lambda: enumerate([]), lambda: iter(int, 0), lambda: vars(Noisy).keys(),
    ]
    for _ in range(2):
        for source in sources:
            print(attempt(walk, source()), attempt(pairs, source()))
    for source in (lambda: enumerate("abc"), lambda: zip("ab", [1, 2]), lambda: {"a": 1, "b": 2}.items(), lambda: [(1, 2)] * 2):
        print(counts(source()))
        kept = walk(source())
        print(len({id(pair) for pair in kept}) if kept[0] is not kept[1] else "one")
        print(len({id(pair) for pair in source()}))


def one_iterator_twice():
    numbers = iter(range(7))
    print(pairs(zip(numbers, numbers)), list(numbers))
    letters = iter("abcdef")
    for a, b in zip(letters, letters):
        print(a, b, next(letters))
    source = iter([1, 2, 3])
    for a in source:
        for b in source:
            print(a, b)
    source = iter([1, 2, 3, 4])
    print(pairs(zip(source, "ab")), list(source), pairs(zip("ab", iter([1]))))


def lifetimes():
    for number, thing in enumerate([Noisy("e1"), Noisy("e2")]):
        print("loop", number)
        del thing
        print("deleted")
    print("after enumerate")
    for a, b in zip([Noisy("z1"), Noisy("z2")], (Noisy("z3"), Noisy("z4"))):
        a = None
        print("z", b)
    print("after zip", a, b)
    del b
    for key, value in {Noisy("k1"): Noisy("v1"), 2: Noisy("v2")}.items():
        print(key, value)
        key = value = None
    print("after items")

    def makes():
        for i in range(3):
            yield Noisy(f"made {i}")

    for pair in enumerate(makes()):
        print(pair)
    del pair
    for a, b in zip(makes(), range(2)):
        print("pair", b)
        del a
    print("after makes")
    table = {"a": Noisy("old"), "b": 2}
    for key, value in table.items():
        table[key] = None
        value = None
        print("replaced", key)
    things = [Noisy("l1"), Noisy("l2"), Noisy("l3")]
    for i, thing in enumerate(things):
        if i == 0:
            things.pop()
            things[1] = 5
    print(things, thing)
    del things
    print("things gone")
    for thing in [Noisy("end 1"), Noisy("end 2")]:
        pass
    print("loop ended")
    del thing
    for letter in "ab":
        kept = enumerate([Noisy("in enumerate")])
        for pair in kept:
            break
        del kept
        print(letter, sys.getrefcount(pair), pair)
        del pair


def changes():
    def grow_list(items):
        for item in items:
            if len(items) < 6:
                items.append(item * 10)
        return items

    def grow_dict(table):
        for key in table:
            table[key + 1] = 0
        return table

    def shrink_dict(table):
        for key, value in table.items():
            del table[key]
        return table

    def swap_dict(table):
        for key, value in table.items():
            del table[key]
            table[key + 10] = value
            if len(table) > 3 or key > 40:
                break
        return table

    def grow_set(members):
        for member in members:
            members.add(member + 1)
        return members

    def replace_in_set(members):
        for member in members:
            members.discard(member)
            members.add(-member)
            if member < 0:
                break
        return len(members)

    def clear_list(items):
        for i, item in enumerate(items):
            items.clear()
        return items

    for function, argument in ((grow_list, [1, 2]), (grow_dict, {1: 1}), (shrink_dict, {1: 1, 2: 2}), (swap_dict, {1: 1, 2: 2}),
                               (grow_set, {1}), (replace_in_set, {1, 2}), (clear_list, [1, 2, 3])):
        print(function.__name__, attempt(function, argument), argument if not isinstance(argument, set) else len(argument))
    table = {i: i for i in range(10)}
    for i in range(0, 10, 2):
        del table[i]
    print(walk(table), walk(table.items()), walk(table.values()))
    members = set(range(20))
    for i in range(0, 20, 3):
        members.discard(i)
    print(sorted(walk(members)))


class Shares:
    def __init__(self):
        self.a, self.b = 1, 2


def split_tables():
    thing, other = Shares(), Shares()
    print(walk(vars(thing).items()), walk(vars(thing)))
    vars(thing)["c"] = 3
    del other.a
    other.a = 5
    print(walk(vars(thing).items()), walk(vars(other).items()), pairs(vars(other).items()))


def polymorphic(sources):
    total = 0
    for source in sources:
        for item in source:
            total += 1 if item else 2
    return total


class Counter:
    def __init__(self, stop):
        self.n, self.stop = 0, stop

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        if self.n > self.stop:
            raise (StopIteration if self.stop < 5 else LookupError("too far"))
        return self.n


def tracked():
    for pair in enumerate([[], []]):
        print(gc.is_tracked(pair))
    iterator = enumerate([1, 2, [3]])
    for pair in iterator:
        del pair
        gc.collect()
    kept = [pair for pair in zip([[1], [2]], [3, 4])]
    gc.collect()
    print([gc.is_tracked(pair) for pair in kept])


def growing_text(n):
    text = ""
    other = "x"
    for i in range(n):
        text += "a" if i % 2 else other
        text = text + (other if i % 3 else "b")
        same = text if i == 5 else ""
        text += same and f"<{len(same)}>"
    return len(text), text[:60], same


def collections_in_loops():
    class Cyclic:
        count = 0

        def __del__(self):
            Cyclic.count += 1

    kept = []
    for i, (key, value) in enumerate({n: [n] for n in range(3000)}.items()):
        thing = Cyclic()
        thing.me = thing
        kept.append((i, key, value))
    print(Cyclic.count > 1000, len(kept), kept[-1])
    print(sum(len(pair) for pair in [pair for pair in enumerate(kept)]), sum(len(pair) for pair in [pair for pair in zip(kept, kept, kept)]))


all_kinds()
one_iterator_twice()
lifetimes()
for _ in range(2):
    changes()
split_tables()
print(polymorphic([[1, 0], (1, 2), "ab", range(3), {1: 2}, {1: 2}.items(), enumerate("ab"), zip("ab", "cd"), Counter(3), (x for x in "ab"), {3}] * 30))
print(attempt(polymorphic, [Counter(2), Counter(7)]), attempt(polymorphic, [5]))
tracked()
print(growing_text(1000), growing_text(100000)[0])
collections_in_loops()
