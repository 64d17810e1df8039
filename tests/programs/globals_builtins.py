"""Globals and builtins rebound, added, deleted and shadowed under hot code; modules with their own builtins."""
import builtins
import types

counter = 0
value = 1


def bump():
    global counter
    counter += 1
    return counter


for _ in range(500):
    bump()
print(counter)
counter = 1000
print(bump(), counter)
globals()["counter"] = 5
print(bump())


def read():
    return value


for _ in range(300):
    read()
out = [read()]
value = 2
out.append(read())
for i in range(300):
    globals()[f"new_global_{i}"] = i
    out.append(read())
value = 3
out.append(read())
del value
try:
    read()
except NameError as error:
    out.append(str(error))
value = 4
out.append(read())
print(out[:3], out[-4:], len(out))


def use_len(x):
    return len(x)


for _ in range(300):
    use_len("abc")
out = [use_len("abc")]
len = lambda x: "global len"
out.append(use_len("abc"))
del len
out.append(use_len("abc"))
original = builtins.len
builtins.len = lambda x: "builtin len"
out.append(use_len("abc"))
builtins.len = original
out.append(use_len("abc"))
del builtins.len
try:
    use_len("abc")
except NameError as error:
    out.append(str(error))
builtins.len = original
out.append(use_len("abc"))
print(out)


def new_builtin():
    return brand_new


try:
    new_builtin()
except NameError as error:
    print(error)
builtins.brand_new = 1
for _ in range(300):
    new_builtin()
print(new_builtin())
brand_new = "global shadows"
print(new_builtin())
del brand_new
builtins.brand_new = 2
print(new_builtin())
del builtins.brand_new
try:
    new_builtin()
except NameError as error:
    print(error)


def changes_while_running(n):
    global shifting
    shifting = 0
    total = 0
    for i in range(n):
        total += shifting
        if i == n // 2:
            shifting = 10
        if i == n - 5:
            globals()["shifting"] = 100
        if i == n - 2:
            set_shifting(1000)
    return total


def set_shifting(v):
    global shifting
    shifting = v


print(changes_while_running(500))


def call_rebound(n):
    global callee
    out = []
    for i in range(n):
        if i % 100 == 0:
            callee = lambda x, i=i: x + i
        out.append(callee(1))
    return out[::99]


print(call_rebound(500))
source = """
def f(x):
    return helper(x) + constant
def helper(x):
    return x * 2
constant = 5
"""
first, second = {}, {}
exec(source, first)
exec(source, second)
code = compile(source, "<source>", "exec")
third = {"__builtins__": {"only": 1}}
exec(code, third)
for _ in range(300):
    first["f"](1), second["f"](1), third["f"](1)
second["constant"] = 100
third["helper"] = lambda x: "h"
third["constant"] = "c"
print(first["f"](1), second["f"](1), third["f"](1))
shared_code = types.FunctionType(first["f"].__code__, {"helper": lambda x: x, "constant": -1})
print(shared_code(7), first["f"](7), [(shared_code(i), first["f"](i)) for i in range(300)][-1])


class Globals(dict):
    def __getitem__(self, key):
        if key == "magic":
            return "from __getitem__"
        return super().__getitem__(key)

    def __missing__(self, key):
        if key == "other":
            return "missing"
        raise KeyError(key)


namespace = {}
exec("def g():\n return magic\n", namespace)
odd = types.FunctionType(namespace["g"].__code__, {"magic": 1})
print([odd() for _ in range(300)][-1])
custom = Globals(magic=1)
exec("result = [magic for _ in (1,)], other if False else 1\nlocal = other", {}, custom) if False else None
exec("a = magic\nb = other\ndef f(): return 5\nc = f()", {}, custom)
print(custom["a"], custom["b"], custom["c"])


def deletes():
    global temporary
    temporary = 1
    del temporary
    try:
        temporary
    except NameError as error:
        return str(error)


print([deletes() for _ in range(300)][-1])


def delete_missing():
    global nothing_here
    try:
        del nothing_here
    except NameError as error:
        return str(error)


print([delete_missing() for _ in range(300)][-1])


class Body:
    x = value
    value = "class level"
    y = value
    z = [value for _ in range(2)]
    del value
    w = value


print(Body.x, Body.y, Body.z, Body.w)


def nested_exec(n):
    out = []
    for i in range(n):
        ns = {}
        exec(f"x = {i}\ndef f():\n  global x\n  x += 1\n  return x", ns)
        out.append(ns["f"]() + ns["f"]())
    return sum(out)


print(nested_exec(100))
import math


def module_constant(x):
    return math.floor(x) + math.tau


for _ in range(300):
    module_constant(1.5)
old = math.floor
math.floor = lambda x: 100
print(round(module_constant(1.5), 3))
math.floor = old
print(round(module_constant(1.5), 3))
math.extra = 1
print(round(module_constant(1.5), 3))
del math.extra
