"""except*: matching, splitting, raising from clauses, what is raised in the end."""
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


def tree(error):
    if error is None:
        return None
    members = [tree(e) for e in error.exceptions] if isinstance(error, BaseExceptionGroup) else error.args
    return (type(error).__name__, str(error), members, getattr(error, "__notes__", None),
            [line for _, line in traceback.walk_tb(error.__traceback__)], type(error.__context__).__name__,
            type(error.__cause__).__name__)


class Custom(ExceptionGroup):
    def __init__(self, *args):
        self.extra = "extra"

    def derive(self, members):
        made = Custom(self.message, members)
        made.extra = "derived"
        return made


class NoDerive(ExceptionGroup):
    pass


class BadDerive(ExceptionGroup):
    def derive(self, members):
        return 5


class BadSplit(ExceptionGroup):
    def split(self, matcher):
        return 5


class RaisingSplit(ExceptionGroup):
    def split(self, matcher):
        raise OSError("no splitting")


def group(kind=ExceptionGroup):
    inner = kind("inner", [ValueError("iv"), KeyError("ik")])
    outer = kind("outer", [ValueError("v"), inner, TypeError("t"), OSError("o")])
    outer.add_note("a note")
    inner.add_note("inner note")
    return outer


def one_clause(make, types):
    log = []
    try:
        try:
            raise make()
        except* types as caught:
            log.append(tree(caught))
        else:
            log.append("else")
        finally:
            log.append("finally")
    except BaseException as error:
        log.append(tree(error))
    return log


def two_clauses(make):
    log = []
    try:
        try:
            raise make()
        except* ValueError as caught:
            log.append(tree(caught))
        except* (KeyError, TypeError) as caught:
            log.append(tree(caught))
    except BaseException as error:
        log.append(tree(error))
    return log


def raise_new(make):
    try:
        raise make()
    except* ValueError:
        raise IndexError("new")
    except* KeyError as caught:
        raise MemoryError("newer") from caught


def raise_again(make):
    try:
        raise make()
    except* ValueError:
        raise
    except* KeyError as caught:
        raise caught


def raise_both(make):
    try:
        raise make()
    except* ValueError:
        raise
    except* KeyError:
        raise IndexError("new")


def raise_part(make):
    try:
        raise make()
    except* (ValueError, KeyError) as caught:
        caught.add_note("added")
        raise caught.exceptions[0]


def raise_whole(make):
    try:
        raise make()
    except* Exception as caught:
        raise caught


def nested(make):
    result = None
    try:
        try:
            raise make()
        except* ValueError:
            1 / 0
    except* ZeroDivisionError as caught:
        result = tree(caught)
    except* OSError as caught:
        result = result, tree(caught)
    return result


def name_is_gone(make):
    try:
        raise make()
    except* Exception as caught:
        pass
    return caught


def control_flow(makes):
    log = []
    for make in makes:
        try:
            raise make()
        except* ValueError:
            log.append("value")
        except* Exception:
            log.append("other")
    return log


def single():
    return ValueError("single")


def empty_nested():
    return ExceptionGroup("a", [ExceptionGroup("b", [ExceptionGroup("c", [KeyError(1)])]), ValueError(2)])


def base_group():
    return BaseExceptionGroup("base", [KeyboardInterrupt(), ValueError("v")])


def shared():
    error = ValueError("twice")
    return ExceptionGroup("shared", [error, error, ExceptionGroup("in", [error, KeyError(1)])])


def recursive():
    error = ValueError(0)
    for i in range(30):
        error = ExceptionGroup("level", [error, KeyError(i)])
    return error


MAKERS = [single, group, lambda: group(Custom), lambda: group(NoDerive), lambda: group(BadDerive), lambda: group(BadSplit),
          lambda: group(RaisingSplit), empty_nested, base_group, shared, recursive]
TYPES = [ValueError, KeyError, Exception, BaseException, (), (ValueError, KeyError), OSError, ZeroDivisionError, ExceptionGroup,
         BaseExceptionGroup, (ValueError, ExceptionGroup), 5, "x", (5,), None]
for make in MAKERS:
    print("----", make.__name__)
    if make().__class__.__name__ == "BadSplit":
        # What a wrong split() gives is undefined on stock.
        continue
    for types in TYPES:
        show(one_clause, make, types)
    for function in (two_clauses, raise_new, raise_again, raise_both, raise_part, raise_whole, nested, name_is_gone):
        show(function, make)

        def final():
            try:
                return function(make)
            except BaseException as error:
                return tree(error)
        show(final)
show(control_flow, MAKERS[:5])
