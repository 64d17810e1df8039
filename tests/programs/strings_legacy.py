"""Strings that C code made by the old API and that have no canonical form until somebody asks for it."""
# test: needs=_testcapi
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import _testcapi


def fresh(text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _testcapi.unicode_legacy_string(text)


class Object:
    pass


def length(s):
    return len(s)


def truth(s):
    return 1 if s else 0


def negated(s):
    return not s


def equal(s):
    return s == "text", "text" == s, s != "text", s == "other", s < "texu"


def in_tuple(s):
    return s in ("a", "text", "b")


def in_list(s):
    return s in ["a", "text"], s not in ["a", "b"]


def in_list_of_legacy(s):
    return "text" in [fresh("other"), s]


def in_set(s):
    return s in {"text", "a"}


def in_text(s):
    return s in "a text", "ex" in s


def key_of(s):
    d = {"text": 1}
    return d[s], s in d, d.get(s)


def stores(s):
    d = {}
    d[s] = 1
    d["text"] = 2
    return d


def item(s):
    return s[0], s[-1], s[1:3]


def iterates(s):
    return [c for c in s]


def adds(s):
    return s + "x", "x" + s, s * 2


def appends(s):
    t = "a"
    t += s
    s += "b"
    return t, s


def formats(s):
    return f"{s}", f"<{s!r}>", f"{s:>6}", f"a{s}b", "%s" % s


def joins(s):
    return "-".join([s, s]), s.join("ab"), s.upper(), s.startswith("te"), s.replace("t", "T"), s.split("e")


def attribute(s):
    o = Object()
    setattr(o, s, 1)
    return getattr(o, s), o.text, vars(o)


def codes(s):
    return [ord(c) for c in s], hash(s) == hash("text")


def code(s):
    return ord(s[:1])


def matches(s):
    match s:
        case "other":
            return "other"
        case "text":
            return "matched"
    return "none"


def compares(s):
    return s == fresh("text"), s is s, max(s, "a"), sorted([s, "a"]), (s, 1) == ("text", 1), [s] == ["text"], {"k": s} == {"k": "text"}


def named(s):
    return (lambda **k: k)(**{s: 1})


OPERATIONS = [length, truth, negated, equal, in_tuple, in_list, in_list_of_legacy, in_set, in_text, key_of, stores, item, iterates, adds, appends,
              formats, joins, attribute, codes, code, matches, compares, named]


def attempt(operation, text):
    try:
        return repr(operation(fresh(text)))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for operation in OPERATIONS:
    for text in ("text", "téxt", "t\U0001f600xt", ""):
        # Hot with ordinary strings first, as it is in life.
        expected = set()
        for _ in range(200):
            try:
                expected.add(repr(operation(text)))
            except Exception as error:
                expected.add(f"{type(error).__name__}: {error}")
        found = {attempt(operation, text) for _ in range(200)}
        print(operation.__name__, ascii(text), found == expected, *map(ascii, sorted(found)))
