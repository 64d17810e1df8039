/* tier1/stubs.c: what stands out of line: error and leave exits, tails. See emitter.h. */
#include "tier1/emitter.h"

#include "runtime/data_arena.h"
#include "runtime/stress.h"

#include <string.h>

/* How far back rows are searched for the same operands. */
enum { ROWS_LOOKED_BACK_AT = 16 };

/* Would the two instructions' exceptions be handled alike? */
static bool same_handler(const struct emitter *emitter, int a, int b)
{
    const struct instruction *left = &emitter->bytecode.instructions[a];
    const struct instruction *right = &emitter->bytecode.instructions[b];
    return left->handler == right->handler && left->handler_depth == right->handler_depth &&
           left->handler_lasti == right->handler_lasti;
}

/* Copies the operands of the deferred stack that do not stand in their slots behind the saved ones; how many there are, -1 without memory.
 * Of those that an exception drops, which stand at `keep` or above, only that they own nothing is kept, so that more stubs are
 * alike. */
static int copy_operands(struct emitter *emitter, int keep, bool locals_spilled)
{
    while (emitter->saved_capacity - emitter->saved_count < emitter->depth) {
        if (!emitter_grow_array((void **)&emitter->saved_operands, &emitter->saved_capacity,
                                sizeof *emitter->saved_operands)) {
            emitter->out_of_memory = true;
            return -1;
        }
    }
    int count = 0;
    for (int i = 0; i < emitter->depth; i++) {
        const struct operand *operand = &emitter->stack[i];
        assert(!is_raw_in_register(operand) && operand->index == i);
        struct operand *copy = &emitter->saved_operands[emitter->saved_count + count];
        if (operand->place == PLACE_SLOT) {
            continue;
        }
        if (i < keep || operand->place == PLACE_REGISTER) {
            *copy = *operand;
            count++;
        } else if (operand->place != PLACE_LOCAL || !locals_spilled) {
            memset(copy, 0, sizeof *copy);
            copy->place = PLACE_NULL;
            copy->index = operand->index;
            count++;
        }
    }
    return count;
}

/* Files a stub for the deferred stack as it is now and returns its label. An equal one filed before serves both: the failing
 * instruction is known from the frame, so error stubs differ by handler only. */
static int file_stub(struct emitter *emitter, enum stub_kind kind, int next, bool locals_spilled)
{
    const struct instruction *instruction = &emitter->bytecode.instructions[emitter->current];
    bool error = kind == STUB_ERROR || kind == STUB_ERROR_AGAIN;
    int keep = !error ? emitter->depth : instruction->handler >= 0 ? instruction->handler_depth : 0;
    int count = copy_operands(emitter, keep, locals_spilled);
    if (count < 0) {
        return 0;
    }
    const struct operand *operands = count == 0 ? NULL : emitter->saved_operands + emitter->saved_count;
    locals_spilled &= keep > 0;
    bool shared = error || kind == STUB_LEAVE_NOW || kind == STUB_TAIL;
    unsigned hash = (unsigned)next * 5 + (unsigned)emitter->depth * 3 + kind + (unsigned)instruction->handler * 7;
    int32_t *bucket = &emitter->stub_buckets[hash % STUB_BUCKETS];
    for (int i = shared ? *bucket : -1; i >= 0; i = emitter->stubs[i].earlier) {
        const struct stub *earlier = &emitter->stubs[i];
        if (earlier->kind == kind && earlier->next == next && earlier->locals_spilled == locals_spilled &&
            earlier->depth == emitter->depth && earlier->operand_count == count &&
            same_handler(emitter, earlier->instruction, emitter->current) &&
            (count == 0 || memcmp(&emitter->saved_operands[earlier->first_operand], operands,
                                  sizeof *operands * (size_t)count) == 0)) {
            return earlier->label;
        }
    }
    const struct item_list *list = &emitter->parts[emitter_part(emitter)];
    int label = kind == STUB_CHECK || kind == STUB_CHECK_CALL ? NO_LABEL : emitter_new_label(emitter);
    if (!emitter_grow((void **)&emitter->stubs, emitter->stub_count, &emitter->stub_capacity,
                      sizeof *emitter->stubs)) {
        emitter->out_of_memory = true;
        return label;
    }
    emitter->stubs[emitter->stub_count] = (struct stub){.kind = kind,
                                                        .label = label,
                                                        .instruction = emitter->current,
                                                        .next = next,
                                                        .check = list->count - 1,
                                                        .check_part = (uint8_t)emitter_part(emitter),
                                                        .locals_spilled = locals_spilled,
                                                        .depth = (uint16_t)emitter->depth,
                                                        .earlier = *bucket,
                                                        .operand_count = (uint16_t)count,
                                                        .first_operand = (uint32_t)emitter->saved_count};
    emitter->saved_count += count;
    if (shared) {
        *bucket = emitter->stub_count;
    }
    emitter->stub_count++;
    return label;
}

