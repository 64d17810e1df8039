"""What compiling costs: microseconds, machine code and tables per bytecode.

    build/pyjit perf/bench/compile_cost.py [--rounds N] [--code] [--only MODULE,...]

Imports a part of the standard library, lets some of it run so that the interpreter specialises it, then compiles every function of
those modules with pyjit.compile(), cold code and warm, as a long-lived application would in the end. A bytecode is an instruction as
dis lists it, without caches. Times are processor time; rounds drop everything and compile anew, the fastest counts.
"""

import argparse
import dis
import gc
import importlib
import io
import resource
import sys
import time
import types

import pyjit

MODULES = (
    "argparse ast asyncio.base_events asyncio.events asyncio.tasks asyncio.streams base64 bdb calendar cmd codecs collections "
    "concurrent.futures.thread configparser contextlib copy csv dataclasses datetime decimal difflib dis doctest email.message "
    "email.header email._header_value_parser enum fractions functools heapq html.parser http.client http.cookiejar imaplib inspect "
    "ipaddress json.decoder json.encoder locale logging logging.handlers mailbox nntplib optparse os pathlib pdb pickle pickletools "
    "platform plistlib posixpath pprint pyclbr pydoc random re re._compiler re._parser sched shlex shutil smtplib socket "
    "statistics string subprocess tarfile tempfile textwrap threading tokenize traceback turtle types typing unittest.case "
    "unittest.mock urllib.parse urllib.request uuid weakref xml.dom.minidom xml.etree.ElementTree xmlrpc.client zipfile"
).split()


def warm_up():
    """Runs a little of many modules."""
    import ast
    import configparser
    import decimal
    import difflib
    import email
    import html.parser
    import json.decoder
    import json.encoder
    import pickle
    import random
    import re
    import textwrap
    import tokenize
    import urllib.parse

    text = open(ast.__file__).read()
    for _ in range(3):
        tokens = list(tokenize.generate_tokens(io.StringIO(text[:8000]).readline))
        ast.unparse(ast.parse(text))
        re.purge()
        for pattern in ("a(b|c)*d", r"\w+@\w+\.com", "(?P<x>[a-f0-9]+)-(?P=x)"):
            re.compile(pattern)
        textwrap.wrap(text[:3000])
        "".join(json.encoder._make_iterencode({}, str, json.encoder.encode_basestring, None, float.__repr__, ":", ",", False, False, False)(
            {"a": [1, 2.5, None, {"b": "c" * 10}] * 20}, 0))
        pickle._loads(pickle._dumps({"k": [tokens[0][:2], 1, 2.0, b"x"] * 10}))
        difflib.unified_diff(text[:2000].split("\n"), text[500:2500].split("\n"))
        urllib.parse.urlsplit("http://user@host:80/path?query#fragment")
        urllib.parse.quote("a b/ü")
        email.message_from_string("From: a@b\nSubject: x\n\nbody\n")
        configparser.ConfigParser().read_string("[a]\nb=1\nc=%(b)s\n")
        random.Random(1).sample(range(100), 20)
        html.parser.HTMLParser().feed("<p class=x>text<br/></p>" * 5)


def code_objects(modules):
    """Every function of the modules and of their classes, as a function, and the functions nested in them."""
    seen = {}

    def add(function):
        function = getattr(function, "__func__", function)
        function = getattr(function, "__wrapped__", function)
        if isinstance(function, types.FunctionType) and function.__module__ in modules:
            seen.setdefault(function.__code__, function)

    for name in modules:
        for value in list(vars(sys.modules[name]).values()):
            add(value)
            if isinstance(value, type) and value.__module__ in modules:
                for member in list(vars(value).values()):
                    add(member)
                    if isinstance(member, property):
                        add(member.fget)
                        add(member.fset)
    return list(seen.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    options = parser.parse_args()
    modules = []
    for name in options.only.split(",") if options.only else MODULES:
        importlib.import_module(name)
        modules.append(name)
    if not options.only:
        warm_up()
    functions = code_objects(set(modules))
    bytecodes = sum(sum(1 for _ in dis.get_instructions(function)) for function in functions)
    pyjit.clear()
    gc.disable()
    best = None
    for _ in range(options.rounds):
        pyjit.clear()
        before = resource.getrusage(resource.RUSAGE_SELF)
        start = time.process_time()
        compiled = sum(pyjit.compile(function) for function in functions)
        seconds = time.process_time() - start
        after = resource.getrusage(resource.RUSAGE_SELF)
        row = (seconds, after.ru_stime - before.ru_stime, after.ru_minflt - before.ru_minflt)
        print(f"  {seconds * 1e8 / bytecodes:6.1f} us per 100 bytecodes, {row[1] / seconds:5.1%} in the kernel, {row[2]} page faults")
        best = row if best is None else min(best, row)
    stats = pyjit.stats()
    print(f"{compiled} of {len(functions)} functions, {bytecodes} bytecodes")
    print(f"us per 100 bytecodes   {best[0] * 1e8 / bytecodes:8.1f}")
    print(f"code per bytecode      {stats['machine_bytes'] / bytecodes:8.1f}")
    print(f"tables per bytecode    {stats['table_bytes'] / bytecodes:8.1f}")
    for key, value in stats.items():
        if key.startswith("bytes_"):
            print(f"{key:<22} {value / bytecodes:8.1f}")


if __name__ == "__main__":
    main()
