"""coverage.py: its C and its Python tracer, lines and branches, over code that is hot before, while and after it measures."""
# test: needs=coverage timeout=180
import io
import os
import subprocess
import sys

import coverage

MODULE = '''
import threading

def collatz(n):
    steps = 0
    while n != 1:
        if n % 2:
            n = 3 * n + 1
        else:
            n //= 2
        steps += 1
    return steps

def classify(n):
    if n < 0:
        return "negative"
    elif n == 0:
        return "zero"
    for d in range(2, n):
        if n % d == 0:
            break
    else:
        return "prime"
    return "composite"

class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        try:
            return self.items.pop()
        except IndexError:
            return None
        finally:
            self.last = 1

    def unused(self):
        return self

def numbers(n):
    for i in range(n):
        if i == 3:
            continue
        yield i
    if n > 100:
        yield -1

async def asynchronous(n):
    async with Manager() as m:
        return [x async for x in m.values(n) if x]

class Manager:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return False

    async def values(self, n):
        for i in range(n):
            yield i

def work(n):
    stack = Stack()
    for i in numbers(n):
        stack.push(collatz(i + 1) if i % 2 else classify(i))
    while (item := stack.pop()) is not None:
        if item == "never": return 1
    try:
        asynchronous(3).send(None)
    except StopIteration as stop:
        return len(stop.value)
    match n:
        case 5: return 5
        case [a, b]: return a

def in_thread(n):
    thread = threading.Thread(target=work, args=(n,))
    thread.start()
    thread.join()
    return (lambda x: x + 1)(n)

def run(n):
    for i in range(n):
        work(i % 9)
    in_thread(8)

if __name__ == "__main__":
    run(400)
'''

with open("measured.py", "w") as file:
    file.write(MODULE)
sys.path.insert(0, os.getcwd())
import measured

for _ in range(120):
    measured.work(7)
for branch in (False, True):
    for timid in (False, True):  # the Python tracer
        cover = coverage.Coverage(data_file=None, branch=branch, timid=timid, include=["measured.py"], config_file=False)
        measured.run(50)
        cover.start()
        measured.run(30)
        cover.stop()
        measured.run(50)
        out = io.StringIO()
        cover.report([measured], show_missing=True, file=out)
        print(branch, timid, out.getvalue())
        data = cover.get_data()
        for file in data.measured_files():
            print(sorted(data.lines(file)), sorted(data.arcs(file) or ()))
contexts = coverage.Coverage(data_file=None, include=["measured.py"], config_file=False, context="outer")
contexts.start()
for name in ("one", "two", "three"):
    contexts.switch_context(name)
    measured.work(len(name))
contexts.stop()
data = contexts.get_data()
print({line: sorted(names) for file in data.measured_files() for line, names in sorted(data.contexts_by_lineno(file).items())})
for arguments in (["run", "--branch", "measured.py"], ["report", "-m"], ["run", "--append", "-m", "measured"], ["report", "--skip-covered"],
                  ["annotate"], ["json", "-q", "--pretty-print"]):
    result = subprocess.run([sys.executable, "-m", "coverage", *arguments], capture_output=True, text=True)
    print(arguments, result.returncode, result.stdout, result.stderr)
print(open("measured.py,cover").read())