int stub_error(struct emitter *emitter, bool locals_spilled)
{
    return file_stub(emitter, STUB_ERROR, -1, locals_spilled);
}

int stub_error_again(struct emitter *emitter)
{
    return file_stub(emitter, STUB_ERROR_AGAIN, -1, false);
}

int stub_leave_now(struct emitter *emitter, int next, bool locals_spilled)
{
    return file_stub(emitter, STUB_LEAVE_NOW, next, locals_spilled);
}

int stub_tail(struct emitter *emitter, int next)
{
    return file_stub(emitter, STUB_TAIL, next, false);
}

struct item *add_escape_check(struct emitter *emitter, int next, bool locals_spilled)
{
    if (emitter->in_cold) {
        struct item *item = emitter_add(emitter, TEMPLATE_CALL_ESCAPE_CHECK);
        file_stub(emitter, STUB_CHECK, next, locals_spilled);
        return item;
    }
    struct item *item = emitter_add(emitter, TEMPLATE_CHECK_ESCAPE);
    item->labels[LABEL_SLOW] = file_stub(emitter, STUB_LEAVE, next, locals_spilled);
    return item;
}

struct item *add_check_of(struct emitter *emitter, struct item *item, int next, bool locals_spilled)
{
    assert(emitter->out_of_memory || item == &emitter->parts[PART_COLD].items[emitter->parts[PART_COLD].count - 1]);
    file_stub(emitter, STUB_CHECK, next, locals_spilled);
    return item;
}

struct item *add_deallocation_check(struct emitter *emitter, int next, bool locals_spilled)
{
    assert(emitter->in_cold);
    return add_check_of(emitter, emitter_add(emitter, TEMPLATE_DEALLOCATE_AND_CHECK), next, locals_spilled);
}

struct item *add_call_check(struct emitter *emitter, int next)
{
    assert(emitter->in_cold);
    struct item *item = emitter_add(emitter, TEMPLATE_CALL_CALL_CHECK);
    file_stub(emitter, STUB_CHECK_CALL, next, false);
    return item;
}

struct item *add_eval_breaker_test(struct emitter *emitter, int next)
{
    struct item *item =
        emitter_add(emitter, stress_settings.gc ? TEMPLATE_ALWAYS_EVAL_BREAKER : TEMPLATE_CHECK_EVAL_BREAKER);
    item->labels[LABEL_SLOW] = file_stub(emitter, STUB_EVAL_BREAKER, next, false);
    return item;
}

/* ---- Rows -------------------------------------------------------------------------------------------------- */

/* The number of a constant in co_consts. Searched from where the last one was found. */
static bool find_constant(struct emitter *emitter, PyObject *constant, uint32_t *number)
{
    PyObject *constants = emitter->bytecode.code->co_consts;
    Py_ssize_t count = PyTuple_GET_SIZE(constants);
    Py_ssize_t at = emitter->last_constant < count ? emitter->last_constant : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyTuple_GET_ITEM(constants, at) == constant) {
            emitter->last_constant = at;
            *number = (uint32_t)at;
            return true;
        }
        at = at + 1 < count ? at + 1 : 0;
    }
    return false;
}

