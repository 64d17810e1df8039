"""gdb commands for programs that run under pyjit. One line loads them:

    source PREFIX/lib/pyjit/libpyjit.so-gdb.py      (after make install; gdb loads it by itself where its auto-load safe-path allows it)
    source gdb/pyjit_gdb.py                         (from the sources)

They work in live processes and in core files: nothing is called in the process, and neither python3.11 nor libpyjit.so needs debug information. All
that has to be known of layouts is the table pyjit_layouts in the library (gdb/layouts.c).

    py-bt [-full]            Python frames of all tiers, newest first, and how many C frames are between them (-full: those, too)
    py-list [N]              source around the line where frame N of py-bt is (default: the newest)
    py-locals [N]            its local variables
    jit-info [NAME|ADDRESS]  pieces of compiled code: of the function at the program counter, at an address, or of that name
    jit-disassemble [NAME|ADDRESS]   their machine code, with Python lines and the names of what is called
    py-next, py-step, py-finish      next, step and finish that go on through the interpreter's C code until Python code is reached
"""

import os
import re
import struct

import gdb
import gdb.unwinder

MOST_FRAMES = 100000
WORD = 8


# ---- Memory ---------------------------------------------------------------------------------------------------------------


class Unreadable(gdb.GdbError):
    """Something that is not in memory as it should be."""


