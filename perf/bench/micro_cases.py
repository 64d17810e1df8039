"""Micro cases: one operation each, by family of opcodes.

A case is (family, name, module code, set-up inside the function, the operation). The operation stands UNROLLED times in a
loop of one function, so that it runs as an ordinary bytecode site does. Its own cost is what remains after the
empty loop. Operations are written so that stock can specialise them where it has a specialisation.
"""

UNROLLED = 10

CASES = []


def case(family, name, operation, setup="", module=""):
    CASES.append((family, name, module, setup, operation))


def source(module, setup, operation):
    """The text of a module with a function case(turns) that returns nanoseconds."""
    lines = module.strip("\n").splitlines()
    lines.append("def case(turns):")
    for line in setup.strip("\n").splitlines():
        lines.append("    " + line)
    lines.append("    start = thread_time_ns()")
    lines.append("    for turn in range(turns):")
    for _ in range(UNROLLED if operation.strip() != "pass" else 1):
        for line in operation.strip("\n").splitlines():
            lines.append("        " + line)
    lines.append("    return thread_time_ns() - start")
    return "\n".join(lines) + "\n"


# Loops and locals
case("loop", "for range", "for i in r: pass", "r = range(100)\ni = 0")
case("loop", "for list of 100", "for i in r: pass", "r = list(range(100))")
case("loop", "for tuple of 100", "for i in r: pass", "r = tuple(range(100))")
case("loop", "for dict of 100", "for i in r: pass", "r = dict.fromkeys(range(100))")
case("loop", "for dict.items of 100", "for k, v in r.items(): pass", "r = dict.fromkeys(range(100))")
case("loop", "for str of 100", "for i in r: pass", "r = 'abcde' * 20")
case("loop", "for set of 100", "for i in r: pass", "r = set(range(100))")
case("loop", "for enumerate of 100", "for i, v in enumerate(r): pass", "r = list(range(100))")
case("loop", "for zip of 100", "for i, v in zip(r, r): pass", "r = list(range(100))")
case("loop", "for range(3)", "for i in range(3): pass")
case("loop", "for list of 3", "for i in r: pass", "r = [1, 2, 3]")
case("loop", "while to 100", "i = 0\nwhile i < 100: i += 1")
case("loop", "copy local", "a = b; b = a", "a = b = 1")
case("loop", "constant to local", "a = 'text'")
case("loop", "branch on bool", "if a: b = 1\nelse: b = 2", "a = True")
case("loop", "branch on None", "if a is None: b = 1\nelse: b = 2", "a = 5")
case("loop", "not, and, or", "b = not a and c or a", "a = 0\nc = 3")
case("loop", "branch on int", "if a: b = 1", "a = 7")
case("loop", "branch on list", "if a: b = 1", "a = [1]")

