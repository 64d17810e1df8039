"""Names, globals, cells, deletions: values, and the errors for what is not bound."""
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


# ---- Locals that are not bound

def unbound(flag):
    if flag:
        value = 1
    return value


def deleted():
    value = [1]
    del value
    return value


def deleted_twice():
    value = [1]
    del value
    del value


def delete_argument(value):
    del value
    return locals()


show(unbound, True)
show(unbound, False)
show(deleted)
show(deleted_twice)
show(delete_argument, 3)


# ---- Cells

def counter():
    count = 0

    def step(by=1):
        nonlocal count
        count += by
        return count

    return step


def cells():
    step = counter()
    return [step(), step(5), step(), counter()()]


def argument_in_cell(a, b=2, *c, d=4, **e):
    def inner():
        return a, b, c, d, e
    a += 1
    return inner()


def cell_unbound():
    def inner():
        return late
    if TURNS < 0:
        late = 1
    return inner()


def own_cell_unbound():
    def inner():
        return late
    result = late
    late = 1
    return inner, result


def cell_deleted():
    value = 1

    def inner():
        return value
    del value
    return inner()


def cell_deleted_twice():
    value = 1

    def inner():
        return value
    del value
    del value


def delete_free():
    value = 1

    def inner():
        nonlocal value
        del value
        del value
    inner()


def loop_cells():
    functions = []
    for i in range(3):
        def f(j=i):
            return i, j
        functions.append(f)
    return [f() for f in functions]


def deep(a):
    def one():
        def two():
            def three():
                nonlocal a
                a *= 2
                return a
            return three()
        return two()
    return one(), a


show(cells)
show(argument_in_cell, 1)
show(argument_in_cell, 1, 2, 3)
show(cell_unbound)
show(own_cell_unbound)
show(cell_deleted)
show(cell_deleted_twice)
show(delete_free)
show(loop_cells)
show(deep, 4)


# ---- Globals

number = 10


def read_global():
    return number


def write_global():
    global written
    written = number + 1
    return written


def delete_global():
    global short_lived
    short_lived = 1
    del short_lived
    return "short_lived" in globals()


def delete_missing_global():
    global never_there
    del never_there


def read_missing_global():
    return nowhere_to_be_found


def call_missing_global():
    return nowhere_to_be_found(1, 2)


def suggested():
    try:
        return numbr
    except NameError as error:
        return error.name, str(error)


show(read_global)
number = 11
show(read_global)
show(write_global)
show(delete_global)
show(delete_missing_global)
show(read_missing_global)
show(call_missing_global)
show(suggested)


def shadow_builtin():
    return len("four")


show(shadow_builtin)
len = lambda what: 99
show(shadow_builtin)
del len
show(shadow_builtin)


# ---- Class bodies: LOAD_NAME, STORE_NAME, DELETE_NAME, LOAD_CLASSDEREF

def class_body():
    outer = "outer"

    class Inner:
        first = outer
        outer = "own"
        second = outer
        length = len(second)
        del outer

    return Inner.first, Inner.second, Inner.length, hasattr(Inner, "outer")


def class_body_missing():
    class Inner:
        value = missing_name


def class_body_delete_missing():
    class Inner:
        del missing_name


def class_body_free_unbound():
    class Inner:
        value = later
    later = 1


class Tracing(dict):
    def __init__(self, log):
        self.log = log

    def __getitem__(self, name):
        self.log.append(("get", name))
        return super().__getitem__(name)

    def __setitem__(self, name, value):
        self.log.append(("set", name))
        super().__setitem__(name, value)

    def __delitem__(self, name):
        self.log.append(("delete", name))
        super().__delitem__(name)


def namespace_class():
    log = []

    class Meta(type):
        @classmethod
        def __prepare__(meta, name, bases):
            return Tracing(log)

        def __new__(meta, name, bases, namespace):
            return super().__new__(meta, name, bases, dict(namespace))

    free = 1

    class Traced(metaclass=Meta):
        a = free
        b = a + 1
        c: int = len("xy")
        del a

    return log, Traced.b, Traced.__annotations__


class BadNamespace(dict):
    def __getitem__(self, name):
        if name == "forbidden":
            raise ValueError("not that one")
        return super().__getitem__(name)

    def __delitem__(self, name):
        raise ValueError("no deletions")


def bad_namespace(source):
    exec(source, {}, BadNamespace(present=1))


show(class_body)
show(class_body_missing)
show(class_body_delete_missing)
show(class_body_free_unbound)
show(namespace_class)
show(bad_namespace, "present")
show(bad_namespace, "forbidden")
show(bad_namespace, "absent")
show(bad_namespace, "del present")


# ---- Other deletions

class Slots:
    __slots__ = ("x",)


def delete_attribute(make):
    thing = make()
    thing.x = 1
    del thing.x
    del thing.x


def delete_item(container, key):
    copy = container.copy()
    del copy[key]
    return copy


def delete_from_tuple():
    value = (1, 2)
    del value[0]


show(delete_attribute, Slots)
show(delete_attribute, type("Plain", (), {}))
show(delete_item, [1, 2, 3], 1)
show(delete_item, [1, 2, 3], slice(0, 2))
show(delete_item, [1, 2, 3], 7)
show(delete_item, {"a": 1}, "a")
show(delete_item, {"a": 1}, "b")
show(delete_item, {"a": 1}, [])
show(delete_from_tuple)
