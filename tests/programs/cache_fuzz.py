"""Thousands of random steps (always the same ones): classes, instances and modules change in every way while the same few
places in the code load, call and store their attributes. Each step's outcome goes into a running checksum."""
import types
import zlib

seed = 12345


def random(limit):
    global seed
    seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
    return (seed >> 8) % limit


def pick(sequence):
    return sequence[random(len(sequence))]


class Nondata:
    def __init__(self, label):
        self.label = label

    def __get__(self, instance, owner):
        return f"nondata {self.label} {instance is None} {owner.__name__}"


class Data(Nondata):
    def __set__(self, instance, value):
        instance.__dict__["stored by data"] = value

    def __delete__(self, instance):
        raise AttributeError("data keeps it")


class Mutable:
    def __init__(self, label):
        self.label = label

    def __repr__(self):
        return f"Mutable({self.label})"


class Meta(type):
    pass


def new_classes():
    class A:
        pass

    class B(A):
        x = "B.x"

    class C(metaclass=Meta):
        y = "C.y"

    class D(B, C):
        def z(self):
            return "D.z"

    class E(A):
        __slots__ = ("x", "s")

    class F:
        __slots__ = ("x", "y", "z")

    class G(int):
        pass

    class H(dict):
        def x(self):
            return "H.x"

    class M(types.ModuleType):
        pass

    return [A, B, C, D, E, F, G, H, M]


def make(cls):
    try:
        return cls("name") if issubclass(cls, types.ModuleType) else cls()
    except Exception:
        return None


def show(value):
    if isinstance(value, tuple):
        return f"tuple({', '.join(show(item) for item in value)})"
    if isinstance(value, (str, int)) or value is None:
        return f"{type(value).__name__}:{value}"
    if isinstance(value, types.MethodType):
        return f"method {value.__func__.__qualname__} of {type(value.__self__).__name__}"
    if isinstance(value, type):
        return f"class {value.__name__}"
    return type(value).__name__ + (repr(value) if isinstance(value, Mutable) else "")


# Every access has a load, a call and a store of its own for each of three names.
def load_x(o):
    return o.x


def load_y(o):
    return o.y


def load_z(o):
    return o.z


def call_x(o):
    return o.x()


def call_y(o):
    return o.y()


def call_z(o):
    return o.z()


def store_x(o):
    o.x = step


def store_y(o):
    o.y = step


def store_z(o):
    o.z = step


def delete_x(o):
    del o.x


def delete_y(o):
    del o.y


def construct(o):
    cls = o if isinstance(o, type) else type(o)
    return show(make(cls))


def construct_directly(o):
    cls = o if isinstance(o, type) else type(o)
    return cls()


def subscript(o):
    return o["x"]


ACCESSES = [load_x, load_y, load_z, call_x, call_y, call_z, store_x, store_y, store_z, load_x, load_y, call_x, call_z, delete_x,
            delete_y, construct, construct_directly, subscript]
NAMES = ["x", "y", "z", "x", "y", "w"]
shared_static = staticmethod(lambda: "static")


def class_value(name):
    kind = random(16)
    return [
        lambda: step, lambda: "plain", lambda: (lambda self: f"function {step0}"), lambda: (lambda self: (show(self)[:8],)),
        lambda: property(lambda self: f"property {name}"), lambda: property(lambda self: 1 // 0),
        lambda: property(lambda self: self.w, lambda self, value: self.__dict__.__setitem__("set", value)),
        lambda: shared_static, lambda: classmethod(lambda cls: f"classmethod {cls.__name__}"), lambda: Nondata(step), lambda: Data(step),
        lambda: Mutable(step), lambda: len, lambda: str.upper, lambda: [], lambda: type("Inner", (), {}),
    ][kind]()


def hook(self, name):
    if name == "y" or name.startswith("_"):
        raise AttributeError(f"hook has no {name}")
    return f"hook {name}"


def spy(self, name, value):
    object.__setattr__(self, name, ("spied", value))


def watch(self, name):
    if name == "z":
        return "watched"
    return object.__getattribute__(self, name)


def mutate(classes, instances):
    kind = random(26)
    cls = pick(classes)
    name = pick(NAMES)
    number = random(len(instances))
    instance = instances[number]
    if kind < 5:
        setattr(cls, name, class_value(name))
    elif kind < 7:
        delattr(cls, name)
    elif kind < 9:
        setattr(instance, name, pick([step, "own", lambda: "own callable"]))
    elif kind == 9:
        delattr(instance, name)
    elif kind == 10:
        instance.__dict__
        vars(instance)[name] = step
    elif kind == 11:
        vars(instance).pop(name, None)
    elif kind == 12:
        instance.__dict__ = {"z": "fresh dict", name: step}
    elif kind == 13:
        instance.__class__ = cls
    elif kind == 14:
        cls.__getattr__ = hook
    elif kind == 15:
        del cls.__getattr__
    elif kind == 16:
        cls.__setattr__ = spy
    elif kind == 17:
        del cls.__setattr__
    elif kind == 18:
        cls.__getattribute__ = watch
    elif kind == 19:
        del cls.__getattribute__
    elif kind == 20:
        pick([(Mutable.__dict__.get("__get__") and (lambda: delattr(Mutable, "__get__"))) or (lambda: setattr(Mutable, "__get__", Nondata.__get__)),
              (Mutable.__dict__.get("__set__") and (lambda: delattr(Mutable, "__set__"))) or (lambda: setattr(Mutable, "__set__", Data.__set__))])()
    elif kind == 21:
        if random(2):
            setattr(Meta, name, class_value(name))
        else:
            delattr(Meta, name)
    elif kind == 22:
        cls.__init__ = pick([lambda self, *args: setattr(self, "x", step), lambda self: None, lambda self: 5, types.ModuleType.__init__, object.__init__])
    elif kind == 23:
        del cls.__init__
    elif kind == 24:
        vars(instance)[(1, 2)] = "not a string key"
    else:
        instances[number] = make(cls) or instance


checksum = 0
outcomes = {}
step0 = 0
for world in range(6):
    classes = new_classes()
    instances = [make(cls) for cls in classes for _ in range(3)]
    for name in ("__get__", "__set__"):
        if name in vars(Mutable):
            delattr(Mutable, name)
    for step in range(4000):
        step0 = step // 100
        if random(4) == 0:
            try:
                mutate(classes, instances)
            except Exception as error:
                checksum = zlib.crc32(f"{type(error).__name__} {error}".encode(), checksum)
        owner = pick(classes) if random(5) == 0 else pick(instances)
        access = pick(ACCESSES)
        for _ in range(1 + random(3)):
            try:
                outcome = show(access(owner))
            except RecursionError:
                outcome = "RecursionError"
            except AttributeError as error:
                outcome = f"{type(error).__name__}: {error} {error.name} {error.obj is owner}"
            except Exception as error:
                outcome = f"{type(error).__name__}: {str(error).split(' at 0x')[0]}"
            outcomes[outcome.split(" ")[0]] = outcomes.get(outcome.split(" ")[0], 0) + 1
            checksum = zlib.crc32(outcome.encode(), checksum)
        if step % 200 == 0:
            print(world, step, access.__name__, outcome, checksum)
    for instance in instances:
        print(type(instance).__name__, sorted(map(str, getattr(instance, "__dict__", ()))), end="; ")
    print()
    # Names of meta attributes do not leak into the next world.
    for name in NAMES:
        if name in vars(Meta):
            delattr(Meta, name)
print(sorted(outcomes.items(), key=lambda item: (-item[1], item[0]))[:40])
