"""pydantic: validation, coercion, nested models and error reports."""
# test: needs=pydantic timeout=120
import datetime
import decimal
import enum
import json
import typing

from pydantic import BaseModel, BaseSettings, Field, ValidationError, conint, constr, root_validator, validator
from pydantic.dataclasses import dataclass
from pydantic.generics import GenericModel


class Colour(enum.Enum):
    red = "r"
    blue = "b"


class Address(BaseModel):
    street: constr(strip_whitespace=True, min_length=2)
    number: conint(gt=0) = 1

    class Config:
        extra = "forbid"


class Person(BaseModel):
    name: str = Field(..., alias="fullName", max_length=12)
    born: datetime.date
    colour: Colour = Colour.red
    addresses: typing.List[Address] = []
    scores: typing.Dict[str, typing.Optional[float]] = {}
    choice: typing.Union[int, typing.Literal["none"], typing.Tuple[int, str]] = 0
    money: decimal.Decimal = decimal.Decimal("0.5")
    boss: typing.Optional["Person"] = None

    @validator("name")
    def no_digits(cls, value):
        if any(c.isdigit() for c in value):
            raise ValueError("digits in a name")
        return value.title()

    @validator("scores", pre=True, each_item=False)
    def split(cls, value):
        return dict(part.split("=") for part in value.split(",")) if isinstance(value, str) else value

    @root_validator
    def consistent(cls, values):
        if values.get("name") == "Nobody" and values.get("addresses"):
            raise ValueError("nobody lives nowhere")
        return values


T = typing.TypeVar("T")


class Page(GenericModel, typing.Generic[T]):
    items: typing.List[T]
    total: int = 0


@dataclass
class Point:
    x: int
    y: float = 1.5


GOOD = [{"fullName": "ada l", "born": "1815-12-10", "addresses": [{"street": " High ", "number": "3"}], "scores": "a=1,b=2.5", "choice": "none"},
        {"fullName": "bo", "born": 0, "colour": "b", "choice": ["1", 2], "money": 3, "boss": {"fullName": "cy", "born": datetime.date(2000, 1, 2)}},
        {"fullName": "cy", "born": "2000-02-29", "scores": {"x": None, "y": 1}, "choice": "12", "unknown": 1}]
BAD = [{}, {"fullName": "x" * 13, "born": "1999-13-01", "colour": "g", "choice": "other", "money": "x"},
       {"fullName": "r2d2", "born": 1, "addresses": [{"street": "a"}, {"street": "ab", "number": 0, "zip": 1}, 5], "scores": {"a": "x"}},
       {"fullName": "nobody", "born": "2001-01-01", "addresses": [{"street": "xx"}]}, {"fullName": "a", "born": "2001-01-01", "boss": {"born": []}}]


def once(i):
    out = []
    for data in GOOD:
        person = Person(**data)
        out.append(person.json(by_alias=True))
        out.append(repr(Person.parse_raw(person.json(by_alias=True)) == person))
        out.append(repr(person.copy(update={"name": "u"}).dict(exclude_unset=True, exclude={"addresses": {0: {"number"}}})))
    for data in BAD:
        try:
            Person.parse_obj(data)
        except ValidationError as error:
            out += [str(error), json.dumps(error.errors(), default=str)]
    out.append(repr(Page[Address](items=[{"street": "ss", "number": i % 3 + 1}], total="4")))
    out.append(repr(Point(str(i % 2), "2")))
    for action in (lambda: Point("x"), lambda: Page[int](items=["a", 1]), lambda: setattr(Person(**GOOD[0]), "none", 1)):
        try:
            action()
        except (ValidationError, ValueError) as error:
            out.append(str(error))
    return "\n".join(out)


seen = {once(i) for i in range(60)}
for text in sorted(seen):
    print(text)
print(json.dumps(Person.schema(), sort_keys=True)[:1500])
