"""Writes the man page, whose options are the rows of options.def and the launcher's own: man_page.py PYJIT > pyjit.1

Runs with PYTHONPATH=build/module, where pyjit._options() comes from; PYJIT is the launcher, whose --help names what it takes itself.
"""
import re
import subprocess
import sys

import pyjit

HEAD = r"""
.TH PYJIT 1 "" "pyjit {version}" "User Commands"
.SH NAME
pyjit \- python3.11 with a just-in-time compiler
.SH SYNOPSIS
.B pyjit
[\fIpyjit option\fR] [\fIpython option\fR] ... [\fB\-c\fR \fIcmd\fR | \fB\-m\fR \fImod\fR | \fIfile\fR | \fB\-\fR] [\fIarg\fR] ...
.br
.B python3.11 \-X jit
[\fIoption\fR] ...
.br
.B PYTHON_JIT=1 python3.11
[\fIoption\fR] ...
.SH DESCRIPTION
.B pyjit
runs a program in the stock
.BR python3.11 (1)
and compiles the functions that turn out to be hot to machine code: with templates at first (tier 1), and with LLVM, guided by what was seen,
where they stay hot (tier 2). Programs and extension modules need no change; what a program can observe stays the same, except the time it takes.
.PP
Options and exit status are those of
.BR python3.11 (1)
and the following.
.SH OPTIONS
Before those of python:
"""
MIDDLE = r"""
.PP
Anywhere among those of python, or as variables of the environment (the option wins; under
.B \-E
and
.B \-I
the variables are ignored):
"""
TAIL = r"""
.SH ENVIRONMENT
.TP
.B PYTHON_JIT
0 switches the JIT off, whatever else is said, and nothing of pyjit is loaded; 1, 2 and 3 switch it on as
.B \-X jit
does.
.SH EXIT STATUS
The program's own; 2 for a bad
.B \-X
value.
.SH EXAMPLES
.nf
pyjit app.py
pyjit \-\-explain 'Parser.*' app.py
JIT_LOG=/tmp/jit.%p.log python3.11 \-X jit app.py
JIT_PERF=map perf record pyjit app.py
.fi
.SH SEE ALSO
.BR python3.11 (1),
.BR perf (1),
.BR gdb (1)
"""


def escaped(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def entry(name, help):
    return f".TP\n.B {escaped(name)}\n{escaped(help)}\n"


def own_options(launcher):
    """[(name and value, help)] of the launcher's own options, which its --help lists first."""
    text = subprocess.run([launcher, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^(--.*?) *\n {9}(.+)", text.partition("\n-X ")[0], re.M)


def main(launcher):
    page = HEAD.replace("{version}", pyjit.__version__)
    page += "".join(entry(name, help) for name, help in own_options(launcher)) + MIDDLE
    for x_name, environment, default, values, help in pyjit._options():
        page += entry(f"-X {x_name}={values}, {environment}={values}", help + (f" (default {default})" if default else ""))
    sys.stdout.write(re.sub(r"\n{2,}", "\n", page + TAIL).lstrip("\n"))


if __name__ == "__main__":
    main(sys.argv[1])
