"""Functions changed after they were compiled: code, defaults, keyword defaults, closures, names, dict."""
import copy
import functools
import types


def f(a, b=2, *, c=3):
    return "f", a, b, c


def g(a, b=20, *, c=30):
    return "g", a, b, c


def call():
    return f(1), f(1, c=5), f(a=1, b=9)


for _ in range(300):
    call()
out = [call()]
f.__code__ = g.__code__
out.append(call())
f.__defaults__ = (200,)
out.append(call())
f.__kwdefaults__ = {"c": 300}
out.append(call())
for _ in range(300):
    call()
f.__kwdefaults__["c"] = 301
out.append(call())
f.__defaults__ = None
f.__kwdefaults__ = None
for arguments in ((1,), (1, 2)):
    try:
        f(*arguments)
    except TypeError as error:
        out.append(str(error))
f.__defaults__ = (7, 8)
f.__kwdefaults__ = {"c": 0}
out.append(f())
f.__name__ = "renamed"
f.__qualname__ = "new.qualname"
try:
    f(1, 2, 3)
except TypeError as error:
    out.append(str(error))
print(*out, sep="\n")


def generator_code():
    yield "a generator now"


def plain():
    return "plain"


def use_plain():
    return plain()


for _ in range(300):
    use_plain()
plain.__code__ = generator_code.__code__
print(list(use_plain()))


async def coroutine_code():
    return 5


plain.__code__ = coroutine_code.__code__
c = use_plain()
print(type(c).__name__)
c.close()


def fewer():
    return "no arguments"


def two(a, b):
    return a, b


def use_two():
    return two(1, 2)


for _ in range(300):
    use_two()
two.__code__ = fewer.__code__
try:
    use_two()
except TypeError as error:
    print(error)


def closure_maker(x):
    def inner():
        return x

    return inner


inner = closure_maker(1)
other = closure_maker(2)
print([inner() for _ in range(300)][-1])
try:
    inner.__code__ = fewer.__code__
except ValueError as error:
    print(error)
try:
    inner.__closure__ = ()
except AttributeError as error:
    print(error)
inner.__closure__[0].cell_contents = "new contents"
print(inner(), other())


def running(n):
    """Its code is replaced while it runs: this call goes on in the old one."""
    if n == 0:
        running.__code__ = fewer_one.__code__
    if n < 5:
        return "old", n, running(n + 1)
    return "old end"


def fewer_one(n):
    return "new", n


print(running(0), running(0))


def self_replacing():
    self_replacing.__code__ = (lambda: "replaced").__code__
    total = 0
    for i in range(1000):
        total += i
    return total


print(self_replacing(), self_replacing())


def replaced_code():
    return 1, "constant"


for _ in range(300):
    replaced_code()
code = replaced_code.__code__
replaced_code.__code__ = code.replace(co_consts=tuple("changed" if x == "constant" else x for x in code.co_consts))
print(replaced_code())
replaced_code.__code__ = code
print(replaced_code())
same = types.FunctionType(code, globals(), "same", None, None)
print(same(), same.__name__)


def method_swap():
    class C:
        def m(self):
            return "m"

    def new(self):
        return "new"

    c = C()
    out = [c.m() for _ in range(300)][-1:]
    C.m.__code__ = new.__code__
    out.append(c.m())
    C.m = lambda self: "third"
    out.append(c.m())
    return out


print(method_swap())


def mutable_default(x, seen=[]):
    seen.append(x)
    return len(seen)


print([mutable_default(i) for i in range(300)][-1])
mutable_default.__defaults__[0].clear()
print(mutable_default(1))
partial = functools.partial(g, 1, c=9)
print([partial(b=i) for i in range(300)][-1], copy.copy(g) is g, g.__get__(5)(6))


@functools.lru_cache(maxsize=None)
def cached(n):
    return n if n < 2 else cached(n - 1) + cached(n - 2)


print(cached(200), cached.cache_info())


@functools.wraps(g)
def wrapped(*args, **kwargs):
    return g(*args, **kwargs)


print([wrapped(1, c=i) for i in range(300)][-1], wrapped.__wrapped__ is g, wrapped.__name__)
g.attribute = [1]
print(g.attribute, g.__dict__)


def annotations(a: int, b: "str" = 1) -> float:
    x: int = 5
    return x


print(annotations.__annotations__, [annotations(1) for _ in range(100)][-1])