static struct side_exit_operand exit_operand(struct emitter *emitter, const struct operand *operand)
{
    struct side_exit_operand result = {.index = operand->index, .place = SIDE_EXIT_NULL};
    switch ((enum operand_place)operand->place) {
    case PLACE_LOCAL:
        result.place = SIDE_EXIT_LOCAL;
        result.number = (uint32_t)operand->local;
        break;
    case PLACE_CONSTANT:
        result.place = SIDE_EXIT_CONSTANT;
        if (!find_constant(emitter, operand->constant, &result.number)) {
            assert(operand->constant == Py_None);
            result.place = SIDE_EXIT_NONE;
        }
        break;
    case PLACE_REGISTER:
        result.place = SIDE_EXIT_REGISTER;
        break;
    case PLACE_FLOAT:
        result.place = SIDE_EXIT_FLOAT;
        break;
    case PLACE_INT:
        result.place = SIDE_EXIT_INT;
        break;
    default:
        assert(operand->place == PLACE_NULL);
        break;
    }
    return result;
}

static bool equal_operands(const struct side_exit_operand *a, const struct side_exit_operand *b, int count)
{
    for (int i = 0; i < count; i++) {
        if (a[i].number != b[i].number || a[i].index != b[i].index || a[i].place != b[i].place) {
            return false;
        }
    }
    return true;
}

/* The sequence at the end of exit_operands from `first` on is moved to where an earlier row has the same. */
static void share_operands(struct emitter *emitter, struct side_exit *exit, uint32_t first)
{
    exit->first_operand = first;
    if (exit->operand_count == 0) {
        return;
    }
    int rows = emitter->exit_row_count - 1; /* but for `exit` itself */
    for (int i = 1; i <= ROWS_LOOKED_BACK_AT && i <= rows; i++) {
        const struct side_exit *earlier = &emitter->exit_rows[rows - i];
        if (earlier->operand_count >= exit->operand_count &&
            equal_operands(&emitter->exit_operands[earlier->first_operand], &emitter->exit_operands[first],
                           exit->operand_count)) {
            exit->first_operand = earlier->first_operand;
            emitter->exit_operand_count = (int)first;
            return;
        }
    }
}

/* Adds the operands that have to be put into their slots, but for those an exception drops anyway, which are not owned and stand at
 * `keep` or above. Returns the mask of those that are owned in memory then. */
static uint64_t add_operands(struct emitter *emitter, const struct stub *stub, int keep, struct side_exit *exit)
{
    uint64_t owned = stub->depth >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << stub->depth) - 1;
    int first = emitter->exit_operand_count;
    for (int i = 0; i < stub->operand_count; i++) {
        const struct operand *operand = &emitter->saved_operands[stub->first_operand + (uint32_t)i];
        if (operand->place == PLACE_LOCAL && stub->locals_spilled) {
            continue;
        }
        if (operand->index < keep || operand->place == PLACE_REGISTER) {
            if (!emitter_grow((void **)&emitter->exit_operands, emitter->exit_operand_count,
                              &emitter->exit_operand_capacity, sizeof *emitter->exit_operands)) {
                emitter->out_of_memory = true;
                return 0;
            }
            emitter->exit_operands[emitter->exit_operand_count++] = exit_operand(emitter, operand);
            exit->operand_count++;
        } else if (operand->index < 64) {
            owned &= ~((uint64_t)1 << operand->index);
        }
    }
    share_operands(emitter, exit, (uint32_t)first);
    return owned;
}

static uint16_t mask_number(struct emitter *emitter, uint64_t mask)
{
    /* By a hash of the mask: the number of the newest with the same hash, plus 1. */
    uint16_t *known = &emitter->known_masks[mask * 0x9E3779B97F4A7C15u >> (64 - KNOWN_MASK_BITS)];
    if (*known != 0 && emitter->exit_masks[*known - 1] == mask) {
        return (uint16_t)(*known - 1);
    }
    if (emitter->exit_mask_count == UINT16_MAX ||
        !emitter_grow((void **)&emitter->exit_masks, emitter->exit_mask_count, &emitter->exit_mask_capacity,
                      sizeof *emitter->exit_masks)) {
        emitter->out_of_memory = true;
        return 0;
    }
    emitter->exit_masks[emitter->exit_mask_count] = mask;
    *known = (uint16_t)(emitter->exit_mask_count + 1);
    return (uint16_t)emitter->exit_mask_count++;
}

