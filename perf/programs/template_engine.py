"""A template engine: text is parsed into nodes, nodes render against a stack of scopes."""

SCALE = 950

PAGE = """<html><head><title>{{ title|upper }}</title></head>
<body>{# the menu #}
<ul>{% for link in menu %}<li class="{% if link.current %}here{% else %}link{% endif %}">{{ link.name|escape }}</li>{% endfor %}</ul>
<table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% if footer %}<p>{{ footer|escape }} {{ user.name|title }}</p>{% endif %}
</body></html>
"""


class TemplateError(Exception):
    pass


FILTERS = {
    "upper": str.upper,
    "title": str.title,
    "escape": lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
}


class Scopes:
    def __init__(self, values):
        self.stack = [values]

    def lookup(self, path):
        head, *rest = path
        for scope in reversed(self.stack):
            if head in scope:
                value = scope[head]
                break
        else:
            raise TemplateError(f"unknown name {head}")
        for name in rest:
            if isinstance(value, dict):
                value = value[name]
            else:
                value = getattr(value, name)
        return value


class Text:
    def __init__(self, text):
        self.text = text

    def render(self, scopes, out):
        out.append(self.text)


class Expression:
    def __init__(self, source):
        name, *filters = source.split("|")
        self.path = name.strip().split(".")
        self.filters = [FILTERS[f.strip()] for f in filters]

    def render(self, scopes, out):
        value = scopes.lookup(self.path)
        for function in self.filters:
            value = function(value)
        out.append(value if isinstance(value, str) else str(value))


class For:
    def __init__(self, target, path, body):
        self.target = target
        self.path = path
        self.body = body

    def render(self, scopes, out):
        scope = {}
        scopes.stack.append(scope)
        for value in scopes.lookup(self.path):
            scope[self.target] = value
            for node in self.body:
                node.render(scopes, out)
        scopes.stack.pop()


class If:
    def __init__(self, path, body, otherwise):
        self.path = path
        self.body = body
        self.otherwise = otherwise

    def render(self, scopes, out):
        for node in self.body if scopes.lookup(self.path) else self.otherwise:
            node.render(scopes, out)


def tokens(source):
    position = 0
    while True:
        start = source.find("{", position)
        if start < 0:
            yield "text", source[position:]
            return
        kind = source[start + 1 : start + 2]
        if kind not in ("{", "%", "#"):
            yield "text", source[position : start + 1]
            position = start + 1
            continue
        if start > position:
            yield "text", source[position:start]
        closing = "}}" if kind == "{" else kind + "}"
        end = source.index(closing, start)
        body = source[start + 2 : end].strip()
        if kind == "{":
            yield "expression", body
        elif kind == "%":
            yield "block", body
        position = end + 2


class Parser:
    def __init__(self, source):
        self.tokens = tokens(source)

    def parse(self, *ends):
        nodes = []
        for kind, body in self.tokens:
            if kind == "text":
                nodes.append(Text(body))
            elif kind == "expression":
                nodes.append(Expression(body))
            else:
                word, *rest = body.split()
                if word in ends:
                    return nodes, word
                nodes.append(self.parse_block(word, rest))
        if ends:
            raise TemplateError(f"missing {ends[0]}")
        return nodes, None

    def parse_block(self, word, rest):
        if word == "for":
            target, _, path = rest
            body, _ = self.parse("endfor")
            return For(target, path.split("."), body)
        if word == "if":
            body, end = self.parse("else", "endif")
            otherwise = self.parse("endif")[0] if end == "else" else []
            return If(rest[0].split("."), body, otherwise)
        raise TemplateError(f"unknown block {word}")


class Template:
    def __init__(self, source):
        self.nodes, _ = Parser(source).parse()

    def render(self, **values):
        scopes = Scopes(values)
        out = []
        for node in self.nodes:
            node.render(scopes, out)
        return "".join(out)


class User:
    def __init__(self, name):
        self.name = name


def run(scale):
    menu = [{"name": f"page <{i}>", "current": i == 2} for i in range(6)]
    rows = [[row * column for column in range(10)] for row in range(20)]
    length = 0
    for turn in range(scale):
        template = Template(PAGE)
        page = template.render(title="a table", menu=menu, rows=rows, footer="made & served", user=User("ada"))
        length += len(page) + page.count("<td>")
        length += len(template.render(title="empty", menu=[], rows=[], footer="", user=None))
    return length
