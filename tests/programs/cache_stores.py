"""STORE_ATTR through setters, data descriptors, getsets, hooks; and attributes of functions, classes and modules."""
import dataclasses
import types


def write(owner, value):
    owner.thing = value


def write_or(owner, value):
    try:
        owner.thing = value
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


class Loud:
    def __init__(self, label):
        self.label = label

    def __del__(self):
        print("dies", self.label)


class WithSetter:
    @property
    def thing(self):
        return self._thing

    @thing.setter
    def thing(self, value):
        self._thing = ("set", value)


one = WithSetter()
for turn in range(200):
    write(one, turn)
print(one.thing, vars(one))
WithSetter.thing = WithSetter.thing.getter(lambda self: "getter replaced")
write(one, 1)
print(one.thing, one._thing)
WithSetter.thing = property(lambda self: "read only")
print([write_or(one, 2) for _ in range(3)])
WithSetter.thing = property(lambda self: 0, lambda self, value: 1 / 0)
print([write_or(one, 3) for _ in range(2)])
WithSetter.thing = property(None, print)
print([write_or("not used", 4)])
del WithSetter.thing
print(write_or(one, 5), vars(one))
WithSetter.thing = "plain default"
print(write_or(one, 6), vars(one))


class Data:
    def __get__(self, instance, owner):
        return "data"

    def __set__(self, instance, value):
        if value == "fail":
            raise ValueError("data refuses")
        instance.__dict__["via data"] = value


WithSetter.thing = Data()
print([write_or(one, value) for value in (7, "fail", 8)], vars(one))
removed = Data.__set__
del Data.__set__
print(write_or(one, 9), vars(one), one.thing)
Data.__set__ = removed
print(write_or(one, 10), vars(one), one.thing)


class Setattr:
    def __setattr__(self, name, value):
        object.__setattr__(self, name, ("seen", value))


hooked = Setattr()
print([write_or(hooked, n) for n in range(3)], hooked.thing)
del Setattr.__setattr__
print(write_or(hooked, 4), hooked.thing)
Setattr.__setattr__ = lambda self, name, value: print("ignored", name)
print(write_or(hooked, 5), hooked.thing)


@dataclasses.dataclass(frozen=True)
class Frozen:
    thing: int


@dataclasses.dataclass(slots=True)
class Slim:
    thing: int
    rest: list = dataclasses.field(default_factory=list)


print([write_or(Frozen(1), 2) for _ in range(2)], write_or(Slim(1), 2), Slim(3), Slim(3) == Slim(3))


def set_name(owner, value):
    owner.__name__ = value


def set_class(owner, value):
    owner.__class__ = value


def set_doc(owner, value):
    owner.__doc__ = value


def set_defaults(owner, value):
    owner.__defaults__ = value


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


class Named:
    pass


class Other:
    pass


def function(a=1):
    return a


for value in ("new name", 5, "last name"):
    print([attempt(set_name, owner, value) for owner in (function, Named, 5, types.ModuleType("m"), Named())],
          function.__name__, Named.__name__)
for value in (Other, Named, int, 3):
    instance = Named()
    print([attempt(set_class, owner, value) for owner in (instance, 5, function)], type(instance).__name__)
for value in ("doc", None):
    print([attempt(set_doc, owner, value) for owner in (function, Named, int, Named())], function.__doc__, Named.__doc__)
for value in ((5,), None, (), [1]):
    print(attempt(set_defaults, function, value), attempt(function))

# Owners that are classes, modules, functions.
module = types.ModuleType("module")
for owner in (Named, module, function):
    for turn in range(30):
        write(owner, turn)
    print(owner.thing)
print([write_or(owner, 1) for owner in (int, 5, None, object(), len, "s", (1,), [].append)])

# Class attributes written in a loop while instances are read.
class Counter:
    thing = 0

    def bump(self):
        Counter.thing += 1
        return self.thing


counter = Counter()
print(sum(counter.bump() for _ in range(500)), Counter.thing)
shadowing = Counter()
shadowing.thing = 100
print(shadowing.bump(), shadowing.thing, Counter.thing)


# Augmented assignment on attributes with every kind of owner.
class Slots:
    __slots__ = ("thing",)

    def __init__(self):
        self.thing = 0


class Many:
    def __init__(self, extra):
        for number in range(extra):
            setattr(self, f"attribute{number}", number)
        self.thing = 0


for owner in (Slots(), Many(0), Many(10), Many(29), Many(30), Many(31), Many(40), Many(100)):
    for turn in range(200):
        owner.thing += turn
    print(type(owner).__name__, owner.thing, len(getattr(owner, "__dict__", ())), end="; ")
print()

# Old values that look at, or change, what is being stored.
class Meddler:
    def __init__(self, owner, action):
        self.owner, self.action = owner, action

    def __del__(self):
        print("meddler sees", self.owner.__dict__.get("thing"), end=" ")
        self.action(self.owner)


class Owner:
    pass


for action in (lambda owner: None, lambda owner: setattr(owner, "thing", "meddled"), lambda owner: delattr(owner, "thing"),
               lambda owner: owner.__dict__.clear(), lambda owner: setattr(owner, "__dict__", {"thing": "new dict"}),
               lambda owner: setattr(owner, "__class__", Other), lambda owner: setattr(Owner, "thing", property(lambda s: "p"))):
    owner = Owner()
    for _ in range(3):
        owner.thing = 1
    owner.thing = Meddler(owner, action)
    write(owner, "stored")
    print(type(owner).__name__, getattr(owner, "thing", "nothing"), vars(owner))
    if "thing" in vars(Owner):
        del Owner.thing
