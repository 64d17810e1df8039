"""Imports in all forms, their errors, annotations of modules and classes, the display hook."""
import builtins
import sys
import traceback
import types

TURNS = 5


def show(function, *arguments):
    """Prints what some turns of the function give; once, when they all give the same."""
    outcomes = []
    for _ in range(TURNS):
        try:
            outcomes.append(repr(function(*arguments)))
        except BaseException:
            outcomes.append(traceback.format_exc())
    same = all(outcome == outcomes[0] for outcome in outcomes)
    for outcome in outcomes[:1] if same else outcomes:
        print(function.__name__, outcome, sep=": ")


def module(name, **contents):
    made = types.ModuleType(name)
    for key, value in contents.items():
        setattr(made, key, value)
    sys.modules[name] = made
    return made


# ---- import

def plain():
    import math
    import os.path
    import os.path as path
    import xml.dom as dom
    return math.__name__, os.__name__, path.join("a", "b"), dom.__name__


def from_forms():
    from math import pi, floor as down
    from os import path
    from collections.abc import Mapping as M
    return round(pi, 3), down(2.5), path.basename("a/b"), M.__name__


def missing_module():
    import no_such_module_anywhere


def missing_submodule():
    import os.no_such_submodule


def missing_name():
    from math import no_such_name


def missing_name_package():
    from xml.dom import no_such_name


def relative_outside():
    from . import something


def relative_far():
    from ..up import something


def in_namespace(source, package=None):
    namespace = {"__builtins__": builtins}
    if package is not None:
        namespace["__package__"] = package
    exec(source, namespace)
    return sorted(key for key in namespace if not key.startswith("__b"))


show(plain)
show(from_forms)
show(missing_module)
show(missing_submodule)
show(missing_name)
show(missing_name_package)
show(relative_outside)
show(relative_far)
show(in_namespace, "from . import dom", "xml")
show(in_namespace, "from .dom import Node", "xml")
show(in_namespace, "from .dom import nothing", "xml")
show(in_namespace, "from . import x", 5)
show(in_namespace, "from .. import x", "xml")


# ---- from ... import name, when the module is odd

module("odd", present=1, __file__="/somewhere/odd.py")
module("odd_nameless").__name__ = 5
del module("odd_without_name").__name__
module("odd_initializing", __file__="/somewhere/init.py", __spec__=types.SimpleNamespace(_initializing=True))
module("odd_path", __file__=5)
module("odd_parent", __file__="f")
module("odd_parent.child", value=7)
sys.modules["odd_object"] = types.SimpleNamespace(here=1, __name__="object")


class Raises(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise ValueError(f"no {name} from me")


sys.modules["odd_raises"] = Raises("odd_raises")
sys.modules["odd_none"] = None


def import_present():
    from odd import present
    return present


def from_module(name, what):
    exec(f"from {name} import {what}", {"__builtins__": builtins})


def submodule_not_attribute():
    from odd_parent import child
    return child.value


show(import_present)
for name in ("odd", "odd_nameless", "odd_without_name", "odd_initializing", "odd_path", "odd_parent", "odd_object", "odd_raises", "odd_none"):
    show(from_module, name, "absent")
    show(from_module, name, "*")
show(submodule_not_attribute)


# ---- from ... import *

module("star_all", __all__=["a", "_b"], a=1, _b=2, c=3)
module("star_missing", __all__=["a", "absent"], a=1)
module("star_number", __all__=["a", 5], a=1)
module("star_tuple", __all__=("a",), a=1)
module("star_string", __all__="ab", a=1, b=2)
module("star_bad_all", __all__=5)
module("star_dict", a=1, _hidden=2, b=3).__dict__[7] = "seven"
module("star_plain", a=1, _hidden=2, b=3)
sys.modules["star_slots"] = type("Slots", (), {"__slots__": ()})()
sys.modules["star_raising"] = type("RaisingAll", (), {"__all__": property(lambda self: 1 / 0)})()


class Sequence:
    def __getitem__(self, index):
        if index == 2:
            raise OSError("broken sequence")
        return "ab"[index]


module("star_sequence", __all__=Sequence(), a=1, b=2)

for name in ("all", "missing", "number", "tuple", "string", "bad_all", "dict", "plain", "slots", "raising", "sequence"):
    show(in_namespace, f"from star_{name} import *")


class Namespace(dict):
    def __setitem__(self, name, value):
        if name == "b":
            raise KeyError("b is not wanted")
        super().__setitem__(name.upper(), value)


def star_into(name):
    namespace = Namespace()
    exec(f"from {name} import *", {"__builtins__": builtins}, namespace)
    return sorted(namespace)


show(star_into, "star_all")
show(star_into, "star_plain")


# ---- __import__ replaced or missing

def with_import(replacement):
    log = []
    namespace = {"__builtins__": {"__import__": replacement(log)} if replacement else {}}
    try:
        exec("import a.b\nfrom c import d, e\nfrom ..f import g\nclass K:\n    import h", namespace)
    except Exception as error:
        log.append(repr(error))
    return log


def recording(log):
    def replaced(name, globals, locals, fromlist, level):
        log.append((name, locals is globals, fromlist, level))
        return types.SimpleNamespace(d=1, e=2, g=3)
    return replaced


def refusing(log):
    def replaced(name, *arguments):
        raise ValueError(f"no {name}")
    return replaced


show(with_import, recording)
show(with_import, refusing)
show(with_import, None)


# ---- Circular import

CIRCULAR = """
import sys
from circular_one import late
"""


def circular():
    import importlib.util
    spec = importlib.util.spec_from_loader("circular_one", loader=None, origin="made up")
    made = importlib.util.module_from_spec(spec)
    made.__file__ = "circular_one.py"
    spec._initializing = True
    sys.modules["circular_one"] = made
    exec(CIRCULAR, {"__builtins__": builtins})


show(circular)


# ---- Annotations

def annotated_class():
    class C:
        a: int
        b: "str" = 5
        (c): float = 1.5
        d: list[int] = []
    return C.__annotations__, C.b


def annotated_local():
    x: undefined_name = 5
    y: also_undefined
    return x, "y" in locals()


def annotated_module(source, annotations=None):
    namespace = {} if annotations is None else {"__annotations__": annotations}
    exec(source, namespace)
    return namespace.get("__annotations__")


class Lookups(dict):
    def __getitem__(self, name):
        if name == "__annotations__" and self.get("mode") == "raise":
            raise ValueError("no annotations")
        return super().__getitem__(name)

    def __setitem__(self, name, value):
        if self.get("mode") == "refuse":
            raise OSError("read only")
        super().__setitem__(name, value)


def annotated_mapping(mode):
    namespace = Lookups(mode=mode)
    exec("a: int = 1\nb: str", {}, namespace)
    return namespace["__annotations__"]


show(annotated_class)
show(annotated_local)
show(annotated_module, "a: int = 1\nb: str\n")
show(annotated_module, "a: int = 1", {"kept": 1})
show(annotated_module, "a: nothing = 1")
show(annotated_mapping, "plain")
show(annotated_mapping, "raise")
show(annotated_mapping, "refuse")


# ---- The interactive prompt's expression statements

def displays(source):
    exec(compile(source, "<prompt>", "single"), {})


def no_hook():
    hook = sys.displayhook
    del sys.displayhook
    try:
        displays("5")
    finally:
        sys.displayhook = hook


def raising_hook():
    hook, sys.displayhook = sys.displayhook, lambda value: 1 / value
    try:
        displays("0")
    finally:
        sys.displayhook = hook


show(displays, "1 + 1; 'text'; None")
show(no_hook)
show(raising_hook)
