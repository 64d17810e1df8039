"""attrs and dataclasses: methods generated from text, slots, validators, converters, hashes, ordering, evolution."""
# test: needs=attr
import copy
import dataclasses
import pickle

import attr
import attrs
from attrs import define, field, frozen, validators


@define(order=True)
class Point:
    x: int = field(validator=validators.instance_of(int))
    y: int = field(default=0, converter=int)
    tags: list = field(factory=list, repr=False, eq=False)

    @x.validator
    def positive(self, attribute, value):
        if value < 0:
            raise ValueError(f"{attribute.name} is negative: {value}")

    @property
    def length(self):
        return abs(self.x) + abs(self.y)


@frozen
class Key:
    name: str
    part: int = field(default=1, kw_only=True)
    derived: str = field(init=False)

    def __attrs_post_init__(self):
        object.__setattr__(self, "derived", f"{self.name}/{self.part}")


@define(slots=False)
class Child(Point):
    extra: dict = field(factory=dict, on_setattr=attrs.setters.frozen)

    @classmethod
    def make(cls, *args):
        return cls(*args, extra={"n": len(args)})

    def __len__(self):
        return super().length + 1


@attr.s(cmp=False, these={"b": attr.ib(default=5), "a": attr.ib(default=attr.Factory(lambda self: self.b * 2, takes_self=True))})
class Old:
    pass


@dataclasses.dataclass(order=True, slots=True)
class Data:
    key: str
    values: list = dataclasses.field(default_factory=list, compare=False)
    total: int = dataclasses.field(init=False, default=0)
    scale: dataclasses.InitVar[int] = 1

    def __post_init__(self, scale):
        self.total = sum(self.values) * scale


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int
    b: tuple = ()
    _: dataclasses.KW_ONLY
    c: str = "c"

    @property
    def joined(self):
        return (self.a, *self.b, self.c)


def failure(action):
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:150]}"


def once(i):
    p, q = Point(i % 3, str(i % 2)), Point(1, 1, ["t"])
    q.y = "7"
    k = Key(f"k{i % 4}", part=i % 2)
    child = Child.make(i % 5, 2)
    d, e = Data("a", [1, i % 3], 2), Data("b")
    f = Frozen(i % 3, (1, 2))
    return repr([p, q, p < q, p == Point(i % 3, i % 2), sorted([q, p]), k, hash(k) == hash(Key(f"k{i % 4}", part=i % 2)), k.derived, {k: 1}[k], child,
                 len(child), attrs.asdict(child), attrs.astuple(q), attrs.evolve(k, name="e"), Old(b=i % 2).a, d, e, d < e, dataclasses.asdict(d),
                 dataclasses.replace(f, c="r"), f.joined, hash(f) == hash(copy.copy(f)), pickle.loads(pickle.dumps([p, k, f])) == [p, k, f],
                 failure(lambda: Point(-1)), failure(lambda: Point("x")), failure(lambda: Point()), failure(lambda: setattr(k, "name", 1)),
                 failure(lambda: setattr(p, "z", 1)), failure(lambda: setattr(child, "extra", 1)), failure(lambda: setattr(f, "a", 1)),
                 failure(lambda: Frozen(1, 2, 3)), failure(lambda: p < k), failure(lambda: {p}), failure(lambda: Data()), failure(lambda: setattr(e, "zz", 1))])


seen = set()
for i in range(600):
    seen.add(once(i))
for text in sorted(seen):
    print(text)
Made = attrs.make_class("Made", {f"f{i}": field(default=i) for i in range(30)}, bases=(Point,))
made = [Made(1, f3=i) for i in range(300)]
print(made[-1], len({repr(m) for m in made}), [a.name for a in attrs.fields(Made)][:5])