# Numbers
case("int", "small add", "c = a + b", "a = 3\nb = 4")
case("int", "add", "c = a + b", "a = 30000\nb = 40000")
case("int", "add constant", "a = a + 1", "a = 0")
case("int", "augmented add", "a += 1", "a = 0")
case("int", "subtract", "c = a - b", "a = 30000\nb = 40000")
case("int", "multiply", "c = a * b", "a = 3000\nb = 4000")
case("int", "multiply, two digits", "c = a * b", "a = 1 << 40\nb = 12345")
case("int", "add, two digits", "c = a + b", "a = 1 << 40\nb = 1 << 41")
case("int", "floor divide", "c = a // b", "a = 30000\nb = 7")
case("int", "remainder", "c = a % b", "a = 30000\nb = 7")
case("int", "true divide", "c = a / b", "a = 30000\nb = 7")
case("int", "and", "c = a & b", "a = 30000\nb = 0xFFF")
case("int", "and, 64 bits", "c = a & b", "a = 1 << 70\nb = 0xFFFFFFFFFFFFFFFF")
case("int", "xor", "c = a ^ b", "a = 30000\nb = 4711")
case("int", "shift left", "c = a << 5", "a = 30000")
case("int", "shift right", "c = a >> 5", "a = 30000")
case("int", "power", "c = a ** 2", "a = 300")
case("int", "negate", "c = -a", "a = 300")
case("int", "invert", "c = ~a", "a = 300")
case("int", "less than", "c = a < b", "a = 300\nb = 400")
case("int", "equal, branch", "if a == b: c = 1", "a = 300\nb = 400")
case("int", "less, branch", "if a < b: c = 1", "a = 300\nb = 400")
case("int", "chained compare", "c = 0 <= a < b", "a = 300\nb = 400")
case("int", "bool add", "c = a + b", "a = True\nb = 4")
case("float", "add", "c = a + b", "a = 1.5\nb = 2.25")
case("float", "augmented add", "a += b", "a = 1.5\nb = 0.25")
case("float", "multiply", "c = a * b", "a = 1.5\nb = 2.25")
case("float", "divide", "c = a / b", "a = 1.5\nb = 2.25")
case("float", "expression", "d = a * b + c * a - b", "a = 1.5\nb = 2.25\nc = 0.5")
case("float", "int operand", "c = a * 2", "a = 1.5")
case("float", "power", "c = a ** 2", "a = 1.5")
case("float", "negate", "c = -a", "a = 1.5")
case("float", "less, branch", "if a < b: c = 1", "a = 1.5\nb = 2.25")
case("float", "compare with int", "if a > 0: c = 1", "a = 1.5")
case("float", "complex multiply", "c = a * a", "a = 1.5 + 2j")

# Text
case("str", "add", "c = a + b", "a = 'left'\nb = 'right'")
case("str", "append in place", "s += 'x'", "s = ''")
case("str", "equal, branch", "if a == b: c = 1", "a = 'left'\nb = 'right'")
case("str", "equal constant, same", "if a == 'left': c = 1", "a = 'left'")
case("str", "less", "c = a < b", "a = 'left'\nb = 'right'")
case("str", "index", "c = a[3]", "a = 'a longer text'")
case("str", "slice", "c = a[2:6]", "a = 'a longer text'")
case("str", "in", "c = 'long' in a", "a = 'a longer text'")
case("str", "f-string", "c = f'{a}-{b}'", "a = 'left'\nb = 12")
case("str", "f-string with format", "c = f'{a:>6} {b:.2f}'", "a = 'left'\nb = 12.5")
case("str", "percent", "c = '%s-%d' % (a, b)", "a = 'left'\nb = 12")
case("str", "format method", "c = '{}-{}'.format(a, b)", "a = 'left'\nb = 12")
case("str", "join", "c = ','.join(a)", "a = ['left', 'right', 'top']")
case("str", "split", "c = a.split(',')", "a = 'left,right,top'")
case("str", "startswith", "c = a.startswith('le')", "a = 'left'")
case("str", "upper", "c = a.upper()", "a = 'left'")
case("str", "isalpha", "c = a.isalpha()", "a = 'x'")
case("str", "ord", "c = ord(a)", "a = 'x'")
case("str", "chr", "c = chr(a)", "a = 100")
case("str", "str of int", "c = str(a)", "a = 1000")
case("str", "bytes index", "c = a[3]", "a = b'a longer text'")

