"""LOAD_GLOBAL: names that come and go in globals and builtins, many dicts for one code object, odd namespaces."""
import builtins
import sys
import types

thing = 0


def read():
    return thing


def read_or():
    try:
        return thing
    except NameError as error:
        return f"{type(error).__name__}: {error} [{error.name}]"


def measure(value):
    return len(value)


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for turn in range(500):
    thing = turn
    assert read() == turn
print(read())
for turn in range(30):
    if turn % 3 == 0:
        del thing
        print(read_or(), end=" ")
        thing = turn
    print(read_or(), end=" ")
print()

# The dict grows while the site is hot.
for turn in range(400):
    globals()[f"fresh{turn}"] = turn
    assert read() == 27, read()
for turn in range(400):
    del globals()[f"fresh{turn}"]
    assert read() == 27
print("grown and shrunk", read(), measure([1, 2]))

# Builtins: shadowed, unshadowed, changed, added, removed.
for turn in range(12):
    if turn % 4 == 1:
        len = lambda value: "shadowed"
    if turn % 4 == 3:
        del len
    print(measure("abc"), end=" ")
print()
original = builtins.len
builtins.len = lambda value: -original(value)
print(measure("abc"), measure("abcd"))
builtins.len = original
print(measure("abc"))
builtins.thing_of_builtins = "there"


def read_builtin():
    return thing_of_builtins


print([attempt(read_builtin) for _ in range(3)])
for number in range(60):
    setattr(builtins, f"added{number}", number)
    read_builtin()
for number in range(60):
    delattr(builtins, f"added{number}")
    read_builtin()
del builtins.thing_of_builtins
print([attempt(read_builtin) for _ in range(2)])
thing_of_builtins = "global instead"
print(read_builtin())
del thing_of_builtins

# Keys that are equal without being identical: made at run time, never interned.
name = "".join(["thi", "ng"])
globals()[name + "s"[:0]] = "by another key"
print(read())
del globals()["".join(["t", "hing"])]
print(read_or())
globals()["".join(["thi", "n", "g"])] = "uninterned"
print([read_or() for _ in range(3)])

# One code object, many globals.
worlds = []
for number in range(8):
    world = {"thing": number}
    if number % 2:
        world["__builtins__"] = {"len": lambda value, n=number: n * 100}
    for extra in range(number):
        world[f"extra{extra}"] = extra
    worlds.append((types.FunctionType(read.__code__, world), types.FunctionType(measure.__code__, world)))
print([(one(), attempt(two, "abc")) for _ in range(3) for one, two in worlds])
copied = dict(worlds[3][0].__globals__)
copied["thing"] = "in the copy"
print(types.FunctionType(read.__code__, copied)(), worlds[3][0]())


class Missing(dict):
    def __missing__(self, key):
        return f"missing {key}"

    def __getitem__(self, key):
        if key == "thing":
            return "from getitem"
        return dict.__getitem__(self, key)


odd = Missing(worlds[3][0].__globals__)
function = types.FunctionType(read.__code__, odd)
print([(function(), worlds[3][0]()) for _ in range(3)])
for source in ("thing", "other", "len('abc')"):
    for namespace in (Missing(), Missing(thing=1), {"__builtins__": Missing()}, {"__builtins__": types.SimpleNamespace()},
                      {"__builtins__": {}}, {3: 4, "thing": "mixed"}, {3: 4}):
        code = compile(f"def get():\n    return {source}\nresult = [get() for _ in range(3)]", "made", "exec")
        # A plain look-up of a name made by exec: only dicts and their subclasses can be globals.
        print(source, type(namespace).__name__, attempt(lambda: (exec(code, namespace), namespace["result"])[1]))


class Holder:
    pass


holder = Holder()
holder.thing = "split table"
function = types.FunctionType(read.__code__, holder.__dict__)
print([attempt(function) for _ in range(3)])
holder.thing = "changed"
print(attempt(function))
del holder.thing
print(attempt(function))

# The class body and the module share names with functions called from them.
class Body:
    thing = "class level"
    seen = [read_or() for _ in range(2)]


print(Body.seen)


def outer():
    global created
    created = 1
    return created


for _ in range(3):
    print(outer(), created)
    del created
try:
    created
except NameError as error:
    print(error, error.name)

sys.modules[__name__].__dict__["thing"] = "through the module"
print(read())
setattr(sys.modules[__name__], "thing", "through setattr")
print(read())


# Globals of a subclass of dict whose keys are a copy of plain ones: learned from the plain ones first.
def attempt_with_copied_keys():
    plain = {"thing": 3, "__builtins__": __builtins__}
    code = compile("def get():\n    return thing\ndef make():\n    yield thing\n    yield len\n", "made", "exec")
    exec(code, plain)
    for _ in range(3):
        before = plain["get"](), list(plain["make"]())
        strange = Missing(plain)
        get = types.FunctionType(plain["get"].__code__, strange)
        make = types.FunctionType(plain["make"].__code__, strange)
        print(before[0], get(), list(make())[0], plain["get"]())
        strange_builtins = dict(plain, __builtins__=Missing(vars(__import__("builtins")), thing=7))
        del strange_builtins["thing"]
        print(types.FunctionType(plain["get"].__code__, strange_builtins)(), plain["get"]())


attempt_with_copied_keys()
