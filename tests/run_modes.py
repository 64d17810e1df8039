"""tests/run_modes.py: the modes in which programs run under the JIT; they must behave as on stock in all of them."""
import pathlib
import re

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
    "tier2": {"JIT_STRESS": "compile-all", "JIT_TIERING": "2"},
}

# Tier 2 compiles while the program waits, some 20 ms a function: only programs that ask for it run so.
USUAL_MODES = [mode for mode in MODES if mode != "tier2"]


def available_modes():
    """The modes whose stress settings this build can serve (vm/stress.def, column `available`)."""
    table = pathlib.Path(__file__).resolve().parent.parent / "vm/stress.def"
    rows = re.findall(r'^STRESS\(\w+,\s*"([^"]+)",\s*\d,\s*(\d)', table.read_text(), re.M)
    missing = {name for name, available in rows if available == "0"}
    return [mode for mode, extra in MODES.items() if not missing & set(extra.get("JIT_STRESS", "").split(","))]
