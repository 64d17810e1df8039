"""Attributes that come from classes: rebound, shadowed, turned into descriptors and back, hooks added and removed,
classes and modules as owners."""
import abc
import enum
import types


def read(owner):
    return owner.thing


def read_or(owner):
    try:
        return owner.thing
    except AttributeError as error:
        return f"AttributeError({error})"
    except Exception as error:
        return f"{type(error).__name__}({error})"


def call(owner):
    return owner.thing()


def call_or(owner):
    try:
        return owner.thing()
    except Exception as error:
        return f"{type(error).__name__}({error})"


def write_or(owner, value):
    try:
        owner.thing = value
    except Exception as error:
        return f"{type(error).__name__}({error})"
    return "ok"


class Base:
    thing = 0


class Derived(Base):
    pass


one = Derived()
seen = []
for turn in range(600):
    if turn % 50 == 0:
        Base.thing = turn
    if turn % 170 == 0:
        Derived.thing = -turn
    if turn % 170 == 60:
        del Derived.thing
    seen.append(read(one))
print(sum(seen), len(set(seen)), seen[-1])

# The instance shadows, and stops to.
for turn in range(40):
    if turn % 4 == 0:
        one.thing = "own"
    if turn % 4 == 2:
        del one.thing
    print(read(one), end=" ")
print()
many = [Derived() for _ in range(20)]
for number, each in enumerate(many):
    if number % 3 == 0:
        each.thing = number
print([read(each) for each in many * 3])
many[4].__dict__["thing"] = "through dict"
print([read(each) for each in many])


# Descriptors whose own class changes.
class Descriptor:
    def __init__(self, label):
        self.label = label


class Host:
    thing = Descriptor("plain value")


def get(self, instance, owner):
    return f"got {self.label} {instance is not None} {owner.__name__}"


def set_(self, instance, value):
    self.label = value


host = Host()
for round_ in range(3):
    for _ in range(5):
        print(getattr(read(host), "label", read(host)), end=" ")
    Descriptor.__get__ = get
    for _ in range(5):
        read(host)
    print(read(host), read(Host))
    host.thing = f"instance value {round_}"
    for _ in range(5):
        read(host)
    print(read(host))
    Descriptor.__set__ = set_
    for _ in range(5):
        read(host)
    print(read(host), write_or(host, f"label {round_}"), read(host), vars(host))
    del Descriptor.__set__
    print(read(host), write_or(host, "own again"), vars(host))
    del Descriptor.__get__
    print(read(host))
    del host.thing


# Properties: replaced, failing, without getter, with a getter that is not a function, reinitialised.
class WithProperty:
    @property
    def thing(self):
        return ("property", self.hidden)

    hidden = 1


owner = WithProperty()
print([read(owner) for _ in range(3)], write_or(owner, 5))
WithProperty.hidden = 2
print(read(owner))
WithProperty.thing = property(lambda self: 1 / 0)
print([read_or(owner) for _ in range(3)])
WithProperty.thing = property(None, lambda self, value: print("setter", value))
print([read_or(owner) for _ in range(3)], write_or(owner, 6), write_or(owner, 7))
WithProperty.thing = property(len)
print(read_or(owner))
WithProperty.__len__ = lambda self: 42
print(read_or(owner))
mutable = property(lambda self: "before")
WithProperty.thing = mutable
print(read(owner), read(owner))
mutable.__init__(lambda self: "after")
print(read(owner), read(WithProperty) is mutable)
owner.__dict__["thing"] = "hidden by the property"
print(read(owner))
del WithProperty.thing
print(read(owner), read_or(WithProperty))


class SubProperty(property):
    def __get__(self, instance, owner=None):
        return "sub property"


WithProperty.thing = SubProperty(lambda self: 0)
print(read(owner))


# __getattr__ comes, goes, raises; __getattribute__ as well.
class Hooked:
    def __init__(self):
        self.calls = 0


hooked = Hooked()
print(read_or(hooked), read_or(hooked))


def hook(self, name):
    self.__dict__["calls"] += 1
    if name == "thing":
        return f"hooked {self.calls}"
    raise AttributeError(f"no {name} here")


Hooked.__getattr__ = hook
print([read(hooked) for _ in range(4)])
hooked.thing = "own"
print(read(hooked), hooked.calls)
del hooked.thing
print(read(hooked))
Hooked.thing = property(lambda self: self.nothing)
print(read_or(hooked), hooked.calls)
Hooked.thing = "class"
print(read(hooked))
del Hooked.thing
print(read(hooked), call_or(hooked))
del Hooked.__getattr__
print(read_or(hooked))
Hooked.__getattribute__ = lambda self, name: f"all of it: {name}"
print(read(hooked), read(hooked))
Hooked.__getattr__ = hook
print(read(hooked))
del Hooked.__getattribute__
print(read(hooked))
Hooked.__getattr__ = lambda self, name: (_ for _ in ()).throw(KeyError(name))
print([read_or(hooked) for _ in range(2)])
Hooked.__getattr__ = staticmethod(lambda name: f"static hook {name}")
print([read_or(hooked) for _ in range(2)])


class GetAttribute:
    thing = 1

    def __getattribute__(self, name):
        if name == "thing":
            raise AttributeError("not that")
        return object.__getattribute__(self, name)


strange = GetAttribute()
print([read_or(strange) for _ in range(3)])


# Methods of every kind, called and loaded.
class Methods:
    def thing(self):
        return "method"