# Containers
case("list", "index", "c = a[b]", "a = [1, 2, 3]\nb = 1")
case("list", "index constant", "c = a[1]", "a = [1, 2, 3]")
case("list", "index from the end", "c = a[-1]", "a = [1, 2, 3]")
case("list", "store", "a[b] = c", "a = [1, 2, 3]\nb = 1\nc = 7")
case("list", "augmented store", "a[1] += 1", "a = [1, 2, 3]")
case("list", "swap", "a[0], a[1] = a[1], a[0]", "a = [1, 2, 3]")
case("list", "slice", "c = a[1:3]", "a = [1, 2, 3, 4]")
case("list", "slice store", "a[1:3] = b", "a = [1, 2, 3, 4]\nb = [8, 9]")
case("list", "build of 3", "c = [a, a, a]", "a = 1")
case("list", "build of constants", "c = [1, 2, 3]")
case("list", "append, pop", "a.append(1); a.pop()", "a = []")
case("list", "len", "c = len(a)", "a = [1, 2, 3]")
case("list", "in", "c = 3 in a", "a = [1, 2, 3]")
case("list", "comprehension of 10", "c = [i for i in r]", "r = list(range(10))")
case("list", "add", "c = a + a", "a = [1, 2]")
case("list", "two levels", "c = a[1][1]", "a = [[1, 2], [3, 4]]")
case("list", "extend display", "c = [*a, 3]", "a = [1, 2]")
case("tuple", "index", "c = a[1]", "a = (1, 2, 3)")
case("tuple", "build of 2", "c = (a, b)", "a = 1\nb = 2")
case("tuple", "build and unpack", "a, b, c = b, c, a", "a, b, c = 1, 2, 3")
case("tuple", "unpack 2", "b, c = a", "a = (1, 2)")
case("tuple", "unpack list of 3", "b, c, d = a", "a = [1, 2, 3]")
case("tuple", "starred unpack", "b, *c = a", "a = (1, 2, 3)")
case("tuple", "equal", "d = a == b", "a = (1, 2)\nb = (1, 3)")
case("dict", "subscript str", "c = a['key']", "a = {'key': 1, 'other': 2}")
case("dict", "subscript int", "c = a[5]", "a = {5: 1, 6: 2}")
case("dict", "subscript tuple", "c = a[k]", "k = (1, 2)\na = {k: 1}")
case("dict", "store str", "a['key'] = 5", "a = {'key': 1, 'other': 2}")
case("dict", "augmented store", "a['key'] += 1", "a = {'key': 1, 'other': 2}")
case("dict", "get", "c = a.get('key', 0)", "a = {'key': 1, 'other': 2}")
case("dict", "get, missing", "c = a.get('none', 0)", "a = {'key': 1, 'other': 2}")
case("dict", "in", "c = 'key' in a", "a = {'key': 1, 'other': 2}")
case("dict", "in, branch", "if 'none' in a: c = 1", "a = {'key': 1, 'other': 2}")
case("dict", "build", "c = {'x': a, 'y': a}", "a = 1")
case("dict", "setdefault", "c = a.setdefault('key', 0)", "a = {'key': 1}")
case("dict", "delete, store", "a['key'] = 1; del a['key']", "a = {}")
case("dict", "comprehension of 10", "c = {i: i for i in r}", "r = list(range(10))")
case("dict", "merge display", "c = {**a, 'z': 1}", "a = {'x': 1}")
case("set", "in", "c = 2 in a", "a = {1, 2, 3}")
case("set", "add", "a.add(2)", "a = {1, 2, 3}")
case("set", "build", "c = {a, 2}", "a = 1")

# Names
case("global", "module global", "c = value", module="value = 1")
case("global", "builtin", "c = len")
case("global", "store", "value = 1", "global value", "value = 0")
case("global", "module attribute", "c = math.pi", module="import math")
case("global", "module function", "c = math.sqrt(2.0)", module="import math")

