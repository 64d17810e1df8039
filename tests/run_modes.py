"""tests/run_modes.py: the modes in which programs run under the JIT; they must behave as on stock in all of them."""
import pathlib
import re
import zlib

# What is compiled is the program, not the libraries it imports: LLVM takes some milliseconds a function.
TIER2 = {"JIT_TIERING": "2", "JIT_ONLY": "programs/*.py:*,<string>:*,<stdin>:*"}

TIER1 = {"JIT_TIERING": "1"}

MODES = {
    "tier0": {"PYTHON_JIT": "0"},
    # The programs' loops were written to get hot with 300 turns or calls.
    "default": {"JIT_HOTNESS_THRESHOLD": "300"},
    "compile-all": {"JIT_STRESS": "compile-all", **TIER1},
    "gc": {"JIT_STRESS": "compile-all,gc", **TIER1},
    "no-forward": {"JIT_STRESS": "compile-all,no-forward", **TIER1},
    "tiny-arena": {"JIT_STRESS": "compile-all,tiny-arena", **TIER1},
    "evict": {"JIT_STRESS": "compile-all,evict", **TIER1},
    "no-compile": {"JIT_STRESS": "no-compile", **TIER1},
    "fail-alloc": {"JIT_STRESS": "compile-all,fail-alloc=200", **TIER1},
    "tier2": {"JIT_STRESS": "compile-all", "JIT_TIERING": "2"},
    "tier2-sync": {"JIT_STRESS": "compile-all,sync", **TIER2},
    "tier2-deopt": {"JIT_STRESS": "compile-all,sync,deopt=5", **TIER2},
    "tier2-deopt-each": {"JIT_STRESS": "compile-all,sync,deopt-each", **TIER2},
    "tier2-osr": {"JIT_STRESS": "compile-all,sync,osr", **TIER2},
    "tier2-gc": {"JIT_STRESS": "compile-all,sync,gc", **TIER2},
    "tier2-evict": {"JIT_STRESS": "compile-all,evict", **TIER2},
    "tier2-trial": {"JIT_STRESS": "compile-all,sync,trial", **TIER2},
    "tier2-fail-alloc": {"JIT_STRESS": "compile-all,fail-alloc=50", **TIER2},
    # The same as tier2-sync, and all that can be told of what is compiled, into files (DUMPS: a folder of the run's own), which run.py reads. It takes no longer.
    "tier2-dumps": {"JIT_STRESS": "compile-all,sync", **TIER2, "JIT_DUMP": "DUMPS/dump-%p.txt", "JIT_REPORT": "DUMPS/report.txt",
                    "JIT_TRACE": "1", "JIT_DISASSEMBLE": TIER2["JIT_ONLY"], "JIT_EXPLAIN": "*", "JIT_PROFILE_DIR": "DUMPS/profile",
                    "JIT_LOG": "DUMPS/log.txt"},
    # For CPython's tests: the library, too, but for what every one of them does to get started, which takes LLVM seconds.
    "tier2-library": {"JIT_STRESS": "compile-all,sync", "JIT_TIERING": "2",
                      "JIT_SKIP": "re/*.py:*,enum.py:*,typing.py:*,argparse.py:*,unittest/*:*,importlib/*:*,<frozen*:*,pdb.py:*,tokenize.py:*,"
                                  "token.py:*,dis.py:*,opcode.py:*"},
}

# All programs run in these. Tier 2 takes its time: of the others each has a share.
USUAL_MODES = [mode for mode in MODES if not mode.startswith(("tier2", "fail-alloc"))]
SHARED_MODES = ["tier2-deopt", "tier2-deopt-each", "tier2-osr", "tier2-gc", "tier2-evict", "tier2-fail-alloc", "tier2-trial"]


def modes_of_program(name, asked_for):
    """The modes a program runs in; `asked_for` are those it names itself, or None. At least two are of tier 2."""
    number = zlib.crc32(name.encode())
    share = ["tier2-dumps", SHARED_MODES[number % len(SHARED_MODES)]]
    if asked_for is not None:
        return asked_for + ([] if any(mode.startswith("tier2") for mode in asked_for) else share)
    return USUAL_MODES + share + (["fail-alloc"] if number % 5 == 0 else [])


def available_modes():
    """The modes whose stress settings this build can serve (vm/stress.def, column `available`)."""
    table = pathlib.Path(__file__).resolve().parent.parent / "vm/stress.def"
    rows = re.findall(r'^STRESS\(\w+,\s*"([^"]+)",\s*\d,\s*(\d)', table.read_text(), re.M)
    missing = {name for name, available in rows if available == "0"}
    return [mode for mode, extra in MODES.items() if not missing & set(extra.get("JIT_STRESS", "").split(","))]
