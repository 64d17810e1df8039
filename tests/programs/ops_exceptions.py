"""Raising, catching, chaining, finally, assert, with."""
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


def describe(error, depth=0):
    """An exception with its causes, contexts and the lines of its traceback."""
    if error is None or depth > 4:
        return None
    lines = [(frame.f_code.co_name, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return (type(error).__name__, error.args, lines, error.__suppress_context__, describe(error.__cause__, depth + 1),
            describe(error.__context__, depth + 1))


# ---- raise

class NotInstance(Exception):
    def __new__(cls):
        return 5


class OtherInstance(Exception):
    def __new__(cls, *args):
        return ValueError("another class")


class RaisesInNew(Exception):
    def __new__(cls):
        raise KeyError("from __new__")


class NeedsArgument(Exception):
    def __init__(self, argument):
        super().__init__(argument)


def raise_one(what):
    raise what


def raise_from(what, cause):
    raise what from cause


def raise_nothing():
    raise


def raise_fresh(make):
    raise make()


for what in (ValueError, OtherInstance, NotInstance, RaisesInNew, NeedsArgument, 5, None, "string", (ValueError, "x"), object):
    show(raise_one, what)
    show(raise_from, what, KeyError)
    if what is not NotInstance:
        # Stock would set 5 as the cause, which traceback cannot print.
        show(raise_from, ValueError, what)
show(raise_from, ValueError, None)
show(raise_nothing)
show(raise_fresh, lambda: ValueError("fresh"))
show(raise_fresh, lambda: StopIteration(3))
show(raise_fresh, lambda: SystemExit(2))
show(raise_fresh, lambda: KeyboardInterrupt())


# ---- Chains

def chained():
    try:
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise ValueError("second") from error
    except ValueError:
        raise KeyError("third")


def chain_none():
    try:
        {}["missing"]
    except KeyError:
        raise ValueError("alone") from None


def chain_in_finally():
    try:
        1 / 0
    finally:
        [][1]


def reraise_bare():
    try:
        1 / 0
    except ZeroDivisionError:
        raise


def reraise_later():
    try:
        1 / 0
    except ZeroDivisionError as error:
        saved = error
    try:
        [][0]
    except IndexError:
        raise saved


def reraise_in_called():
    def again():
        raise
    try:
        1 / 0
    except ZeroDivisionError:
        again()


def cycle():
    a, b = ValueError("a"), KeyError("b")
    try:
        try:
            raise a
        except ValueError:
            raise b
    except KeyError:
        raise a


for function in (chained, chain_none, chain_in_finally, reraise_bare, reraise_later, reraise_in_called, cycle):
    show(function)

    def described():
        try:
            function()
        except Exception as error:
            return describe(error)
    show(described)


# ---- Catching

class Picky(type):
    def __subclasscheck__(cls, other):
        return True

    def __instancecheck__(cls, other):
        return True


class Unrelated(Exception, metaclass=Picky):
    pass


def catch(error, types):
    try:
        raise error
    except types as caught:
        return "caught", type(caught).__name__
    else:
        return "else"
    finally:
        pass


for types in (ValueError, Exception, (KeyError, ValueError), (), (KeyError, (ValueError,)), Unrelated, 5, "ValueError",
              (ValueError, 5), (5, ValueError), object, None):
    show(catch, ValueError("x"), types)
    show(catch, ValueError, types)


def several(error):
    log = []
    try:
        try:
            log.append("try")
            if error:
                raise error
        except KeyError:
            log.append("key")
        except (IndexError, ValueError) as caught:
            log.append(str(caught))
            raise TypeError("replaced")
        except:
            log.append("anything")
            raise
        else:
            log.append("else")
        finally:
            log.append("finally")
            log.append(sys.exc_info()[0])
    except Exception as outer:
        log.append(describe(outer))
    log.append(sys.exc_info())
    return log


for error in (None, KeyError, ValueError, IndexError, OSError):
    show(several, error)


def name_is_deleted():
    try:
        1 / 0
    except ZeroDivisionError as error:
        pass
    return error


def name_deleted_inside():
    try:
        1 / 0
    except ZeroDivisionError as error:
        del error
    return "fine"


def finally_returns(value):
    try:
        return 1 / value
    finally:
        if value == 0:
            return "from finally"


def finally_continues(values):
    log = []
    for value in values:
        try:
            log.append(1 / value)
        except ZeroDivisionError:
            log.append("zero")
            continue
        finally:
            log.append("f")
        if value > 3:
            break
    else:
        log.append("no break")
    return log


def nested_finally(n):
    log = []
    try:
        try:
            try:
                if n == 0:
                    raise ValueError
                if n == 1:
                    return log
                log.append("body")
            finally:
                log.append(1)
        finally:
            log.append(2)
            if n == 2:
                raise KeyError("in finally")
    except (ValueError, KeyError) as error:
        log.append(repr(error))
    return log


def handled_state():
    """sys.exc_info() through nested handlers and generators."""
    def gen():
        yield sys.exc_info()[0]
        try:
            1 / 0
        except ZeroDivisionError:
            yield sys.exc_info()[0]
        yield sys.exc_info()[0]
    log = [sys.exc_info()[0]]
    try:
        [][0]
    except IndexError:
        log.append(sys.exc_info()[0])
        g = gen()
        log.extend([next(g), sys.exc_info()[0], next(g), sys.exc_info()[0]])
        try:
            {}[0]
        except KeyError:
            log.append(sys.exc_info()[0])
            log.extend(g)
        log.append(sys.exc_info()[0])
    log.append(sys.exc_info()[0])
    return [getattr(item, "__name__", item) for item in log]


show(name_is_deleted)
show(name_deleted_inside)
show(finally_returns, 0)
show(finally_returns, 2)
show(finally_continues, [1, 0, 2])
show(finally_continues, [1, 0, 4, 5])
for n in range(4):
    show(nested_finally, n)
show(handled_state)


# ---- assert

def asserts(value, message):
    assert value
    assert value > 1, message
    return "held"


show(asserts, 0, "m")
show(asserts, 1, "message")
show(asserts, 1, ("a", "tuple"))
show(asserts, 2, "m")


# ---- with

class Manager:
    def __init__(self, log, suppress=False, enter=None, exit=None):
        self.log, self.suppress, self.enter_error, self.exit_error = log, suppress, enter, exit

    def __enter__(self):
        self.log.append("enter")
        if self.enter_error:
            raise self.enter_error
        return self

    def __exit__(self, kind, value, trace):
        self.log.append(("exit", kind and kind.__name__, str(value), trace and trace.tb_lineno))
        if self.exit_error:
            raise self.exit_error
        return self.suppress

    def __del__(self):
        self.log.append("del")


class OnlyEnter:
    def __enter__(self):
        return 1


class OnlyExit:
    def __exit__(self, *a):
        pass


class InstanceAttributes:
    def __init__(self):
        self.__enter__ = lambda: 1
        self.__exit__ = lambda *a: True


class RaisingDescriptor:
    @property
    def __enter__(self):
        raise AttributeError("no entrance")

    def __exit__(self, *a):
        pass


class BadTruth:
    def __enter__(self):
        return self

    def __exit__(self, *a):
        return self

    def __bool__(self):
        raise OverflowError("no truth")


def with_one(manager, error):
    with manager as target:
        if error:
            raise error
        return type(target).__name__
    return "suppressed"


def with_manager(suppress, enter, exit, error):
    log = []
    try:
        with Manager(log, suppress, enter, exit) as target:
            log.append("body")
            if error:
                raise error
        del target
    except Exception as caught:
        log.append(describe(caught))
    return list(log)


def with_two(first, second):
    log = []
    with Manager(log, True), Manager(log, first) as b, Manager(log, second):
        log.append("body")
        raise ValueError("inside")
    return list(log)


def with_flow(values):
    log = []
    for value in values:
        with Manager(log):
            if value == 1:
                continue
            if value == 2:
                break
            log.append(value)
    del log[-1]
    return len(log), log[-1]


for manager in (OnlyEnter(), OnlyExit(), InstanceAttributes(), RaisingDescriptor(), BadTruth(), 5, None):
    show(with_one, manager, None)
    show(with_one, manager, ValueError("in body"))
for suppress in (False, True, 0, "yes"):
    for error in (None, ValueError("body failed"), KeyError):
        show(with_manager, suppress, None, None, error)
show(with_manager, True, KeyError("at the door"), None, None)
show(with_manager, True, None, IndexError("on leaving"), None)
show(with_manager, True, None, IndexError("on leaving"), ValueError("body"))
show(with_two, False, False)
show(with_two, True, False)
show(with_two, False, True)
show(with_flow, [0, 1, 3])
show(with_flow, [0, 1, 2, 3])


# ---- Columns

def columns(a):
    try:
        return (a.b.
                c)
    finally:
        a = 1 if a else [
            a][2]


def deep_traceback(n):
    if n == 0:
        return n.missing + 1
    return deep_traceback(n - 1) + (
        1)


show(columns, 1)
show(columns, 0)
show(deep_traceback, 3)


def in_loop(values):
    total = 0
    while True:
        try:
            total += values[total]
        except IndexError as error:
            return total, error.__traceback__.tb_lineno - in_loop.__code__.co_firstlineno
        except TypeError:
            values = values[:total]


show(in_loop, [1, 1, 1, 1])
show(in_loop, [1, 1, None, 1])
