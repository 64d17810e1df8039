"""Exceptions as control flow: raised through several frames, finally, with, chained, else."""

SCALE = 80000


class ParseError(Exception):
    def __init__(self, message, position):
        super().__init__(message)
        self.position = position


class Resource:
    def __init__(self):
        self.open = 0
        self.failures = 0

    def __enter__(self):
        self.open += 1
        return self

    def __exit__(self, kind, error, trace):
        self.open -= 1
        if kind is not None and issubclass(kind, ParseError):
            self.failures += 1
            return True
        return False


def parse_digit(text, position):
    if position >= len(text):
        raise ParseError("unexpected end", position)
    digit = ord(text[position]) - 48
    if not 0 <= digit <= 9:
        raise ParseError("not a digit", position)
    return digit


def parse_pair(text):
    tens = parse_digit(text, 0)
    return tens * 10 + parse_digit(text, 1)


def parse_or_default(text, log):
    try:
        value = parse_pair(text)
    except ParseError as error:
        log[error.position] = log.get(error.position, 0) + 1
        return -1
    else:
        return value
    finally:
        log["seen"] = log.get("seen", 0) + 1


def convert(text):
    try:
        return int(text)
    except ValueError as error:
        raise ParseError("bad number", len(text)) from error


def run(scale):
    texts = ["12", "7", "x4", "58", "5y", "90"]
    log = {}
    resource = Resource()
    total = 0
    for i in range(scale):
        total += parse_or_default(texts[i % 6], log)
        with resource:
            total += convert(texts[(i * 5) % 6])
        try:
            total += texts[i % 8].count("1")
        except (IndexError, AttributeError):
            total += 2
    return total, log["seen"], log[1], log[0], resource.failures, resource.open
