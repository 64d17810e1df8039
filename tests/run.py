"""tests/run.py: runs everything that proves pyjit, and says what failed.

    /usr/bin/python3.11 tests/run.py [--jobs 2] [--only PATTERN] [--list] [--modes tier0,compile-all]

It builds nothing (`make test` does that first). Five groups, described in tests/README.md:

    unit/NAME              C unit tests, build/unit/*
    programs/NAME[MODE]    tests/programs/*.py under stock python3.11 and under the JIT in every mode: standard
                           output, standard error and exit status must be equal
    applications/NAME[MODE]  the same for tests/applications/*.py, which use Debian's packages of well-known libraries, in three
                           modes
    cpython/test_NAME      CPython's own tests under compile-all: every test case must end as it does on stock
    cpython/test_NAME[tier2-library]  some of them with tier 2 after two calls or turns; --everywhere --modes tier2-library: all of them
    tools/test_NAME        plain unittest scripts, tests/tools/test_*.py

The closing line is "N passed, N failed" (and ", N skipped"); the exit status is 1 when anything failed. What
failing items printed stands under build/test-output/.
"""
import argparse
import concurrent.futures
import difflib
import fnmatch
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from run_modes import MODES, available_modes, modes_of_program

TOP = pathlib.Path(__file__).resolve().parent.parent
HERE = TOP / "tests"

CPYTHON_TESTS = """
    test_grammar test_scope test_generators test_exceptions test_dict test_extcall test_list test_set test_string
    test_unpack test_unpack_ex test_with test_yield_from test_raise test_property test_super test_iter test_itertools
    test_class test_decorators test_listcomps test_setcomps test_dictcomps test_genexps test_int test_long test_float
    test_bool test_range test_patma test_coroutines test_asyncgen test_except_star test_traceback test_frame test_sys_settrace
    test_named_expressions test_keywordonlyarg test_positional_only_arg test_call test_opcodes test_augassign test_binop
    test_compare test_contains test_slice test_tuple test_bytes test_unicode test_fstring test_format
    test_descr test_dataclasses test_enum test_functools test_operator test_contextlib test_weakref test_gc test_code
    test_types test_userdict test_userlist test_collections test_heapq test_bisect test_json test_pickle test_copy
    test_threading_local test_inspect test_sys_setprofile test_dynamic test_dynamicclassattribute test_metaclass
    test_global test_syntax test_builtin test_pow test_exception_hierarchy test_exception_variations test_with
    test_re test_ast test_threading test_sys test_compile test_peepholer test_queue test_decimal test_typing test_memoryview test_array
    test_struct test_deque test_defaultdict test_ordered_dict test_hash test_sort test_strtod test_string_literals
    test_subclassinit test_thread test_warnings test_abc test_atexit test_audit test_cmath test_cprofile test_profile test_trace
    test_pdb test_fractions test_genericclass test_isinstance test_linecache test_marshal test_module test_numeric_tower
    test_pprint test_runpy test_shelve test_faulthandler test__xxsubinterpreters test_weakset test_fork1 test_userstring
    test_xml_etree test_csv test_configparser test_codeop test_buffer test_pathlib test_ipaddress test_symtable test_timeit
    test_ctypes test_finalization test_generator_stop test_context test_index test_complex test_math test_statistics test_bdb
""".split()
# These run with tier 2 as well; `--everywhere --modes tier2-library` takes all of them.
CPYTHON_TIER2_TESTS = """
    test_scope test_list test_float test_class test_super test_dictcomps test_generators test_property test_slice test_unpack
    test_with test_iter test_complex test_bisect test_pow
""".split()
APPLICATION_MODES = ["default", "compile-all", "no-forward"]
PROGRAM_SECONDS = 60
CPYTHON_SECONDS = 300
TOOL_SECONDS = 600
UNIT_SECONDS = 120
# After so many items without an end the rest is not tried: a build that hangs everywhere would take hours to say so.
HANGS_ALLOWED = 8


class Outcome:
    """How a process ended: what it printed, its exit status, and whether time ran out."""

    def __init__(self, status, out, err, seconds, timed_out):
        self.status = status
        self.out = out
        self.err = err
        self.seconds = seconds
        self.timed_out = timed_out

    def crashed(self):
        return self.status < 0 and not self.timed_out

    def ending(self):
        if self.timed_out:
            return f"no end after {self.seconds:.0f} s"
        if self.status < 0:
            try:
                return f"killed by {signal.Signals(-self.status).name}"
            except ValueError:
                return f"killed by signal {-self.status}"
        return f"exit status {self.status}"


