"""The child process of the harness: runs one thing at a time when told to, and says how long it took.

Commands come as JSON lines on standard input, answers go as JSON lines to the descriptor that standard output
was at start; whatever the measured code prints goes to standard error. It runs under stock and JIT alike and
therefore imports little.
"""

import gc
import importlib.util
import json
import os
import sys
import time


def load(command):
    """Imports a program from its file; answers with its usual scale."""
    start = time.perf_counter_ns()
    spec = importlib.util.spec_from_file_location(command["name"], command["path"])
    module = importlib.util.module_from_spec(spec)
    sys.modules[command["name"]] = module
    spec.loader.exec_module(module)
    state["run"] = module.run
    return {"scale": module.SCALE, "load_ns": time.perf_counter_ns() - start}


def run(command):
    """One run of the loaded program: nanoseconds by the wall and of this thread's processor time, and the result."""
    gc.collect()
    wall = time.perf_counter_ns()
    processor = time.thread_time_ns()
    result = state["run"](command["scale"])
    processor = time.thread_time_ns() - processor
    wall = time.perf_counter_ns() - wall
    return {"wall": wall, "cpu": processor, "result": repr(result)}


def run_for(command):
    """Runs for so many seconds of wall time: when each run began, seconds after the first, and what run() says of it."""
    runs = []
    start = time.perf_counter()
    while not runs or time.perf_counter() - start < command["seconds"]:
        began = time.perf_counter() - start
        runs.append({"began": began, **run(command)})
    return {"runs": runs}


def define(command):
    """Compiles the source of a micro case and keeps its function `case(n)`."""
    namespace = {"__name__": "micro_" + command["name"], "thread_time_ns": time.thread_time_ns}
    exec(compile(command["source"], "<micro " + command["name"] + ">", "exec"), namespace)
    case = state["case"] = namespace["case"]
    for _ in range(command["warm_up_calls"]):
        case(2)
    return {}


def measure(command):
    """Nanoseconds that the micro case takes for n turns."""
    return {"cpu": state["case"](command["turns"])}


def private_kilobytes():
    """Memory that belongs to this process alone, in KiB; 0 where the kernel does not tell."""
    total = 0
    try:
        with open("/proc/self/smaps_rollup") as rollup:
            for line in rollup:
                if line.startswith("Private_"):
                    total += int(line.split()[1])
    except OSError:
        return 0
    return total


def peak_kilobytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def finish(command):
    """What the process used, and the JIT's own statistics where there are any."""
    answer = {"peak_kb": peak_kilobytes(), "private_kb": private_kilobytes(), "stats": None}
    if command["stats"]:
        try:
            import pyjit

            answer["stats"] = json.loads(json.dumps(pyjit.stats(), default=repr))
        except Exception as error:
            answer["stats_error"] = repr(error)
    return answer


state = {}
COMMANDS = {"load": load, "run": run, "run_for": run_for, "define": define, "measure": measure, "finish": finish}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = COMMANDS[command["do"]](command)
        except BaseException as error:
            import traceback

            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
