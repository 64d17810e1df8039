"""Metaclasses, descriptors, __init_subclass__, __set_name__, __prepare__, slots, abstract classes, operators on classes."""
import abc
import collections


class Meta(type):
    log = []

    @classmethod
    def __prepare__(mcs, name, bases, **kwargs):
        mcs.log.append(("prepare", name, kwargs))
        return collections.OrderedDict()

    def __new__(mcs, name, bases, namespace, **kwargs):
        cls = super().__new__(mcs, name, bases, dict(namespace))
        cls.order = [k for k in namespace if not k.startswith("__")]
        return cls

    def __init__(cls, name, bases, namespace, **kwargs):
        super().__init__(name, bases, namespace)

    def __call__(cls, *args, **kwargs):
        Meta.log.append(("call", cls.__name__))
        return super().__call__(*args, **kwargs)

    def __len__(cls):
        return 42

    def __getitem__(cls, key):
        return key

    def __iter__(cls):
        return iter(cls.order)

    def __contains__(cls, key):
        return key in cls.order

    def __add__(cls, other):
        return f"{cls.__name__}+{other.__name__}"

    def __instancecheck__(cls, instance):
        return instance == "instance"


def build(i):
    class A(metaclass=Meta, option=i):
        x = 1
        y = 2

        def method(self):
            return self.x + self.y

    return A, A().method(), len(A), A[3], list(A), "x" in A, A + A, isinstance("instance", A), isinstance(A(), A)


for i in range(150):
    Meta.log.clear()
    result = build(i)
print(result[1:], Meta.log)


class Descriptor:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        return (self.name, instance is None, owner.__name__)

    def __set__(self, instance, value):
        instance.__dict__["log"] = instance.__dict__.get("log", 0) + value

    def __delete__(self, instance):
        instance.__dict__["log"] = "deleted"


class NonData:
    def __get__(self, instance, owner):
        return "non-data"


class Uses:
    data = Descriptor()
    other = Descriptor()
    non_data = NonData()


def use(u):
    u.data = 5
    u.other = 6
    before = u.data, u.other, u.non_data, u.log
    u.__dict__["data"] = "hidden"
    u.__dict__["non_data"] = "shadows"
    after = u.data, u.non_data
    del u.data
    return before, after, u.log, Uses.data, Uses.non_data


print([use(Uses()) for _ in range(200)][-1])


class Cached:
    def __init__(self, function):
        self.function = function

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        if instance is None:
            return self
        value = instance.__dict__[self.name] = self.function(instance)
        return value


class Circle:
    computed = 0

    def __init__(self, r):
        self.r = r

    @Cached
    def area(self):
        Circle.computed += 1
        return 3 * self.r ** 2


def areas(n):
    total = 0
    for i in range(n):
        c = Circle(i)
        total += c.area + c.area
    return total


print(areas(300), Circle.computed)


class Registry:
    known = []

    def __init_subclass__(cls, /, tag=None, **kwargs):
        super().__init_subclass__(**kwargs)
        Registry.known.append((cls.__name__, tag))


class One(Registry, tag="first"):
    pass


class Two(One):
    pass


print(Registry.known)


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self):
        ...

    @property
    @abc.abstractmethod
    def name(self):
        ...


class Square(Shape):
    def area(self):
        return 4

    name = "square"


try:
    Shape()
except TypeError as error:
    print(error)
print([(Square().area(), Square().name) for _ in range(200)][-1], isinstance(Square(), Shape), issubclass(int, Shape))
Shape.register(int)
print(isinstance(5, Shape))


class Validated:
    __slots__ = ("_v", "__weakref__")

    @property
    def v(self):
        return self._v

    @v.setter
    def v(self, value):
        if value < 0:
            raise ValueError("negative")
        self._v = value

    @v.deleter
    def v(self):
        del self._v


def validated(values):
    o = Validated()
    out = []
    for value in values:
        try:
            o.v = value
            o.v += 1
            out.append(o.v)
        except ValueError as error:
            out.append(str(error))
    del o.v
    try:
        o.v
    except AttributeError as error:
        out.append(str(error))
    return out


print([validated([1, -1, 5]) for _ in range(200)][-1])


class Proxy:
    def __init__(self, target):
        object.__setattr__(self, "_target", target)

    def __getattr__(self, name):
        return getattr(self._target, name)

    def __setattr__(self, name, value):
        setattr(self._target, name, value)

    def __delattr__(self, name):
        delattr(self._target, name)


class Target:
    pass


def proxied(n):
    p = Proxy(Target())
    p.count = 0
    for i in range(n):
        p.count += i
    result = p.count
    del p.count
    return result, hasattr(p, "count"), vars(p._target)


print(proxied(300))


class AttributeErrorInProperty:
    @property
    def broken(self):
        return self.missing_inside

    def __getattr__(self, name):
        return f"fallback {name}"


print([AttributeErrorInProperty().broken for _ in range(200)][-1])


class Operators(type):
    def __or__(cls, other):
        return "or"

    def __eq__(cls, other):
        return True

    __hash__ = type.__hash__


class Odd(metaclass=Operators):
    pass


print(Odd | 5, Odd == 7, int | str, list[int], dict[str, int])


class Diamond:
    class A:
        def f(self):
            return "A"

    class B(A):
        def f(self):
            return "B" + super().f()

    class C(A):
        def f(self):
            return "C" + super().f()

    class D(B, C):
        def f(self):
            return "D" + super().f()


print([Diamond.D().f() for _ in range(200)][-1], [c.__name__ for c in Diamond.D.__mro__])
try:
    class Wrong(Diamond.A, Diamond.B):
        pass
except TypeError as error:
    print(error)


class Dynamic(type):
    def mro(cls):
        return [cls, Extra, object]


class Extra:
    def extra(self):
        return "through mro()"


class WithMro(metaclass=Dynamic):
    pass


print([WithMro().extra() for _ in range(200)][-1])


class Hashable:
    def __init__(self, k):
        self.k = k

    def __hash__(self):
        return hash(self.k) % 7

    def __eq__(self, other):
        return isinstance(other, Hashable) and self.k == other.k


def dictionary(n):
    d = {}
    for i in range(n):
        d[Hashable(i % 20)] = i
    return sorted((k.k, v) for k, v in d.items())[:3], len(d), Hashable(3) in d, Hashable(99) in d


print(dictionary(300))


class Iterates:
    """Old protocol: __getitem__ until IndexError."""

    def __getitem__(self, i):
        if i >= 3:
            raise IndexError
        return i * 10


print([list(Iterates()) for _ in range(100)][-1], 20 in Iterates(), [*Iterates()], sum(Iterates()))


class Formats:
    def __format__(self, spec):
        return f"<{spec}>"

    def __repr__(self):
        return "R"

    def __str__(self):
        return "S"


print([f"{Formats()} {Formats():x} {Formats()!r} {Formats()!s:>3}" for _ in range(100)][-1])
