"""with statements in compiled code: what __enter__ and __exit__ see, are given and return, for all kinds of managers."""

import contextlib
import gc
import io
import sys
import threading
import traceback

WARM = 40


def where(depth=1):
    frame = sys._getframe(depth + 1)
    return frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, frame.f_lasti >= 0


class Manager:
    def __init__(self, swallow=False, log=None):
        self.swallow = swallow
        self.log = [] if log is None else log

    def __enter__(self):
        self.log.append(("enter", sys.getrefcount(self), where()))
        return self

    def __exit__(self, kind, error, trace):
        self.log.append(("exit", sys.getrefcount(self), where(), kind and kind.__name__, repr(error), trace and trace.tb_lineno,
                         sys.exc_info()[0]))
        return self.swallow


def plain(holder):
    manager = holder.pop()
    with manager:
        manager.log.append("body")
    return manager.log


def named(holder):
    manager = holder.pop()
    with manager as m:
        assert m is manager
        m.log.append(sys.getrefcount(m))
    return m.log


def returning(holder):
    manager = holder.pop()
    for i in range(3):
        with manager:
            if i == 1:
                return "early", i
    return "late"


def looping(holder):
    manager = holder.pop()
    for i in range(4):
        with manager as m:
            if i == 1:
                continue
            if i == 3:
                break
            m.log.append(i)
    return manager.log


def raising(holder, kind):
    manager = holder.pop()
    with manager:
        raise kind("in body")
    return "swallowed", sys.exc_info()


def nested(holder):
    inner, outer = holder.pop(), holder.pop()
    with outer as a, inner as b:
        a.log.append("both")
        with inner:
            {}["none"]
    return "out"


for turn in range(WARM):
    shown = turn in (0, 1, WARM - 1)
    log = []
    results = [plain([Manager()]), named([Manager()]), returning([Manager(log=log)]), looping([Manager()]),
               raising([Manager(True)], KeyError), nested([Manager(True), Manager()])]
    if shown:
        print(results, log)
    for swallow in (False, 0, "", None, True, 1, "yes"):
        manager = Manager(swallow)
        try:
            result = raising([manager], ValueError)
        except ValueError as error:
            result = repr(error), [e.lineno for e in traceback.extract_tb(error.__traceback__)]
        if shown:
            print(swallow, result, manager.log)


# Errors in __enter__, __exit__, in the look-up, in the truth value of what __exit__ returns
class Odd:
    def __init__(self, where):
        self.where = where

    def __enter__(self):
        if self.where == "enter":
            raise RuntimeError("enter")
        return 5

    def __exit__(self, *details):
        if self.where == "exit":
            raise RuntimeError("exit", details[0])
        if self.where == "truth":
            return Untrue()
        return False

    def __del__(self):
        print("dies", self.where, sys.exc_info()[0])


class Untrue:
    def __bool__(self):
        raise RuntimeError("truth")


class NoEnter:
    def __exit__(self, *details):
        pass


class NoExit:
    def __enter__(self):
        raise AssertionError("not called")


class WrongExit:
    def __enter__(self):
        return self

    def __exit__(self):
        pass


class WrongEnter:
    def __enter__(self, more):
        return self

    def __exit__(self, *details):
        pass


class DefaultArguments:
    def __enter__(self, more=7):
        return more

    def __exit__(self, kind=None, error=None, trace=None, extra=9, *, key=1):
        print("exit", kind, extra, key)


class InstanceAttributes:
    def __init__(self):
        self.__enter__ = lambda: 1
        self.__exit__ = lambda *details: None


def use(manager, fail):
    with manager as value:
        if fail:
            raise KeyError("body")
    return value


for turn in range(3):
    for make in (lambda: Odd("enter"), lambda: Odd("exit"), lambda: Odd("truth"), lambda: Odd("nowhere"), NoEnter, NoExit,
                 WrongExit, WrongEnter, DefaultArguments, InstanceAttributes, int):
        for fail in (False, True):
            try:
                print(use(make(), fail).__class__.__name__)
            except Exception as error:
                print(type(error).__name__, error, [(e.name, e.lineno, e.colno, e.end_colno) for e in
                                                    traceback.extract_tb(error.__traceback__)],
                      repr(error.__context__))
                del error


