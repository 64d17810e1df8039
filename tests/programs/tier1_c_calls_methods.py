"""Calls of methods of builtin types, and of functions of modules, from compiled code: results, errors, counts, owners that change."""
import collections
import math
import operator
import sys
import traceback


def show(name, function, *arguments):
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException as error:
            outcomes.append("".join(traceback.format_exception(error)[2:]))
    print(name, outcomes[0] if len(set(outcomes)) == 1 else outcomes)


# ---- list.append ----------------------------------------------------------------------------------------

class Loud(list):
    def append(self, item):
        super().append(("loud", item))
        return "unused"


class Quiet(list):
    pass


class Appender:
    def __init__(self):
        self.items = ()

    def append(self, item):
        self.items += item,
        return self

    def __repr__(self):
        return f"Appender{self.items}"


def fill(target, n):
    for i in range(n):
        target.append(i)
    target.append("constant")
    target.append(n + 1)
    target.append([n][0])
    target.append((target.append(0), n)[1])
    return target


for make in (list, Quiet, Loud, Appender, collections.deque, lambda: collections.deque(maxlen=3), lambda: [0] * 5):
    show("append", lambda: fill(make(), 10))
for wrong in (5, None, (), {}):
    show("append to others", lambda: fill(wrong, 3))


def fill_many(targets, item):
    for target in targets:
        target.append(item)
    return targets


show("one site", lambda: fill_many([[], Quiet(), Loud(), Appender(), collections.deque(), [], Appender()], "x"))


def result_of_append(target):
    return target.append(1), target


for make in (list, Loud, Appender, collections.deque):
    show("result of append", lambda: result_of_append(make()))


def append_wrongly(target, kind):
    if kind == 0:
        target.append()
    elif kind == 1:
        target.append(1, 2)
    elif kind == 2:
        target.append(object=1)
    else:
        list.append(target, kind)
        list.append(5, kind)


for kind in range(4):
    show("append wrongly", append_wrongly, [], kind)


def appended_counts():
    x = object()
    items = []
    items.append(x)
    first = sys.getrefcount(x)
    items.append(x)
    items.append(object())
    return first, sys.getrefcount(x), sys.getrefcount(items[2]), sys.getrefcount(items)


show("counts after append", appended_counts)


class Dying:
    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        Dying.log.append((self.name, frame.f_code.co_name, frame.f_lineno))


def dying_list():
    [Dying("item")].append(Dying("appended"))
    return list(Dying.log), Dying.log.clear()


show("list that dies", dying_list)


def stored_in_itself():
    x = []
    for _ in range(100):
        x.append(x)
    return len(x), sys.getrefcount(x)


show("list in itself", stored_in_itself)

# ---- dict.get and others ------------------------------------------------------------------------------------


class Hashing:
    def __init__(self, value):
        self.value = value

    def __hash__(self):
        if self.value is None:
            raise ZeroDivisionError("hash")
        return hash(self.value)

    def __eq__(self, other):
        if self.value == "eq":
            raise ZeroDivisionError("eq")
        return self.value == getattr(other, "value", other)


class Missing(dict):
    def __missing__(self, key):
        return "missing"


class Getting(dict):
    def get(self, key, default="mine"):
        return default


def gets(d, key):
    return d.get(key), d.get(key, "default"), d.get("constant"), d.get("constant", key), d.get(1), d.get(1, None)


for d in ({}, {"constant": 1}, {"a": 2, 1: 3}, Missing(a=1), Getting(a=1), collections.OrderedDict(a=2), collections.Counter("aab"),
          collections.defaultdict(list), 5, type.__dict__):
    for key in ("a", 1, 1.0, (1, 2), Hashing("a"), Hashing(None), [1]):
        show("get", lambda: [type(x).__name__ if isinstance(x, Hashing) else x for x in gets(d, key)])
show("get with eq", gets, {"eq": 1}, Hashing("eq"))


def get_wrongly(d, kind):
    if kind == 0:
        return d.get()
    if kind == 1:
        return d.get(1, 2, 3)
    if kind == 2:
        return d.get(key=1)
    return dict.get(d), dict.get(5, 6)


for kind in range(4):
    show("get wrongly", get_wrongly, {}, kind)


def dict_methods(d):
    out = [sorted(d.keys()), list(d.values()), list(d.items()), d.setdefault("new", 5), d.pop("new"), d.pop("new", None), d.copy()]
    d.update({"u": 1})
    d.update(v=2)
    out.append(d.pop("u") + d.pop("v"))
    try:
        d.pop("nothing")
    except KeyError as error:
        out.append(repr(error))
    return out


show("dict methods", dict_methods, {"a": 1})
show("dict methods", dict_methods, collections.OrderedDict(a=1))
show("dict methods", dict_methods, 5)

# ---- str, bytes, set, and whatever else -------------------------------------------------------------------------


class Word(str):
    def upper(self):
        return "UPPER"


def str_methods(s):
    return (s.upper(), s.isalpha(), s.split(), s.split(","), s.split(",", 1), s.split(sep=","), s.split(maxsplit=1), s.replace("a", "b"),
            s.startswith("a"), s.find("b"), s.join(["x", "y"]), s.strip(), s.encode(), s.encode("utf-8"), s.partition(","), s.count("a"),
            s.center(10), s.center(10, "*"), s.zfill(5), s.title(), "-".join(s), "{} {}".format(s, 1), s.splitlines(True),
            s.splitlines(keepends=True))


for s in ("", "a,b", "abc", "\u0100\u0200", Word("word"), b"bytes", 5):
    show("str methods", str_methods, s)
for wrong in ((), (5,), ("a", 5, 6)):
    show("join", lambda: ",".join(wrong))


