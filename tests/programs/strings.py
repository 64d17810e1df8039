"""Strings: growing in place, formatting, slicing, comparison, interning, bytes."""


def build(n):
    s = ""
    for i in range(n):
        s += chr(97 + i % 26)
    return s


def build_kept(n):
    """Growing in place must not be seen through another name."""
    s = "start"
    kept = []
    for i in range(n):
        t = s
        s += "x"
        kept.append(len(t))
    return s, kept


def build_wide(n):
    s = "a"
    for i in range(n):
        s += "é" if i % 3 == 0 else "€" if i % 3 == 1 else "𝄞"
    return s


def build_reversed(n):
    s = ""
    for i in range(n):
        s = str(i % 10) + s
    return s


def build_attribute(n):
    class Holder:
        pass

    h = Holder()
    h.s = ""
    for i in range(n):
        h.s += "ab"
    return h.s


print(build(100), build_kept(10), build_wide(12), build_reversed(30), len(build_attribute(300)))
print(len({build(i) for i in range(300)}), len(build(100000)))


class Loud(str):
    def __add__(self, other):
        return Loud(str(self) + "+" + str(other))


def add_loud(s):
    s += "b"
    s = s + "c"
    return s


print(add_loud(Loud("a")), type(add_loud(Loud("a"))), [add_loud("a") for _ in range(300)][-1])


def formats(a, b):
    return (f"{a}{b}", f"{a!r:>10}|{b!s:<6}|{a!a:^8}", f"{a:{b}}" if isinstance(b, int) else "", f"{{}}{a}", f"{a=} {b = !r}",
            "%s and %r" % (a, b), "{0} {1} {0!r}".format(a, b), "%(x)s" % {"x": a})


for a, b in [("x", "y"), (1, 5), (1.5, 9), (None, True), ("é\n", 7), ([1], 3), (-0.0, 12)]:
    try:
        print(formats(a, b))
    except Exception as error:
        print(type(error).__name__, error)
print({formats(i, 4)[3] for i in range(300)} == {f"{{}}{i}" for i in range(300)})


def f_string_numbers(x):
    return f"{x:.3f} {x:e} {x:10.2f} {x:+} {x:%} {x:g}"


print([f_string_numbers(v) for v in (0.0, -0.0, 1.5, 1e300, 123456.789, 7)])


def slices(s):
    return s[0], s[-1], s[1:3], s[::-1], s[::2], s[5:1:-2], s[:], s[10:], s[-3:-1]


print(slices("hello world"), slices(b"hello world"), slices("hé€𝄞 wörld"))
for text, index in [("abc", 3), ("abc", -4), ("", 0), ("abc", "a"), ("abc", 1.0), ("abc", 2**70)]:
    try:
        print(text[index])
    except (IndexError, TypeError) as error:
        print(type(error).__name__, error)


def index_loop(s):
    total = 0
    i = 0
    while i < len(s):
        if s[i] == "l":
            total += i
        elif s[i] in "aeiou":
            total -= 1
        i += 1
    return total


print([index_loop(s) for s in ("hello world", "", "aeiou", "lll€l")], {index_loop("hello") for _ in range(300)})


def compare(a, b):
    return a == b, a != b, a < b, a <= b, a > b, a >= b, a in b, a is b


WORDS = ["", "a", "b", "ab", "abc", "é", "€", "𝄞", "a\0", "a\0b", "A", "z" * 50]
print([compare(a, b) for a in WORDS for b in WORDS].count((False,) * 8), [compare(a, "ab") for a in WORDS])


def equality_branch(a, b):
    if a == b:
        return 1
    if a != b:
        return 2
    return 3


print([equality_branch(a, b) for a in WORDS[:6] for b in WORDS[:6]], equality_branch("ab" * 30, "".join(["ab"] * 30)))


def one_character(s):
    return [c is d for c, d in zip(s, s)], s[0] is chr(ord(s[0]))


print(one_character("abé"), one_character("€")[0])


def bytes_work(data):
    out = bytearray()
    for byte in data:
        out.append(byte ^ 0x20)
    out += b"end"
    out[0] = 65
    view = memoryview(out)
    return bytes(out), out[1], out[-1], view[2], out[1:4], 65 in out, b"nd" in out


print(bytes_work(b"hello"), {bytes_work(b"abc")[0] for _ in range(300)})


def joins(items):
    return ",".join(items), "".join(map(str, range(len(items)))), "-".join(x.upper() for x in items)


print([joins(["a", "b", "c"]) for _ in range(300)][-1])


def methods(s):
    return (s.upper(), s.title(), s.split(), s.replace("o", "0"), s.find("w"), s.count("o"), s.strip("hd"), s.partition(" "),
            s.startswith("he"), s.encode(), s.center(15, "*"), s.zfill(13), s.isalpha(), s.swapcase())


print([methods("hello world") for _ in range(200)][-1])
print("a" * 3, 3 * "b", "c" * 0, "d" * -1, "ab" * True)
try:
    "a" * 2.0
except TypeError as error:
    print(error)
try:
    "a" + 1
except TypeError as error:
    print(error)