# Functions, static and class methods, properties, callables, C methods: warm with one kind, then the others
def function_enter(self):
    return "function", type(self).__name__


def function_exit(self, *details):
    return None


class Callable:
    def __call__(self, *arguments):
        return "callable", len(arguments)


class Kinds:
    __enter__ = function_enter
    __exit__ = function_exit


class Static:
    __enter__ = staticmethod(lambda: "static")
    __exit__ = staticmethod(lambda *details: len(details) == 4)


class Class:
    __enter__ = classmethod(lambda cls: cls.__name__)
    __exit__ = classmethod(lambda cls, *details: None)


class Property:
    @property
    def __enter__(self):
        return lambda: "property"

    @property
    def __exit__(self):
        return lambda *details: None


class Objects:
    __enter__ = Callable()
    __exit__ = Callable()


class Mixed:
    def __enter__(self):
        return "mixed"

    __exit__ = Callable()


class Slots:
    __slots__ = ("log",)

    def __enter__(self):
        return "slots"

    def __exit__(self, *details):
        return None


lock = threading.Lock()
condition = threading.Condition()
for turn in range(WARM):
    results = [use(make(), False) for make in (Kinds, Kinds, Static, Class, Property, Objects, Mixed, Slots, Kinds)]
    results += [use(lock, False), use(condition, False), lock.locked(), use(contextlib.nullcontext(4), False),
                use(io.StringIO("x"), False).closed, use(contextlib.suppress(KeyError), True) if False else None]
    if turn in (0, WARM - 1):
        print(results)


# A class that changes between and during
class Changing:
    def __enter__(self):
        return "old enter"

    def __exit__(self, *details):
        print("old exit")


def new_enter(self):
    Changing.__exit__ = lambda self, *details: print("newest exit")
    return "new enter"


for turn in range(WARM):
    use(Slots(), False)
for turn in range(4):
    print(use(Changing(), False))
    if turn == 1:
        Changing.__enter__ = new_enter
Changing.__enter__.__code__ = function_enter.__code__
print(use(Changing(), False))
Changing.__enter__.__defaults__ = (1,)
print(use(Changing(), False))
del Changing.__exit__
try:
    use(Changing(), False)
except TypeError as error:
    print(error)


# contextlib's generators
@contextlib.contextmanager
def context(log, swallow):
    log.append("in")
    try:
        yield len(log)
    except KeyError as error:
        log.append(repr(error))
        if not swallow:
            raise
    finally:
        log.append("out")


def contexts(swallow):
    log = []
    with context(log, swallow) as count:
        log.append(count)
    with context(log, swallow):
        raise KeyError(1)
    return log


@context([], True)
def decorated():
    return "decorated"


for turn in range(WARM):
    results = [contexts(True)]
    try:
        contexts(False)
    except KeyError as error:
        results.append([e.name for e in traceback.extract_tb(error.__traceback__)])
    with contextlib.ExitStack() as stack:
        managers = [stack.enter_context(Manager()) for i in range(3)]
    results.append([m.log[-1][0] for m in managers])
    if turn in (0, WARM - 1):
        print(results)


# Generators with a with statement around a yield, dropped and closed
def generating(log):
    with Manager(log=log):
        yield 1
        yield 2


for turn in range(WARM):
    log = []
    list(generating(log))
    generator = generating(log)
    next(generator)
    generator.close()
    generator = generating(log)
    next(generator)
    del generator
    names = [entry[0] for entry in log], [entry[3] for entry in log if entry[0] == "exit"]
print(names)


# Bound __exit__ methods are ordinary objects
class Exposed:
    def __enter__(self):
        return [o for o in gc.get_referrers(self) if type(o).__name__ == "method"]

    def __exit__(self, *details):
        return None


def expose():
    manager = Exposed()
    with manager as methods:
        kept = methods
    return [(m.__name__, m.__self__ is manager, m(None, None, None)) for m in kept if m.__name__ == "__exit__"]


for turn in range(5):
    print(expose())


# Recursion through with
def deep(n):
    if n == 0:
        return 0
    with Slots():
        return deep(n - 1) + 1


def endless(n):
    with Slots():
        return endless(n + 1)


for turn in range(3):
    print(deep(100))
try:
    endless(0)
except RecursionError as error:
    print(error)