def wrongly(s, kind):
    if kind == 0:
        return s.upper(1)
    if kind == 1:
        return s.split(1, 2, 3)
    if kind == 2:
        return s.isalpha(x=1)
    if kind == 3:
        return s.replace("a")
    if kind == 4:
        return str.upper()
    if kind == 5:
        return str.upper(5)
    if kind == 6:
        return s.nothing()
    return s.join()


for kind in range(8):
    show("wrongly", wrongly, "abc", kind)


def set_methods(s):
    s.add(1)
    s.add("a")
    s.discard(2)
    s.update([5], (6,))
    try:
        s.remove("b")
    except KeyError as error:
        caught = repr(error)
    s.remove(1)
    return caught, len(s), s.union([7]) - s, s.issubset([5]), s.copy() == s


class Tracing(set):
    def add(self, x):
        super().add((x,))


show("set", lambda: set_methods({2, 3}))
show("set", lambda: set_methods(Tracing()))


def user_methods(x):
    return x.get(1), x.add(2), x.pop(), x.update(a=1), x.split("b"), x.copy(), x.index(5)


class Everything:
    def get(self, x): return "get", x
    def add(self, x): return "add", x
    def pop(self): return "pop"
    def update(self, **k): return k
    def split(self, x, *rest): return x, rest
    @staticmethod
    def copy(): return "static"
    @classmethod
    def index(cls, x): return cls.__name__, x


show("user's methods", user_methods, Everything())


class Own:
    pass


own = Own()
for name in ("get", "add", "pop", "update", "split", "copy", "index"):
    setattr(own, name, lambda *a, **k: (len(a), k))
show("functions in the instance", user_methods, own)


def patched(x):
    return x.get(1), x.add(2)


print([patched(Everything()) for _ in range(3)])
Everything.get = lambda self, x: "patched"
print([patched(Everything()) for _ in range(3)])
Everything.add = len
print(end="" if not [1 for _ in range(3) if show("method is a builtin", patched, Everything())] else "?")

# ---- Functions of modules ------------------------------------------------------------------------------------------


def roots(x):
    return math.sqrt(x), math.floor(x), math.hypot(x, x), math.pi, math.gcd(4, 6), math.isclose(x, x + 1, rel_tol=0.5), math.factorial(3)


for x in (4, 2.25, "x", -1, None):
    show("math", roots, x)


def pi():
    return math.pi, math.e


math_before = math.pi
show("module attribute", pi)
math.pi = 3
show("changed", pi)
math.pi = math_before
del math.e
show("deleted", pi)
math.e = 2
show("new", pi)
math.new_name = 1
show("another name", pi)
real_math = math


class math:
    pi = "class's"
    e = 2

    @staticmethod
    def sqrt(x):
        return "static", x
    floor = hypot = gcd = isclose = factorial = lambda *a, **k: (len(a), k)


show("a class in its place", pi)
show("a class in its place", roots, 4)
math = math()
show("an instance in its place", pi)
show("an instance in its place", roots, 4)
math = real_math
show("as before", roots, 4)


def module_with_getattr():
    return fake.present, fake.absent, fake.call(1), fake.__name__, fake.__dict__ is vars(fake)


fake = type(sys)("fake")
fake.present = 1
fake.__getattr__ = lambda name: (lambda *a: (name, a)) if name == "call" else name + "!"
show("module with __getattr__", lambda: module_with_getattr())
fake.call = abs
show("module with a new function", lambda: module_with_getattr())


class SubModule(type(sys)):
    @property
    def present(self):
        return "property"


fake.__class__ = SubModule
show("module of a subclass", lambda: module_with_getattr())

# ---- Callbacks ---------------------------------------------------------------------------------------------------------


def key_traces(items):
    """Tracing switched on while a C function runs."""
    seen = []

    def tracer(frame, event, argument):
        if frame.f_code.co_name == "key_traces":
            seen.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    def key(x):
        sys.settrace(tracer)
        sys._getframe(1).f_trace = tracer
        return -x

    out = sorted(items, key=key)
    n = len(out)
    sys.settrace(None)
    return out, n, seen


show("tracing from a key", key_traces, [3, 1, 2])


def lookup_changes_locals():
    """A callee that writes the caller's locals."""
    def change(x):
        frame = sys._getframe(1)
        assert frame.f_code.co_name == "lookup_changes_locals"
        return frame.f_locals["x"]
    x = 5
    return x, max([1], key=lambda i: i), change(x), x, min(x, 3)


show("callee looks at locals", lookup_changes_locals)


def raise_in_callback(items):
    try:
        return sorted(items, key=lambda x: 1 / x)
    except ZeroDivisionError as error:
        return [entry.lineno - entry.tb_lineno if hasattr(entry, "lineno") else entry.tb_lineno for entry in [error.__traceback__]], str(error)


show("callback raises", raise_in_callback, [1, 0])


def deep(n):
    """RecursionError out of a call of a C function: at the same depth as on stock."""
    try:
        return deep(n + 1)
    except RecursionError:
        return n


print(len(repr(deep(0))))
limit = sys.getrecursionlimit()


def at_depth(n, function, *arguments):
    return at_depth(n - 1, function, *arguments) if n else function(*arguments)


def builtins_here(x):
    return abs(x), ord("a"), chr(x), len([x]), isinstance(x, (int, str)), min(x, 5), [x].append(x), {}.get(x), "a".upper(), hash(x)


depths = []
for function in (builtins_here,):
    lowest = 0
    for n in range(limit - 60, limit + 5):
        try:
            at_depth(n, function, 3)
            lowest = n
        except RecursionError as error:
            depths.append((str(error), n - lowest))
            break
print(depths)
show("operator", lambda a, b: (operator.add(a, b), operator.itemgetter(0)([a]), operator.attrgetter("real")(b), operator.contains([a], b)), 3, 4)
