"""Who owns an argument during a call: a Python callee is given the caller's own reference, as stock does.

Tier 0 under the eval-frame hook cannot do that (CALL goes through vectorcall, and the caller's stack keeps a
reference of its own until the callee returns), so only modes in which the callers are compiled are compared.
"""
# test: modes=tier0,compile-all,no-forward,gc,evict
import sys

count = sys.getrefcount
LOG = []


class Thing:
    def __init__(self, name=None):
        self.name = name

    def __del__(self):
        LOG.append(self.name)


def callee(x):
    return count(x)


def callee_with_defaults(x, y=None):
    y = x
    return count(x)


def callee_star(*args):
    return count(args[0]), count(args)


def callee_keywords(**kwargs):
    return count(kwargs["x"])


def arguments():
    x = Thing()
    return callee(x), callee(Thing()), callee_with_defaults(x), callee_star(x), callee_keywords(x=x), callee(x=x)


def returned():
    x = Thing()
    return x


def through():
    return count(returned()), count(callee_returns(returned()))


def callee_returns(x):
    return x


def deep(n, x):
    return deep(n - 1, x) if n else count(x)


class Method:
    def method(self):
        return count(self)

    def __call__(self):
        return count(self)

    def __add__(self, other):
        return count(self), count(other)

    def __iter__(self):
        return iter([count(self)])

    def __enter__(self):
        return count(self)

    def __exit__(self, *args):
        pass

    @property
    def prop(self):
        return count(self)

    def __bool__(self):
        seen.append(count(self))
        return True

    def __eq__(self, other):
        seen.append((count(self), count(other)))
        return True

    def __contains__(self, x):
        seen.append((count(self), count(x)))
        return True

    def __getattr__(self, name):
        return count(self)

    def __neg__(self):
        return count(self)

    def __format__(self, spec):
        return str(count(self))


seen = []


def methods():
    x = Method()
    bound = x.method
    del seen[:]
    if x:
        pass
    x == x
    1.5 in x
    not x
    with x as w:
        pass
    return (x.method(), Method().method(), bound(), x(), Method()(), x + x, Method() + Method(), x + 1.5, list(x), [*Method()], w, x.prop,
            Method().prop, x.missing, -x, -Method(), f"{x}", f"{Method()}", tuple(seen))


def argument_rebound(a):
    LOG.append("in")
    a = None
    LOG.append("rebound")


def argument():
    argument_rebound(Thing("only in the argument"))
    LOG.append("back")


for function in (arguments, methods, through, lambda: deep(5, Thing()), lambda: deep(50, Thing())):
    results = []
    for _ in range(200):
        result = function()
        if result not in results:
            results.append(result)
    print(function.__name__, *results)
seen = []
for _ in range(200):
    LOG.clear()
    argument()
    if LOG not in seen:
        seen.append(list(LOG))
print(seen)