/* A new row, all zero but for the depth; a scratch one without memory. */
static struct side_exit *new_row(struct emitter *emitter, uint16_t depth)
{
    static struct side_exit scratch;
    struct side_exit *exit = &scratch;
    if (emitter_grow((void **)&emitter->exit_rows, emitter->exit_row_count, &emitter->exit_row_capacity,
                     sizeof *emitter->exit_rows)) {
        exit = &emitter->exit_rows[emitter->exit_row_count++];
    } else {
        emitter->out_of_memory = true;
    }
    *exit = (struct side_exit){.depth = depth};
    return exit;
}

/* A row for what an exception raised at the stub's instruction does. */
static struct side_exit *new_error_row(struct emitter *emitter, const struct stub *stub)
{
    const struct instruction *instruction = &emitter->bytecode.instructions[stub->instruction];
    struct side_exit *exit = new_row(emitter, stub->depth);
    if (instruction->handler >= 0) {
        exit->keep = (uint16_t)instruction->handler_depth;
        exit->flags = instruction->handler_lasti ? SIDE_EXIT_LASTI : 0;
    }
    return exit;
}

/* Appends the row, or rows, of a stub; the addresses come later. */
static void add_rows(struct emitter *emitter, const struct stub *stub)
{
    const struct instruction *instructions = emitter->bytecode.instructions;
    if (stub->kind == STUB_ERROR || stub->kind == STUB_ERROR_AGAIN) {
        struct side_exit *exit = new_error_row(emitter, stub);
        exit->flags |= stub->kind == STUB_ERROR_AGAIN ? SIDE_EXIT_RERAISED : 0;
        exit->mask = mask_number(emitter, add_operands(emitter, stub, exit->keep, exit));
        return;
    }
    struct side_exit *exit = new_row(emitter, stub->depth);
    /* Tier 0 must see the EXTENDED_ARG prefixes of an instruction: it starts right after the one before. */
    exit->next_unit = (uint16_t)bytecode_first_unit(&emitter->bytecode, stub->next);
    add_operands(emitter, stub, stub->depth, exit);
    exit->mask = mask_number(emitter, instructions[stub->next].bound);
    if (stub->kind == STUB_EVAL_BREAKER || stub->kind == STUB_CHECK_CALL) {
        exit->flags = SIDE_EXIT_EVAL_BREAKER;
        new_error_row(emitter, stub)->unit = (uint16_t)instructions[stub->instruction].unit;
    }
}

/* ---- Code -------------------------------------------------------------------------------------------------- */

/* The block for all rows: first those that machine code numbers, then those of the checks. */
static void make_block(struct emitter *emitter)
{
    size_t rows = (size_t)emitter->exit_row_count * sizeof(struct side_exit);
    size_t operands = (size_t)emitter->exit_operand_count * sizeof(struct side_exit_operand);
    size_t masks = (size_t)emitter->exit_mask_count * sizeof(uint64_t);
    size_t size = sizeof(struct side_exits) + rows + masks + operands + handlers_size(emitter);
    struct side_exits *exits = emitter->out_of_memory ? NULL : data_arena_allocate(size);
    if (exits == NULL) {
        emitter->out_of_memory = true;
        return;
    }
    _Static_assert(sizeof(struct side_exit) % sizeof(uint64_t) == 0 && sizeof(struct side_exits) % 8 == 0, "aligned");
    char *at = (char *)exits->rows + rows;
    exits->size = (uint32_t)size;
    exits->checks = exits->rows + emitter->numbered_rows;
    exits->check_count = (uint32_t)(emitter->exit_row_count - emitter->numbered_rows);
    exits->masks = masks > 0 ? memcpy(at, emitter->exit_masks, masks) : NULL;
    exits->operands = operands > 0 ? memcpy(at + masks, emitter->exit_operands, operands) : NULL;
    exits->lines = NULL;
    exits->handlers = (struct side_exit_handler *)(at + masks + operands);
    if (rows > 0) {
        memcpy(exits->rows, emitter->exit_rows, rows);
    }
    emitter->exits = exits;
}

