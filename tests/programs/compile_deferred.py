"""pyjit.compile() of many functions, which become executable together: called, suppressed, dropped, cleared, replaced while they wait."""

import gc
import sys

try:
    import pyjit
except ImportError:

    class pyjit:
        """Stock has none."""

        def compile(function):
            return True

        def suppress(function):
            return function

        def clear():
            pass


def make(number):
    namespace = {}
    exec(
        f"def f{number}(value, other=1):\n"
        f"    total = {number}\n"
        f"    for i in range(value):\n"
        f"        total += i * other\n"
        f"    return total if value != 3 else 1 / (total - total)\n",
        namespace,
    )
    return namespace[f"f{number}"]


def generator(count):
    for number in range(count):
        sent = yield number
        if sent:
            yield sent


def wait_and_call():
    functions = [make(number) for number in range(300)]
    for function in functions:
        pyjit.compile(function)
    print(functions[250](4), functions[0](2), sum(function(5) for function in functions))
    try:
        functions[299](3)
    except ZeroDivisionError as error:
        print(error, error.__traceback__.tb_next.tb_lineno)


def drop_while_waiting():
    functions = [make(number) for number in range(100)]
    for function in functions:
        pyjit.compile(function)
    del functions[10:90], function
    gc.collect()
    print(len(functions), functions[15](4))


def suspended_meanwhile():
    started = generator(5)
    print(next(started))
    pyjit.compile(generator)
    other = generator(3)
    print(next(other), next(started), started.send("sent"), list(started), list(other))


def change_code():
    first, second = make(1), make(2)
    pyjit.compile(first)
    pyjit.compile(second)
    first.__code__ = second.__code__
    print(first(4), second(4))


def suppress_while_waiting():
    first, second = make(3), make(4)
    pyjit.compile(first)
    pyjit.compile(second)
    pyjit.suppress(first)
    print(first(4), second(4))


def clear_while_waiting():
    functions = [make(number) for number in range(20)]
    for function in functions:
        pyjit.compile(function)
    pyjit.clear()
    print([function(2) for function in functions][-3:])
    for function in functions:
        pyjit.compile(function)
        pyjit.compile(function)
    print([function(2) for function in functions][-3:])


def recursion_of_waiting():
    namespace = {}
    exec("def down(n):\n    return 0 if n == 0 else 1 + down(n - 1)\n", namespace)
    pyjit.compile(namespace["down"])
    print(namespace["down"](200))


def traced_while_waiting():
    function = make(7)
    pyjit.compile(function)
    lines = []

    def trace(frame, event, argument):
        if frame.f_code is function.__code__:
            lines.append((event, frame.f_lineno))
        return trace

    sys.settrace(trace)
    function(2)
    sys.settrace(None)
    print(lines)
    print(function(2))


def small_functions(count):
    """Grow hot one after the other, without loops."""

    def first(value):
        return value + 1

    def second(value):
        return first(value) * 2

    def third(value):
        if value % 1000 == 999:
            raise KeyError(value)
        return second(value)

    total = caught = 0
    for i in range(count):
        try:
            total += third(i)
        except KeyError:
            caught += 1
    print(total, caught)


for _ in range(2):
    wait_and_call()
    drop_while_waiting()
    suspended_meanwhile()
    change_code()
    suppress_while_waiting()
    clear_while_waiting()
    recursion_of_waiting()
    traced_while_waiting()
    small_functions(3000)