# Attributes
OBJECT = """
class Thing:
    shared = 5
    def __init__(self):
        self.x = 1
        self.y = 2.5
    @property
    def double(self):
        return self.x
    def method(self):
        return None
    def method_with(self, a):
        return a
    @staticmethod
    def static(a):
        return a
    @classmethod
    def klass(cls, a):
        return a
"""
SLOTTED = """
class Thing:
    __slots__ = ("x",)
    def __init__(self):
        self.x = 1
    def method(self):
        return None
"""
DICTED = OBJECT + "\ndef make():\n    thing = Thing()\n    thing.__dict__['z'] = 3\n    return thing\n"
case("attribute", "inline value", "c = o.x", "o = Thing()", OBJECT)
case("attribute", "store inline value", "o.x = 3", "o = Thing()", OBJECT)
case("attribute", "augmented int", "o.x += 1", "o = Thing()", OBJECT)
case("attribute", "augmented float", "o.y += 0.5", "o = Thing()", OBJECT)
case("attribute", "in dict", "c = o.x", "o = make()", DICTED)
case("attribute", "store in dict", "o.x = 3", "o = make()", DICTED)
case("attribute", "slot", "c = o.x", "o = Thing()", SLOTTED)
case("attribute", "store slot", "o.x = 3", "o = Thing()", SLOTTED)
case("attribute", "class attribute of instance", "c = o.shared", "o = Thing()", OBJECT)
case("attribute", "class attribute of class", "c = Thing.shared", "", OBJECT)
case("attribute", "property", "c = o.double", "o = Thing()", OBJECT)
case("attribute", "of self.other", "c = o.x.x", "o = Thing()\no.x = Thing()", OBJECT)
case("attribute", "bound method value", "c = o.method", "o = Thing()", OBJECT)
case("attribute", "two classes", "c = o.x; o, p = p, o", "o = Thing()\np = Other()", OBJECT + "class Other(Thing): pass\n")
case("attribute", "four classes", "c = o.x; o, p, q, r = p, q, r, o",
     "o, p, q, r = Thing(), A(), B(), C()", OBJECT + "class A(Thing): pass\nclass B(Thing): pass\nclass C(Thing): pass\n")
case("attribute", "__getattr__", "c = o.z", "o = Thing()", "class Thing:\n    def __getattr__(self, name): return 1\n")
case("attribute", "getattr builtin", "c = getattr(o, 'x')", "o = Thing()", OBJECT)
case("attribute", "missing, default", "c = getattr(o, 'zz', None)", "o = Thing()", OBJECT)

# Calls of Python functions
case("call", "no arguments", "f()", module="def f(): pass")
case("call", "one argument", "f(1)", module="def f(a): return a")
case("call", "three arguments", "f(1, 2, 3)", module="def f(a, b, c): return c")
case("call", "default", "f(1)", module="def f(a, b=2): return b")
case("call", "keyword", "f(a=1, b=2)", module="def f(a, b): return b")
case("call", "keyword-only", "f(1, b=2)", module="def f(a, *, b): return b")
case("call", "*args in callee", "f(1, 2)", module="def f(*args): return args")
case("call", "**kwargs in callee", "f(a=1)", module="def f(**kwargs): return kwargs")
case("call", "star call", "f(*a)", "a = (1, 2)", "def f(a, b): return b")
case("call", "double star call", "f(**a)", "a = {'a': 1, 'b': 2}", "def f(a, b): return b")
case("call", "local function", "f(1)", "def f(a): return a")
case("call", "lambda", "f(1)", "f = lambda a: a")
case("call", "recursion, depth 10", "f(10)", module="def f(n):\n    if n: return f(n - 1)\n    return 0")
case("call", "decorated", "f(1)", module="def d(g):\n    def w(*a, **k): return g(*a, **k)\n    return w\n@d\ndef f(a): return a")
case("call", "method", "o.method()", "o = Thing()", OBJECT)
case("call", "method, one argument", "o.method_with(1)", "o = Thing()", OBJECT)
case("call", "method of slotted", "o.method()", "o = Thing()", SLOTTED)
case("call", "method, two classes", "o.method(); o, p = p, o", "o = Thing()\np = Other()", OBJECT + "class Other(Thing): pass\n")
case("call", "bound method", "m()", "m = Thing().method", OBJECT)
case("call", "static method", "Thing.static(1)", "", OBJECT)
case("call", "class method", "Thing.klass(1)", "", OBJECT)
case("call", "super method", "o.method()", "o = Sub()", OBJECT + "class Sub(Thing):\n    def method(self): return super().method()\n")
case("call", "__call__", "o()", "o = C()", "class C:\n    def __call__(self): pass\n")
case("call", "instantiate", "Thing()", "", OBJECT)
case("call", "instantiate slotted", "Thing()", "", SLOTTED)
case("call", "instantiate without __init__", "C()", "", "class C: pass")
case("call", "make closure", "f = lambda: a", "a = 1")
case("call", "read free variable", "g()", "a = 1\ndef g(): return a")
case("call", "write free variable", "g()", "a = 1\ndef g():\n    nonlocal a\n    a = 2")
case("call", "__add__", "c = o + o", "o = C()", "class C:\n    def __add__(self, other): return self\n")
case("call", "__eq__", "c = o == o", "o = C()", "class C:\n    def __eq__(self, other): return True\n")
case("call", "__getitem__", "c = o[1]", "o = C()", "class C:\n    def __getitem__(self, i): return i\n")
case("call", "__len__", "c = len(o)", "o = C()", "class C:\n    def __len__(self): return 3\n")
case("call", "__bool__", "if o: c = 1", "o = C()", "class C:\n    def __bool__(self): return True\n")
case("call", "__iter__, __next__ of 3", "for i in C(): pass", "",
     "class C:\n    def __init__(self): self.i = 0\n    def __iter__(self): return self\n    def __next__(self):\n        self.i += 1\n        if self.i > 3: raise StopIteration\n        return self.i\n")

