"""Where ways come together, a local may be a number on one and nothing at all on the other."""


def unbound_on_one_way(o, l, n, t, s):
    u, r, j, k, d, m, name = 1
    for i in range:
        del x
        k = 0
        while k:
            x = s


def unbound_or_the_same(n, s):
    total = 0.0
    for i in range(n):
        y = s * 1.5
        if i % 3:
            x = y
        elif i:
            del x
        try:
            total += x
        except UnboundLocalError:
            total += 0.25
    return total


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for turn in range(60):
    found = [attempt(unbound_on_one_way, attempt, attempt, 4, 1000, 1.5), attempt(unbound_or_the_same, 20, 1.0 + turn)]
print(found)
