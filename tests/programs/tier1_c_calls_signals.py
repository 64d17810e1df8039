"""Pending signals are looked at right after a call of a C function, on the line of the call."""
import _thread
import signal
import sys


def interrupted_after_call():
    steps = []
    try:
        steps.append(1)
        _thread.interrupt_main()
        steps.append(2)
    except KeyboardInterrupt as error:
        steps.append(error.__traceback__.tb_lineno - interrupted_after_call.__code__.co_firstlineno)
    return steps


def interrupted_in_expression():
    steps = []
    interrupt = _thread.interrupt_main
    try:
        steps.append((len(steps), interrupt(), len(steps), steps.append(5)))
    except KeyboardInterrupt as error:
        steps.append(error.__traceback__.tb_lineno - interrupted_in_expression.__code__.co_firstlineno)
    return steps


def handler(number, frame):
    seen.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def handled():
    signal.raise_signal(signal.SIGUSR1)
    x = abs(-5)
    signal.raise_signal(signal.SIGUSR1)
    return x


def in_loop(n):
    count = 0
    for i in range(n):
        if len(str(i)) > 3:
            count += 1
        if i == 500:
            signal.raise_signal(signal.SIGUSR1)
    return count


seen = []
for _ in range(5):
    print(interrupted_after_call(), interrupted_in_expression())
signal.signal(signal.SIGUSR1, handler)
for _ in range(5):
    print(handled(), in_loop(2000), seen)
    seen.clear()


def timer(signum, frame):
    raise TimeoutError


def spins():
    items = [1, 2]
    while True:
        if len(items) == 3 or isinstance(items, dict) or abs(-3) == 4 or min(3, 4) == 4:
            items.append(1)


signal.signal(signal.SIGALRM, timer)
for _ in range(2):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        spins()
    except TimeoutError as error:
        print("stopped in", error.__traceback__.tb_next.tb_frame.f_code.co_name)
