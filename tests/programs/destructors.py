"""When objects die: at once, in stock's order, on overwriting, return, exception, temporary operands, cycles."""
import gc
import sys
import weakref

LOG = []


class T:
    """Says its name when it dies."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        LOG.append(self.name)

    def __add__(self, other):
        return T(f"({self.name}+{other.name})")

    def __eq__(self, other):
        LOG.append(f"{self.name}=={getattr(other, 'name', other)}")
        return False

    def method(self, *args):
        LOG.append(f"in {self.name}.method")
        return 1

    def __getitem__(self, key):
        LOG.append(f"{self.name}[]")
        return 1

    @property
    def prop(self):
        LOG.append(f"{self.name}.prop")
        return T("value of prop")


def overwrite():
    x = T("first")
    LOG.append("made")
    x = T("second")
    LOG.append("overwritten")
    x = None
    LOG.append("none")


def locals_on_return():
    a, b, c = T("a"), T("b"), T("c")
    LOG.append("returning")
    return 1


def order_of_arguments(a, b):
    return 2


def arguments():
    return order_of_arguments(T("arg1"), T("arg2"))


def arguments_kept():
    x = T("x")
    order_of_arguments(x, T("temporary"))
    LOG.append("after the call")


def temporaries():
    T("alone")
    LOG.append("1")
    T("left") + T("right")
    LOG.append("2")
    y = (T("a") + T("b")) + T("c")
    LOG.append("3")


def comparison():
    T("p") == T("q")
    LOG.append("compared")
    if T("r") == 5:
        pass
    LOG.append("branch")


def methods():
    T("receiver").method(T("argument"))
    LOG.append("called")
    T("owner").prop
    LOG.append("property read")
    T("container")[T("key")]
    LOG.append("subscripted")


def containers():
    x = [T("l0"), T("l1"), T("l2")]
    del x[1]
    LOG.append("deleted")
    x[0] = T("new l0")
    LOG.append("replaced")
    x = {"k": T("d")}
    LOG.append("list gone")
    x["k"] = 1
    x = (T("t0"), T("t1"))
    LOG.append("tuple")


def unpacked():
    a, b = T("u0"), T("u1")
    LOG.append("unpacked")
    a, b = b, a
    LOG.append("swapped")
    a = None
    LOG.append("one gone")
    (a, b), c = (1, 2), 3
    LOG.append("both gone")


def looped():
    for x in [T("i0"), T("i1")]:
        LOG.append("turn")
    LOG.append("loop over")
    for x in (T(f"g{i}") for i in range(2)):
        LOG.append("turn")
    LOG.append("loop over")


def raising():
    kept = T("local of raising")
    raise ValueError(T("argument of the exception"))


def exceptions():
    try:
        raising()
    except ValueError as error:
        LOG.append("handler")
    LOG.append("after handler")


def exception_with_operands():
    try:
        [T("on the stack"), T("too"), 1 // 0]
    except ZeroDivisionError:
        LOG.append("caught")


def returned():
    x = T("returned")
    return x


def discards():
    returned()
    LOG.append("discarded")
    y = returned()
    LOG.append("kept")


def deleted():
    x = T("x")
    y = x
    del x
    LOG.append("still y")
    del y
    LOG.append("gone")


def closure():
    x = T("cell")

    def inner():
        return x

    LOG.append("inner made")
    return inner


def closures():
    f = closure()
    LOG.append("closure returned")
    f = None
    LOG.append("closure dropped")


def conditional(flag):
    x = T("x") if flag else T("y")
    y = x and T("z")
    LOG.append("conditional")
    x = y or T("never")
    LOG.append("or")


def in_with():
    class C:
        def __enter__(self):
            return T("entered")

        def __exit__(self, *args):
            LOG.append("exit")

        def __del__(self):
            LOG.append("manager")

    with C() as c:
        LOG.append("body")
    LOG.append("after with")


def resurrect():
    class R:
        def __del__(self):
            keep.append(self)

    keep = []
    R()
    LOG.append(len(keep))
    keep.clear()
    LOG.append(len(keep))


def weak():
    x = T("weak")
    ref = weakref.ref(x, lambda r: LOG.append("callback"))
    LOG.append(ref() is x)
    x = 1
    LOG.append(ref())


def del_reads_frame():
    class D:
        def __del__(self):
            frame = sys._getframe(1)
            LOG.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno,
                        sorted(frame.f_locals) if frame.f_code.co_name == "del_reads_frame" else 0))

    x = D()
    y = 1
    x = 2
    z = D()
    D()
    D(), D()
    return y


def del_raises():
    class E:
        def __del__(self):
            raise OSError("in __del__")

    sys.unraisablehook = lambda args: LOG.append(("unraisable", repr(args.exc_value)))
    x = E()
    x = None
    LOG.append("went on")
    sys.unraisablehook = sys.__unraisablehook__


def cycle():
    a, b = T("cycle a"), T("cycle b")
    a.other, b.other = b, a
    del a, b
    LOG.append("unreachable")
    gc.collect()
    LOG.append(sorted(LOG[-2:]) == ["cycle a", "cycle b"])


def star_arguments():
    def f(*args, **kwargs):
        return len(args) + len(kwargs)

    f(*[T("s0"), T("s1")], k=T("k"))
    LOG.append("star call")


def in_comprehension():
    [T(f"c{i}") for i in range(3)]
    LOG.append("list dropped")
    {(id, T("dict"))[0]: T("value")}
    LOG.append("dict dropped")
    sum(1 for x in [T("e0"), T("e1")])


def global_store():
    global shared
    shared = T("g0")
    shared = T("g1")
    LOG.append("stored")
    del shared


def attribute_store():
    o = T("holder")
    o.x = T("v0")
    o.x = T("v1")
    LOG.append("stored")
    del o.x
    LOG.append("deleted")


def augmented():
    x = T("m")
    x += T("n")
    LOG.append("augmented")


def formatted():
    f"{T('in f-string').name}"
    LOG.append("formatted")


def chained():
    x = y = T("chained")
    x = None
    LOG.append("x gone")


FUNCTIONS = [overwrite, locals_on_return, arguments, arguments_kept, temporaries, comparison, methods, containers, unpacked, looped, exceptions,
             exception_with_operands, discards, deleted, closures, lambda: conditional(True), lambda: conditional(False), in_with, resurrect, weak,
             del_reads_frame, del_raises, cycle, star_arguments, in_comprehension, global_store, attribute_store, augmented, formatted, chained]
for function in FUNCTIONS:
    seen = []
    for _ in range(150 if function is not cycle else 20):
        LOG.clear()
        function()
        if LOG not in seen:
            seen.append(list(LOG))
    print(function.__name__, *seen, sep="\n    ")