bound = Methods()
print(call(bound), call(bound), read(bound)(), read(bound).__self__ is bound)
for label, value in [
    ("function", lambda self: "function"), ("static", staticmethod(lambda: "static")),
    ("class", classmethod(lambda cls: f"class {cls.__name__}")), ("builtin", len), ("type", int),
    ("property", property(lambda self: lambda: "property of function")), ("method", [1, 2].__len__),
    ("class of type", classmethod(int)), ("bound elsewhere", types.MethodType(lambda self: self, "elsewhere")),
    ("str.upper", str.upper), ("partial", __import__("functools").partial(lambda x=1: x, 9)), ("none", None),
]:
    Methods.thing = value
    print(label, [call_or(bound) for _ in range(3)], [call_or(Methods) for _ in range(2)])
Methods.thing = lambda self: "back"
bound.thing = lambda: "own callable"
print(call(bound), call(bound))
del bound.thing
print(call(bound))
flexible = staticmethod(lambda: "one")
Methods.thing = flexible
print(call(bound), read(bound)())
flexible.__init__(lambda: "two")
print(call(bound), read(bound)())
flexible = classmethod(lambda cls: "c one")
Methods.thing = flexible
print(call(bound), read(bound)())
flexible.__init__(lambda cls: "c two")
print(call(bound), read(bound)(), call(Methods))


class Child(Methods):
    def thing(self):
        return "child of " + str(super().thing())


child = Child()
print([call(child) for _ in range(3)])
Methods.thing = lambda self: "new parent"
print([call(child) for _ in range(3)])


# Metaclasses and classes as owners.
class Meta(type):
    def thing(cls):
        return f"meta {cls.__name__}"


class Made(metaclass=Meta):
    pass


print(call(Made), call(Made), call_or(Made()))
Made.thing = staticmethod(lambda: "own of class")
print(call(Made), call(Made()))
Meta.thing = property(lambda cls: lambda: f"meta property {cls.__name__}")
print(call(Made), call(Made()))
del Meta.thing
print(call(Made))
del Made.thing
print(call_or(Made))
Meta.__getattr__ = lambda cls, name: lambda: f"meta hook {name}"
print(call(Made), call(Made), call_or(Made()))
Made.thing = classmethod(lambda cls: f"cm {cls.__name__}")
print(call(Made), call(Made))
del Meta.__getattr__
print(call(Made))
numbers = [type(f"N{n}", (), {"thing": n}) for n in range(7)]
print([read(cls) for cls in numbers * 4])
numbers[0].thing = "changed"
print([read(cls) for cls in numbers])
print([(cls.__name__, cls.__module__, cls.__class__.__name__, cls.__mro__[-1].__name__) for cls in (Made, int, Meta)])


class Color(enum.Enum):
    thing = 1
    other = 2


print([read(Color) for _ in range(4)], Color.thing.value, Color.thing.name, Color.other is Color.other)


class Abstract(abc.ABC):
    @abc.abstractmethod
    def thing(self):
        ...


print([call_or(Abstract) for _ in range(2)])
try:
    Abstract()
except TypeError as error:
    print(error)

# Multiple inheritance: the MRO changes.
class Left:
    thing = "left"


class Right:
    thing = "right"


class Both(Left, Right):
    pass


both = Both()
print(read(both), read(both))
Both.__bases__ = (Right, Left)
print(read(both), read(both))
Right.thing = "right again"
print(read(both))
del Right.thing
print(read(both))

# Modules.
module = types.ModuleType("module")
print(read_or(module))
module.thing = "module attribute"
print([read(module) for _ in range(3)])
for number in range(40):
    setattr(module, f"name{number}", number)
    read(module)
module.thing = "rebound"
print(read(module))
del module.thing
print(read_or(module))
module.__getattr__ = lambda name: f"module hook {name}"
print(read(module), read(module))
module.thing = lambda: "module function"
print(call(module), call(module))
module.__dict__.clear()
print(read_or(module))


class Lazy(types.ModuleType):
    @property
    def thing(self):
        return "module property"


lazy = Lazy("lazy")
print([read(lazy) for _ in range(3)])
module.__dict__["__name__"] = "module"
module.__class__ = Lazy
print(read(module))

# What an AttributeError says of itself when code of the program's own raised it.
class Raises(AttributeError):
    pass


def named(function, owner):
    try:
        function(owner)
    except AttributeError as error:
        return type(error).__name__, str(error), error.name, error.obj is owner
    except TypeError as error:
        return str(error)


class Failing:
    @property
    def thing(self):
        raise AttributeError("from a property")


class FailingHook:
    def __getattr__(self, name):
        raise Raises("from a hook")


class FailingDescriptor:
    def __get__(self, instance, owner):
        raise AttributeError("from a descriptor", 1)


class FailingMeta(type):
    thing = FailingDescriptor()


class Failing2(metaclass=FailingMeta):
    thing = FailingDescriptor()


class Named:
    def __getattr__(self, name):
        raise AttributeError("already named", name="else", obj=5)


class NotCalled:
    @property
    def thing(self):
        raise Raises


for owner in (Failing(), FailingHook(), Failing2(), Failing2, Named(), NotCalled(), Failing, types.ModuleType("m"), 5, type("P", (), {})()):
    print([named(function, owner) for function in (read, call) for _ in range(3)])

# A class without a usable version: names that are too long to be cached.
long_name = "x" * 150
exec(f"def read_long(owner):\n    return owner.{long_name}\n")
setattr(Base, long_name, 1)
print([read_long(Derived()) for _ in range(3)])
setattr(Base, long_name, 2)
print([read_long(Derived()) for _ in range(3)])
