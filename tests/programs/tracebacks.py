"""Tracebacks with lines and columns: an exception from every kind of expression and statement."""
import traceback


class Bad:
    """Everything fails."""

    def fail(self, *args):
        raise RuntimeError("bad")

    __add__ = __radd__ = __iadd__ = __neg__ = __invert__ = __getitem__ = __setitem__ = __delitem__ = __contains__ = fail
    __eq__ = __lt__ = __bool__ = __iter__ = __call__ = __enter__ = __len__ = __format__ = __mul__ = fail

    def __getattr__(self, name):
        raise RuntimeError(f"bad attribute {name}")

    def __setattr__(self, name, value):
        raise RuntimeError(f"bad set {name}")

    def __delattr__(self, name):
        raise RuntimeError(f"bad delete {name}")


bad = Bad()
data = {"a": [1, 2, 3]}


def add(a, b):
    return 1 + (a +
                b) * 2


def in_place(a, b):
    a += b


def subscript(a, b):
    x = data["a"][a][b]
    return x


def store_subscript(a, b):
    a[b] = data["a"][0]


def delete_subscript(a, b):
    del a[b]


def attribute(a, b):
    return (a
            .missing_name.other)


def store_attribute(a, b):
    a.x = b


def delete_attribute(a, b):
    del a.x


def method(a, b):
    return a.method(b, data["a"][0])


def call(a, b):
    return a(b,
             *data["a"])


def call_keywords(a, b):
    return add(a, b, c=1)


def compare(a, b):
    return 0 if a < b else 1


def equality(a, b):
    if a == b and b == a:
        return 1


def contains(a, b):
    return b in a


def truth(a, b):
    if not a:
        return 1


def truth_and(a, b):
    return a and b


def loop(a, b):
    for x in a:
        pass


def unpack(a, b):
    x, y, *z = a
    return x


def unpack_wrong(a, b):
    x, y = data["a"]


def unpack_few(a, b):
    x, y, z, w = data["a"]


def star(a, b):
    return [*a, *b]


def double_star(a, b):
    return dict(**{"x": 1}, **a)


def merge(a, b):
    return {**data, **a}


def unary(a, b):
    return -a


def format_it(a, b):
    return f"value {a:>10} and {b}"


def with_it(a, b):
    with a as c:
        pass


def raise_it(a, b):
    raise a


def raise_from(a, b):
    raise ValueError("v") from a


def assertion(a, b):
    assert a is b, ("message", data["a"])


def import_it(a, b):
    from math import nothing_there


def import_missing(a, b):
    import nowhere.to.be_found


def name_missing(a, b):
    return a if undefined_name else b


def local_missing(a, b):
    if a is None:
        c = 1
    return c + 1


def delete_missing(a, b):
    del unknown_global


def key_missing(a, b):
    return data["missing"]["x"]


def index_missing(a, b):
    return data["a"][0], data["a"][10]


def zero(a, b):
    x = 5
    y = 0
    return [x // 1, x % y]


def comprehension(a, b):
    return [x / 0 for x in data["a"]]


def generator(a, b):
    return sum(1 // (x - 2) for x in data["a"])


def lambda_inside(a, b):
    return sorted(data["a"], key=lambda x: x.nothing)


def nested_call(a, b):
    return max(len(data["a"]), zero(a, b), key=str)


def class_body(a, b):
    class C(a.missing):
        y = 1


def class_body_inside(a, b):
    class C:
        x = 1
        y = x / 0


def conditional(a, b):
    x = (1 if
         data["a"]["k"]
         else 2)


def slice_it(a, b):
    return data["a"][1:"x"]


def match_it(a, b):
    match a:
        case [x, y]:
            return x
        case _ if a < b:
            return 2


def walrus(a, b):
    return [y := 5, y ** 2, y.nope]


def many_arguments(a, b):
    return add(1)


def not_callable(a, b):
    return data("a")


def return_in_finally(a, b):
    try:
        a + b
    finally:
        data["b"]


FUNCTIONS = [value for value in list(globals().values()) if type(value) is type(add) and value.__code__.co_argcount == 2]


def once(function, a, b):
    try:
        function(a, b)
    except BaseException as error:
        return "".join(traceback.format_exception(error))
    return "no exception"


for function in FUNCTIONS:
    texts = [once(function, bad, bad) for _ in range(60)]
    print(function.__name__, len(set(texts)))
    print(texts[-1])
for function in (add, subscript, attribute, method, call, loop, unpack, star, merge, contains):
    print(function.__name__, once(function, None, 1))


def recursive(n):
    if n == 0:
        return data["a"][99]
    return recursive(n - 1) + 1


print(once(lambda a, b: recursive(10), 0, 0))


def context_chain():
    try:
        try:
            data["x"]
        except KeyError:
            1 / 0
    except ZeroDivisionError as error:
        raise TypeError("third") from None if data is None else error


print(once(lambda a, b: context_chain(), 0, 0))


def positions(function):
    """The raw columns of each entry."""
    try:
        function(bad, bad)
    except BaseException as error:
        tb = error.__traceback__
        out = []
        while tb:
            code = tb.tb_frame.f_code
            place = list(code.co_positions())[tb.tb_lasti // 2]
            out.append((code.co_name, tb.tb_lasti, tb.tb_lineno - code.co_firstlineno, place[2:]))
            tb = tb.tb_next
        return out


for function in FUNCTIONS:
    for _ in range(20):
        result = positions(function)
    print(function.__name__, result)
