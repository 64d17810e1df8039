"""Classes and instances whose shape changes under hot code."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y


def use(p):
    return p.x + p.y, p.norm()


def each(n, make):
    total = 0
    for i in range(n):
        a, b = use(make(i))
        total += a + b
    return total


print(each(500, lambda i: Point(i, 1)))


class Swapped:
    def __init__(self, x, y):
        self.y = y
        self.x = x

    def norm(self):
        return -1


class Slots:
    __slots__ = ("y", "x")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def norm(self):
        return -2


class Dictless:
    x = 5
    y = 6

    @staticmethod
    def norm():
        return -3


class Properties:
    @property
    def x(self):
        return 7

    y = property(lambda self: 8)
    norm = lambda self: self.x * self.y


class Getattr:
    def __getattr__(self, name):
        if name == "norm":
            return lambda: -5
        return len(name)


class Getattribute:
    def __getattribute__(self, name):
        return (lambda: -6) if name == "norm" else 10


makers = [lambda i: Swapped(i, 2), lambda i: Slots(i, 3), lambda i: Dictless(), lambda i: Properties(), lambda i: Getattr(), lambda i: Getattribute(),
          lambda i: Point(i, 1.5)]
for make in makers:
    print(each(300, make))
print(each(700, lambda i: makers[i % len(makers)](i)))
Point.norm = lambda self: 1000
print(use(Point(1, 2)), each(300, lambda i: Point(1, 2)))
p = Point(3, 4)
p.norm = lambda: "instance"
print(use(p), [use(q) for q in (p, Point(1, 1), p)])
del p.norm
print(use(p))
p.__dict__["norm"] = lambda: "through dict"
print(use(p))
p.__dict__ = {"x": 1, "y": 2, "norm": lambda: "new dict"}
print(use(p))
del p.x
for q in (p, Point(5, 5)):
    try:
        print(use(q))
    except AttributeError as error:
        print(error)
Point.x = property(lambda self: "property wins")
Point.__init__ = lambda self, x, y: self.__dict__.update(x=x, y="y")
print(use(Point(1, 2)))
del Point.x
Point.__init__ = lambda self, x, y: (setattr(self, "y", y), setattr(self, "x", x))[0]
print(use(Point(1, 2)))


class Base:
    value = "base"

    def method(self):
        return "Base.method"


class Middle(Base):
    pass


class Leaf(Middle):
    pass


def look(o):
    return o.value, o.method()


leaf = Leaf()
for _ in range(300):
    look(leaf)
out = [look(leaf)]
Middle.value = "middle"
out.append(look(leaf))
Leaf.method = lambda self: "Leaf.method"
out.append(look(leaf))
del Middle.value
out.append(look(leaf))
Base.value = "base changed"
out.append(look(leaf))
leaf.value = "instance"
out.append(look(leaf))
del Leaf.method, leaf.value
out.append(look(leaf))


class OtherBase:
    value = "other"

    def method(self):
        return "Other.method"


Middle.__bases__ = (OtherBase,)
out.append(look(leaf))
leaf.__class__ = Base
out.append(look(leaf))
print(*out, sep="\n")


def store(o, v):
    o.a = v
    o.b = v
    o.a += 1
    return o.a, o.b


class Empty:
    pass


class WithSlots:
    __slots__ = ("a", "b")


class Setter:
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2)


class Frozen:
    __slots__ = ("b",)


for make in (Empty, WithSlots, Setter):
    for _ in range(300):
        result = store(make(), 5)
    print(result)
try:
    store(Frozen(), 1)
except AttributeError as error:
    print(error)
o = Empty()
for i in range(100):
    setattr(o, f"attribute{i}", i)
print(store(o, 3), len(o.__dict__), o.attribute50)
for i in range(99):
    delattr(o, f"attribute{i}")
print(store(o, 4), o.__dict__)


def many_instances(n):
    """Key order differs from instance to instance."""
    out = []
    for i in range(n):
        o = Empty()
        if i % 2:
            o.first = 1
        o.b = i
        o.a = i
        if i % 3:
            o.c = 1
        out.append(sum(o.__dict__.values()) + o.a - o.b)
    return out[-6:]


print(many_instances(600))


class Meta(type):
    counter = 0

    @property
    def size(cls):
        return 99

    def __getattr__(cls, name):
        return f"meta {name}"


class WithMeta(metaclass=Meta):
    constant = 1


def class_attributes(cls):
    return cls.constant, cls.counter, cls.size, cls.missing, cls.__name__


for _ in range(300):
    class_attributes(WithMeta)
print(class_attributes(WithMeta))
WithMeta.constant = 2
Meta.counter = 5
WithMeta.missing = "now here"
print(class_attributes(WithMeta))


def new_class_each_time(n):
    out = []
    for i in range(n):
        class Local:
            v = i

            def get(self):
                return self.v

        out.append(Local().get())
    return sum(out)


print(new_class_each_time(400))


class Counting:
    made = 0

    def __new__(cls, *args):
        cls.made += 1
        self = super().__new__(cls)
        return self if cls.made % 5 else 42

    def __init__(self, *args):
        self.args = args


print([getattr(Counting(i), "args", "none") for i in range(300)][-6:], Counting.made)


def init_errors(n):
    class Bad:
        def __init__(self, flag):
            if flag:
                return 5

    out = []
    for i in range(n):
        try:
            out.append(type(Bad(i == n - 1)).__name__)
        except TypeError as error:
            out.append(str(error))
    return out[-2:]


print(init_errors(300))


def change_init(n):
    class C:
        def __init__(self):
            self.v = 1

    out = []
    for i in range(n):
        if i == n // 2:
            C.__init__ = lambda self: setattr(self, "v", 2)
        if i == n // 2 + 2:
            C.__new__ = lambda cls: "not even an instance"
        out.append(C())
    return [getattr(x, "v", x) for x in out[n // 2 - 2:n // 2 + 5]]


print(change_init(400))
import types

module = types.ModuleType("m")
module.f = lambda: 1


def module_attributes(m):
    return m.f()


for _ in range(300):
    module_attributes(module)
module.f = lambda: 2
print(module_attributes(module))
del module.f
try:
    module_attributes(module)
except AttributeError as error:
    print(error)
module.__getattr__ = lambda name: lambda: f"module {name}"
print(module_attributes(module))


class Module(types.ModuleType):
    f = property(lambda self: lambda: "property")


module.__class__ = Module
print(module_attributes(module))
