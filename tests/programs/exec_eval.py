"""exec, eval, compile: fresh code objects by the hundred, namespaces, nested scopes, code that dies while it runs."""
import gc
import types
import weakref


def evaluate(n):
    total = 0
    for i in range(n):
        total += eval(f"{i} + x", {"x": 10})
    return total


print(evaluate(300))


def in_local_scope():
    a, b = 1, 2
    exec("a = 10; c = a + b")
    return a, b, eval("a + b"), eval("[a for _ in range(2)]", {"a": 7}), sorted(locals())


print([in_local_scope() for _ in range(200)][-1])
code = compile("y = x * 2\nz = [y + i for i in range(3)]\ndef f():\n    return y", "<hot>", "exec")


def run(code, n):
    out = []
    for i in range(n):
        namespace = {"x": i}
        exec(code, namespace)
        out.append((namespace["z"], namespace["f"]()))
    return out[-1]


print(run(code, 500))
expression = compile("a * b + (lambda q: q + a)(b)", "<expression>", "eval")
print([eval(expression, {"a": i, "b": 2}) for i in range(300)][-1])


def different_mappings():
    class Namespace(dict):
        def __getitem__(self, key):
            log.append(key)
            return super().__getitem__(key)

        def __setitem__(self, key, value):
            log.append(("set", key))
            super().__setitem__(key, value)

        def __delitem__(self, key):
            log.append(("del", key))
            super().__delitem__(key)

    log = []
    exec("u = v + 1\ndel v\nw = u", {}, Namespace(v=5))
    return log


print([different_mappings() for _ in range(100)][-1])


def dying_code(n):
    """A function object and its code die while its frame runs."""
    out = []
    for i in range(n):
        namespace = {}
        exec("def f(ns):\n    ns.clear()\n    total = 0\n    for i in range(200):\n        total += i\n    return total", namespace)
        out.append(namespace["f"](namespace))
    return set(out)


print(dying_code(100))


def code_is_freed():
    refs = []
    for i in range(100):
        namespace = {}
        exec(f"def f(x):\n    t = 0\n    for i in range(x):\n        t += {i}\n    return t", namespace)
        for _ in range(3):
            namespace["f"](200)
        refs.append(weakref.ref(namespace["f"].__code__))
    del namespace
    gc.collect()
    return sum(r() is not None for r in refs)


print(code_is_freed())


def recursion_in_eval(n):
    return n if n == 0 else eval("recursion_in_eval(n - 1)") + 1


print([recursion_in_eval(20) for _ in range(30)][-1])


def errors():
    out = []
    for text in ("1 / 0", "undefined", "x.y.z", "[1][5]", "f(", "1 +", "None.x", "int('q')", "{}['k']", "() + []"):
        try:
            eval(text, {"x": 1})
        except Exception as error:
            out.append((type(error).__name__, str(error)))
    return out


print([errors() for _ in range(60)][-1])


def many_versions():
    """The same source again and again: equal code objects, each its own."""
    functions = []
    for i in range(200):
        namespace = {}
        exec("def f(a, b=2):\n    return a * b + 1", namespace)
        functions.append(namespace["f"])
    return len({id(f.__code__) for f in functions}), {f(3) for f in functions for _ in range(5)}, functions[0].__code__ == functions[1].__code__


print(many_versions())


def from_types():
    f = types.FunctionType(compile("lambda: 0", "", "eval").co_consts[0], {})
    return f(), types.CodeType.__name__


print(from_types())
single = compile("5 + 5\n", "<single>", "single")
import sys

shown = []
sys.displayhook = shown.append
for _ in range(100):
    exec(single)
sys.displayhook = sys.__displayhook__
print(len(shown), set(shown))


def class_bodies(n):
    out = []
    for i in range(n):
        namespace = {}
        exec(f"class C:\n    x = {i}\n    y = [x for _ in range(1)] if False else x\n    def m(self):\n        return self.x + self.y\nr = C().m()", namespace)
        out.append(namespace["r"])
    return sum(out)


print(class_bodies(100))
marshalled = __import__("marshal").loads(__import__("marshal").dumps(code))
print(run(marshalled, 300))


def global_in_exec():
    namespace = {}
    exec("def set(v):\n    global g\n    g = v\ndef get():\n    return g", namespace)
    out = []
    for i in range(300):
        namespace["set"](i)
        out.append(namespace["get"]())
    return sum(out)


print(global_in_exec())
interactive = {}
for line in ("x = 1", "x += 1", "def f(n): return n + x", "y = [f(i) for i in range(200)]"):
    exec(compile(line, "<interactive>", "exec"), interactive)
print(sum(interactive["y"]))
