"""One attribute site, many receivers: every way an attribute can be found or stored, mixed at the same site, before and after changes
to classes, instances and dicts."""

import sys
import types


class Inline:
    shared = "class value"

    def __init__(self, tag):
        self.own = tag

    def method(self, *a):
        return "method", type(self).__name__, a

    @classmethod
    def made(cls, *a):
        return "classmethod", cls.__name__, a

    @staticmethod
    def free(*a):
        return "staticmethod", a


class Derived(Inline):
    shared = "derived value"


class Other(Inline):
    def method(self, *a):
        return "other method", a


class Slotted:
    __slots__ = ("own", "maybe")
    shared = 5

    def __init__(self, tag):
        self.own = tag

    def method(self, *a):
        return "slotted method", a

    made = free = len


class SlottedWithDict(Slotted):
    __slots__ = ("__dict__",)

    def __init__(self, tag):
        self.own = tag
        self.method = lambda *a: ("own method", a)


class Dicted(Inline):
    """Gets a dict at once."""

    def __init__(self, tag):
        self.__dict__["own"] = tag


class Boxed(dict):
    shared = "boxed"

    def __init__(self, tag):
        self.own = tag

    def method(self, *a):
        return "boxed method", a

    made = free = classmethod(lambda cls, *a: (cls.__name__, a))


class Data:
    def __get__(self, instance, owner=None):
        return "data descriptor", instance is not None

    def __set__(self, instance, value):
        instance.__dict__["stored"] = value


class NonData:
    def __get__(self, instance, owner=None):
        return "non-data descriptor", instance is not None


class Described:
    own = Data()
    shared = NonData()

    def __init__(self, tag):
        self.tag = tag

    @property
    def method(self):
        return lambda *a: ("property", a)

    made = free = types.MethodType(lambda *a: ("bound", len(a)), 3)


class Meta(type):
    shared = property(lambda cls: "from the metaclass")

    def method(cls, *a):
        return "metaclass method", cls.__name__, a

    @property
    def made(cls):
        return lambda *a: ("metaclass property", a)


class WithMeta(metaclass=Meta):
    own = "of WithMeta"

    @classmethod
    def free(cls, *a):
        return "classmethod of WithMeta", a


class Plain:
    own = "of Plain"
    shared = "of Plain too"
    method = made = free = lambda *a: ("function of Plain", len(a))


module = types.ModuleType("module")
module.own = "module's"
module.shared = 7
module.method = lambda *a: ("module function", a)
module.made = len
module.__getattr__ = lambda name: (lambda *a: ("module __getattr__", name, a)) if name == "free" else 1 / 0


class Hooked:
    def __init__(self, tag):
        self.tag = tag

    def __getattr__(self, name):
        if name == "own":
            raise AttributeError("no own")
        return lambda *a: ("hooked", name, a)


