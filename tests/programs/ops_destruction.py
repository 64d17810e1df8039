"""When objects die: after each kind of instruction, in which order, and what destructors see.

Who owns the arguments of a Python function during the call is argument_ownership.py's subject.
"""
import sys
import traceback

TURNS = 5


def show(function, *arguments):
    """Prints what some turns of the function give; once, when they all give the same."""
    outcomes = []
    for _ in range(TURNS):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException:
            outcomes.append(traceback.format_exc())
    same = all(outcome == outcomes[0] for outcome in outcomes)
    for outcome in outcomes[:1] if same else outcomes:
        print(function.__name__, outcome, sep=": ")


LOG = []


class Noisy:
    """Logs its death, with the line the function that let it die is in."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        line = frame.f_lineno  # None at instructions that belong to no line
        LOG.append((self.name, frame.f_code.co_name, line and line - frame.f_code.co_firstlineno))

    def __add__(self, other):
        return Noisy(self.name + "+" + getattr(other, "name", "?"))

    __radd__ = __iadd__ = __sub__ = __add__

    def __neg__(self):
        return Noisy("-" + self.name)

    def __lt__(self, other):
        return Noisy(self.name + "<")

    def __contains__(self, other):
        return True

    def __bool__(self):
        return True

    def __getitem__(self, key):
        return Noisy(self.name + "[]")

    def __setitem__(self, key, value):
        pass

    __delitem__ = __getitem__

    def __call__(self, *arguments, **keywords):
        return Noisy(self.name + "()")

    def __iter__(self):
        return iter([Noisy(self.name + "0"), Noisy(self.name + "1")])

    def __enter__(self):
        return Noisy(self.name + " entered")

    def __exit__(self, *a):
        return True

    def __format__(self, spec):
        return self.name

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return False

    def method(self, *arguments):
        return Noisy(self.name + ".method")


def logged(function):
    def turn(*arguments):
        LOG.clear()
        try:
            function(*arguments)
        except Exception as error:
            LOG.append(repr(error))
            del error
        return list(LOG)
    turn.__name__ = function.__name__
    show(turn)
    return function


@logged
def statements():
    Noisy("a")
    x = Noisy("b")
    x = Noisy("c")
    y = x
    del x
    y = None
    LOG.append("end")


@logged
def operators():
    Noisy("a") + Noisy("b")
    Noisy("a") - Noisy("b") + Noisy("c")
    -Noisy("d")
    not Noisy("e")
    Noisy("f") < Noisy("g")
    Noisy("h") < Noisy("i") < Noisy("j")
    Noisy("k") in Noisy("l")
    Noisy("m") is Noisy("n")
    Noisy("o") and Noisy("p") or Noisy("q")
    LOG.append("end")


@logged
def in_place():
    x = Noisy("a")
    x += Noisy("b")
    LOG.append("stored")
    x += 1
    LOG.append("end")


@logged
def subscripts():
    Noisy("a")[Noisy("b")]
    Noisy("c")[Noisy("d")] = Noisy("e")
    Noisy("f")[Noisy("g"):Noisy("h")]
    del Noisy("i")[Noisy("j")]
    Noisy("k")[Noisy("l")] += Noisy("m")
    LOG.append("end")


@logged
def calls():
    Noisy("f")(Noisy("a"), Noisy("b"))
    Noisy("f")(Noisy("a"), k=Noisy("b"))
    Noisy("f")(*Noisy("a"), **{"k": Noisy("b")})
    Noisy("o").method(Noisy("a"))
    len([Noisy("l")])
    (lambda a, b=None: LOG.append("inside"))(Noisy("x"))
    LOG.append("end")


@logged
def attributes():
    Noisy("a").name
    Noisy("b").extra = Noisy("c")
    LOG.append("between")
    x = Noisy("d")
    x.extra = Noisy("e")
    x.extra = Noisy("f")
    del x.extra
    LOG.append("end")


@logged
def failures():
    try:
        Noisy("a").missing
    except AttributeError:
        LOG.append("attribute")
    try:
        Noisy("b") * Noisy("c")
    except TypeError:
        LOG.append("operator")
    try:
        (Noisy("d"), Noisy("e"))[Noisy("f")]
    except TypeError:
        LOG.append("subscript")
    try:
        a, b, c = Noisy("g")
    except ValueError:
        LOG.append("unpack")
    try:
        [Noisy("h"), Noisy("i"), 1 / 0]
    except ZeroDivisionError:
        LOG.append("display")
    try:
        Noisy("j")(Noisy("k"), *5)
    except TypeError:
        LOG.append("star")
    try:
        {Noisy("l"): Noisy("m"), []: Noisy("n")}
    except TypeError:
        LOG.append("dict")
    LOG.append("end")


@logged
def loops():
    for x in Noisy("a"):
        LOG.append("turn")
    del x
    for x in Noisy("b"):
        break
    LOG.append("broken")
    for x in [Noisy("c"), Noisy("d")]:
        pass
    LOG.append("list done")
    while Noisy("e"):
        break
    LOG.append("end")


@logged
def containers():
    [Noisy("a"), Noisy("b")]
    (Noisy("c"), Noisy("d"))
    {Noisy("e"): Noisy("f")}
    {Noisy("g"), Noisy("h")}
    f"{Noisy('i')}{Noisy('j'):>3}"
    [*Noisy("k"), *Noisy("l")]
    [Noisy("m") for _ in range(2)]
    x, y = Noisy("n"), Noisy("o")
    x, y = y, x
    x, *y = Noisy("p")
    LOG.append("end")


@logged
def with_statements():
    with Noisy("a") as x:
        LOG.append("body")
    LOG.append("after")
    x = None
    with Noisy("b"):
        raise ValueError(Noisy("c"))
    LOG.append("end")


@logged
def exceptions():
    local = Noisy("local")
    try:
        raise ValueError(Noisy("a"))
    except ValueError as error:
        LOG.append("caught")
    LOG.append("after handler")
    try:
        try:
            raise ValueError(Noisy("b"))
        finally:
            LOG.append("finally")
    except ValueError:
        LOG.append("outer")
    LOG.append("end")


@logged
def unwinding():
    def deep(n):
        here = Noisy(f"level {n}")
        if n == 0:
            raise KeyError
        deep(n - 1)
    try:
        deep(3)
    except KeyError:
        LOG.append("caught")
    LOG.append("end")


@logged
def returning():
    def f(a, b=None):
        b = Noisy("b")
        c = Noisy("c")
        d = Noisy("d")
        del c
        return Noisy("result")
    x = f(1)
    LOG.append("returned")
    f(2)
    LOG.append("end")


@logged
def cells():
    def f():
        x = Noisy("x")

        def g():
            nonlocal x
            x = Noisy("y")
            LOG.append("stored")
            return x
        return g
    f()()
    LOG.append("called")
    g = f()
    del g
    LOG.append("end")


@logged
def generators():
    def g():
        a = Noisy("a")
        yield Noisy("yielded")
        b = Noisy("b")
        yield
    it = g()
    next(it)
    LOG.append("first")
    next(it)
    del it
    LOG.append("dropped")
    list(g())
    LOG.append("end")


@logged
def comparisons_in_branches():
    if Noisy("a") < Noisy("b"):
        LOG.append("taken")
    if Noisy("c"):
        LOG.append("taken")
    x = Noisy("d") if Noisy("e") else Noisy("f")
    LOG.append("end")


@logged
def matching():
    match Noisy("a"):
        case 1:
            pass
        case Noisy(name="a") as x:
            LOG.append("matched")
    match [Noisy("b"), Noisy("c")]:
        case [y, *rest]:
            LOG.append("sequence")
    match {"k": Noisy("d")}:
        case {"k": z, **rest}:
            LOG.append("mapping")
    LOG.append("end")


@logged
def class_bodies():
    class C:
        a = Noisy("a")
        a = Noisy("b")
        del a
        LOG.append("body")
        Noisy("c")
    LOG.append("end")


# ---- What a destructor can see and do

def changes_locals():
    """A destructor reads its caller's locals while an assignment lets it die."""
    seen = []

    class Spy:
        def __del__(self):
            seen.append(sorted(sys._getframe(1).f_locals))

    x = Spy()
    x = 1
    y = Spy()
    del y
    return seen


