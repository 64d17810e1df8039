"""except*: splitting, re-raising, nesting, raising inside the handlers, in loops."""
import traceback


def split(error):
    log = []
    try:
        raise error
    except* ValueError as group:
        log.append(("value", [repr(e) for e in group.exceptions]))
    except* (KeyError, IndexError) as group:
        log.append(("lookup", [repr(e) for e in group.exceptions]))
    else:
        log.append("else")
    finally:
        log.append("finally")
    return log


def attempt(function, *args):
    try:
        return function(*args)
    except BaseException as error:
        return "".join(traceback.format_exception(error))


V, K, I, T = ValueError("v"), KeyError("k"), IndexError("i"), TypeError("t")


def fresh():
    v, k, i, t = ValueError("v"), KeyError("k"), IndexError("i"), TypeError("t")
    return [v, k, t, ExceptionGroup("one", [v]), ExceptionGroup("all", [v, k, i]), ExceptionGroup("rest", [v, t]),
            ExceptionGroup("nested", [ExceptionGroup("in", [v, t]), k]), BaseExceptionGroup("base", [KeyboardInterrupt(), v])]


for _ in range(30):
    results = [attempt(split, error) for error in fresh()]
for result in results:
    print(result)


def raises_inside(error):
    try:
        raise error
    except* ValueError:
        raise OSError("new")
    except* KeyError as group:
        raise group


for error in (ExceptionGroup("g", [ValueError(1), KeyError(2), TypeError(3)]), ExceptionGroup("g", [KeyError(2)]), ValueError(7)):
    print(attempt(raises_inside, error))


def nested(n):
    out = []
    for i in range(n):
        try:
            try:
                raise ExceptionGroup("g", [ValueError(i), KeyError(i)])
            except* ValueError:
                out.append(i)
                if i == 2:
                    raise
        except* KeyError:
            out.append("k%d" % i)
        except* ValueError:
            out.append("v%d" % i)
    return out


print([nested(5) for _ in range(60)][-1])


def nothing_raised():
    try:
        pass
    except* Exception:
        return_value = 1
    else:
        return "else"


print([nothing_raised() for _ in range(100)][-1])


def bad_types(kind):
    try:
        raise ValueError(1)
    except* kind:
        pass


print(attempt(bad_types, ExceptionGroup))
print(attempt(bad_types, 5))
print(attempt(bad_types, (ValueError, ExceptionGroup)))


class Group(ExceptionGroup):
    def derive(self, exceptions):
        return Group(self.message + "'", exceptions)


def derived():
    try:
        raise Group("mine", [ValueError(1), TypeError(2), ExceptionGroup("plain", [ValueError(3)])])
    except* ValueError as group:
        return_value = type(group).__name__, group.message, len(group.exceptions)
    return return_value


print(attempt(derived))


def reraise_naked():
    try:
        raise ExceptionGroup("x", [ValueError(1), TypeError(2)])
    except* ValueError:
        raise
    except* TypeError:
        raise


print(attempt(reraise_naked))


def within_function_calls():
    def handler(group):
        return sorted(type(e).__name__ for e in group.exceptions)

    seen = []
    try:
        raise ExceptionGroup("m", [ValueError(1), OSError(2), ValueError(3)])
    except* ValueError as g:
        seen.append(handler(g))
    except* OSError as g:
        seen.append(handler(g))
    return seen


print([within_function_calls() for _ in range(60)][-1])
group = ExceptionGroup("top", [ValueError(1), ExceptionGroup("deep", [ValueError(2), TypeError(3)])])
print(group.split(ValueError), group.subgroup(lambda e: isinstance(e, TypeError)))
