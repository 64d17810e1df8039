"""Writes the table of options into the README, from the rows of options.def: readme_options.py [--check] README.md

The rows come through the built library (pyjit._options()), so this runs with PYTHONPATH=build/module; `make
readme-options` and `make check-readme` do. With --check nothing is written; a stale table is exit code 1.
"""

import re
import sys

import pyjit

BEGIN = "<!-- options: written by make readme-options -->\n"
END = "<!-- end of options -->\n"


def table():
    lines = ["| `-X` | environment | default | what it does |", "|---|---|---|---|"]
    for x_name, environment, default, values, help in pyjit._options():
        shown = values.replace("|", "\\|")
        lines.append(f"| `{x_name}={shown}` | `{environment}` | {default or '-'} | {help} |")
    return "\n".join(lines) + "\n"


def main(arguments):
    check = "--check" in arguments
    path = [argument for argument in arguments if argument != "--check"][0]
    with open(path, encoding="utf-8") as file:
        before = file.read()
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if not pattern.search(before):
        return f"{path} has no place for the table of options"
    after = pattern.sub(lambda match: BEGIN + table() + END, before)
    if after != before and check:
        return f"the table of options in {path} is stale: run make readme-options"
    if after != before:
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
