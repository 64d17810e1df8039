"""tier1/extract.c: what it takes, and each of its rejections with its message."""
import os
import pathlib
import re
import subprocess
import unittest

from tooling import BUILD, ToolTest

EXTRACT = os.path.join(BUILD, "extract")


class Extractor(ToolTest):
    def extract(self, *texts, assembler="gcc"):
        """Assembles each text and extracts the templates of all; the process and the table's text."""
        objects = []
        for number, text in enumerate(texts):
            source = self.write(f"templates{number}.s", text)
            objects.append(self.path(f"templates{number}.o"))
            subprocess.run([assembler, "-c", source, "-o", objects[-1]], check=True)
        table = pathlib.Path(self.path("table.inc"))
        result = subprocess.run([EXTRACT, table, *objects], capture_output=True, text=True)
        return result, table.read_text() if table.exists() else None

    def section(self, name, body):
        return f'.section .text.T_{name},"ax",@progbits\n.globl T_{name}\nT_{name}:\n{body}\n'

    def assert_rejected(self, body, *parts):
        result, table = self.extract(self.section("BAD", body))
        self.assertEqual(result.returncode, 1, result)
        self.assertIsNone(table, "no table may be left behind")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for part in ("extract: ", "BAD") + parts:
            self.assertIn(part, result.stderr)

    def test_bytes_and_relocations(self):
        result, table = self.extract(self.section("GOOD", "movq H_A(%r12), %rax\nmovabsq $Q_A, %rdx\ncall rt_truth\ncmpl $H_N, %eax\n"
                                                  "je SLOW\njmp CONT"))
        self.assertEqual(result.returncode, 0, result)
        self.assertIn("73,139,132,36,0,0,0,0,", table.replace(" ", ""))
        rows = re.findall(r"\{(\d+), RELOCATION_(\w+), (\d+), (-?\d+)\}", table)
        self.assertEqual([(row[1], row[3]) for row in rows],
                         [("HOLE", "0"), ("HOLE", "0"), ("LABEL", "-4"), ("HELPER", "-4"), ("QUAD", "0"), ("LABEL", "-4")])
        self.assertEqual(int(rows[-1][0]), max(int(row[0]) for row in rows), "what may be left out comes last")
        self.assertRegex(table, r'\{0, 0, \d+, 6, true\}, /\* GOOD \*/')
        self.assertIn("TEMPLATE_NAME(GOOD)", table)
        self.assertIn("rt_truth", table)

    def test_final_jump_elsewhere_is_no_fall_through(self):
        for body in ("jmp SLOW", "movq %rax, %rdx\nje CONT"):
            result, table = self.extract(self.section("T", body))
            self.assertEqual(result.returncode, 0, result)
            self.assertRegex(table, r'\{0, 0, .*, false\}, /\* T \*/')

    def test_conditional_jump_to_the_continuation_is_turned_round(self):
        result, table = self.extract(self.section("T", "je CONT\njmp ERROR"))
        self.assertEqual(result.returncode, 0, result)
        self.assertRegex(table, r'\{0, 0, .*, true\}, /\* T \*/')
        self.assertIn("15,133,", table.replace(" ", ""))  # jne ERROR

    def test_machine_stack_is_forbidden(self):
        for body in ("push %rax", "pop %rdx", "movq 8(%rsp), %rax", "subq $8, %rsp", "movq %rbp, %rax", "leaq (%rax,%rbp), %rdx", "ret",
                     "leave", "enter $8, $0", "movl %esp, %eax", "movw %sp, %ax"):
            with self.subTest(body):
                self.assert_rejected(body + "\njmp CONT", "machine stack")

    def test_unknown_symbols_are_rejected(self):
        for symbol in ("H_UNKNOWN", "PyObject_Repr", "memcpy", "printf", "another_template"):
            with self.subTest(symbol):
                self.assert_rejected(f"movabsq ${symbol}, %rax\njmp CONT", symbol)

    def test_constants_in_memory_are_rejected(self):
        text = '.section .rodata.cst8,"aM",@progbits,8\n.LC0: .quad 5\n' + self.section("BAD", "movsd .LC0(%rip), %xmm0\njmp CONT")
        result, _ = self.extract(text)
        self.assertEqual(result.returncode, 1)
        self.assertIn("constant in memory", result.stderr)

    def test_unknown_relocations_are_rejected(self):
        for body in ("movq rt_truth@GOTPCREL(%rip), %rax\njmp CONT", "movq H_A@GOTPCREL(%rip), %rax\njmp CONT"):
            with self.subTest(body):
                self.assert_rejected(body, "relocation type")

    def test_bytes_that_are_no_instruction(self):
        self.assert_rejected(".byte 0x06\njmp CONT", "no instruction")

    def test_empty_and_too_large(self):
        self.assert_rejected("", "empty or larger")
        self.assert_rejected(".fill 5000, 1, 0x90", "empty or larger")

    def test_same_name_twice(self):
        result, _ = self.extract(self.section("TWICE", "jmp CONT"), self.section("TWICE", "jmp CONT"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("TWICE", result.stderr)

    def test_no_object_file(self):
        for content in ("", "not an object", "\x7fELF"):
            path = self.write("bad.o", content)
            result = subprocess.run([EXTRACT, self.path("table.inc"), path], capture_output=True, text=True)
            self.assertEqual(result.returncode, 1, result)
            self.assertIn("bad.o", result.stderr)
        result = subprocess.run([EXTRACT, self.path("table.inc"), self.path("missing.o")], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1, result)
        result = subprocess.run([EXTRACT], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("usage", result.stderr)

    def test_unwritable_table(self):
        source = self.write("t.s", self.section("T", "jmp CONT"))
        subprocess.run(["gcc", "-c", source, "-o", self.path("t.o")], check=True)
        result = subprocess.run([EXTRACT, "/nowhere/table.inc", self.path("t.o")], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("/nowhere/table.inc", result.stderr)

    def test_functions_beside_templates_are_left_alone(self):
        result, table = self.extract('.section .text.other,"ax",@progbits\nother: push %rax\nret\n' + self.section("ONE", "jmp CONT"))
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(re.findall(r"TEMPLATE_NAME\((\w+)\)", table), ["ONE"])


if __name__ == "__main__":
    unittest.main()