def read(address, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.MemoryError as error:
        raise Unreadable(f"cannot read {size} bytes at {address:#x}") from error


def word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def number(address, code):
    return struct.unpack("<" + code, read(address, struct.calcsize(code)))[0]


def c_text(address, most=512):
    """A C string."""
    data = b""
    while len(data) < most and b"\0" not in data:
        data += read(address + len(data), 16)
    return data.split(b"\0")[0].decode("utf-8", "replace")


def symbol_address(name):
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
    except gdb.error:
        return None


class Layouts:
    """The library's table: layouts["frame.previous"] is an offset."""

    def __init__(self):
        self.table = None
        self.rows = {}

    def __getitem__(self, name):
        table = symbol_address("pyjit_layouts")
        if table is None:
            raise gdb.GdbError("there is no libpyjit.so in this process")
        if table != self.table:
            self.load(table)
        return self.rows[name]

    def load(self, address):
        self.rows = {}
        self.table = address
        while True:
            row = read(address, 48)
            name = row[:40].split(b"\0")[0].decode()
            if not name:
                return
            self.rows[name] = struct.unpack("<Q", row[40:])[0]
            address += 48

    def is_there(self):
        return symbol_address("pyjit_layouts") is not None


layouts = Layouts()


def field(name, address):
    """The word at a field of the struct at `address`."""
    return word(address + layouts[name])


# ---- Python objects ------------------------------------------------------------------------------------------------------------


def text_of(address):
    """A str."""
    length = field("str.length", address)
    state = number(address + layouts["str.state"], "I")
    kind, compact, ascii_only = state >> 2 & 7, state >> 5 & 1, state >> 6 & 1
    if length > 1 << 20 or kind not in (1, 2, 4) or not compact:
        raise Unreadable(f"no str at {address:#x}")
    start = address + layouts["str.ascii_data" if ascii_only else "str.compact_data"]
    data = read(start, length * kind)
    return data.decode({1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind], "surrogatepass")


def type_name(address):
    return c_text(field("type.tp_name", field("object.ob_type", address)), 128)


def int_of(address):
    size = number(address + layouts["object.ob_size"], "q")
    digits = read(address + layouts["int.ob_digit"], 4 * min(abs(size), 1000))
    total = 0
    for i, digit in enumerate(struct.unpack(f"<{len(digits) // 4}I", digits)):
        total |= digit << i * layouts["int.digit_bits"]
    return -total if size < 0 else total


def items_of(address, kind):
    size = field("object.ob_size", address)
    start = address + layouts["tuple.ob_item"] if kind == "tuple" else field("list.ob_item", address)
    return size, [word(start + i * WORD) for i in range(min(size, 10))]


def pairs_of(address):
    """The first entries of a dict."""
    keys = field("dict.ma_keys", address)
    values = field("dict.ma_values", address)
    kind = number(keys + layouts["keys.dk_kind"], "B")
    entries = keys + layouts["keys.dk_indices"] + (1 << number(keys + layouts["keys.dk_log2_index_bytes"], "B"))
    for i in range(min(field("keys.dk_nentries", keys), 30)):
        if kind == 0:
            key, value = word(entries + i * 24 + 8), word(entries + i * 24 + 16)
        else:
            key, value = word(entries + i * 16), word(entries + i * 16 + 8)
        value = word(values + i * WORD) if values else value
        if value:
            yield key, value


def show(address, depth=3):
    """What repr() would give, as far as that can be known from memory."""
    if address == 0:
        return "<unbound>"
    try:
        return show_object(address, depth)
    except (gdb.error, gdb.GdbError, UnicodeError, KeyError):
        return f"<unreadable object at {address:#x}>"


def show_object(address, depth):
    kind = type_name(address)
    if kind == "NoneType":
        return "None"
    if kind == "bool":
        return str(bool(int_of(address)))
    if kind == "int":
        return str(int_of(address))
    if kind == "float":
        return repr(number(address + layouts["float.ob_fval"], "d"))
    if kind == "complex":
        return repr(complex(*struct.unpack("<dd", read(address + layouts["complex.cval"], 16))))
    if kind == "str":
        text = text_of(address)
        return repr(text if len(text) <= 200 else text[:200] + "...")
    if kind == "bytes":
        return repr(read(address + layouts["bytes.ob_sval"], min(field("object.ob_size", address), 200)))
    if kind == "cell":
        return f"<cell: {show(field('cell.ob_ref', address), depth)}>"
    if kind == "function":
        return f"<function {text_of(field('function.func_qualname', address))} at {address:#x}>"
    if kind in ("tuple", "list"):
        left, right = "()" if kind == "tuple" else "[]"
        if depth == 0:
            return left + "..." + right
        size, items = items_of(address, kind)
        shown = [show(item, depth - 1) for item in items] + (["..."] if size > len(items) else [])
        return left + ", ".join(shown) + ("," if kind == "tuple" and size == 1 else "") + right
    if kind == "dict":
        if depth == 0:
            return "{...}"
        pairs = [f"{show(key, depth - 1)}: {show(value, depth - 1)}" for key, value in pairs_of(address)]
        more = ["..."] if field("dict.ma_used", address) > len(pairs) else []
        return "{" + ", ".join(pairs[:10] + (["..."] if len(pairs) > 10 else more)) + "}"
    if kind == "type":
        return f"<class {c_text(field('type.tp_name', address), 128)!r}>"
    return f"<{kind} object at {address:#x}>"


class ObjectPrinter:
    """What compiled code's locals, of type PyObject *, are printed as."""

    def __init__(self, value):
        self.address = int(value)

    def to_string(self):
        return show(self.address)


def find_printer(value):
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_PTR and kind.target().name == "PyObject" and layouts.is_there():
        return ObjectPrinter(value)
    return None


find_printer.name = "pyjit"


# ---- Code objects and frames ----------------------------------------------------------------------------------------------


class Code:
    """A code object."""

    known = {}

    def __init__(self, address):
        self.address = address
        self.file = text_of(field("code.co_filename", address))
        self.name = text_of(field("code.co_qualname", address))
        self.first_line = number(address + layouts["code.co_firstlineno"], "i")
        table = field("code.co_linetable", address)
        self.line_table = read(table + layouts["bytes.ob_sval"], field("object.ob_size", table))
        self.start = address + layouts["code.co_code_adaptive"]
        names = field("code.co_localsplusnames", address)
        count = number(address + layouts["code.co_nlocalsplus"], "i")
        items = names + layouts["tuple.ob_item"]
        self.locals = [text_of(word(items + i * WORD)) for i in range(count)]

    @classmethod
    def at(cls, address):
        return cls(address)

    def line_at(self, offset):
        """The line of the instruction at a bytecode offset (CPython's Objects/locations.md)."""
        line, at, result = self.first_line, 0, self.first_line
        position = 0
        table = self.line_table
        while position < len(table):
            first = table[position]
            position += 1
            kind, length = first >> 3 & 15, ((first & 7) + 1) * 2
            has_line = kind != 15
            if kind in (13, 14):
                unsigned, shift, start = 0, 0, position
                while True:
                    unsigned |= (table[position] & 63) << shift
                    shift += 6
                    position += 1
                    if not table[position - 1] & 64:
                        break
                line += -(unsigned >> 1) if unsigned & 1 else unsigned >> 1
            elif kind in (10, 11, 12):
                line += kind - 10
            while position < len(table) and not table[position] & 128:
                position += 1
            if has_line:
                result = line
            at += length
            if offset < at:
                return result
        return result


class PythonFrame:
    """An interpreter frame."""

    def __init__(self, address):
        self.address = address
        self.code_address = field("frame.f_code", address)
        self.is_entry = number(address + layouts["frame.is_entry"], "B")

    @property
    def previous(self):
        return field("frame.previous", self.address)

    def code(self):
        return Code.at(self.code_address)

    def line(self, code):
        return code.line_at(max(0, field("frame.prev_instr", self.address) - code.start))

    def locals(self, code):
        start = self.address + layouts["frame.localsplus"]
        return [(name, show(word(start + i * WORD))) for i, name in enumerate(code.locals)]


def thread_state():
    """The selected thread's, or None."""
    wanted = gdb.selected_thread().ptid[1] or gdb.selected_thread().ptid[0]
    interpreter = field("runtime.interpreters.head", layouts["_PyRuntime"])
    while interpreter:
        thread = field("interpreter.threads.head", interpreter)
        while thread:
            if field("thread.native_thread_id", thread) == wanted:
                return thread
            thread = field("thread.next", thread)
        interpreter = field("interpreter.next", interpreter)
    return None


def python_frames():
    """The selected thread's, the newest first."""
    thread = thread_state()
    frame = field("cframe.current_frame", field("thread.cframe", thread)) if thread else 0
    count = 0
    while frame and count < MOST_FRAMES:
        found = PythonFrame(frame)
        yield found
        frame = found.previous
        count += 1


# ---- Compiled code -------------------------------------------------------------------------------------------------------------


class Piece:
    """A piece of compiled code."""

    def __init__(self, tier, start, size, code, compiled=0, facts=""):
        self.tier = tier
        self.start = start
        self.size = size
        self.code_address = code
        self.compiled = compiled
        self.facts = facts

    def code(self):
        return Code.at(self.code_address)

    def offsets(self):
        """Where the code of which bytecode offset begins, of tier 1 (code_map_write_offset in runtime/code_map.c)."""
        data = read(field("compiled.offsets", self.compiled), number(self.compiled + layouts["compiled.offset_bytes"], "I"))
        machine = offset = position = 0

        def read_number():
            nonlocal position
            value = shift = 0
            while True:
                value |= (data[position] & 127) << shift
                shift += 7
                position += 1
                if data[position - 1] < 128:
                    return value

        while position < len(data):
            machine += read_number()
            change = read_number()
            offset += 2 * (-(change >> 1) if change & 1 else change >> 1)
            yield machine, offset

    def line_at(self, frame):
        """Of a frame of gdb's that runs it, in tier 1."""
        pc = frame.pc() - (0 if frame.level() == 0 else 1)
        offset = 0
        for machine, at in self.offsets():
            if self.start + machine > pc:
                break
            offset = at
        return self.code().line_at(offset)

    def lines(self):
        """Where lines begin: {address: line}."""
        if self.tier == 1:
            code, result, before = self.code(), {}, None
            for machine, offset in self.offsets():
                line = code.line_at(offset)
                if line != before:
                    result[self.start + machine] = line
                before = line
            return result
        table = None
        result = {}
        symtab = gdb.find_pc_line(self.start).symtab
        table = symtab.linetable() if symtab is not None else []
        for entry in table:
            if self.start <= entry.pc < self.start + self.size and entry.line:
                result[entry.pc] = entry.line
        return result


def in_arena(address):
    return 0 <= address - layouts["arena"] < layouts["arena.size"]


class CodeMap:
    """The library's map of tier-1 code, and the tier-2 code that hangs on it."""

    def __init__(self):
        layout = struct.unpack("<9Q", read(layouts["code_map"], 72))
        table = layout[number(layout[2], "I")]
        _, _, _, count, self.rows, self.row_size, self.start_at, self.end_at, self.compiled_at = layout
        self.table = table + self.rows
        self.count = word(table + count)

    def row(self, index):
        data = read(self.table + index * self.row_size, self.row_size)

        def at(offset):
            return struct.unpack_from("<Q", data, offset)[0]

        return at(self.start_at), at(self.end_at), at(self.compiled_at)

    def tier1_piece(self, compiled):
        facts = f"made {number(compiled + layouts['compiled.seconds'], 'f'):.2f} s after the process began"
        return Piece(1, field("compiled.start", compiled), field("compiled.size", compiled),
                     field("compiled.code", compiled), compiled, facts)

    def tier2_pieces(self, compiled):
        where = word(layouts["tier2"])
        if not where:
            return
        (next_at, job_at, stage_at, code_at, loop_at, machine_at, build_at, passes_at, emit_at, text_at, size_at, first, last) = \
            struct.unpack("<13Q", read(where, 13 * 8))
        tier2 = field("compiled.tier2", compiled)
        while tier2:
            job, stage = word(tier2 + job_at), number(tier2 + stage_at, "I")
            machine = word(job + machine_at) if job and first <= stage <= last else 0
            if machine:
                times = [number(job + at, "d") for at in (build_at, passes_at, emit_at)]
                loop = number(job + loop_at, "I")
                entered = f"entered in the loop at bytecode {loop}" if loop else "entered at its start"
                withdrawn = ", withdrawn" if stage == last else ""
                facts = f"{entered}{withdrawn}, made in {sum(times):.1f} ms (graph {times[0]:.1f}, passes {times[1]:.1f}, LLVM {times[2]:.1f})"
                yield Piece(2, word(machine + text_at), word(machine + size_at), word(job + code_at), compiled, facts)
            tier2 = word(tier2 + next_at)

    def find_tier1(self, address):
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.row(middle)[0] <= address:
                low = middle + 1
            else:
                high = middle
        if low > 0:
            start, end, compiled = self.row(low - 1)
            if start <= address < end:
                return self.tier1_piece(compiled)
        return None

    def pieces(self):
        for i in range(self.count):
            compiled = self.row(i)[2]
            yield self.tier1_piece(compiled)
            yield from self.tier2_pieces(compiled)

    def find(self, address):
        if not in_arena(address):
            return None
        found = self.find_tier1(address)
        if found is None:
            for i in range(self.count):
                for piece in self.tier2_pieces(self.row(i)[2]):
                    if piece.start <= address < piece.start + piece.size:
                        return piece
        return found


class PieceCache:
    """Looks addresses up, for one command."""

    def __init__(self):
        self.map = CodeMap()
        self.tier2 = None

    def find(self, address):
        piece = self.map.find_tier1(address)
        if piece is None and self.tier2 is None:
            self.tier2 = [piece for i in range(self.map.count) for piece in self.map.tier2_pieces(self.map.row(i)[2])]
        for candidate in self.tier2 or ():
            if candidate.start <= address < candidate.start + candidate.size:
                return candidate
        return piece


# ---- The machine stack through compiled code --------------------------------------------------------------------------------------


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


REGISTER_BITS = {0x57: "r15", 0x56: "r14", 0x55: "r13", 0x54: "r12"}


class Unwinder(gdb.unwinder.Unwinder):
    """The rule of runtime/code_arena_x86_64.S, and beyond it what the Python frame's register was in the caller: without that, locals of tier 1
    are known in the innermost frame of a row of compiled frames only."""

    def __init__(self):
        super().__init__("pyjit")

    def __call__(self, pending):
        try:
            pc = int(pending.read_register("rip"))
            if not layouts.is_there() or not in_arena(pc):
                return None
            return self.unwind(pending, pc)
        except (gdb.error, gdb.GdbError, ValueError):
            return None

    def unwind(self, pending, pc):
        piece = CodeMap().find(pc)
        sp, bp = int(pending.read_register("rsp")), int(pending.read_register("rbp"))
        code = read(pc, 3)
        if code[0] in (0x55, 0xC3):
            cfa, caller_bp = sp + 8, bp
        elif code == b"\x48\x89\xe5":
            cfa, caller_bp = sp + 16, word(sp)
        else:
            cfa, caller_bp = bp + 16, word(bp)
        if piece is None:
            return None
        kind = gdb.lookup_type("unsigned long")
        unwind = pending.create_unwind_info(FrameId(gdb.Value(cfa), gdb.Value(piece.start)))
        caller_pc = word(cfa - 8)
        unwind.add_saved_register("rip", gdb.Value(caller_pc).cast(kind))
        unwind.add_saved_register("rsp", gdb.Value(cfa).cast(kind))
        unwind.add_saved_register("rbp", gdb.Value(caller_bp).cast(kind))
        saved = self.saved_by_tier2(piece, cfa) if piece.tier == 2 else {}
        if piece.tier == 1 and in_arena(caller_pc):
            saved["r12"] = field("frame.previous", int(pending.read_register("r12")))
        if piece.tier == 1:
            saved["r13"] = int(pending.read_register("r13"))
        for name, value in saved.items():
            unwind.add_saved_register(name, gdb.Value(value).cast(kind))
        return unwind

    @staticmethod
    def saved_by_tier2(piece, cfa):
        """LLVM's prologue: push rbp; mov rsp, rbp; then a push for each register it uses."""
        code = read(piece.start, 32)
        saved, at, place = {}, 0, cfa - 16
        if code[:4] != b"\x55\x48\x89\xe5":
            return saved
        at = 4
        while True:
            if code[at] == 0x41 and code[at + 1] in REGISTER_BITS:
                name, at = REGISTER_BITS[code[at + 1]], at + 2
            elif code[at] == 0x53:
                name, at = "rbx", at + 1
            else:
                return saved
            place -= 8
            saved[name] = word(place)


# ---- The hybrid stack -----------------------------------------------------------------------------------------------------------------


class Row:
    """A Python frame as py-bt shows it."""

    def __init__(self, tier, name, file, line, python=None, machine=None, note=""):
        self.tier = tier
        self.name = name
        self.file = file
        self.line = line
        self.python = python
        self.machine = machine
        self.note = note

    def text(self):
        return f"{self.name} at {self.file}:{self.line}  [tier {self.tier}{self.note}]"


def row_of(python, tier, machine=None, note=""):
    code = python.code()
    return Row(tier, code.name, code.file, python.line(code), python, machine, note)


class Stack:
    """The selected thread's frames: Rows, and C frames (gdb.Frame) between them."""

    def __init__(self):
        self.chain = list(python_frames())
        self.next = 0
        self.entries = []
        self.pieces = PieceCache()
        self.entered_tier2 = None  # the code object of the tier-2 code that is next above
        inlined = []
        frame = gdb.newest_frame()
        while frame is not None:
            if frame.type() == gdb.INLINE_FRAME and in_arena(frame.pc()):
                inlined.append(frame)
            else:
                self.add(frame, inlined)
                inlined = []
            frame = frame.older()
        while self.next < len(self.chain):
            self.entries.append(row_of(self.take(), 0))

    def take(self):
        self.next += 1
        return self.chain[self.next - 1]

    def peek(self):
        return self.chain[self.next] if self.next < len(self.chain) else None

    def add(self, frame, inlined):
        pc = frame.pc()
        if in_arena(pc):
            self.add_compiled(frame, self.pieces.find(pc), inlined)
            return
        self.entries.append(frame)
        if frame.name() == "_PyEval_EvalFrameDefault":
            self.entered_tier2 = None
            # Calls between frames of the interpreter are one C frame: up to the one it was entered with.
            while self.peek() is not None:
                python = self.take()
                self.entries.append(row_of(python, 0, frame))
                if python.is_entry:
                    break

    def add_compiled(self, frame, piece, inlined):
        if piece is None:
            self.entries.append(frame)
            return
        if piece.tier == 2:
            self.add_tier2(frame, piece, inlined)
            return
        entered, self.entered_tier2 = self.entered_tier2, None
        if entered == piece.code_address:
            return  # it has called the tier-2 code for the same Python frame
        python = self.peek()
        if python is not None and python.code_address == piece.code_address:
            row = row_of(self.take(), 1, frame)
            row.line = piece.line_at(frame)
            self.entries.append(row)
        else:
            code = piece.code()
            self.entries.append(Row(1, code.name, code.file, code.first_line, None, frame, ", not linked"))

    def add_tier2(self, frame, piece, inlined):
        made = []
        position = self.next
        while position < len(self.chain) and self.chain[position].code_address != piece.code_address:
            made.append(self.chain[position])
            position += 1
        root = self.chain[position] if position < len(self.chain) else None
        if root is None:
            made = []
        shown = [Row(2, item.name().replace("py::", "", 1), item.find_sal().symtab.filename, item.find_sal().line, None, item,
                     ", inlined") for item in inlined if item.find_sal().symtab is not None]
        if len(shown) == len(made):
            for row, python in zip(shown, made):
                row.python = python
        if not shown:
            shown = [row_of(python, 2, frame, ", inlined") for python in made]
        self.entries.extend(shown)
        if root is None:
            self.entries.append(Row(2, piece.code().name, piece.code().file, piece.code().first_line, None, frame))
            return
        self.next = position + 1
        row = row_of(root, 2, frame)
        sal = frame.find_sal()
        if sal.symtab is not None and sal.line:
            row.line = sal.line
        self.entries.append(row)
        self.entered_tier2 = root.code_address

    def rows(self):
        return [entry for entry in self.entries if isinstance(entry, Row)]


def c_frame_text(frame):
    name = frame.name() or "??"
    sal = frame.find_sal()
    where = f" at {os.path.basename(sal.symtab.filename)}:{sal.line}" if sal.symtab is not None else ""
    library = gdb.solib_name(frame.pc())
    where = where or (f" from {library}" if library else "")
    return f"     C  {name}{where}"


def selected_row(argument):
    rows = Stack().rows()
    index = int(argument) if argument.strip() else 0
    if not 0 <= index < len(rows):
        raise gdb.GdbError(f"there are {len(rows)} Python frames in this thread")
    return rows[index]


class Command(gdb.Command):
    name = None
    kind = gdb.COMMAND_STACK

    def __init__(self):
        super().__init__(self.name, self.kind)

    def invoke(self, argument, from_tty):
        del from_tty
        if gdb.selected_thread() is None:
            raise gdb.GdbError("there is no process")
        self.run(argument)


class PyBt(Command):
    """Python frames of all tiers, newest first. -full: C frames, too."""

    name = "py-bt"

    def run(self, argument):
        full = "-full" in argument.split()
        index = folded = 0
        for entry in Stack().entries:
            if not isinstance(entry, Row):
                folded += 1
                if full:
                    print(c_frame_text(entry))
                continue
            if folded and not full:
                print(f"     ({folded} C frame{'s' if folded > 1 else ''})")
            folded = 0
            print(f"#{index:<3} {entry.text()}")
            index += 1
        if folded and not full:
            print(f"     ({folded} C frame{'s' if folded > 1 else ''})")


class PyList(Command):
    """Source around the line where a Python frame is: py-list [N], N as in py-bt."""

    name = "py-list"

    def run(self, argument):
        row = selected_row(argument)
        try:
            with open(row.file, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except OSError as error:
            raise gdb.GdbError(f"{row.file}: {error.strerror}") from error
        for line in range(max(1, row.line - 5), min(len(lines), row.line + 5) + 1):
            print(f"{'>' if line == row.line else ' '}{line:4}    {lines[line - 1]}")


def symbols_of(frame):
    """Locals of tier-2 code, which debug information knows: {name: text}."""
    result = {}
    try:
        block = frame.block()
    except RuntimeError:
        return result
    while block is not None:
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                value = symbol.value(frame)
                if not value.is_optimized_out:
                    shown = show(int(value)) if value.type.code == gdb.TYPE_CODE_PTR else str(value)
                    result.setdefault(symbol.name, shown)
        if block.function is not None:
            break
        block = block.superblock
    return result


def is_up_to_date(machine):
    """Is everything in the Python frames? So it is where tier-2 code has called what may look at them: the functions step_*."""
    while machine.type() == gdb.INLINE_FRAME:
        machine = machine.older()
    callee = machine.newer()
    while callee is not None and callee.type() == gdb.INLINE_FRAME:
        callee = callee.newer()
    return callee is not None and (callee.name() or "").startswith("step_")


class PyLocals(Command):
    """Local variables of a Python frame: py-locals [N], N as in py-bt."""

    name = "py-locals"

    def run(self, argument):
        row = selected_row(argument)
        if row.tier != 2:
            if row.python is None:
                raise gdb.GdbError("this frame is not complete")
            for name, shown in row.python.locals(row.python.code()):
                print(f"{name} = {shown}")
            return
        known = symbols_of(row.machine)
        boxed = {}
        if row.python is not None:
            boxed = dict(row.python.locals(row.python.code()))
        if not is_up_to_date(row.machine):
            boxed = dict.fromkeys(boxed, "<in registers of tier 2>")
        for name, shown in {**boxed, **known}.items():
            print(f"{name} = {shown}")


# ---- Pieces of code ----------------------------------------------------------------------------------------------------------------------


def wanted_pieces(argument):
    """Those of the function of that name, or at that address, or at the program counter."""
    argument = argument.strip()
    code_map = CodeMap()
    if not argument or re.match(r"[0-9$*&(]", argument):
        address = int(gdb.parse_and_eval(argument.lstrip("*"))) if argument else gdb.selected_frame().pc()
        piece = code_map.find(address)
        if piece is None:
            raise gdb.GdbError(f"there is no compiled code at {address:#x}")
        return [piece]
    wanted = argument[4:] if argument.startswith("py::") else argument
    found = [piece for piece in code_map.pieces() if wanted in (piece.code().name, piece.code().name.rpartition(".")[2])]
    if not found:
        raise gdb.GdbError(f"{wanted} is not compiled")
    return found


def piece_text(piece):
    code = piece.code()
    return (f"{code.name} at {code.file}:{code.first_line}  [tier {piece.tier}]  {piece.size} bytes at "
            f"{piece.start:#x}, {piece.facts}")


class JitInfo(Command):
    """Pieces of compiled code: jit-info [NAME|ADDRESS]; without argument those of the function that runs."""

    name = "jit-info"
    kind = gdb.COMMAND_STATUS

    def run(self, argument):
        for piece in wanted_pieces(argument):
            print(piece_text(piece))


class Names:
    """Names of addresses in the program."""

    @staticmethod
    def of(address):
        text = gdb.execute(f"info symbol {address:#x}", to_string=True)
        return text.split(" in section")[0].strip() if " in section" in text else None


class JitDisassemble(Command):
    """Machine code with Python lines: jit-disassemble [NAME|ADDRESS]."""

    name = "jit-disassemble"
    kind = gdb.COMMAND_DATA

    def run(self, argument):
        for piece in wanted_pieces(argument):
            self.disassemble(piece)

    @staticmethod
    def disassemble(piece):
        print(piece_text(piece))
        lines, source = piece.lines(), []
        try:
            with open(piece.code().file, encoding="utf-8", errors="replace") as file:
                source = file.read().splitlines()
        except OSError:
            pass
        here = gdb.selected_frame().pc()
        loaded = {}  # register: the address last put into it
        for row in gdb.selected_frame().architecture().disassemble(piece.start, piece.start + piece.size - 1):
            line = lines.get(row["addr"])
            if line is not None:
                text = source[line - 1].strip() if line <= len(source) else ""
                print(f"line {line}: {text}")
            assembly = row["asm"]
            note = ""
            match = re.match(r"movabs \$(0x[0-9a-f]+),%(\w+)", assembly)
            if match:
                loaded[match[2]] = int(match[1], 16)
            match = re.match(r"(?:call|jmp)\s+\*%(\w+)$", assembly)
            if match and match[1] in loaded:
                name = Names.of(loaded[match[1]])
                note = f"  <{name}>" if name else ""
            print(f"{'=> ' if row['addr'] == here else '   '}{row['addr'] - piece.start:5x}  {assembly}{note}")


# ---- Stepping -----------------------------------------------------------------------------------------------------------------------------


def is_python(frame):
    return frame is not None and in_arena(frame.pc())


def go_on_to_python():
    """Out of the interpreter's C functions, until a compiled frame is the newest."""
    for _ in range(100):
        if gdb.selected_thread() is None or is_python(gdb.newest_frame()):
            return
        caller = gdb.newest_frame().older()
        while caller is not None and not is_python(caller):
            caller = caller.older()
        if caller is None:
            return
        breakpoint = gdb.Breakpoint(f"*{caller.pc():#x}", internal=True, temporary=True)
        breakpoint.thread = gdb.selected_thread().num
        gdb.execute("continue", to_string=True)
        if breakpoint.is_valid():
            breakpoint.delete()


class Stepping(Command):
    kind = gdb.COMMAND_RUNNING
    does = None

    def run(self, argument):
        gdb.execute(f"{self.does} {argument}", to_string=True)
        go_on_to_python()
        if gdb.selected_thread() is not None:
            gdb.execute("frame")


class PyNext(Stepping):
    """next, and on through C code until Python code is reached."""

    name = "py-next"
    does = "next"


class PyStep(Stepping):
    """step, and on through C code until Python code is reached."""

    name = "py-step"
    does = "step"


class PyFinish(Stepping):
    """finish, and on through C code until Python code is reached."""

    name = "py-finish"
    does = "finish"


def install():
    for command in (PyBt, PyList, PyLocals, JitInfo, JitDisassemble, PyNext, PyStep, PyFinish):
        command()
    gdb.pretty_printers[:] = [find_printer] + [printer for printer in gdb.pretty_printers
                                                if getattr(printer, "name", None) != "pyjit"]
    gdb.unwinder.register_unwinder(None, Unwinder(), replace=True)


install()
