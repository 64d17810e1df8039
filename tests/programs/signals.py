"""Signals delivered in hot loops: handlers run, may raise, see the interrupted frame; KeyboardInterrupt."""
import os
import signal
import sys
import threading
import time

hits = []


def handler(number, frame):
    hits.append(frame.f_code.co_name)


signal.signal(signal.SIGALRM, handler)


def hot_loop(limit):
    n = 0
    while len(hits) < limit:
        n += 1
    return n > 0


def hot_for(limit):
    for i in range(10**9):
        if hits and len(hits) >= limit:
            return True


def leaf(x):
    return x + 1


def hot_calls(limit):
    n = 0
    while len(hits) < limit:
        n = leaf(n)
    return n > 0


def hot_generator(limit):
    def numbers():
        i = 0
        while True:
            yield i
            i += 1

    for i in numbers():
        if len(hits) >= limit:
            return True


for function in (hot_loop, hot_for, hot_calls, hot_generator):
    hits.clear()
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    print(function.__name__, function(10), set(hits) <= {function.__name__, "leaf", "numbers", "handler", "<module>"})
    signal.setitimer(signal.ITIMER_REAL, 0)


class Stop(Exception):
    pass


def raising(number, frame):
    raise Stop(frame.f_code.co_name)


signal.signal(signal.SIGALRM, raising)


def endless():
    n = 0
    while True:
        n += 1


def endless_nested():
    while True:
        for i in range(100):
            for j in range(100):
                pass


def endless_pass():
    while 1:
        pass


def endless_continue(flag):
    while True:
        if flag:
            continue
        break


def endless_recursive():
    def r(n):
        return r(n - 1) if n else 0

    while True:
        r(10)


def endless_comprehension():
    while True:
        [x for x in range(50)]


def endless_try():
    while True:
        try:
            raise ValueError
        except ValueError:
            pass


for function in (endless, endless_nested, endless_pass, lambda: endless_continue(True), endless_recursive, endless_comprehension, endless_try):
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        function()
    except Stop as stop:
        print(function.__name__, "stopped")


def cleans_up():
    log = []
    try:
        try:
            while True:
                pass
        finally:
            log.append("finally")
    except Stop:
        log.append("caught")
    return log


signal.setitimer(signal.ITIMER_REAL, 0.02)
print(cleans_up())


def changes_local(number, frame):
    import ctypes
    frame.f_locals["running"] = False
    ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))


def loop_on_local():
    running = True
    n = 0
    while running:
        n += 1
    return running, n > 0


signal.signal(signal.SIGALRM, changes_local)
signal.setitimer(signal.ITIMER_REAL, 0.02)
print(loop_on_local())


def interrupted_by_keyboard():
    def send():
        time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    t = threading.Thread(target=send)
    t.start()
    try:
        n = 0
        while True:
            n += 1
    except KeyboardInterrupt:
        result = "KeyboardInterrupt"
    t.join()
    return result


print(interrupted_by_keyboard())


def handler_line(number, frame):
    lines.append(frame.f_lineno - frame.f_code.co_firstlineno)


lines = []
signal.signal(signal.SIGALRM, handler_line)


def where():
    x = 0
    while not lines:
        x += 1
        x -= 1
    return x


signal.setitimer(signal.ITIMER_REAL, 0.01)
where()
print(1 <= lines[0] <= 5)
signal.signal(signal.SIGUSR1, lambda n, f: hits.append("usr1"))
hits.clear()
for _ in range(100):
    os.kill(os.getpid(), signal.SIGUSR1)
    leaf(1)
print(len(hits))


def in_c_call():
    signal.signal(signal.SIGALRM, raising)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        time.sleep(30)
    except Stop:
        return "sleep interrupted"


print(in_c_call())
sys.stdout.flush()
child = os.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    while True:
        leaf(1)
_, status = os.waitpid(child, 0)
print(os.WIFSIGNALED(status), signal.Signals(os.WTERMSIG(status)).name)
