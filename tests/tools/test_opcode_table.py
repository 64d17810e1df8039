"""runtime/opcodes.def against the interpreter's own opcode and dis: every opcode has one row, and its stack effects hold."""
import dis
import opcode
import os
import subprocess
import sys
import unittest

BUILD = os.environ.get("PYJIT_BUILD", "build")
OPARGS = list(range(0, 34)) + [63, 64, 127, 128, 255, 256, 257, 511, 512, 513, 769, 1023, 4096, 65535, 65536]
JUMPS_FORWARD, JUMPS_BACKWARD, NEVER_FALLS_THROUGH = 1, 2, 4

# What dis tells is the compiler's view; in these rows the evaluator's differs from it.
DIFFERENT = {
    "PRECALL": "dis lets PRECALL take the arguments, the evaluator leaves them to CALL",
    "CALL": "the same: both together must agree",
    "RERAISE": "the compiler counts what unwinding takes away, too",
    "RETURN_GENERATOR": "inserted after the compiler has counted; the POP_TOP behind it takes what is sent first",
}
# Valid opargs of rows that take operands by number.
LIMITS = {"MAKE_FUNCTION": 15, "FORMAT_VALUE": 7, "RAISE_VARARGS": 2, "BUILD_SLICE": 3, "UNPACK_EX": 1023, "LOAD_GLOBAL": 65535}


def table():
    output = subprocess.run([os.path.join(BUILD, "unit/dump_opcodes"), *map(str, OPARGS)], capture_output=True, text=True,
                            check=True).stdout
    rows = {}
    for line in output.splitlines():
        number, name, flags, *effects = line.split()
        rows.setdefault(name, []).append((int(number), int(flags), [tuple(map(int, e.split(","))) for e in effects]))
    return rows


class OpcodeTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = table()

    def test_every_opcode_has_one_row(self):
        generic = {name: number for name, number in opcode.opmap.items()}
        self.assertEqual({name: rows[0][0] for name, rows in self.rows.items()}, generic)
        self.assertEqual([name for name, rows in self.rows.items() if len(rows) != 1], [])

    def valid(self, name, oparg):
        if name == "BUILD_SLICE":
            return oparg in (2, 3)
        return oparg <= LIMITS.get(name, 65536)

    def test_stack_effects(self):
        for name, [(number, flags, effects)] in self.rows.items():
            if name in DIFFERENT or name == "CACHE":
                continue
            for oparg, (pops, pushes, falls, jumps) in zip(OPARGS, effects):
                if not self.valid(name, oparg):
                    continue
                argument = oparg if number >= dis.HAVE_ARGUMENT else None
                with self.subTest(name, oparg=oparg):
                    self.assertEqual(falls, pushes - pops)
                    self.assertGreaterEqual(pops, 0)
                    self.assertGreaterEqual(pushes, 0)
                    if not flags & NEVER_FALLS_THROUGH or not flags & (JUMPS_FORWARD | JUMPS_BACKWARD):
                        self.assertEqual(falls, dis.stack_effect(number, argument, jump=False))
                    if flags & (JUMPS_FORWARD | JUMPS_BACKWARD):
                        self.assertEqual(jumps, dis.stack_effect(number, argument, jump=True))

    def test_precall_and_call_together(self):
        precall, call = self.rows["PRECALL"][0], self.rows["CALL"][0]
        for i, oparg in enumerate(OPARGS):
            ours = precall[2][i][2] + call[2][i][2]
            self.assertEqual(ours, dis.stack_effect(opcode.opmap["PRECALL"], oparg) + dis.stack_effect(opcode.opmap["CALL"], oparg))

    def test_jumps(self):
        for name, [(number, flags, _)] in self.rows.items():
            with self.subTest(name):
                jumps = number in opcode.hasjrel or number in opcode.hasjabs
                self.assertEqual(bool(flags & (JUMPS_FORWARD | JUMPS_BACKWARD)), jumps)
                if jumps:
                    self.assertEqual(bool(flags & JUMPS_BACKWARD), "BACKWARD" in name)

    def test_never_falls_through(self):
        found = {name for name, [(_, flags, _)] in self.rows.items() if flags & NEVER_FALLS_THROUGH}
        self.assertEqual(found, {"RETURN_VALUE", "JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "RAISE_VARARGS", "RERAISE"})


if __name__ == "__main__":
    unittest.main()
