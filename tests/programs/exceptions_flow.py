"""try, except, else, finally in all combinations, nested, in loops, with return, break and continue."""
import sys
import traceback

LOG = []


def say(x):
    LOG.append(x)
    return x


def plain(kind):
    try:
        say("try")
        if kind:
            raise kind
    except ValueError as error:
        say(f"value {error}")
        result = 1
    except (KeyError, IndexError) as error:
        say(f"lookup {error!r}")
        result = 2
    except Exception:
        say("other")
        result = 3
    else:
        say("else")
        result = 4
    finally:
        say("finally")
    return result


def run(function, *args):
    LOG.clear()
    try:
        result = function(*args)
    except BaseException as error:
        result = f"raised {error!r} from {error.__context__!r}"
    return result, list(LOG), sys.exc_info()[0]


for kind in (None, ValueError("v"), KeyError("k"), IndexError("i"), OSError("o"), KeyboardInterrupt(), ValueError, 5):
    for _ in range(60):
        outcome = run(plain, kind)
    print(outcome)


def returns(where):
    for i in range(3):
        try:
            say(i)
            if where == "try":
                return "try"
            if where == "break":
                break
            if where == "continue":
                continue
            if where == "raise":
                raise ValueError(i)
        except ValueError:
            if i == 1:
                return "except"
            continue
        else:
            if i == 2:
                return "else"
        finally:
            say("f")
            if where == "finally" and i == 1:
                return "finally"
    else:
        return "loop else"
    return "after"


for where in ("try", "break", "continue", "raise", "finally", "none"):
    for _ in range(60):
        outcome = run(returns, where)
    print(where, outcome)


def finally_overrides(kind):
    while True:
        try:
            if kind == "return":
                return 1
            raise KeyError("lost")
        finally:
            if kind == "break" or kind == "return":
                break
            if kind == "replace":
                raise ValueError("replaced")
    return "after"


for kind in ("return", "break", "replace"):
    for _ in range(60):
        outcome = run(finally_overrides, kind)
    print(kind, outcome)


def nested(depth):
    try:
        if depth == 0:
            raise ValueError("bottom")
        nested(depth - 1)
    except ValueError as error:
        say(depth)
        if depth % 2:
            raise
        raise KeyError(depth) from error
    except KeyError as error:
        say(-depth)
        raise ValueError(depth)
    finally:
        say("f%d" % depth)


for depth in range(6):
    print(run(nested, depth))


def chain_text(depth):
    try:
        nested(depth)
    except Exception:
        return traceback.format_exc()


print(chain_text(4))


def name_is_deleted():
    error = "before"
    try:
        raise ValueError
    except ValueError as error:
        pass
    try:
        return error
    except UnboundLocalError as other:
        return str(other)


print([name_is_deleted() for _ in range(300)][-1])


def bare_raise():
    raise


print(run(bare_raise))


def reraise_outer():
    try:
        raise KeyError("outer")
    except KeyError:
        try:
            raise ValueError("inner")
        except ValueError:
            pass
        raise


print([run(reraise_outer) for _ in range(100)][-1])


def exc_info_states():
    states = [sys.exc_info()[0]]
    try:
        raise KeyError
    except KeyError:
        states.append(sys.exc_info()[0])
        try:
            raise ValueError
        except ValueError:
            states.append(sys.exc_info()[0])
        states.append(sys.exc_info()[0])
    states.append(sys.exc_info()[0])
    return [s and s.__name__ for s in states]


print([exc_info_states() for _ in range(100)][-1])


def caught_in_loop(n):
    caught = 0
    d = {}
    for i in range(n):
        try:
            d[i]
        except KeyError:
            caught += 1
            d[i] = i
        try:
            d[i] // (i % 3)
        except ZeroDivisionError:
            caught += 100
    return caught


print(caught_in_loop(1000))