# Calls of C
case("builtin", "len of str", "c = len(a)", "a = 'text'")
case("builtin", "isinstance", "c = isinstance(a, int)", "a = 5")
case("builtin", "isinstance of tuple", "c = isinstance(a, (int, float))", "a = 2.5")
case("builtin", "abs", "c = abs(a)", "a = -5")
case("builtin", "min of two", "c = min(a, b)", "a = 5\nb = 7")
case("builtin", "max of two", "c = max(a, b)", "a = 5\nb = 7")
case("builtin", "int of float", "c = int(a)", "a = 5.5")
case("builtin", "int of str", "c = int(a)", "a = '55'")
case("builtin", "float of int", "c = float(a)", "a = 5")
case("builtin", "type", "c = type(a)", "a = 5")
case("builtin", "range(3)", "c = range(3)")
case("builtin", "tuple of list", "c = tuple(a)", "a = [1, 2]")
case("builtin", "list of tuple", "c = list(a)", "a = (1, 2)")
case("builtin", "sum of 10", "c = sum(a)", "a = list(range(10))")
case("builtin", "sum of generator of 10", "c = sum(i for i in a)", "a = list(range(10))")
case("builtin", "sorted of 5", "c = sorted(a)", "a = [3, 1, 2, 5, 4]")
case("builtin", "sorted with key", "c = sorted(a, key=f)", "a = [3, 1, 2, 5, 4]\nf = lambda x: -x")
case("builtin", "map lambda of 5", "for x in map(f, a): pass", "a = [3, 1, 2, 5, 4]\nf = lambda x: -x")
case("builtin", "any of generator", "c = any(i > 5 for i in a)", "a = list(range(10))")
case("builtin", "hash", "c = hash(a)", "a = 'text'")
case("builtin", "divmod", "c = divmod(a, 7)", "a = 5000")
case("builtin", "deque append, popleft", "a.append(1); a.popleft()", "a = deque()", "from collections import deque")
case("builtin", "namedtuple make", "c = P(1, 2)", "", "from collections import namedtuple\nP = namedtuple('P', 'x y')")
case("builtin", "namedtuple field", "c = p.x", "p = P(1, 2)", "from collections import namedtuple\nP = namedtuple('P', 'x y')")

