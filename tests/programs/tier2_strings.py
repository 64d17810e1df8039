"""Strings, iteration, comprehensions and modules in hot loops of tier 2: characters, comparison, growing in place, what an iterator leaves behind."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-deopt-each,tier2-osr,tier2-gc,tier2-fail-alloc
import math
import sys
import traceback

TEXTS = ["", "a", "hello world (12)", "\xe9t\xe9", "\u20acuro", "\U0001f600 x", "caf\xe9 \xff\x00\x80", "tail" * 20]


class Str(str):
    def __getitem__(self, index):
        return "item", index

    def __iter__(self):
        return iter(["own", "items"])

    def __lt__(self, other):
        return "less"

    def __eq__(self, other):
        return "equal"

    def __ne__(self, other):
        return ""

    __hash__ = str.__hash__


def show(name, function, *arguments):
    results = []
    for _ in range(4):
        try:
            result = repr(function(*arguments))
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)[1:]
            result = f"{type(error).__name__}: {error} {[(frame.name, frame.lineno, frame.colno) for frame in frames]}"
        if result not in results:
            results.append(result)
    print(name, *results)


def characters(text, turns):
    total = 0
    for i in range(turns):
        c = text[i % len(text)]
        total += ord(c) * (1 + (c == "l") + 2 * (c != "o") + 4 * ("a" <= c <= "m") + 8 * (c > "\xe9") + 16 * (c in "hw(") + 32 * (c == "ll"))
        if c is text[i % len(text)]:
            total += 64
        total += len(c + text[-1])
    return total


for text in TEXTS + [Str("hello"), ["a", "bc", "\xe9"], ("x", "l"), b"bytes", 5]:
    show("characters", characters, text, 90)
show("characters", characters, TEXTS[2], 90)


def all_characters():
    out = []
    for i in range(300):
        c = chr(i)
        out.append(c)
        if ord(c) != i or len(c) != 1 or c != "%c" % i:
            return i
    text = "".join(out)
    return sum(ord(c) for c in text), [text[i] is chr(i) for i in (0, 1, 127, 128, 255)], text[256], text[-1]


show("all characters", all_characters)


def positions(text, places):
    out = []
    for place in places:
        out.append(text[place])
    return out


show("positions", positions, "hello", list(range(-5, 5)) * 10)
show("past the end", positions, "hello", [0, 1, 2] * 30 + [5])
show("before", positions, "hello", [0, 1, 2] * 30 + [-6])
show("no index", positions, "hello", [0, 1, 2] * 30 + ["x"])
show("none", positions, "", [0] * 50)
show("large", positions, "hello", [0, True, False] * 30 + [2**70])


def gone_through(texts, turns):
    total = 0
    kept = []
    for i in range(turns):
        for c in texts[i % len(texts)]:
            if c == "e" or c >= "\x80":
                kept.append(c)
            elif c < "a":
                total += 1
            total += ord(c)
    return total, len(kept), kept[:20]


show("gone through", gone_through, TEXTS, 80)
show("gone through ascii", gone_through, TEXTS[:3] + TEXTS[-1:], 80)
show("gone through lists", gone_through, TEXTS[:3] + [["x", "y"], ("z",), {"k": 1}], 80)
show("gone through own", gone_through, TEXTS[:3] * 20 + [Str("abc")], 100)


def compared(pairs, turns):
    counts = [0] * 6
    for i in range(turns):
        a, b = pairs[i % len(pairs)]
        counts[0] += 1 if a == b else 0
        counts[1] += 1 if a != b else 0
        counts[2] += 1 if a < b else 0
        counts[3] += 1 if a <= b else 0
        counts[4] += 1 if a > b else 0
        counts[5] += 1 if a >= b else 0
        if a == "hello":
            counts[0] += 100
        if "" != b:
            counts[1] += 100
    return counts


joined = "".join(["he", "llo"])
PAIRS = [("hello", joined), (joined, joined), ("a", "b"), ("", ""), ("", "x"), ("\xe9", "e"), ("\u20ac", "\u20ac" + "x"), ("\u20ac\xe9", "\u20ac\xe9"), ("hellp", joined)]
show("compared", compared, PAIRS, 120)
show("compared, own", compared, PAIRS * 3 + [(Str("hello"), "hello"), ("hello", Str("hello"))], 60)
show("compared, others", compared, PAIRS * 3 + [(1, 2), (2.5, 1)], 60)
show("compared, wrong", compared, PAIRS * 3 + [(1, "a")], 60)


def grown(turns):
    text = ""
    other = text
    sizes = 0
    for i in range(turns):
        text += "ab"
        if i == 50:
            other = text
        if i % 7 == 0:
            text = text + "\xe9"
        if i == 80:
            text += "\u20ac"
        sizes += len(text)
    return text, other, sizes


show("grown", grown, 120)


def grown_long():
    text = ""
    for i in range(60000):
        text += "x"
    return len(text)


show("grown long", grown_long)


def grown_wrong(parts):
    text = "x"
    try:
        for part in parts:
            text += part
    except TypeError as error:
        return text, str(error)
    return text


show("grown", grown_wrong, ["a", "b"] * 40)
show("grown wrong", grown_wrong, ["a", "b"] * 40 + [5])


class Right:
    def __radd__(self, left):
        return left, "radd", sys.getrefcount(left) > 1


show("grown by __radd__", grown_wrong, ["a", "b"] * 40 + [Right()])


def unbound(parts):
    for part in parts:
        text += part
    return text


show("unbound", unbound, ["a"])


def grown_numbers(values):
    total = values[0]
    for value in values[1:]:
        total += value
    return total


for values in ([1] * 60, ["a"] * 60, [1.5] * 60, [[1]] * 5, [(1,)] * 60, [1] * 40 + [1.5] * 20, ["a"] * 30 + [1]):
    show("sum", grown_numbers, values)


# ---- Comprehensions ----

def comprehensions(turns):
    result = []
    for i in range(turns):
        squares = [x * x + i for x in range(5)]
        texts = [c.upper() for c in "abc" if c != "b"]
        table = {c: x for x, c in enumerate("abca")}
        parts = {x % 3 for x in squares}
        nested = [[a * b for a in range(2)] for b in range(3)]
        result = [squares, texts, table, sorted(parts), nested]
    return result


show("comprehensions", comprehensions, 60)


class Key:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        if self.value == 90:
            raise ValueError("no hash")
        return self.value % 4

    def __eq__(self, other):
        return self.value % 8 == other.value % 8


def keyed(turns):
    return len({Key(i) for i in range(turns)}), [key.value for key in {Key(i): i for i in range(turns)}], {(i % 3): [i] for i in range(turns)}


show("keyed", keyed, 60)
show("keyed, wrong", keyed, 95)
show("unhashable", lambda: [{value for value in [1, 2] * 30 + [[]]}])
show("unhashable", lambda: [{value: 1 for value in [1, 2] * 30 + [[]]}])


# ---- Iterators that others have, lists that change, what dies at the end ----

def shared_iterator(turns):
    seen = []
    for turn in range(turns):
        iterator = iter([1, 2, 3])
        for value in iterator:
            seen.append(value)
        seen.append(list(iterator))
        seen.append(iterator.__length_hint__())
        for value in iterator:
            seen.append("more")
    return seen[-5:], len(seen)


show("shared iterator", shared_iterator, 50)


def changing(turns):
    out = 0
    for turn in range(turns):
        items = [1, 2, 3]
        for value in items:
            if len(items) < 6:
                items.append(value + 10)
            out += value
        for value in items:
            items.pop()
            out += value
        out += len(items) * 1000
    return out


show("changing", changing, 50)


class Dying:
    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        Dying.log.append((self.name, sys._getframe(1).f_lineno))


def dying_at_end(turns):
    total = 0
    for turn in range(turns):
        for item in [Dying("a"), Dying("b")]:
            total += len(item.name)
        Dying.log.append("after")
        for item in "xyz":
            total += 1
    result = Dying.log[-8:]
    Dying.log.clear()
    return total, result


show("dying at the end", dying_at_end, 40)


# ---- Modules ----

def of_module(turns):
    total = 0.0
    for i in range(turns):
        total += math.pi + math.sqrt(i) + math.floor(2.5) + math.inf * 0 if i > turns else math.sqrt(4) + math.e
        if i == 60:
            math.e = 100
            math.sqrt = lambda value: value * 1000
        if i == 90:
            del math.sqrt
            try:
                math.sqrt(4)
            except AttributeError as error:
                total += len(str(error))
            math.sqrt = original
            math.e = 2.5
    return total


original = math.sqrt
show("of a module", of_module, 140)


class Module(type(math)):
    def __getattr__(self, name):
        return lambda value: (name, value)


def of_any(module, turns):
    result = None
    for i in range(turns):
        result = module.sqrt(16), module.floor(2.5)
    return result


show("any module", of_any, math, 60)
show("any module", of_any, Module("own"), 60)
show("any module", of_any, sys, 60)
show("any module", of_any, math, 60)


def counted(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


class Dict(dict):
    def get(self, key, default=None):
        return 1000


def got(table, keys):
    out = 0
    for key in keys:
        out += table.get(key, 5) + (table.get(key) is None)
    return out


show("counted", counted, ["a", "b", "a", 1, (1, 2), 1.0] * 30)
show("counted, wrong", counted, ["a", "b"] * 30 + [[]])
show("got", got, {"a": 1, 2: 3}, ["a", 2, "z"] * 30)
show("got, own", got, Dict(a=1), ["a"] * 30)
show("got, wrong", got, {"a": 1}, ["a"] * 30 + [{}])
show("got, keys with hash", got, {Key(1): 1, "a": 2}, ["a", Key(1), Key(9)] * 20)