def through_frames(n):
    def a(i):
        return b(i)

    def b(i):
        return c(i) + 1

    def c(i):
        if i % 5 == 0:
            raise LookupError(i)
        return i

    total = 0
    for i in range(n):
        try:
            total += a(i)
        except LookupError as error:
            total -= error.args[0]
    return total


print(through_frames(1000))


class Matcher(type):
    def __subclasscheck__(cls, other):
        say("subclasscheck")
        return True

    def __instancecheck__(cls, other):
        say("instancecheck")
        return True


class Custom(Exception, metaclass=Matcher):
    pass


def match_class():
    try:
        raise ValueError("x")
    except Custom:
        return "custom"
    except ValueError:
        return "value"


print(run(match_class))


def bad_match(what):
    try:
        raise ValueError("x")
    except what:
        return "matched"


for what in (ValueError, (ValueError, KeyError), (), 5, "text", (ValueError, 5), [ValueError], ((KeyError, ValueError),), None):
    for _ in range(40):
        outcome = run(bad_match, what)
    print(what, outcome)


def raise_odd(what, cause):
    raise what from cause


class NotMade(Exception):
    def __init__(self, a, b):
        pass


for what, cause in [(ValueError, None), (ValueError("a"), KeyError), (ValueError, KeyError("c")), (5, None), (ValueError, 5), (None, None),
                    (NotMade, None), (object, None), (ValueError, NotMade)]:
    try:
        raise_odd(what, cause)
    except BaseException as error:
        print(type(error).__name__, error, repr(error.__cause__), error.__suppress_context__)


def deep_finally(n):
    for i in range(n):
        try:
            try:
                try:
                    if i % 3 == 0:
                        continue
                    if i % 7 == 0:
                        break
                    raise ValueError(i)
                finally:
                    say("1")
            except ValueError:
                say("2")
            finally:
                say("3")
        finally:
            say("4")
    return i, "".join(LOG)


print(run(deep_finally, 9)[0])


def assertion(x):
    assert x > 0, f"x is {x}"
    assert x < 10
    return x


for x in (1, 0, 11):
    print(run(assertion, x))


def attributes(error):
    try:
        raise error
    except BaseException as e:
        e.add_note("a note")
        return e.args, str(e), repr(e), e.__notes__


for error in (OSError(2, "No such", "file"), KeyError("k", 1), UnicodeDecodeError("utf-8", b"x", 0, 1, "why"), StopIteration(5),
              SystemExit(3), ImportError("i", name="n", path="p"), SyntaxError("s", ("f", 1, 2, "text"))):
    print(attributes(error))
try:
    error = ValueError("noted")
    error.add_note("line one\nline two")
    raise error
except ValueError:
    print(traceback.format_exc())


def traceback_objects():
    try:
        1 / 0
    except ZeroDivisionError as error:
        tb = error.__traceback__
        return tb.tb_lineno - traceback_objects.__code__.co_firstlineno, tb.tb_next, tb.tb_frame.f_code.co_name, tb.tb_frame.f_lineno - tb.tb_lineno


print([traceback_objects() for _ in range(100)][-1])


def with_traceback():
    try:
        try:
            1 / 0
        except ZeroDivisionError as e:
            first = e
        raise ValueError("new").with_traceback(first.__traceback__)
    except ValueError:
        return traceback.format_exc()


print(with_traceback())


def raise_same_twice(error):
    out = []
    for _ in range(3):
        try:
            raise error
        except ValueError as e:
            n, tb = 0, e.__traceback__
            while tb:
                n, tb = n + 1, tb.tb_next
            out.append(n)
    return out


print(raise_same_twice(ValueError("grows")))


def syntax_errors():
    out = []
    for text in ("x = ", "def f(:\n pass", "return 1", "f(x for x in y, 1)", "a b", "'abc", "(", "1 = x", "break"):
        try:
            compile(text, "<text>", "exec")
        except SyntaxError as error:
            out.append((error.msg, error.lineno, error.offset))
    return out


print(syntax_errors())