void emit_stubs(struct emitter *emitter)
{
    emitter->in_cold = true;
    /* A tail files a stub of its own, so the count may grow. */
    for (int i = 0; i < emitter->stub_count && !emitter->out_of_memory; i++) {
        struct stub stub = emitter->stubs[i];
        emitter->current = stub.instruction;
        if (stub.kind == STUB_CHECK || stub.kind == STUB_CHECK_CALL) {
            continue;
        }
        emitter_bind(emitter, stub.label);
        if (stub.kind == STUB_TAIL) {
            stack_set_canonical(emitter, stub.depth);
            for (int operand = 0; operand < stub.operand_count; operand++) {
                struct operand saved = emitter->saved_operands[stub.first_operand + (uint32_t)operand];
                emitter->stack[saved.index] = saved;
            }
            add_escape_check(emitter, stub.next, false)->labels[LABEL_CONT] = stub.next;
        } else {
            bool error = stub.kind == STUB_ERROR || stub.kind == STUB_ERROR_AGAIN;
            struct item *item = emitter_add(emitter, TEMPLATE_SIDE_EXIT);
            item->holes[HOLE_H_N] = emitter->exit_row_count;
            item->labels[LABEL_LEAVE] = error ? emitter->error_label : emitter->leave_label;
            add_rows(emitter, &stub);
        }
    }
    emitter->numbered_rows = emitter->exit_row_count;
    for (int i = 0; i < emitter->stub_count && !emitter->out_of_memory; i++) {
        if (emitter->stubs[i].kind == STUB_CHECK || emitter->stubs[i].kind == STUB_CHECK_CALL) {
            add_rows(emitter, &emitter->stubs[i]);
        }
    }
    make_block(emitter);
    for (int error = 0; error < 2; error++) {
        emitter_bind(emitter, error ? emitter->error_label : emitter->leave_label);
        struct item *item = emitter_add(emitter, error ? TEMPLATE_SIDE_EXITS_ERROR : TEMPLATE_SIDE_EXITS_LEAVE);
        item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)emitter->exits;
        item->labels[LABEL_EXIT] = emitter->exit_label;
    }
    emitter->in_cold = false;
}

/* ---- Addresses ----------------------------------------------------------------------------------------------- */

void address_side_exits(const struct emitter *emitter, const char *start)
{
    struct side_exits *exits = emitter->exits;
    exits->start = start;
    exits->exit = label_offset(emitter, emitter->exit_label);
    fill_handlers(emitter, exits->handlers);
    struct side_exit *row = exits->rows;
    struct side_exit *check = exits->checks;
    for (int i = 0; i < emitter->stub_count; i++) {
        const struct stub *stub = &emitter->stubs[i];
        const struct instruction *instruction = &emitter->bytecode.instructions[stub->instruction];
        const struct item_list *list = &emitter->parts[stub->check_part];
        uint32_t handler = instruction->handler >= 0 ? handler_number(emitter, instruction->handler) : 0;
        switch (stub->kind) {
        case STUB_TAIL:
            break;
        case STUB_CHECK:
            check->address = call_return_offset(list, stub->check);
            assert(check == exits->checks || check[-1].address < check->address);
            check++;
            break;
        case STUB_CHECK_CALL:
            check[0].address = check[1].address = call_return_offset(list, stub->check);
            check[1].first_operand = handler;
            assert(check == exits->checks || check[-1].address < check->address);
            check += 2;
            break;
        case STUB_ERROR:
        case STUB_ERROR_AGAIN:
            row->address = handler;
            row++;
            break;
        case STUB_EVAL_BREAKER:
            row[0].address = continuation_offset(emitter, list, stub->check);
            row[1].address = handler;
            row += 2;
            break;
        case STUB_LEAVE:
            row->address = continuation_offset(emitter, list, stub->check);
            row++;
            break;
        case STUB_LEAVE_NOW:
            row++;
            break;
        }
    }
    assert(row == exits->checks && check == exits->checks + exits->check_count);
}