class Result:
    """One line of the final count."""

    def __init__(self, name, verdict, message="", details="", seconds=0.0):
        self.name = name
        self.verdict = verdict  # "passed", "failed", "skipped"
        self.message = message  # one line
        self.details = details  # goes to build/test-output/NAME.txt
        self.seconds = seconds


def clean_environment(extra):
    """The environment of every process under test: nothing of the caller's Python or JIT settings gets in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JIT_", "LC_", "PYJIT"))}
    kept.update(LANG="C.UTF-8", PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", PYTHONFAULTHANDLER="1", TZ="UTC",
                COLUMNS="80")
    kept.update(extra)
    return kept


def run_process(command, environment, seconds, cwd):
    """Runs `command` in a process group of its own and ends the whole group when time runs out."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment, cwd=cwd, start_new_session=True)
    timed_out = False
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
        signal_group(process, signal.SIGABRT)  # faulthandler tells where it was
        try:
            out, err = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            out, err = process.communicate()
    signal_group(process, signal.SIGKILL)  # children left behind
    return Outcome(process.returncode, out.decode("utf-8", "backslashreplace"), err.decode("utf-8", "backslashreplace"),
                   time.monotonic() - began, timed_out)


TRACE_LINE = re.compile(r" *\d+\.\d{3} s  (tier \d|      )  (compile|refuse|leave|throw away|evict|enter loop|deopt|decline|trial) ")


def check_dumps(folder):
    """What is wrong with the files that a process wrote in mode `tier2-dumps`: a list of sentences."""
    problems = []
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_dir():
            continue
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        if not text.endswith("\n") and text:
            problems.append(f"{path.name} does not end with a line")
        try:
            if path.name == "log.txt":
                for line in text.splitlines():
                    json.loads(line)
            elif path.suffix == ".json":
                json.loads(text)
        except ValueError as error:
            problems.append(f"{path.name} is no JSON: {error}")
        if path.name == "report.txt":
            for line in text.split("\n"):
                if re.match(r" *\d+\.\d{3} s ", line) and not TRACE_LINE.match(line):
                    problems.append(f"report.txt has the line {line!r}")
            problems += ["report.txt says " + word for word in ("(null)", "no machine code is shown") if word in text]
    names = {path.name for path in pathlib.Path(folder).iterdir()}
    return problems + [f"there is no {name}" for name in ("log.txt", "report.txt") if name not in names]


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def native_backtrace(command, environment, cwd):
    """Runs a command that crashed once more under gdb; returns the C backtrace, or why there is none."""
    if shutil.which("gdb") is None:
        return "(no gdb: no native backtrace)"
    script = ["-ex", "set pagination off", "-ex", "set confirm off", "-ex", "set breakpoint pending on",
              "-ex", "handle SIGALRM SIGPROF SIGVTALRM SIGUSR1 SIGUSR2 SIGPIPE SIGINT nostop noprint pass",
              "-ex", "run", "-ex", "bt 40", "-ex", "info registers rip rsp rbp", "-ex", "x/6i $rip-12"]
    environment = dict(environment, PYTHONFAULTHANDLER="0")
    outcome = run_process(["gdb", "-q", "-nx", "-batch", *script, "--args", *command], environment, 120, cwd)
    return outcome.out[-8000:] + outcome.err[-1000:]


