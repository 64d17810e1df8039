"""A hand-written tokenizer, precedence-climbing parser and tree evaluator for a small expression language."""

SCALE = 1400

SOURCE = """
width = 12 * (3 + 4);
height = width / 2 - 1;
area = width * height;
if area > 100 and not height < 3 then big = 1 else big = 0 end;
ratio = 1.5 * width / (height + 0.25);
name = "rectangle" + ' of size';
deep = ((((1 + 2) * 3 + 4) * 5 + 6) * 7 + 8) * 9;
while width > 60 do width = width - 3; total = total + width * 2 end;
"""

KEYWORDS = frozenset("if then else end while do and or not".split())
SYMBOLS = frozenset("+-*/()<>=;")
PRECEDENCE = {"or": 1, "and": 2, "<": 4, ">": 4, "+": 5, "-": 5, "*": 6, "/": 6}


class Token:
    __slots__ = ("kind", "text", "line")

    def __init__(self, kind, text, line):
        self.kind = kind
        self.text = text
        self.line = line


def tokenize(source):
    position = 0
    line = 1
    length = len(source)
    while position < length:
        char = source[position]
        if char == "\n":
            line += 1
            position += 1
        elif char.isspace():
            position += 1
        elif char.isalpha() or char == "_":
            start = position
            while position < length and (source[position].isalnum() or source[position] == "_"):
                position += 1
            word = source[start:position]
            yield Token("keyword" if word in KEYWORDS else "name", word, line)
        elif char.isdigit():
            start = position
            while position < length and (source[position].isdigit() or source[position] == "."):
                position += 1
            yield Token("number", source[start:position], line)
        elif char in "\"'":
            end = source.index(char, position + 1)
            yield Token("string", source[position + 1 : end], line)
            position = end + 1
        elif char in SYMBOLS:
            yield Token("symbol", char, line)
            position += 1
        else:
            raise SyntaxError(f"line {line}: {char!r}")
    yield Token("end of file", "", line)


class Parser:
    def __init__(self, source):
        self.tokens = list(tokenize(source))
        self.index = 0

    @property
    def current(self):
        return self.tokens[self.index]

    def take(self, text=None):
        token = self.tokens[self.index]
        if text is not None and token.text != text:
            raise SyntaxError(f"line {token.line}: expected {text}, found {token.text}")
        self.index += 1
        return token

    def block(self, *ends):
        statements = []
        while self.current.text not in ends:
            statements.append(self.statement())
            if self.current.text == ";":
                self.take()
        return ("block", statements)

    def statement(self):
        text = self.current.text
        if text == "if":
            self.take()
            test = self.expression()
            self.take("then")
            body = self.block("else")
            self.take("else")
            otherwise = self.block("end")
            self.take("end")
            return ("if", test, body, otherwise)
        if text == "while":
            self.take()
            test = self.expression()
            self.take("do")
            body = self.block("end")
            self.take("end")
            return ("while", test, body)
        name = self.take().text
        self.take("=")
        return ("assign", name, self.expression())

    def expression(self, minimum=1):
        left = self.operand()
        while True:
            operator = self.current.text
            level = PRECEDENCE.get(operator, 0)
            if level < minimum or self.current.kind == "string":
                return left
            self.take()
            left = ("binary", operator, left, self.expression(level + 1))

    def operand(self):
        token = self.take()
        if token.kind == "number":
            return ("constant", float(token.text) if "." in token.text else int(token.text))
        if token.kind == "string":
            return ("constant", token.text)
        if token.text == "(":
            inside = self.expression()
            self.take(")")
            return inside
        if token.text == "-":
            return ("binary", "-", ("constant", 0), self.operand())
        if token.text == "not":
            return ("not", self.expression(3))
        return ("name", token.text)


def evaluate(node, names):
    match node:
        case ("constant", value):
            return value
        case ("name", name):
            return names.get(name, 0)
        case ("not", operand):
            return not evaluate(operand, names)
        case ("binary", "and", left, right):
            return evaluate(left, names) and evaluate(right, names)
        case ("binary", "or", left, right):
            return evaluate(left, names) or evaluate(right, names)
        case ("binary", operator, left, right):
            a, b = evaluate(left, names), evaluate(right, names)
            if operator == "+":
                return a + b
            if operator == "-":
                return a - b
            if operator == "*":
                return a * b
            if operator == "/":
                return a / b
            return a < b if operator == "<" else a > b
    raise TypeError(node[0])


def execute(node, names):
    kind = node[0]
    if kind == "block":
        for statement in node[1]:
            execute(statement, names)
    elif kind == "assign":
        names[node[1]] = evaluate(node[2], names)
    elif kind == "if":
        execute(node[2] if evaluate(node[1], names) else node[3], names)
    elif kind == "while":
        while evaluate(node[1], names):
            execute(node[2], names)


def run(scale):
    checksum = 0
    names = {}
    for _ in range(scale):
        names = {}
        parser = Parser(SOURCE)
        execute(parser.block(""), names)
        checksum += len(parser.tokens) + names["deep"] + names["total"]
    return checksum, sorted(names.items())