def destructor_raises():
    caught = []

    class Raising:
        def __del__(self):
            raise ValueError("in __del__")
    hook, sys.unraisablehook = sys.unraisablehook, lambda what: caught.append(repr(what.exc_value))
    try:
        Raising()
        x = Raising()
        x = None
        try:
            1 / Raising()
        except TypeError as error:
            caught.append(str(error))
    finally:
        sys.unraisablehook = hook
    return caught


def reference_counts():
    """What a callee sees of its arguments' reference counts."""
    class Counting:
        def __add__(self, other):
            return sys.getrefcount(self), sys.getrefcount(other)

        __lt__ = __eq__ = __add__

        def __neg__(self):
            return sys.getrefcount(self)

        def __call__(self, *arguments):
            return sys.getrefcount(self), [sys.getrefcount(a) for a in arguments]

        def __iter__(self):
            return iter([sys.getrefcount(self)])

        def __contains__(self, other):
            counts.append((sys.getrefcount(self), sys.getrefcount(other)))
            return True

        def __setitem__(self, key, value):
            counts.append((sys.getrefcount(self), sys.getrefcount(key), sys.getrefcount(value)))

        def __enter__(self):
            counts.append(sys.getrefcount(self))

        def __exit__(self, *a):
            counts.append(sys.getrefcount(self))

        def __format__(self, spec):
            return str(sys.getrefcount(self))

    counts = []
    a, b = Counting(), Counting()
    counts += [a + b, a + a, Counting() + Counting(), a < b, Counting() == b, -a, -Counting(), a(b, b), a(*[b]), f"{a}{Counting()}"]
    a in b
    Counting() in Counting()
    a[b] = a
    Counting()[Counting()] = Counting()
    with a:
        pass
    with Counting():
        pass
    [x] = a
    counts.append(x)
    counts.extend([*a, *Counting()])
    for x in a:
        counts.append(x)
    counts += [sys.getrefcount([]), sys.getrefcount(a)]
    return counts


show(changes_locals)
show(destructor_raises)
show(reference_counts)
