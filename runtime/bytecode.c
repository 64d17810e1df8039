/* runtime/bytecode.c: decoding, stack depths, exception table, bound locals. See bytecode.h. */
#include "runtime/bytecode.h"

#include "runtime/compiler_memory.h"

#include <stdlib.h>
#include <string.h>

/* More loops one behind the other are counted a little wrongly. */
enum { LOOPS_FOLLOWED = 32 };

#define J OPCODE_JUMPS_FORWARD
#define B OPCODE_JUMPS_BACKWARD
#define N OPCODE_NEVER_FALLS_THROUGH
#define R OPCODE_MAY_RAISE
#define E OPCODE_ESCAPES
#define H OPCODE_HAS_HANDLER

enum { KNOWN = 1 << 15 }; /* the opcode has a row */

static const uint16_t flags_of[UINT8_MAX + 1] = {
#define OPCODE(name, pops, pushes, taken, flags) [name] = KNOWN | (flags),
#include "runtime/opcodes.def"
#undef OPCODE
};

int opcode_flags(int opcode)
{
    return opcode >= 0 && opcode <= UINT8_MAX ? flags_of[opcode] & ~KNOWN : 0;
}

static bool is_known(int opcode)
{
    return (flags_of[(uint8_t)opcode] & KNOWN) != 0;
}

#undef J
#undef B
#undef N
#undef R
#undef E
#undef H

int opcode_pops(int opcode, int oparg)
{
    (void)oparg;
    switch (opcode) {
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    case name:                                                                                                       \
        return pops;
#include "runtime/opcodes.def"
#undef OPCODE
    }
    return 0;
}

int opcode_pushes(int opcode, int oparg)
{
    (void)oparg;
    switch (opcode) {
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    case name:                                                                                                       \
        return pushes;
#include "runtime/opcodes.def"
#undef OPCODE
    }
    return 0;
}

static int opcode_taken(int opcode)
{
    switch (opcode) {
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    case name:                                                                                                       \
        return taken;
#include "runtime/opcodes.def"
#undef OPCODE
    }
    return 0;
}

int opcode_effect(int opcode, int oparg, bool jump)
{
    return jump ? opcode_taken(opcode) : opcode_pushes(opcode, oparg) - opcode_pops(opcode, oparg);
}

const char *opcode_name(int opcode)
{
    switch (opcode) {
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    case name:                                                                                                       \
        return #name;
#include "runtime/opcodes.def"
#undef OPCODE
    }
    return NULL;
}

bool bytecode_has_loop(PyCodeObject *code)
{
    const CodeUnit *units = _PyCode_CODE(code);
    Py_ssize_t count = Py_SIZE(code);
    for (Py_ssize_t i = 0; i < count;) {
        int opcode = cpython_generic_opcode[_Py_OPCODE(units[i])];
        if ((opcode_flags(opcode) & OPCODE_JUMPS_BACKWARD) && opcode != JUMP_BACKWARD_NO_INTERRUPT) {
            return true;
        }
        i += 1 + cpython_cache_units[opcode];
    }
    return false;
}

Py_ssize_t bytecode_loop_units(PyCodeObject *code)
{
    const CodeUnit *units = _PyCode_CODE(code);
    Py_ssize_t count = Py_SIZE(code);
    /* The outermost loops so far that are not known to be done: a jump that comes later may go back to before them. */
    struct {
        Py_ssize_t start, end;
    } loops[LOOPS_FOLLOWED];
    int depth = 0;
    Py_ssize_t done = 0;
    int oparg = 0;
    for (Py_ssize_t i = 0; i < count;) {
        int opcode = cpython_generic_opcode[_Py_OPCODE(units[i])];
        oparg = (int)((unsigned)oparg << 8 | _Py_OPARG(units[i]));
        Py_ssize_t next = i + 1 + cpython_cache_units[opcode];
        if (opcode == EXTENDED_ARG) {
            i = next;
            continue;
        }
        if ((opcode_flags(opcode) & OPCODE_JUMPS_BACKWARD) && opcode != JUMP_BACKWARD_NO_INTERRUPT) {
            Py_ssize_t start = next - oparg;
            while (depth > 0 && loops[depth - 1].start >= start) {
                depth--;
            }
            if (depth == LOOPS_FOLLOWED) {
                depth--;
                done += loops[depth].end - loops[depth].start;
            }
            if (depth > 0 && loops[depth - 1].end > start) {
                loops[depth - 1].end = next;
            } else {
                loops[depth].start = start;
                loops[depth++].end = next;
            }
        }
        oparg = 0;
        i = next;
    }
    while (depth > 0) {
        depth--;
        done += loops[depth].end - loops[depth].start;
    }
    return done;
}

/* ---- Decoding ---------------------------------------------------------------------------------- */

