"""Profilers that read the interpreter's frames from outside, as py-spy does: function names and lines while hot code of both tiers runs.

The reader stops the process, walks thread state -> _PyCFrame -> _PyInterpreterFrame through process_vm_readv, and lets it run on. What must hold in
all tiers: the chain is whole, ends at the module and has only functions that are active; callers stand at the line of their call; the
innermost frame stands at a line of its own that has been begun. In tier 1 that may be an earlier line than the one running, in tier 2
the loop's first, and functions that are inlined or called directly count as their caller: compiled code does not note where it is as
long as nobody in the process can ask.
"""

import ctypes
import os
import pathlib
import signal
import struct
import subprocess
import time
import unittest

from tooling import LAUNCHER, STOCK, ToolTest, environment

PROGRAM = """\
import ctypes, sys, time
def leaf(n):
    total = 0
    for i in range(n):
        total += i * i % 7
        if total > 100000:
            total -= 100000
    return total
def middle(n):
    a = leaf(n)
    b = sum(leaf(k) for k in (n, n))
    return a + b
class Holder:
    def method(self, n):
        try:
            return middle(n)
        finally:
            self.n = n
def recursive(depth, n):
    if depth == 0:
        return Holder().method(n)
    return recursive(depth - 1, n) + 1
def outer(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        recursive(3, 3000)
outer(float(sys.argv[1]))
get = ctypes.pythonapi.PyThreadState_Get
get.restype = ctypes.c_void_p
print(get(), flush=True)
outer(60)
"""
# Who calls whom, at which lines: what the reader may see below each function. Generators are resumed by sum().
CALLERS = {"leaf": {("middle", 10), ("middle.<locals>.<genexpr>", 11)}, "middle.<locals>.<genexpr>": {("middle", 11)},
           "middle": {("Holder.method", 16)}, "Holder.method": {("recursive", 21)},
           "recursive": {("recursive", 22), ("outer", 26)}, "outer": {("<module>", 27), ("<module>", 31)}}
# Where functions that were inlined or called directly are left out, these call what stands behind them.
ORDER = ["<module>", "outer", "recursive", "Holder.method", "middle", "middle.<locals>.<genexpr>", "leaf"]
MODES = {
    "tier 0": {"PYTHON_JIT": "0"},
    "tier 1": {"JIT_TIERING": "1", "JIT_STRESS": "compile-all"},
    "tier 2": {"JIT_STRESS": "compile-all,sync", "JIT_ONLY": "program.py:*"},
    "default": {},
}
SAMPLES = 60

# Offsets in CPython 3.11's structures on x86-64 (pycore_frame.h, cpython/pystate.h, cpython/code.h).
TSTATE_CFRAME, CFRAME_FRAME = 56, 8
FRAME = {"code": 32, "previous": 48, "prev_instr": 56}
CODE_QUALNAME, CODE_BYTES = 128, 184
UNICODE_LENGTH, ASCII_DATA = 16, 48


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Reader:
    """Reads another process's memory, while that is stopped."""

    def __init__(self, pid):
        self.pid = pid
        self.read_memory = ctypes.CDLL(None, use_errno=True).process_vm_readv
        self.read_memory.restype = ctypes.c_ssize_t
        self.read_memory.argtypes = [ctypes.c_int, ctypes.POINTER(Iovec), ctypes.c_ulong, ctypes.POINTER(Iovec), ctypes.c_ulong,
                                     ctypes.c_ulong]

    def bytes(self, address, size):
        buffer = ctypes.create_string_buffer(size)
        local, remote = Iovec(ctypes.addressof(buffer), size), Iovec(address, size)
        if self.read_memory(self.pid, local, 1, remote, 1, 0) != size:
            raise OSError(ctypes.get_errno(), f"cannot read {size} bytes at {address:#x}")
        return buffer.raw

    def pointer(self, address):
        return struct.unpack("<Q", self.bytes(address, 8))[0]

    def text(self, address):
        length = self.pointer(address + UNICODE_LENGTH)
        return self.bytes(address + ASCII_DATA, min(length, 200)).decode("ascii")

    def frames(self, tstate):
        """(qualified name, bytecode offset) of all frames, innermost first."""
        frame = self.pointer(self.pointer(tstate + TSTATE_CFRAME) + CFRAME_FRAME)
        found = []
        while frame and len(found) < 100:
            code = self.pointer(frame + FRAME["code"])
            offset = self.pointer(frame + FRAME["prev_instr"]) - (code + CODE_BYTES)
            found.append((self.text(self.pointer(code + CODE_QUALNAME)), offset))
            frame = self.pointer(frame + FRAME["previous"])
        return found

    def stopped(self, tstate):
        os.kill(self.pid, signal.SIGSTOP)
        try:
            while pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in "Tt":
                time.sleep(0.0005)
            return self.frames(tstate)
        finally:
            os.kill(self.pid, signal.SIGCONT)


def line_tables():
    """Per qualified name: bytecode offset to line, and the function's lines."""
    tables = {}

    def add(code):
        table = {}
        for start, end, line in code.co_lines():
            table.update(dict.fromkeys(range(start, end, 2), line))
        tables[code.co_qualname] = table
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                add(constant)

    add(compile(PROGRAM, "program.py", "exec"))
    return tables


class ExternalReaders(ToolTest):
    def sample(self, interpreter, changes):
        child = subprocess.Popen([interpreter, self.write("program.py", PROGRAM), "1.5"], stdout=subprocess.PIPE, text=True,
                                 env=environment(**changes))
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        tstate = int(child.stdout.readline())
        reader, samples = Reader(child.pid), []
        try:
            reader.pointer(tstate)
        except PermissionError:
            self.skipTest("no permission to read another process")
        for _ in range(SAMPLES):
            samples.append(reader.stopped(tstate))
            time.sleep(0.003)
        child.kill()
        return samples

    def check(self, frames, tables, exact):
        """One chain. `exact`: every call has a frame."""
        names = [name for name, _ in frames]
        self.assertEqual(names[-1], "<module>", frames)
        lines = []
        for name, offset in frames:
            self.assertIn(name, tables, frames)
            # A frame that has just been made stands before its first instruction.
            self.assertTrue(offset == -2 or offset in tables[name], frames)
            lines.append(tables[name].get(max(offset, 0)))
        for (inner, _), (name, _), line in zip(frames, frames[1:], lines[1:]):
            self.assertLessEqual(ORDER.index(name), ORDER.index(inner), frames)
            if exact:
                self.assertIn((name, line), CALLERS[inner], frames)
            else:
                # What stands between them has no frame: the line is still one at which the caller calls something.
                calls = {place for callers in CALLERS.values() for place in callers} | {("outer", 25)}
                self.assertIn((name, line), calls, frames)

    def test_names_and_lines(self):
        tables = line_tables()
        for mode, changes in MODES.items():
            with self.subTest(mode=mode):
                samples = self.sample(STOCK if mode == "tier 0" else LAUNCHER, changes)
                for frames in samples:
                    self.check(frames, tables, exact=mode in ("tier 0", "tier 1"))
                innermost = [name for frames in samples for name in [frames[0][0]]]
                self.assertGreater(sum(name in ("leaf", "middle", "middle.<locals>.<genexpr>", "Holder.method", "recursive")
                                       for name in innermost), SAMPLES / 2, innermost)


if __name__ == "__main__":
    unittest.main()