def run_cpython_test(interpreter, test, environment, seconds, scratch, gdb, arguments=()):
    """Runs one of CPython's test modules (cpython_test.py, `arguments` are its further ones) in a fresh folder of `scratch`.

    The outcome has four members more: `cases` (name to the sorted list of how it ended), `texts` (name to what its errors
    said), `last_case` (which one was begun last) and `trace` (the native backtrace of a crash, if `gdb`).
    """
    folder = tempfile.mkdtemp(dir=scratch)
    record = os.path.join(folder, "record.jsonl")
    environment = dict(environment, TMPDIR=folder)
    command = [interpreter, str(HERE / "cpython_test.py"), test, record, *arguments]
    outcome = run_process(command, environment, seconds, folder)
    outcome.trace = native_backtrace(command, environment, folder) if outcome.crashed() and gdb else ""
    outcome.cases, outcome.texts, outcome.last_case = {}, {}, None
    if os.path.exists(record):
        with open(record, encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["event"] == "start":
                    outcome.last_case = row["case"]
                else:
                    outcome.cases.setdefault(row["case"], []).append(row["outcome"])
                    outcome.texts.setdefault(row["case"], []).append(row.get("text", ""))
    for outcomes in outcome.cases.values():
        outcomes.sort()
    shutil.rmtree(folder, ignore_errors=True)
    return outcome


def directives(path):
    """`# test: key=value key` comments of a program or script: timeout, needs, modes, not, alone, arguments."""
    found = {}
    text = path.read_text(encoding="utf-8", errors="replace")
    for line in re.findall(r"^# test:(.*)", text, re.M):
        for word in line.split():
            key, _, value = word.partition("=")
            found[key] = value
    return found


class Driver:
    def __init__(self, options):
        self.options = options
        self.output = pathlib.Path(options.output)
        self.lock = threading.Lock()
        self.results = []
        self.stock_results = {}
        self.stock_locks = {}
        self.total = 0
        self.hangs = 0
        self.began = time.monotonic()
        self.scratch = tempfile.mkdtemp(prefix="pyjit-tests-")

    # ---- What there is to run ----------------------------------------------------------------------

    def items(self):
        """(name, function that returns a list of results, runs alone) for everything chosen."""
        chosen = []

        def add(name, run, alone=False):
            if not self.options.only or any(matches(name, pattern) for pattern in self.options.only):
                chosen.append((name, run, alone))

        groups = self.options.groups
        if "unit" in groups:
            for path in sorted(pathlib.Path(self.options.unit).glob("test_*")):
                if os.access(path, os.X_OK) and path.is_file() and "." not in path.name:
                    add(f"unit/{path.name}", lambda path=path: self.run_unit(path))
        if "tools" in groups:
            for path in sorted(pathlib.Path(self.options.tools).glob("test_*.py")):
                add(f"tools/{path.stem}", lambda path=path: self.run_tool(path), "alone" in directives(path))
        if "cpython" in groups:
            for test in dict.fromkeys(CPYTHON_TESTS):
                for mode in self.cpython_modes(test):
                    name = f"cpython/{test}" + (f"[{mode}]" if mode != "compile-all" else "")
                    add(name, lambda name=name, test=test, mode=mode: self.run_cpython(name, test, mode))
        if "programs" in groups:
            self.add_programs(add, "programs", self.options.programs, modes_of_program)
        if "applications" in groups:
            self.add_programs(add, "applications", HERE / "applications", lambda _, asked_for: asked_for or APPLICATION_MODES)
        return chosen

    def cpython_modes(self, test):
        if self.options.everywhere:
            return self.options.modes
        usual = ["compile-all", "tier2-library"] if test in CPYTHON_TIER2_TESTS else ["compile-all"]
        return [mode for mode in usual if mode in self.options.modes]

    def add_programs(self, add, group, folder, modes_of):
        for path in sorted(pathlib.Path(folder).glob("*.py")):
            wanted = directives(path)
            asked_for = wanted["modes"].split(",") if "modes" in wanted else None
            modes = self.options.modes if self.options.everywhere else modes_of(path.stem, asked_for)
            excluded = wanted.get("not", "").split(",")
            for mode in modes:
                if mode in self.options.modes and not any(fnmatch.fnmatchcase(mode, other) for other in excluded):
                    add(f"{group}/{path.stem}[{mode}]", lambda path=path, mode=mode: self.run_program(group, path, mode),
                        "alone" in wanted)

    # ---- Unit tests --------------------------------------------------------------------------------

    def run_unit(self, path):
        outcome = run_process([str(path)], clean_environment({}), UNIT_SECONDS, self.scratch)
        results = []
        for line in outcome.out.splitlines():
            word, _, rest = line.partition(" ")
            if word == "ok":
                results.append(Result(f"unit/{path.name}.{rest}", "passed"))
            elif word == "FAIL":
                name, _, why = rest.partition(": ")
                results.append(Result(f"unit/{path.name}.{name}", "failed", why, outcome.out + outcome.err))
        failures = sum(result.verdict == "failed" for result in results)
        if not results or outcome.timed_out or (outcome.status != 0) != (failures > 0):
            results.append(Result(f"unit/{path.name}", "failed", outcome.ending(), outcome.out + outcome.err))
        results[0].seconds = outcome.seconds
        return results

    # ---- Programs ----------------------------------------------------------------------------------

    def program_outcome(self, interpreter, path, extra, seconds, arguments):
        folder = tempfile.mkdtemp(dir=self.scratch)
        dumps = folder + ".dumps"
        environment = clean_environment(dict(extra, TMPDIR=folder))
        if "JIT_REPORT" in environment:
            os.mkdir(dumps)
            environment = {name: value.replace("DUMPS", dumps) for name, value in environment.items()}
        command = [interpreter, str(path), *arguments]
        outcome = run_process(command, environment, seconds, folder)
        outcome.dumps = check_dumps(dumps) if "JIT_REPORT" in environment and outcome.status >= 0 else []
        shutil.rmtree(dumps, ignore_errors=True)
        trace = ""
        if outcome.crashed() and self.options.gdb:
            trace = native_backtrace(command, environment, folder)
        shutil.rmtree(folder, ignore_errors=True)
        return outcome, trace, folder

    def normalised(self, text, folder):
        """What may differ between two right runs: the interpreter's own path, its folder, addresses."""
        for interpreter in (self.options.jit, self.options.stock):
            text = text.replace(os.path.realpath(interpreter), "PYTHON").replace(interpreter, "PYTHON")
        return re.sub(r"0x[0-9a-f]{6,}", "0xADDRESS", text.replace(folder, "FOLDER"))

    def stock_program(self, path, seconds, arguments):
        with self.lock:
            lock = self.stock_locks.setdefault(path, threading.Lock())
        with lock:
            if path not in self.stock_results:
                outcome, _, folder = self.program_outcome(self.options.stock, path, {}, seconds, arguments)
                outcome.out = self.normalised(outcome.out, folder)
                outcome.err = self.normalised(outcome.err, folder)
                self.stock_results[path] = outcome
            return self.stock_results[path]

    def lacks(self, module):
        with self.lock:
            lock = self.stock_locks.setdefault(module, threading.Lock())
        with lock:
            if module not in self.stock_results:
                outcome = run_process([self.options.stock, "-c", f"import {module}"], clean_environment({}), 60, "/")
                self.stock_results[module] = outcome.status != 0
            return self.stock_results[module]

    def run_program(self, group, path, mode):
        name = f"{group}/{path.stem}[{mode}]"
        wanted = directives(path)
        for module in filter(None, wanted.get("needs", "").split(",")):
            if self.lacks(module):
                return [Result(name, "skipped", f"no module {module}")]
        seconds = float(wanted.get("timeout", PROGRAM_SECONDS)) * self.options.patience
        arguments = wanted["arguments"].split(",") if "arguments" in wanted else []
        stock = self.stock_program(path, seconds, arguments)
        if stock.timed_out or stock.crashed():
            return [Result(name, "failed", f"stock python itself: {stock.ending()}", stock.out + stock.err)]
        outcome, trace, folder = self.program_outcome(self.options.jit, path, MODES[mode], seconds, arguments)
        out, err = self.normalised(outcome.out, folder), self.normalised(outcome.err, folder)
        problems, details = list(outcome.dumps[:3]), []
        if outcome.timed_out or outcome.status != stock.status:
            problems.append(f"{outcome.ending()}, stock: {stock.ending()}")
        for stream, mine, its in (("output", out, stock.out), ("error output", err, stock.err)):
            if mine != its:
                difference = list(difflib.unified_diff(its.splitlines(), mine.splitlines(), f"stock's {stream}",
                                                       f"the JIT's {stream}", lineterm="", n=2))
                changed = [line for line in difference[2:] if line[:1] in "+-"]
                problems.append(f"{stream} differs: {changed[0] if changed else 'line ends'}")
                details += difference[:400]
        if not problems:
            return [Result(name, "passed", seconds=outcome.seconds)]
        details += ["", "again: " + again(self.options.jit, path, MODES[mode], arguments), trace]
        return [Result(name, "failed", "; ".join(problems), "\n".join(details), outcome.seconds)]

    # ---- CPython's own tests -----------------------------------------------------------------------

    def cpython_outcome(self, interpreter, test, extra):
        return run_cpython_test(interpreter, test, clean_environment(extra), CPYTHON_SECONDS * self.options.patience,
                                self.scratch, self.options.gdb)

    def stock_cpython(self, test):
        with self.lock:
            lock = self.stock_locks.setdefault(test, threading.Lock())
        with lock:
            if test not in self.stock_results:
                self.stock_results[test] = self.cpython_outcome(self.options.stock, test, {})
            return self.stock_results[test]

    def run_cpython(self, name, test, mode):
        stock = self.stock_cpython(test)
        expected = stock.cases
        if stock.timed_out or stock.crashed() or not any("ok" in outcomes for outcomes in expected.values()):
            return [Result(name, "failed", f"on stock: {stock.ending()}, no case passes", stock.out + stock.err)]
        extra = {**MODES[mode], **self.options.settings}
        outcome = self.cpython_outcome(self.options.jit, test, extra)
        found = outcome.cases
        details = []
        if outcome.timed_out or outcome.status < 0:
            message = f"{outcome.ending()} in {outcome.last_case}"
        else:
            different = [case for case in sorted(expected.keys() | found.keys())
                         if expected.get(case) != found.get(case)]
            message = f"{len(different)} of {len(expected)} cases differ"
            if different:
                message += f": {different[0]}: {found.get(different[0])}, stock: {expected.get(different[0])}"
            for case in different:
                details += [f"== {case}: {found.get(case)}, stock: {expected.get(case)}", *outcome.texts.get(case, [])]
            if not different:
                return [Result(name, "passed", f"{len(found)} cases", seconds=outcome.seconds)]
        details += ["", "again: " + again(self.options.jit, "tests/cpython_test.py", extra, [test, "/dev/stdout"]), outcome.trace,
                    outcome.out[-20000:], outcome.err[-20000:]]
        return [Result(name, "failed", message, "\n".join(details), outcome.seconds)]

    # ---- Scripts -----------------------------------------------------------------------------------

    def run_tool(self, path):
        name = f"tools/{path.stem}"
        wanted = directives(path)
        for module in filter(None, wanted.get("needs", "").split(",")):
            if self.lacks(module):
                return [Result(name, "skipped", f"no module {module}")]
        folder = tempfile.mkdtemp(dir=self.scratch)
        environment = clean_environment({"PYJIT": self.options.jit, "PYJIT_STOCK": self.options.stock, "TMPDIR": folder,
                                         "PYJIT_BUILD": os.path.dirname(self.options.jit)})
        environment.pop("PYTHONFAULTHANDLER")
        seconds = float(wanted.get("timeout", TOOL_SECONDS)) * self.options.patience
        outcome = run_process([self.options.stock, str(path), "-v"], environment, seconds, str(TOP))
        shutil.rmtree(folder, ignore_errors=True)
        text = outcome.out + outcome.err
        if outcome.status == 0 and not outcome.timed_out:
            ran = re.search(r"^Ran (\d+) tests?", outcome.err, re.M)
            skipped = re.search(r"^OK \(.*?skipped=(\d+)", outcome.err, re.M)
            if ran and skipped and ran.group(1) == skipped.group(1):
                reason = re.search(r"skipped '(.*)'", outcome.err)
                return [Result(name, "skipped", reason.group(1) if reason else "all of it", seconds=outcome.seconds)]
            return [Result(name, "passed", seconds=outcome.seconds)]
        bad = re.findall(r"^(?:FAIL|ERROR): (.*)", outcome.err, re.M)
        message = f"{len(bad)} failed: {bad[0]}" if bad else outcome.ending()
        return [Result(name, "failed", message, text, outcome.seconds)]

    # ---- Running and telling -----------------------------------------------------------------------

    def run(self):
        items = self.items()
        if self.options.list:
            for name, _, _ in items:
                print(name)
            return 0
        if not items:
            print("nothing to run: no item matches", file=sys.stderr)
            return 2
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir(parents=True)
        self.total = len(items)
        done = 0
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            futures = {pool.submit(self.run_item, name, run): name for name, run, alone in items if not alone}
            for future in concurrent.futures.as_completed(futures):
                done += 1
                self.take(futures[future], future, done)
        for name, run, alone in items:
            if alone:
                future = concurrent.futures.Future()
                try:
                    future.set_result(self.run_item(name, run))
                except Exception as error:
                    future.set_exception(error)
                done += 1
                self.take(name, future, done)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return self.report()

    def run_item(self, name, run):
        if self.hangs >= HANGS_ALLOWED:
            return [Result(name, "failed", f"not tried: {self.hangs} others did not end")]
        return run()

    def take(self, name, future, done):
        try:
            results = future.result()
        except Exception as error:  # the driver's own mistake: loud, but not the end of the run
            results = [Result(name, "failed", f"the test driver: {error!r}")]
        for result in results:
            self.results.append(result)
            self.hangs += result.verdict == "failed" and "no end after" in result.message
            if result.verdict == "failed":
                path = self.output / (re.sub(r"[^\w.\[\]-]+", "_", result.name) + ".txt")
                path.write_text(f"{result.name}: {result.message}\n\n{result.details}\n", encoding="utf-8",
                                errors="backslashreplace")
                self.line(f"FAILED {result.name}: {shortened(result.message)}")
            elif self.options.verbose:
                self.line(f"{result.verdict} {result.name} ({result.seconds:.1f} s) {result.message}".rstrip())
        failed = sum(result.verdict == "failed" for result in self.results)
        progress = f"[{done}/{self.total}] {failed} failed, {time.monotonic() - self.began:.0f} s"
        if sys.stdout.isatty():
            print(f"\r{progress}\033[K", end="", flush=True)
        elif done * 10 // self.total != (done - 1) * 10 // self.total:
            print(progress, flush=True)

    def line(self, text):
        print(("\r\033[K" if sys.stdout.isatty() else "") + text, flush=True)

    def report(self):
        count = {verdict: sum(result.verdict == verdict for result in self.results)
                 for verdict in ("passed", "failed", "skipped")}
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        for result in self.results:
            if result.verdict == "skipped":
                print(f"skipped {result.name}: {result.message}")
        slowest = sorted(self.results, key=lambda result: -result.seconds)[:5]
        print("slowest: " + ", ".join(f"{result.name} {result.seconds:.1f} s" for result in slowest))
        if count["failed"]:
            print(f"what failing items printed: {self.output}/")
        print(f"{time.monotonic() - self.began:.0f} s in all")
        closing = f"{count['passed']} passed, {count['failed']} failed"
        if count["skipped"]:
            closing += f", {count['skipped']} skipped"
        print(closing)
        return 1 if count["failed"] else 0


def matches(name, pattern):
    """A pattern is part of the name, or a shell pattern over all of it ([ and ] stand for themselves)."""
    return pattern in name or fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def shortened(text, limit=200):
    return text if len(text) <= limit else text[:limit] + " ..."


def again(interpreter, path, extra, arguments):
    settings = "".join(f"{key}={value} " for key, value in dict(extra, PYTHONHASHSEED="0").items())
    return " ".join([settings + interpreter, str(path), *arguments])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=2, help="items that run at a time (2)")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="part of an item's name, or a shell pattern")
    parser.add_argument("--list", action="store_true", help="name the items and stop")
    parser.add_argument("--modes", help="of the programs, from " + ", ".join(MODES) + " (all that the build has)")
    parser.add_argument("--setting", dest="settings", action="append", default=[], metavar="NAME=VALUE",
                        help="an environment variable for CPython's tests under the JIT: JIT_TIERING=2")
    parser.add_argument("--everywhere", action="store_true", help="every program in all of --modes, asked for or not")
    parser.add_argument("--groups", default="unit,tools,cpython,programs,applications", help="which of the five groups")
    parser.add_argument("--jit", default=str(TOP / "build/pyjit"), help="the interpreter under test (build/pyjit)")
    parser.add_argument("--stock", default=os.environ.get("PYJIT_STOCK", "/usr/bin/python3.11"))
    parser.add_argument("--programs", default=str(HERE / "programs"), help="folder of the programs")
    parser.add_argument("--tools", default=str(HERE / "tools"), help="folder of the scripts")
    parser.add_argument("--unit", default=str(TOP / "build/unit"), help="folder of the built unit tests")
    parser.add_argument("--output", default=str(TOP / "build/test-output"), help="where failures are kept")
    parser.add_argument("--patience", type=float, default=1.0, help="multiplies every time limit")
    parser.add_argument("--no-gdb", dest="gdb", action="store_false", help="no native backtraces of crashes")
    parser.add_argument("--verbose", "-v", action="store_true", help="a line for every item")
    options = parser.parse_args()
    options.modes = options.modes.split(",") if options.modes else available_modes()
    options.groups = options.groups.split(",")
    options.settings = dict(setting.split("=", 1) for setting in options.settings)
    unknown = [mode for mode in options.modes if mode not in MODES]
    if unknown:
        parser.error(f"unknown mode {unknown[0]}: choose from {', '.join(MODES)}")
    for name in ("jit", "programs", "tools", "unit", "output"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    if not os.access(options.jit, os.X_OK):
        parser.error(f"{options.jit} is not there: run make first")
    sys.exit(Driver(options).run())


if __name__ == "__main__":
    main()