/* Splits the code units into instructions and resolves jump targets. */
static enum reason decode_instructions(struct bytecode *bytecode)
{
    const CodeUnit *units = _PyCode_CODE(bytecode->code);
    uint32_t unit_count = bytecode->unit_count;
    int count = 0;
    memset(bytecode->number_of_unit, 0xff, unit_count * sizeof *bytecode->number_of_unit); /* -1 */
    for (uint32_t unit = 0; unit < unit_count;) {
        uint32_t first = unit;
        int oparg = 0;
        int raw;
        for (;;) {
            raw = _Py_OPCODE(units[unit]);
            oparg = (int)((unsigned)oparg << 8 | _Py_OPARG(units[unit]));
            if (cpython_generic_opcode[raw] != EXTENDED_ARG || unit + 1 >= unit_count) {
                break;
            }
            unit++;
        }
        int opcode = cpython_generic_opcode[raw];
        if (!is_known(opcode) || opcode == CACHE) {
            return REASON_unknown_bytecode;
        }
        struct instruction *instruction = &bytecode->instructions[count];
        *instruction = (struct instruction){.unit = unit,
                                            .next_unit = unit + 1 + cpython_cache_units[opcode],
                                            .oparg = oparg,
                                            .target = -1,
                                            .depth = -1,
                                            .handler = -1,
                                            .opcode = (uint8_t)opcode,
                                            .specialised = (uint8_t)raw};
        for (uint32_t i = first; i <= unit; i++) {
            bytecode->number_of_unit[i] = count;
        }
        unit = instruction->next_unit;
        count++;
    }
    bytecode->count = count;

    for (int i = 0; i < count; i++) {
        struct instruction *instruction = &bytecode->instructions[i];
        int flags = opcode_flags(instruction->opcode);
        if (flags & (OPCODE_JUMPS_FORWARD | OPCODE_JUMPS_BACKWARD)) {
            int64_t unit = flags & OPCODE_JUMPS_FORWARD ? (int64_t)instruction->next_unit + instruction->oparg
                                                        : (int64_t)instruction->next_unit - instruction->oparg;
            if (unit < 0 || unit >= unit_count || bytecode->number_of_unit[unit] < 0) {
                return REASON_unknown_bytecode;
            }
            instruction->target = bytecode->number_of_unit[unit];
            struct instruction *target = &bytecode->instructions[instruction->target];
            target->is_leader = true;
            if ((flags & OPCODE_JUMPS_BACKWARD) && instruction->opcode != JUMP_BACKWARD_NO_INTERRUPT) {
                target->is_loop_header = true;
                bytecode->has_loop = true;
            }
        }
        if ((instruction->opcode == YIELD_VALUE || instruction->opcode == RETURN_GENERATOR) && i + 1 < count) {
            bytecode->instructions[i + 1].is_leader = true;
            bytecode->instructions[i + 1].is_resume_point = true;
        }
    }
    return REASON_none;
}

/* One number of the exception table: groups of six bits, most significant first, bit 6 set on all but the last.
 * (Objects/exception_handling_notes.txt describes the format; bit 7 marks the start of an entry.) */
static const uint8_t *read_table_number(const uint8_t *at, uint32_t *value)
{
    uint32_t result = *at & 63;
    while (*at & 64) {
        at++;
        result = result << 6 | (*at & 63);
    }
    *value = result;
    return at + 1;
}

static enum reason resolve_handlers(struct bytecode *bytecode)
{
    PyObject *table = bytecode->code->co_exceptiontable;
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(table);
    const uint8_t *end = at + PyBytes_GET_SIZE(table);
    while (at < end) {
        uint32_t start, size, target, depth_and_lasti;
        at = read_table_number(at, &start);
        at = read_table_number(at, &size);
        at = read_table_number(at, &target);
        at = read_table_number(at, &depth_and_lasti);
        if (start + size > bytecode->unit_count || target >= bytecode->unit_count ||
            bytecode->number_of_unit[target] < 0) {
            return REASON_unknown_bytecode;
        }
        int handler = bytecode->number_of_unit[target];
        bytecode->instructions[handler].is_leader = true;
        bytecode->instructions[handler].is_handler = true;
        for (uint32_t unit = start; unit < start + size; unit++) {
            int number = bytecode->number_of_unit[unit];
            if (number < 0 || bytecode->instructions[number].unit != unit) {
                continue;
            }
            struct instruction *instruction = &bytecode->instructions[number];
            instruction->handler = handler;
            instruction->handler_depth = (int32_t)(depth_and_lasti >> 1);
            instruction->handler_lasti = depth_and_lasti & 1;
        }
    }
    return REASON_none;
}

/* ---- Data flow: stack depth and bound locals ----------------------------------------------------- */

struct worklist {
    int32_t *numbers;
    int count;
    uint8_t *queued;
};