def guarded(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def load(o):
    return o.own


def load_shared(o):
    return o.shared


def bound(o):
    return o.method


def call_method(o):
    return o.method(1)


def call_made(o):
    return o.made([2])


def call_free(o):
    return o.free([3, 4])


def call_temporary(make):
    return make("temporary").method(5), make("temporary").own


def store(o, value):
    o.own = value


def store_constant(o):
    o.own = 3


def store_temporary(make, value):
    make("t").own = value


def delete(o):
    del o.own


def receivers():
    return [Inline("i"), Derived("d"), Other("o"), Slotted("s"), SlottedWithDict("sd"), Dicted("dd"), Boxed("b"), Described("x"),
            WithMeta, Plain, module, Hooked("h"), None, 5, "text", [1]]


def describe(value):
    if callable(value):
        return "callable " + type(value).__name__
    return value


def survey(title, objects):
    print("==", title)
    for o in objects:
        name = o.__name__ if hasattr(o, "__name__") else type(o).__name__
        print(name, describe(guarded(load, o)), describe(guarded(load_shared, o)), describe(guarded(bound, o)),
              guarded(call_method, o), guarded(call_made, o), guarded(call_free, o))


def churn(objects, times):
    """Makes the sites hot, in an order in which each receiver comes often enough to be learned."""
    for o in objects:
        for _ in range(times):
            for function in (load, load_shared, bound, call_method, call_made, call_free):
                try:
                    function(o)
                except Exception:
                    pass


churn(receivers(), 40)
survey("hot", receivers())
for _ in range(20):
    churn(receivers(), 1)
survey("mixed", receivers())

# What the instance holds hides what its class holds, from now on.
objects = receivers()
for o in objects:
    guarded(setattr, o, "shared", "instance's")
    guarded(setattr, o, "method", lambda *a: ("instance's", a))
    guarded(setattr, o, "made", lambda *a: ("instance's made", a))
survey("hidden", objects)
for o in objects:
    for name in ("shared", "method", "made"):
        guarded(delattr, o, name)
survey("bare again", objects)
Plain.shared, Plain.method, Plain.made = "of Plain too", lambda *a: ("function", len(a)), max
module.shared, module.method, module.made = 8, min, max
WithMeta.method = classmethod(lambda cls, *a: "WithMeta's own method is hidden by nothing")

# Materialised dicts, with the shared keys and with keys of their own.
objects = receivers()
for o in objects[:8]:
    if hasattr(o, "__dict__"):
        o.__dict__
churn(objects, 10)
survey("with dicts", objects)
for o in objects[:8]:
    if hasattr(o, "__dict__"):
        o.__dict__["shared"] = "in the dict"
        o.__dict__[4] = "no str"
survey("dicts with other keys", objects)
for o in objects[:8]:
    if hasattr(o, "__dict__"):
        o.__dict__ = {"own": "of a new dict", "method": lambda *a: ("of a new dict", a)}
survey("new dicts", objects)
for o in objects[:8]:
    if hasattr(o, "__dict__"):
        del o.__dict__
survey("no dicts", objects)

# Classes change.
Inline.shared = "changed"
Slotted.shared = property(lambda self: "a property now")
Derived.method = lambda self, *a: ("derived method", a)
Other.made = 7
Described.shared = Data()
del Described.own
survey("classes changed", receivers())
del Derived.method, Other.made, Derived.shared
Inline.own = "class value behind the instance's"
survey("and back", receivers())
Inline.own = Data()
survey("data descriptor in front of instances", receivers()[:3])
Inline.own = property(lambda self: "property in front")
survey("property in front of instances", [objects[0], objects[1]])
del Inline.own
survey("gone", receivers()[:3])

# __class__ assignment
o, d = Inline("changes class"), Dicted("changes too")
churn([o, d], 30)
o.__class__ = Other
d.__class__ = Described
survey("other classes", [o, d])
o.__class__ = Hooked
survey("hooked", [o, d])


# ---- Stores

def after_store(title, objects):
    print("==", title)
    for number, o in enumerate(objects):
        name = o.__name__ if hasattr(o, "__name__") else type(o).__name__
        first = guarded(store, o, number)
        read = guarded(load, o)
        second = guarded(store_constant, o), guarded(store_constant, o)
        print(name, first, read, second, guarded(load, o), guarded(delete, o), describe(guarded(load, o)),
              guarded(store, o, "again"), describe(guarded(load, o)), list(getattr(o, "__dict__", ()))[:3])


Plain.own, module.own, WithMeta.own = 1, 2, 3
for _ in range(30):
    for o in receivers():
        guarded(store, o, 4)
        guarded(store_constant, o)
after_store("stores", receivers())
objects = receivers()
for o in objects[:8]:
    if hasattr(o, "__dict__"):
        o.__dict__["later"] = 1
after_store("stores into dicts", objects)


class Guarded(Inline):
    def __setattr__(self, name, value):
        print("set", name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name):
        print("del", name)
        super().__delattr__(name)


after_store("guarded", [Guarded("g"), Inline("i")])
Inline.__setattr__ = lambda self, name, value: print("all stores go here", name)
after_store("class with a new __setattr__", [Inline("i"), Derived("d")])
del Inline.__setattr__
after_store("and without", [Inline("i"), Derived("d")])


class Grows:
    def __init__(self, n):
        self.n = n

    def late(self, value):
        self.first = value
        self.second = value
        self.first = None

    def odd(self, value):
        self.second = value
        self.first = value


def grow():
    result = []
    for i in range(60):
        g = Grows(i)
        (g.late if i % 3 else g.odd)(i)
        if i % 7 == 0:
            g.__dict__
            g.late(-i)
        result.append(list(g.__dict__.items()))
    return result[-8:]


print(grow())


# ---- Deaths and reference counts

class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies:", self.name, HOLDER.own if hasattr(HOLDER, "own") and not isinstance(HOLDER.own, Loud) else "-")


HOLDER = Inline("holder")


def deaths(holder):
    global HOLDER
    HOLDER = holder
    holder.own = Loud("first")
    holder.own = Loud("second")
    holder.own = 1
    holder.own = Loud("third")
    del holder.own
    holder.own = 2


for make in (Inline, Derived, Slotted, SlottedWithDict, Dicted, Boxed):
    print(make.__name__)
    for _ in range(3):
        deaths(make("x"))


class Temporary:
    kind = "temporary"

    def __init__(self, name):
        self.own = name

    def method(self, *a):
        return "called"

    def __del__(self):
        print("temporary dies", self.own)


def temporaries():
    print(Temporary("a").kind, Temporary("b").own, Temporary("c").method(1))
    Temporary("d").own = "e"
    m = Temporary("f").method
    print("still there", m())


for _ in range(3):
    temporaries()


def counts(o, value):
    before = sys.getrefcount(o), sys.getrefcount(value), sys.getrefcount(None) > 100
    for _ in range(50):
        o.own = value
        o.own
        o.shared
        guarded(call_method, o)
        store(o, value)
    o.own = None
    return before == (sys.getrefcount(o), sys.getrefcount(value), sys.getrefcount(None) > 100)


for o in receivers()[:7]:
    print(type(o).__name__, counts(o, object()))
for make in (Inline, Slotted, SlottedWithDict, Dicted, Boxed, Described):
    for _ in range(30):
        guarded(call_temporary, make)
        guarded(store_temporary, make, 1)
    print(guarded(call_temporary, make), guarded(store_temporary, make, object()))


def nested(a, b):
    """Operands on the stack while attributes are looked at."""
    return [a, b.own, (a, b.shared), a.own, [b.method(a.own, b.own)], {a.own: b.own}]


for _ in range(30):
    for a in receivers()[:6]:
        nested(a, Inline("n"))
print([str(x)[:40] if not isinstance(x, (Inline, Slotted)) else type(x).__name__ for x in nested(Derived("p"), Slotted("q"))])


def chain(a):
    a.own = a.other = value = a.own
    a.own, a.other = a.other, value
    return a.own, a.other


for _ in range(30):
    for make in (Inline, Derived, SlottedWithDict, Dicted, Boxed):
        chain(make("c"))
print(chain(Inline("c")), chain(Dicted("d")))
