"""Starting the two interpreters: stock and JIT, worker processes that stay, and commands that run once."""

import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class WorkerFailed(Exception):
    """A worker died, hung, or reported an exception."""


class Interpreter:
    """A command line and an environment."""

    def __init__(self, name, command, settings=()):
        self.name = name
        self.argv = shlex.split(command)
        self.settings = dict(settings)
        self.is_jit = name != "stock"

    def environment(self, seed):
        """The caller's environment without anything that steers Python or the JIT, plus our own settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JIT_"))}
        kept["PYTHONHASHSEED"] = str(seed)
        kept["PYTHONDONTWRITEBYTECODE"] = "1"
        kept.update(self.settings)
        return kept


def interpreters(options, tier=None):
    """The pair to compare, from the command line's options; ends the program with one line where one is missing. `tier`: the
    highest tier of the second (options.tier)."""
    settings = {"JIT_TIERING": str(options.tier if tier is None else tier)}
    for setting in options.jit_env:
        name, _, value = setting.partition("=")
        settings[name] = value
    pair = Interpreter("stock", options.stock), Interpreter("jit", options.jit, settings)
    for interpreter in pair:
        command = interpreter.argv[0] if interpreter.argv else ""
        if shutil.which(os.path.join(ROOT, command) if "/" in command else command) is None:
            sys.exit(f"no such interpreter: {command or 'empty command'} (run make first?)")
    return pair


def add_interpreter_options(parser, several_tiers=False):
    """--stock, --jit, --jit-env, and --tier or --tiers."""
    built = os.path.join(ROOT, "build", "pyjit")
    parser.add_argument("--stock", default="/usr/bin/python3.11", help="command of the reference (%(default)s)")
    parser.add_argument("--jit", default=built, help="command to compare with it (build/pyjit)")
    parser.add_argument("--jit-env", action="append", default=[], metavar="NAME=VALUE", help="environment of the JIT")
    if several_tiers:
        parser.add_argument(
            "--tiers", type=list_of_tiers, default=[1, 2], metavar="N[,N]",
            help="the JIT once for each of these highest tiers, turn about (1,2)",
        )
    else:
        parser.add_argument("--tier", type=int, default=1, choices=(1, 2, 3), help="the JIT's highest tier (%(default)s)")


def list_of_tiers(text):
    tiers = sorted({int(word) for word in text.split(",")})
    if not set(tiers) <= {1, 2, 3}:
        raise ValueError(text)
    return tiers


def explain_status(status):
    """What a returncode of subprocess says, in words."""
    if status is None:
        return "is still running"
    if status < 0:
        return f"died of {signal.Signals(-status).name}"
    return f"ended with status {status}"


class Worker:
    """A process running worker.py; one command at a time."""

    def __init__(self, interpreter, seed, timeout):
        self.interpreter = interpreter
        self.timeout = timeout
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            interpreter.argv + [os.path.join(HERE, "worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=interpreter.environment(seed),
            cwd=ROOT,
        )
        self.buffer = b""

    def last_words(self):
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def fail(self, what):
        words = self.last_words()
        self.close()
        raise WorkerFailed(f"{self.interpreter.name} {what}" + (f": {words}" if words else ""))

    def ask(self, do, patience=0, **arguments):
        """Sends a command and returns the answer; raises WorkerFailed. `patience`: seconds it may take over the usual."""
        try:
            self.process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            self.fail(explain_status(self.process.wait()))
        deadline = time.monotonic() + self.timeout + patience
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.fail(f"gave no answer within {self.timeout:.0f} s")
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                self.fail(explain_status(self.process.wait()))
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\n")
        answer = json.loads(line)
        if "error" in answer:
            self.fail("raised " + answer["error"])
        return answer

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        try:
            self.process.stdin.close()
        except OSError:
            pass  # what was not written yet cannot be: the process is gone
        self.process.stdout.close()
        self.process.wait()
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.errors.closed:
            self.close()


def run_once(interpreter, arguments, seed, timeout):
    """Runs a whole command. Returns wall seconds, processor seconds, status and output. (Its peak
    memory would be ours: ru_maxrss survives exec.)"""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            interpreter.argv + arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=interpreter.environment(seed),
            cwd=ROOT,
        )
        killer = threading.Timer(timeout, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    return {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "status": process.returncode,
        "timed_out": wall >= timeout,
        "output": text,
    }