/* Flows (depth, bound) into instruction `number`; queues it when that is news. */
static bool flow_into(struct bytecode *bytecode, struct worklist *work, int number, int depth, uint64_t bound)
{
    if (number >= bytecode->count || depth < 0 || depth > bytecode->code->co_stacksize) {
        return false;
    }
    struct instruction *to = &bytecode->instructions[number];
    if (to->depth < 0) {
        to->depth = depth;
        to->bound = bound;
    } else if (to->depth != depth) {
        return false;
    } else if ((to->bound & bound) == to->bound) {
        return true;
    } else {
        to->bound &= bound;
    }
    if (!work->queued[number]) {
        work->queued[number] = 1;
        work->numbers[work->count++] = number;
    }
    return true;
}

static uint64_t local_bit(int index)
{
    return index < BYTECODE_TRACKED_LOCALS ? (uint64_t)1 << index : 0;
}

/* The locals bound before the first instruction: the arguments. */
static uint64_t bound_at_start(PyCodeObject *code)
{
    int arguments = code->co_argcount + code->co_kwonlyargcount + !!(code->co_flags & CO_VARARGS) +
                    !!(code->co_flags & CO_VARKEYWORDS);
    return arguments >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << arguments) - 1;
}

static enum reason flow(struct bytecode *bytecode)
{
    struct worklist work = {.numbers = compiler_malloc(sizeof(int32_t) * (size_t)bytecode->count),
                            .queued = compiler_calloc((size_t)bytecode->count, 1)};
    enum reason reason = REASON_none;
    if (work.numbers == NULL || work.queued == NULL) {
        reason = REASON_no_memory;
        goto done;
    }
    bool sound = flow_into(bytecode, &work, 0, 0, bound_at_start(bytecode->code));
    while (sound && work.count > 0) {
        int number = work.numbers[--work.count];
        work.queued[number] = 0;
        struct instruction *at = &bytecode->instructions[number];
        int flags = opcode_flags(at->opcode);
        uint64_t bound = at->bound;
        /* A handler sees the locals as they were before any instruction it protects; DELETE_FAST and STORE_FAST
         * change theirs last, so the state before the instruction is what an exception of it leaves. */
        if (at->handler >= 0) {
            uint64_t left = bound;
            /* `s += t` on str operands unbinds s when it fails (rt_add_and_store). */
            if (at->opcode == BINARY_OP && number + 1 < bytecode->count && at[1].opcode == STORE_FAST) {
                left &= ~local_bit(at[1].oparg);
            }
            sound = flow_into(bytecode, &work, at->handler, at->handler_depth + at->handler_lasti + 1, left);
            if (!sound) {
                break;
            }
        }
        switch (at->opcode) {
        case STORE_FAST:
        case LOAD_FAST:
        case MAKE_CELL:
            bound |= local_bit(at->oparg);
            break;
        case DELETE_FAST:
            bound &= ~local_bit(at->oparg);
            break;
        case COPY_FREE_VARS:
            for (int i = 0; i < at->oparg; i++) {
                bound |= local_bit(bytecode->code->co_nlocalsplus - 1 - i);
            }
            break;
        }
        if (at->target >= 0) {
            int depth = at->depth + opcode_effect(at->opcode, at->oparg, true);
            sound = flow_into(bytecode, &work, at->target, depth, bound);
        }
        if (sound && !(flags & OPCODE_NEVER_FALLS_THROUGH)) {
            int depth = at->depth + opcode_effect(at->opcode, at->oparg, false);
            sound = flow_into(bytecode, &work, number + 1, depth, bound);
        }
    }
    if (!sound) {
        reason = REASON_unknown_bytecode;
    }
done:
    free(work.numbers);
    free(work.queued);
    return reason;
}

enum reason bytecode_decode(PyCodeObject *code, struct bytecode *bytecode)
{
    uint32_t unit_count = (uint32_t)Py_SIZE(code);
    *bytecode = (struct bytecode){.code = code, .unit_count = unit_count};
    if (unit_count == 0) {
        return REASON_unknown_bytecode;
    }
    bytecode->instructions = compiler_calloc(unit_count, sizeof(struct instruction));
    bytecode->number_of_unit = compiler_malloc(unit_count * sizeof(int32_t));
    enum reason reason = REASON_no_memory;
    if (bytecode->instructions != NULL && bytecode->number_of_unit != NULL) {
        reason = decode_instructions(bytecode);
    }
    if (reason == REASON_none) {
        reason = resolve_handlers(bytecode);
    }
    if (reason == REASON_none) {
        reason = flow(bytecode);
    }
    if (reason != REASON_none) {
        bytecode_free(bytecode);
    }
    return reason;
}

void bytecode_free(struct bytecode *bytecode)
{
    free(bytecode->instructions);
    free(bytecode->number_of_unit);
    bytecode->instructions = NULL;
    bytecode->number_of_unit = NULL;
}
