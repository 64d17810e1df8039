"""Arguments of every shape meeting parameters of every shape, again and again at the same sites; changing defaults; errors."""

import random
import traceback

random.seed(20)


def signature():
    names = ["a", "b", "c", "d", "e", "f"]
    count = random.randrange(0, 4)
    positional = names[:count]
    keyword_only = names[count:count + random.randrange(0, 3)]
    first_default = random.randrange(0, count + 1)
    parts = [n if i < first_default else f"{n}={i * 10}" for i, n in enumerate(positional)]
    if positional and random.random() < 0.3:
        parts.insert(random.randrange(1, count + 1), "/")
    star = random.random() < 0.3
    if star:
        parts.append("*rest")
    elif keyword_only:
        parts.append("*")
    parts += [n if random.random() < 0.5 else f"{n}='{n}'" for n in keyword_only]
    double = random.random() < 0.3
    if double:
        parts.append("**more")
    result = positional + keyword_only + (["rest"] if star else []) + (["sorted(more.items())"] if double else [])
    return f"({', '.join(parts)}): return [{', '.join(result)}]"


def arguments():
    count = random.randrange(0, 4)
    parts = [str(i) for i in range(count)]
    names = random.sample(["a", "b", "c", "d", "e", "zz"], random.randrange(0, 4))
    return ", ".join(parts + [f"{n}='{n}{n}'" for n in names])


def build():
    lines = []
    for i in range(40):
        lines.append(f"def f{i}{signature()}")
        lines.append(f"class C{i}:\n    def m(self, {signature()[1:]}")
        lines[-1] = lines[-1].replace("(self, )", "(self)").replace("(self, /, ", "(self, /, ")
        lines.append(f"    def __init__(self, {signature()[1:]}".replace("(self, )", "(self)")
                     .replace("return", "self.got ="))
    lines.append("def site(f, how):")
    for i in range(30):
        lines.append(f"    if how == {i}: return f({arguments()})")
    return "\n".join(lines)


def run():
    space = {}
    exec(build(), space)
    site = space["site"]
    total = 0
    lines = []
    bound = [object.__new__(space[f"C{i}"]).m for i in range(40)]
    for how in range(30):
        for number in range(40):
            for callee in (space[f"f{number}"], bound[number], space[f"C{number}"]):
                for turn in range(3):
                    try:
                        made = site(callee, how)
                        got = repr(getattr(made, "got", made))
                    except TypeError as error:
                        got = str(error)
                    total = (total * 31 + hash(got) if False else total) + len(got)
                lines.append(got)
    print(total, len(lines), len(set(lines)))
    for line in lines[::97]:
        print(line)


run()


def area(width, height=2, *, unit=1, scale=None):
    return width, height, unit, scale


def calls(i):
    return (area(i), area(i, 3), area(i, unit=2), area(height=i, width=1), area(1, 2, scale=i, unit=3),
            area(scale=1, unit=2, height=3, width=4))


def changing_defaults():
    for i in range(120):
        if i == 40:
            area.__defaults__ = (7,)
        elif i == 50:
            area.__defaults__ = (100, 7)
        elif i == 60:
            area.__kwdefaults__ = {"scale": "s", "unit": "u"}
        elif i == 70:
            area.__kwdefaults__["unit"] = "changed"
        elif i == 75:
            area.__kwdefaults__[5] = "not a name"
        elif i == 80:
            del area.__kwdefaults__["unit"]
        elif i == 90:
            area.__defaults__ = None
        elif i == 100:
            area.__kwdefaults__ = None
        elif i == 110:
            area.__defaults__, area.__kwdefaults__ = (2,), {"unit": 1, "scale": None}
        for which in range(6):
            try:
                result = (lambda: area(i), lambda: area(i, 3), lambda: area(i, unit=2),
                          lambda: area(height=i, width=1), lambda: area(1, 2, scale=i, unit=3),
                          lambda: area(scale=1, unit=2, height=3, width=4))[which]()
            except TypeError as error:
                result = str(error)
            if i % 10 == 5:
                print(result)
    print(calls(1))


changing_defaults()


def changing_code():
    def f(a, b=5, *, c=6):
        return "f", a, b, c

    def g(c, b=1, *, a=2):
        return "g", a, b, c

    def h(*args, **kwargs):
        return "h", args, kwargs

    g.__kwdefaults__["c"] = 9
    before = f.__code__
    for i in range(120):
        if i % 30 == 10:
            f.__code__ = g.__code__
            f.__kwdefaults__ = {"a": 2, "c": 3}
        elif i % 30 == 20:
            f.__code__ = h.__code__
        elif i % 30 == 0:
            f.__code__ = before
        results = f(1), f(1, 2), f(1, b=2)
        if i % 10 == 5:
            print(results)


changing_code()


def errors():
    def f(a, /, b, *, c):
        return a, b, c

    def wrong(how):
        if how == 0:
            return f(1, b=2, c=3)
        if how == 1:
            return f(1, 2)
        if how == 2:
            return f(1, b=1, c=1, d=1)
        if how == 3:
            return f(a=1, b=2, c=3)
        if how == 4:
            return f(1, 2, b=3, c=4)
        return f(1, 2, 3, c=4)

    for i in range(60):
        try:
            wrong(i % 6 if i > 40 else 0)
        except TypeError:
            if i > 53:
                print(traceback.format_exc())


errors()


def evicted_while_binding():
    """A collection in the middle of binding *args runs a finaliser that exchanges the code."""

    def f(*args, k=1):
        return "f", len(args), k

    def g(*args, k=1):
        return "g", len(args), k

    class Trigger:
        def __del__(self):
            f.__code__ = g.__code__ if f.__code__ is not g.__code__ else original

    original = f.__code__
    kinds = set()
    for i in range(3000):
        t = Trigger()
        t.me = t
        del t
        kinds.add(f(i, i, i)[0])
        kinds.add(f(i, k=i)[0])
    print(sorted(kinds))


evicted_while_binding()
