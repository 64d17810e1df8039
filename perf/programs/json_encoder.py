"""A JSON encoder and decoder in Python: type dispatch, escapes, recursion, joined chunks."""

SCALE = 300

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Encoder:
    def __init__(self, sort_keys=False):
        self.sort_keys = sort_keys
        self.chunks = []

    def encode(self, value):
        self.chunks = []
        self.write(value)
        return "".join(self.chunks)

    def write(self, value):
        if isinstance(value, str):
            self.write_string(value)
        elif value is None:
            self.chunks.append("null")
        elif value is True:
            self.chunks.append("true")
        elif value is False:
            self.chunks.append("false")
        elif isinstance(value, (int, float)):
            self.chunks.append(repr(value))
        elif isinstance(value, (list, tuple)):
            self.write_list(value)
        elif isinstance(value, dict):
            self.write_dict(value)
        else:
            raise TypeError(f"cannot encode {type(value).__name__}")

    def write_string(self, text):
        parts = ['"']
        for char in text:
            if char in ESCAPES:
                parts.append(ESCAPES[char])
            elif char < " ":
                parts.append("\\u%04x" % ord(char))
            else:
                parts.append(char)
        parts.append('"')
        self.chunks.append("".join(parts))

    def write_list(self, values):
        append = self.chunks.append
        append("[")
        first = True
        for value in values:
            if first:
                first = False
            else:
                append(", ")
            self.write(value)
        append("]")

    def write_dict(self, mapping):
        append = self.chunks.append
        append("{")
        items = sorted(mapping.items()) if self.sort_keys else mapping.items()
        first = True
        for key, value in items:
            if not first:
                append(", ")
            first = False
            self.write_string(str(key))
            append(": ")
            self.write(value)
        append("}")


class Decoder:
    def __init__(self, text):
        self.text = text
        self.position = 0

    def peek(self):
        text = self.text
        while text[self.position] in " \n\t":
            self.position += 1
        return text[self.position]

    def expect(self, word, value):
        if not self.text.startswith(word, self.position):
            raise ValueError(f"expected {word} at {self.position}")
        self.position += len(word)
        return value

    def decode(self):
        char = self.peek()
        if char == "{":
            return self.decode_dict()
        if char == "[":
            return self.decode_list()
        if char == '"':
            return self.decode_string()
        if char == "t":
            return self.expect("true", True)
        if char == "f":
            return self.expect("false", False)
        if char == "n":
            return self.expect("null", None)
        return self.decode_number()

    def decode_string(self):
        start = self.position + 1
        end = self.text.index('"', start)
        part = self.text[start:end]
        if "\\" not in part:
            self.position = end + 1
            return part
        parts = []
        i = start
        while True:
            char = self.text[i]
            if char == '"':
                break
            if char == "\\":
                i += 1
                char = self.text[i]
                char = {"n": "\n", "t": "\t", "r": "\r"}.get(char, char)
            parts.append(char)
            i += 1
        self.position = i + 1
        return "".join(parts)

    def decode_number(self):
        start = self.position
        while self.position < len(self.text) and self.text[self.position] in "-+.eE0123456789":
            self.position += 1
        literal = self.text[start : self.position]
        return float(literal) if "." in literal else int(literal)

    def decode_list(self):
        values = []
        self.position += 1
        while self.peek() != "]":
            values.append(self.decode())
            if self.peek() == ",":
                self.position += 1
        self.position += 1
        return values

    def decode_dict(self):
        mapping = {}
        self.position += 1
        while self.peek() != "}":
            key = self.decode()
            self.peek()
            self.expect(":", None)
            mapping[key] = self.decode()
            if self.peek() == ",":
                self.position += 1
        self.position += 1
        return mapping


def sample(count):
    return {
        "title": 'A "quoted" list\nof things',
        "total": count,
        "rate": 0.125,
        "items": [
            {"id": i, "name": f"thing number {i}", "tags": ["new", "small", "a\\b"], "price": i * 0.5, "sold": i % 3 == 0}
            for i in range(count)
        ],
        "next": None,
    }


def run(scale):
    document = sample(30)
    length = 0
    for turn in range(scale):
        text = Encoder(sort_keys=turn % 2 == 1).encode(document)
        if Decoder(text).decode() != document:
            raise AssertionError("does not survive the round trip")
        length += len(text)
    return length
