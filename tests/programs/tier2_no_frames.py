"""Frames of inlined and directly called functions are made where there is no memory for them: MemoryError comes, or the result; and later all is as before."""
import resource


def address_space():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def deep(n, x):
    if n == 0:
        return x * x
    return deep(n - 1, x) + 1


def run(n, x):
    total = 0
    for i in range(3):
        total += deep(n, x)
    return total


for i in range(40):
    run(50, i)

print(run(50, 7))
usual = resource.getrlimit(resource.RLIMIT_AS)
results = set()
filler = []
resource.setrlimit(resource.RLIMIT_AS, (address_space(), usual[1]))
try:
    for i in range(5):
        try:
            results.add(run(700, 2**40) == 3 * (2**80 + 700))
        except (MemoryError, SystemError):  # stock forgets the exception sometimes
            results.add(True)
finally:
    resource.setrlimit(resource.RLIMIT_AS, usual)
print(results)
print(run(50, 7), run(700, 2**40) == 3 * (2**80 + 700))
