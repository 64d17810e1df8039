"""Jinja2: the lexer, parser and compiler, and the functions it generates at run time."""
# test: needs=jinja2 timeout=120
import asyncio

import jinja2
from jinja2 import sandbox

TEMPLATES = {
    "layout": """<html>{% block head %}<title>{{ title|default('none', true) }}</title>{% endblock %}
{% block body required %}{% endblock %}{# comment #}</html>""",
    "macros": """{% macro field(name, value='', type='text') -%}
<input name="{{ name }}" value="{{ value|e }}" type="{{ type }}"{% for k, v in kwargs|dictsort %} {{ k }}="{{ v }}"{% endfor %}>
{%- if caller %}[{{ caller(name) }}]{% endif %}{%- endmacro %}""",
    "page": """{% extends 'layout' %}{% import 'macros' as m %}{% from 'macros' import field as f with context %}
{% block head %}{{ super() }}<meta>{% endblock %}
{% block body %}{% set ns = namespace(total=0) %}{% for user in users if user.age > 20 recursive %}
 {{ loop.index }}/{{ loop.length }} {{ loop.cycle('a', 'b') }} {{ user.name|title|truncate(8, true, '.') }} {{ user['age'] // 3 }}{% if loop.changed(user.age % 3) %}*{% endif %}
 {%- set ns.total = ns.total + user.age %}{% if user.children %}{{ loop(user.children) }}{% endif %}{% else %}nobody{% endfor %}
{{ ns.total }} {{ m.field('x', '<"&>', size=3) }} {% call(n) m.field('y') %}in {{ n }}{% endcall %} {{ f('z', type='password') }}
{{ numbers|batch(4, '-')|map('join', ',')|list }} {{ numbers|select('odd')|sum }} {{ numbers|groupby(key)|list|length if key else 'ungrouped' }}
{{ users|map(attribute='name')|sort(reverse=true)|join('; ') }} {{ users|selectattr('age', 'gt', 30)|list|length }}
{% filter upper|replace('A', '4') %}a filter block{% endfilter %} {% raw %}{{ raw }}{% endraw %}
{{ '%s-%05.2f'|format('x', 3.14159) }} {{ [1, 2, 3][::-1] }} {{ {'a': 1}.a }} {{ 1 < 2 <= 2 and not false }} {{ 'b' in 'abc' }} {{ 2 ** 10 ~ 'x' }}
{{ missing.attribute|default('undefined') if missing is defined else 'not defined' }} {{ users is iterable }} {{ data|tojson }}
{% endblock %}""",
    "loop": "{% for i in range(n) %}{% if i is divisibleby 15 %}FizzBuzz{% elif i % 5 == 0 %}Buzz{% elif i % 3 == 0 %}Fizz{% else %}{{ i }}{% endif %} {% endfor %}",
    "fails": "line 1\n{% for x in [1, 0] %}\n{{ 1 / x }}\n{% endfor %}",
}


class User:
    def __init__(self, name, age, children=()):
        self.name, self.age, self.children = name, age, children


def users(n):
    return [User(f"user number {i}", 15 + i * 7 % 40, [User("child", 21 + i)] if i % 3 == 0 else ()) for i in range(n)]


environment = jinja2.Environment(loader=jinja2.DictLoader(TEMPLATES), autoescape=False, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
environment.filters["shout"] = lambda text: text + "!"
texts = set()
for i in range(60):
    page = environment.get_template("page")
    texts.add(page.render(title=None if i % 2 else "T", users=users(6), numbers=list(range(10)), key=None, data={"k": ["<", 1.5, None]}))
for text in sorted(texts):
    print(text)
print(environment.get_template("loop").render(n=61))
print(len("".join(environment.get_template("loop").generate(n=20000))))

for source in ("{{ undefined_name.x }}", "{% if %}", "{% for x in y %}", "{{ 'a' + 1 }}", "{{ 1 | nofilter }}", "{% include 'gone' %}",
               "{% extends 'layout' %}", "{{ loop }}", "{% do [].append(1) %}{% for i in range(9) %}{% if i == 2 %}{% continue %}{% elif i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}"):
    try:
        print(repr(environment.from_string(source).render()))
    except (jinja2.TemplateError, TypeError) as error:
        print(type(error).__name__, error, getattr(error, "lineno", None))
try:
    environment.get_template("fails").render()
except ZeroDivisionError as error:
    tb = error.__traceback__
    lines = []
    while tb:
        lines.append((tb.tb_frame.f_code.co_name, tb.tb_lineno if "fails" in tb.tb_frame.f_code.co_filename or "<template>" in tb.tb_frame.f_code.co_filename else 0))
        tb = tb.tb_next
    print(lines[-2:])
strict = jinja2.Environment(undefined=jinja2.StrictUndefined)
try:
    strict.from_string("{{ a.b }}").render()
except jinja2.UndefinedError as error:
    print(error)
box = sandbox.SandboxedEnvironment()
for source in ("{{ ''.__class__ }}", "{{ [].append }}", "{{ (1).__add__(2) }}"):
    try:
        print(box.from_string(source).render())
    except sandbox.SecurityError as error:
        print(error)


async def later(x):
    await asyncio.sleep(0)
    return x * 2


async def stream(n):
    for i in range(n):
        yield await later(i)


async def asynchronous():
    environment = jinja2.Environment(enable_async=True)
    template = environment.from_string("{% for x in stream(n) %}{{ loop.index }}:{{ x }}:{{ later(x) }}{% if not loop.last %}, {% endif %}{% endfor %}")
    return await asyncio.gather(*(template.render_async(stream=stream, later=later, n=n) for n in range(20)))


print(asyncio.run(asynchronous())[-3:])
