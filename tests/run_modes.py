"""tests/run_modes.py: the modes in which programs run under the JIT; they must behave as on stock in all of them."""
import pathlib
import re

# What is compiled is the program, not the libraries it imports: LLVM takes some milliseconds a function.
TIER2 = {"JIT_TIERING": "2", "JIT_ONLY": "programs/*.py:*,<string>:*,<stdin>:*"}

MODES = {
    "tier0": {"PYTHON_JIT": "0"},
    # The programs' loops were written to get hot with 300 turns or calls.
    "default": {"JIT_HOTNESS_THRESHOLD": "300"},
    "compile-all": {"JIT_STRESS": "compile-all"},
    "gc": {"JIT_STRESS": "compile-all,gc"},
    "no-forward": {"JIT_STRESS": "compile-all,no-forward"},
    "tiny-arena": {"JIT_STRESS": "compile-all,tiny-arena"},
    "evict": {"JIT_STRESS": "compile-all,evict"},
    "no-compile": {"JIT_STRESS": "no-compile"},
    "fail-alloc": {"JIT_STRESS": "compile-all,fail-alloc=200"},
    "tier2": {"JIT_STRESS": "compile-all", "JIT_TIERING": "2"},
    "tier2-sync": {"JIT_STRESS": "compile-all,sync", **TIER2},
    "tier2-deopt": {"JIT_STRESS": "compile-all,sync,deopt=5", **TIER2},
    "tier2-deopt-each": {"JIT_STRESS": "compile-all,sync,deopt-each", **TIER2},
    "tier2-osr": {"JIT_STRESS": "compile-all,sync,osr", **TIER2},
    "tier2-gc": {"JIT_STRESS": "compile-all,sync,gc", **TIER2},
    "tier2-evict": {"JIT_STRESS": "compile-all,evict", **TIER2},
    "tier2-trial": {"JIT_STRESS": "compile-all,sync,trial", **TIER2},
    "tier2-fail-alloc": {"JIT_STRESS": "compile-all,fail-alloc=50", **TIER2},
}

# Only programs that ask for its modes run in them.
USUAL_MODES = [mode for mode in MODES if not mode.startswith(("tier2", "fail-alloc"))]


def available_modes():
    """The modes whose stress settings this build can serve (vm/stress.def, column `available`)."""
    table = pathlib.Path(__file__).resolve().parent.parent / "vm/stress.def"
    rows = re.findall(r'^STRESS\(\w+,\s*"([^"]+)",\s*\d,\s*(\d)', table.read_text(), re.M)
    missing = {name for name, available in rows if available == "0"}
    return [mode for mode, extra in MODES.items() if not missing & set(extra.get("JIT_STRESS", "").split(","))]
