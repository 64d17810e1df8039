"""Attributes that instances hold themselves: inline values, materialised dicts, slots, foreign dicts, and owners of
many shapes at one place in the code."""
import collections
import types


def read(owner):
    return owner.value


def write(owner, value):
    owner.value = value


def read_or(owner):
    try:
        return owner.value
    except AttributeError as error:
        return f"{error} [{error.name!r} {error.obj is owner}]"


def write_or(owner, value):
    try:
        owner.value = value
    except (AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return "stored"


class Plain:
    pass


class Slotted:
    __slots__ = ("value", "other")


class SlottedAndDict:
    __slots__ = ("value", "__dict__")


class Default:
    value = "class default"


class ManyBefore:
    def __init__(self):
        self.a = self.b = self.c = 1
        self.value = 4


class Int(int):
    pass


class Tuple(tuple):
    pass


class Dict(dict):
    pass


class List(list):
    value = "from List"


class Error(Exception):
    pass


def function():
    pass


MAKERS = [Plain, Slotted, SlottedAndDict, Default, ManyBefore, lambda: Int(7), lambda: Tuple((1, 2, 3)), Dict, List,
          lambda: Error("x"), lambda: types.SimpleNamespace(), lambda: types.ModuleType("m"),
          lambda: types.FunctionType(function.__code__, {}), lambda: collections.OrderedDict(), object, lambda: 5,
          lambda: type("Fresh", (), {})()]

# Every shape at the same two places, several times over, alone and in alternation.
for rounds in range(4):
    for maker in MAKERS:
        owner = maker()
        print(rounds, type(owner).__name__, read_or(owner), write_or(owner, rounds), read_or(owner), end="; ")
        if hasattr(owner, "__dict__"):
            print(sorted(k for k in vars(owner) if k in ("value", "a", "b")), end="")
        print()
owners = [maker() for maker in MAKERS[:6]]
total = 0
for turn in range(3000):
    owner = owners[turn % len(owners)]
    write(owner, turn)
    total += read(owner)
print("alternating", total)

# One shape, hot; then the instance changes under the cache.
owner = Plain()
for turn in range(2000):
    write(owner, turn)
    assert read(owner) == turn
print("hot", read(owner), owner.__dict__, read(owner))
write(owner, "in a dict now")
print(read(owner), vars(owner))
owner.__dict__["value"] = "through the dict"
print(read(owner))
del owner.value
print(read_or(owner), vars(owner))
write(owner, "again")
print(read(owner), list(vars(owner)))
owner.__dict__ = {"first": 1, "value": "another dict"}
print(read(owner))
write(owner, "stored there")
print(read(owner), vars(owner))
owner.__dict__ = {("not", "a", "str"): 0, "value": "mixed keys"}
print(read(owner), write_or(owner, "mixed store"), read(owner), vars(owner))
owner.__dict__ = collections.OrderedDict(value="ordered")
print(read(owner), write_or(owner, "ordered store"), read(owner), vars(owner))


class Sly(dict):
    def __getitem__(self, key):
        return "never asked"

    def __setitem__(self, key, value):
        print("never asked either")


owner.__dict__ = Sly(value="sly")
print(read(owner), write_or(owner, "sly store"), read(owner), dict.copy(owner.__dict__))
owner.__dict__ = {}
print(read_or(owner))

# Instances that grow: the shared keys change under the other instances' caches.
crowd = [Plain() for _ in range(40)]
for number, one in enumerate(crowd):
    write(one, number)
    for extra in range(number):
        setattr(one, f"extra{extra}", extra)
print("grown", [read(one) for one in crowd], [len(vars(one)) for one in crowd])
late = Plain()
late.zebra = 1
write(late, "after zebra")
print(list(vars(late)), read(late))

# Deleting and adding again keeps the order that dicts promise.
ordered = ManyBefore()
del ordered.b
ordered.b = "moved"
write(ordered, "kept")
del ordered.a
print(list(ordered.__dict__.items()))
ordered = ManyBefore()
del ordered.value
print(read_or(ordered))
write(ordered, "back")
print(list(ordered.__dict__))

# The class of an instance changes.
class First:
    value = "first class"

    def __init__(self):
        self.mine = 1


class Second:
    def __init__(self):
        self.value = "second instance"


class Third:
    @property
    def value(self):
        return "third property"


moving = Second()
for turn in range(50):
    moving.__class__ = (First, Second, Third)[turn % 3]
    moving.__class__
    if turn < 6:
        print(turn, read(moving), write_or(moving, f"own{turn}"), read(moving))
    else:
        read(moving)
        write_or(moving, turn)
print(vars(moving))

# Slots: unset, deleted, shared offsets in different classes, slots in a base.
class SlotA:
    __slots__ = ("value",)


class SlotB:
    __slots__ = ("other", "value")


class SlotC(SlotA):
    __slots__ = ("more",)


for turn in range(300):
    for cls in (SlotA, SlotB, SlotC):
        one = cls()
        write(one, turn)
        assert read(one) == turn
        if turn % 100 == 0:
            del one.value
            print(cls.__name__, read_or(one), write_or(one, "set again"), read(one))
            try:
                one.unknown = 1
            except AttributeError as error:
                print(error)

# Who dies when: the old value goes after the new one is in place, the owner last.
class Loud:
    def __init__(self, label, owner=None):
        self.label = label
        self.owner = owner

    def __del__(self):
        print("dies:", self.label, "sees", getattr(self.owner, "value", "nothing") if self.owner else "-")


class Holder:
    pass


class SlotHolder:
    __slots__ = ("value",)


for cls in (Holder, SlotHolder):
    for repeat in range(3):
        holder = cls()
        write(holder, Loud(f"old {cls.__name__}", holder))
        write(holder, repeat)
    write(cls(), Loud("value of an owner that dies at once"))
    print("after", read(holder))


def temporary():
    return Holder2().value


class Holder2:
    def __init__(self):
        self.value = Loud("value of a temporary")

    def __del__(self):
        print("temporary dies")


for repeat in range(2):
    temporary().label
    print("--")

# Cells must not keep anything alive.
import gc
import weakref

watched = []
for number in range(6):
    cls = type(f"Ephemeral{number}", (), {})
    one = cls()
    write(one, number)
    read(one)
    watched.append(weakref.ref(cls))
    del cls, one
gc.collect()
print([reference() for reference in watched])
