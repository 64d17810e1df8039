"""Threads, forks, signals, greenlets and an exit, each while tier 2 compiles or runs the loops they meet."""
# test: modes=tier0,default,tier2,tier2-sync,tier2-deopt,tier2-osr,tier2-gc,tier2-evict timeout=120
import os
import signal
import subprocess
import sys
import threading
import time


class Account:
    rate = 2

    def __init__(self):
        self.total = 0
        self.share = 0.5

    def add(self, amount):
        self.total += amount * self.rate
        self.share = self.share * 0.5 + 1.0
        return self.total


class Careful(Account):
    def add(self, amount):
        return super().add(amount)


SCALE = 3


def scaled(x):
    return x * SCALE


def work(account, turns):
    """What it returns depends on what the others change only where they change it."""
    total = 0
    x = 0.5
    for i in range(turns):
        account.add(i & 7)
        total += scaled(i) % 5
        x = x * 0.999 + 1.0
    return total, round(x, 6)


def alone(turns):
    values = [0] * 16
    for i in range(turns):
        values[i & 15] += i
        values[-1 - (i & 3)] ^= i
    return sum(values), values[3]


def hammered():
    """The same hot functions in several threads while a class and a global change and change back."""
    sys.setswitchinterval(1e-5)
    wrong = []
    done = threading.Event()
    expected = alone(4000)

    def run():
        for turn in range(12):
            account = Careful() if turn % 2 else Account()
            result = work(account, 300)
            if type(result[0]) is not int or account.total <= 0:
                wrong.append((result, account.total))
            if alone(4000) != expected:
                wrong.append("alone")

    def change():
        while not done.is_set():
            Account.rate = 3
            Account.extra = 1
            globals()["SCALE"] = 4
            del Account.extra
            Account.rate = 2
            globals()["SCALE"] = 3
            time.sleep(0)

    threads = [threading.Thread(target=run) for _ in range(4)]
    changer = threading.Thread(target=change)
    for thread in [changer, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    changer.join()
    sys.setswitchinterval(0.005)
    return wrong, work(Account(), 500)


def fresh_function(number):
    """A function nobody has compiled yet."""
    names = {}
    exec(f"def f(n):\n x = {number}\n for i in range(n):\n  x = (x * 31 + i) % 100003\n  if x > 90000: x -= i\n return x\n", names)
    return names["f"]


def forked():
    """Children that begin while the compile thread is busy, go on with what is hot, and compile what is new to them."""
    results = []
    for turn in range(6):
        function = fresh_function(turn)
        expected = fresh_function(turn)(50)
        for _ in range(3):
            function(400)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            own = fresh_function(turn + 100)
            answers = [function(50) == expected, own(2000) == fresh_function(turn + 100)(2000), work(Account(), 400) == work(Account(), 400)]
            os.write(write, repr(answers).encode())
            os._exit(0)
        os.close(write)
        results.append((os.read(read, 200).decode(), os.waitpid(child, 0)[1], function(50) == expected))
        os.close(read)
    return results


class Interrupted(Exception):
    pass


def spin(limit):
    x = 0
    y = 0.5
    while x >= 0:
        x = (x + 1) & 0xFFFF
        y = y * 0.5 + x
    return limit


def interrupted():
    """A signal ends a loop that has no call in it, and its handler sees the loop's locals."""
    seen = []

    def handler(number, frame):
        names = frame.f_locals
        seen.append((frame.f_code.co_name, sorted(names), type(names["x"]).__name__, type(names["y"]).__name__))
        raise Interrupted

    old = signal.signal(signal.SIGALRM, handler)
    for _ in range(3):
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        try:
            spin(5)
        except Interrupted as error:
            seen.append(error.__traceback__.tb_next.tb_frame.f_code.co_name)
    signal.signal(signal.SIGALRM, old)
    return seen


def raised_from_another_thread():
    """An asynchronous exception reaches a hot loop in another thread."""
    import ctypes

    found = []

    def run():
        try:
            spin(7)
        except Interrupted:
            found.append("ended")

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.1)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Interrupted))
    thread.join()
    return found


EXITS = """
import sys, threading
def make(n):
    names = {}
    exec(f"def f(n):\\n x = {n}\\n for i in range(n):\\n  x = (x * 31 + i) % 100003\\n return x\\n", names)
    return names["f"]
functions = [make(n) for n in range(20)]
for f in functions:
    f(3000)
def go_on():
    while True:
        for f in functions:
            f(3000)
threading.Thread(target=go_on, daemon=True).start()
class Last:
    def __del__(self):
        print("last", functions[0](3000) == make(0)(3000))
last = Last()
print("bye")
sys.stdout.flush()
"""


def exits_while_compiling():
    """Processes that end with the queue full, and a daemon thread in the middle of compiled code."""
    found = set()
    for _ in range(3):
        result = subprocess.run([sys.executable, "-c", EXITS], capture_output=True, text=True)
        found.add((result.returncode, result.stdout, result.stderr))
    return sorted(found)


def switched():
    """Greenlets that switch in the middle of hot loops."""
    try:
        import greenlet
    except ImportError:
        return "none"
    log = []

    def loop(name, turns):
        total = 0
        for i in range(turns):
            total += scaled(i)
            if i % 50 == 0:
                total += greenlet.getcurrent().parent.switch((name, i))
        return name, total

    pair = [greenlet.greenlet(loop), greenlet.greenlet(loop)]
    answers = [pair[0].switch("a", 400), pair[1].switch("b", 300)]
    while not all(answers[n][1] > 10000 or pair[n].dead for n in (0, 1)):
        for n in (0, 1):
            if not pair[n].dead:
                answers[n] = pair[n].switch(n + 1)
        log.append(tuple(answers))
    return len(log), log[-1]


for test in (hammered, forked, interrupted, raised_from_another_thread, exits_while_compiling, switched, hammered):
    print(test.__name__, test(), flush=True)