# Exceptions, with
case("exception", "try without raise", "try: c = 1\nexcept KeyError: pass")
case("exception", "caught KeyError", "try: a['none']\nexcept KeyError: pass", "a = {}")
case("exception", "raise, catch", "try: raise ValueError\nexcept ValueError: pass")
case("exception", "raise instance, as", "try: raise ValueError('x')\nexcept ValueError as e: pass")
case("exception", "raised in callee", "try: f()\nexcept ValueError: pass", module="def f(): raise ValueError")
case("exception", "finally", "try: c = 1\nfinally: d = 2")
case("exception", "caught AttributeError", "try: a.none\nexcept AttributeError: pass", "a = 5")
case("exception", "caught IndexError", "try: a[5]\nexcept IndexError: pass", "a = []")
case("exception", "caught tuple of classes", "try: a['none']\nexcept (IndexError, KeyError): b = 1", "a = {}\nb = 0")
case("exception", "caught StopIteration", "try: next(i)\nexcept StopIteration: pass", "i = iter(())")
case("exception", "caught with a body", "try: a['none']\nexcept KeyError: c = b + 1", "a = {}\nb = 1")
case("exception", "reraised", "try:\n  try: raise ValueError\n  except ValueError: raise\nexcept ValueError: pass")
case("exception", "raise from", "try:\n  try: raise ValueError\n  except ValueError as e: raise KeyError from e\nexcept KeyError: pass")
case("exception", "through finally", "try:\n  try: raise ValueError\n  finally: c = 1\nexcept ValueError: pass")
case("exception", "through five frames", "try: f5()\nexcept ValueError: pass",
     module="\n".join(["def f1(): raise ValueError"] + [f"def f{i}(): f{i - 1}()" for i in range(2, 6)]))
case("exception", "own class with __init__", "try: raise E(1)\nexcept E: pass",
     module="class E(Exception):\n    def __init__(self, a): self.a = a")
case("exception", "raised through with", "try:\n  with m: raise ValueError\nexcept ValueError: pass", "m = M()",
     "class M:\n    def __enter__(self): pass\n    def __exit__(self, *a): pass")
case("exception", "with", "with m: pass", "m = M()",
     "class M:\n    def __enter__(self): return self\n    def __exit__(self, *a): pass\n")
case("exception", "with lock", "with m: pass", "m = Lock()", "from threading import Lock")
case("exception", "contextmanager", "with m(): pass", "", "from contextlib import contextmanager\n@contextmanager\ndef m(): yield")

# Generators and coroutines
case("generator", "for over generator of 10", "for i in g(10): pass", module="def g(n):\n    for i in range(n): yield i")
case("generator", "next", "next(o)", "o = g()", "def g():\n    while True: yield 1")
case("generator", "send", "o.send(1)", "o = g()\nnext(o)", "def g():\n    while True: x = yield 1")
case("generator", "yield from of 10", "for i in h(10): pass",
     module="def g(n):\n    for i in range(n): yield i\ndef h(n): yield from g(n)")
case("generator", "generator expression of 10", "for i in (j for j in r): pass", "r = list(range(10))")
case("generator", "make, drop", "g()", module="def g(): yield 1")
case("generator", "await of 10", "run()",
     module="async def leaf(): return 1\nasync def ten():\n    for i in range(10): await leaf()\ndef run():\n    c = ten()\n    try: c.send(None)\n    except StopIteration: pass")
case("generator", "async for of 10", "run()",
     module="async def numbers():\n    for i in range(10): yield i\nasync def ten():\n    async for i in numbers(): pass\ndef run():\n    c = ten()\n    try: c.send(None)\n    except StopIteration: pass")

# The rest
case("other", "match int", "match a:\n    case 1: c = 1\n    case 2: c = 2\n    case 3: c = 3", "a = 3")
case("other", "match tuple", "match a:\n    case ('x', b): c = b\n    case ('y', b): c = b", "a = ('y', 2)")
case("other", "match class", "match a:\n    case Thing(x=b): c = b", "a = Thing()", OBJECT)
case("other", "conditional expression", "c = a if a > b else b", "a = 3\nb = 4")
case("other", "walrus", "if (c := a + 1) > 3: d = c", "a = 3")
case("other", "import inside function", "import math")
case("other", "from import inside function", "from math import sqrt")
case("other", "assert", "assert a", "a = 1")
case("other", "delete local", "a = 1; del a")
case("other", "make class", "class C: x = 1")
case("other", "make function with defaults", "def f(a, b=1): return a")
case("other", "annotated local", "a: int = 5")
case("other", "slice object", "c = a[x:y]", "a = [1, 2, 3]\nx = 0\ny = 2")
case("other", "str join of generator", "c = ''.join(x for x in a)", "a = ['a', 'b', 'c']")
