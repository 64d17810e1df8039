/* tier1/relocate.c: layout and relocation: the two passes over the items. */
#include "tier1/emitter.h"

#include "runtime/compiler_memory.h"
#include "runtime/feedback.h"
#include "runtime/frame.h"

#include <string.h>

/* mov %r14,%rax; pop %rbp; ret */
static const unsigned char exit_bytes[] = {0x4c, 0x89, 0xf0, 0x5d, 0xc3};
/* push %rbp; mov %rsp,%rbp */
static const unsigned char entry_bytes[] = {0x55, 0x48, 0x89, 0xe5};
/* cmp %fs:LIMIT,%rsp; jb SLOW */
static const unsigned char check_stack_bytes[] = {0x64, 0x48, 0x3b, 0x24, 0x25, 0, 0, 0, 0, 0x0f, 0x82, 0, 0, 0, 0};
enum { CHECK_STACK_LIMIT = 5, CHECK_STACK_JUMP = 11 };
/* call *%r15 */
static const unsigned char call_bytes[] = {0x41, 0xff, 0xd7};
/* xchg %r15,%r12; call *ENTRY(%rdi) */
static const unsigned char call_function_bytes[] = {0x4d, 0x87, 0xfc,
                                                    0xff, 0x57, offsetof(struct native_target, entry)};
enum { JUMP_SIZE = 5 };

static const struct {
    const unsigned char *bytes;
    size_t size;
} raw_code[] = {
    [RAW_EXIT - TEMPLATE_COUNT] = {exit_bytes, sizeof exit_bytes},
    [RAW_ENTRY - TEMPLATE_COUNT] = {entry_bytes, sizeof entry_bytes},
    [RAW_CHECK_STACK - TEMPLATE_COUNT] = {check_stack_bytes, sizeof check_stack_bytes},
    [RAW_CALL - TEMPLATE_COUNT] = {call_bytes, sizeof call_bytes},
    [RAW_CALL_FUNCTION - TEMPLATE_COUNT] = {call_function_bytes, sizeof call_function_bytes},
};

static size_t raw_size(int template)
{
    return raw_code[template - TEMPLATE_COUNT].size;
}

uint32_t label_offset(const struct emitter *emitter, int label)
{
    assert(emitter->labels[label].item >= 0);
    return emitter->labels[label].offset;
}

uint32_t continuation_offset(const struct emitter *emitter, const struct item_list *list, int index)
{
    int label = list->items[index].labels[LABEL_CONT];
    if (label != NO_LABEL) {
        return label_offset(emitter, label);
    }
    assert(index + 1 < list->count);
    return list->items[index + 1].offset;
}

uint32_t call_return_offset(const struct item_list *list, int index)
{
    const struct item *item = &list->items[index];
    const struct template *template = &template_table[item->template];
    const struct template_relocation *call = &template_relocations[template->first_relocation];
    while (call->kind != RELOCATION_HELPER) {
        call++;
    }
    return item->offset + call->offset + (uint32_t)sizeof(int32_t);
}

/* Does the item go on at the next item of its list? Then its final jump is left out. */
static bool drops_jump(const struct emitter *emitter, const struct item_list *list, int index)
{
    const struct item *item = &list->items[index];
    if (item->template >= TEMPLATE_COUNT || !template_table[item->template].falls_through) {
        return false;
    }
    int label = item->labels[LABEL_CONT];
    if (label == NO_LABEL) {
        return true;
    }
    const struct place_of_label *place = &emitter->labels[label];
    return place->item == index + 1 && list == &emitter->parts[place->part];
}

/* How far layout has come. */
struct position {
    uint32_t offset;          /* in the machine code */
    uint32_t row;             /* where the last of the offset rows begins, */
    uint32_t bytecode_offset; /* and its instruction */
    uint8_t *end;             /* of the rows */
    bool first;
};

static void add_offset_row(struct position *at, const struct item *item)
{
    int32_t step = (int32_t)(item->bytecode_offset - at->bytecode_offset) / (int32_t)sizeof(CodeUnit);
    at->end = code_map_write_offset(at->end, at->offset - at->row, step);
    at->row = at->offset;
    at->bytecode_offset = item->bytecode_offset;
    at->first = false;
}

static void lay_out_list(const struct emitter *emitter, struct item_list *list, struct position *at)
{
    for (int i = 0; i < list->count; i++) {
        struct item *item = &list->items[i];
        item->offset = at->offset;
        if (at->first || at->bytecode_offset != item->bytecode_offset) {
            add_offset_row(at, item);
        }
        if (item->template >= TEMPLATE_COUNT) {
            item->size = (uint16_t)raw_size(item->template);
        } else {
            item->size = template_table[item->template].size;
            item->size -= drops_jump(emitter, list, i) ? JUMP_SIZE : 0;
        }
        at->offset += item->size;
    }
}

static bool make_room_for_rows(struct emitter *emitter)
{
    size_t most = 0;
    for (int part = 0; part < PART_COUNT; part++) {
        most += (size_t)emitter->parts[part].count * CODE_MAP_LONGEST_OFFSET;
    }
    if (most <= emitter->offset_capacity) {
        return true;
    }
    uint8_t *larger = compiler_realloc(emitter->offset_rows, 2 * most);
    if (larger != NULL) {
        emitter->offset_rows = larger;
        emitter->offset_capacity = 2 * most;
    }
    return larger != NULL;
}

size_t layout(struct emitter *emitter, size_t *hot_size)
{
    if (!make_room_for_rows(emitter)) {
        return 0;
    }
    struct position at = {.end = emitter->offset_rows, .first = true};
    for (int part = 0; part < PART_COUNT; part++) {
        lay_out_list(emitter, &emitter->parts[part], &at);
        if (part == PART_HOT) {
            *hot_size = at.offset;
        }
    }
    emitter->offset_bytes = (size_t)(at.end - emitter->offset_rows);
    for (int i = 0; i < emitter->label_count; i++) {
        struct place_of_label *place = &emitter->labels[i];
        const struct item_list *list = &emitter->parts[place->part];
        if (place->item >= 0 && place->item < list->count) {
            place->offset = list->items[place->item].offset;
        }
    }
    return at.offset;
}

/* ---- Relocation ---------------------------------------------------------------------------------------------- */

/* Copies in steps of CHUNK bytes, so that up to CHUNK - 1 bytes behind are written, too: what comes there is copied later. Templates are small: a
 * call would take longer than the copying. */
enum { CHUNK = TEMPLATE_PADDING };
static inline void copy_chunks(char *to, const unsigned char *from, size_t size)
{
    for (size_t i = 0; i < size; i += CHUNK) {
        memcpy(to + i, from + i, CHUNK);
    }
}

static void write_number(char *place, int64_t value)
{
    int32_t narrow = (int32_t)value;
    assert(narrow == value);
    memcpy(place, &narrow, sizeof narrow);
}

static void write_distance(char *place, const void *target, int32_t addend)
{
    write_number(place, (const char *)target - place + addend);
}

/* Offset of this thread's stack limit from the thread pointer; the same for all threads (initial-exec TLS). */
static int32_t stack_limit_offset(void)
{
    intptr_t distance = (intptr_t)&frame_stack_limit - (intptr_t)__builtin_thread_pointer();
    assert(distance == (int32_t)distance);
    return (int32_t)distance;
}

static void place_raw(const struct emitter *emitter, const struct item *item, const char *code, char *start)
{
    memcpy(start, raw_code[item->template - TEMPLATE_COUNT].bytes, raw_size(item->template));
    if (item->template == RAW_CHECK_STACK) {
        int32_t limit = stack_limit_offset();
        memcpy(start + CHECK_STACK_LIMIT, &limit, sizeof limit);
        int32_t distance = (int32_t)(code + label_offset(emitter, item->labels[LABEL_SLOW]) -
                                     (start + CHECK_STACK_JUMP + sizeof distance));
        memcpy(start + CHECK_STACK_JUMP, &distance, sizeof distance);
    }
}

static void relocate_list(const struct emitter *emitter, const struct item_list *list, char *code, const char *end)
{
    const char *units = (const char *)_PyCode_CODE(emitter->bytecode.code);
    for (int i = 0; i < list->count; i++) {
        const struct item *item = &list->items[i];
        char *start = code + item->offset;
        if (item->template >= TEMPLATE_COUNT) {
            place_raw(emitter, item, code, start);
            continue;
        }
        const struct template *template = &template_table[item->template];
        if (LIKELY(end - start >= item->size + CHUNK)) {
            copy_chunks(start, template_bytes + template->first_byte, item->size);
        } else {
            memcpy(start, template_bytes + template->first_byte, item->size);
        }
        const struct template_relocation *relocation = template_relocations + template->first_relocation;
        /* Without the one of a jump that is left out. */
        const struct template_relocation *last =
            relocation + template->relocation_count - (item->size != template->size);
        for (; relocation < last; relocation++) {
            char *place = start + relocation->offset;
            int target = relocation->target;
            int32_t addend = relocation->addend;
            switch ((enum relocation_kind)relocation->kind) {
            case RELOCATION_HOLE:
                /* Half of an instruction's address may wrap. */
                write_number(place, (int32_t)((uint32_t)item->holes[target] + (uint32_t)addend));
                break;
            case RELOCATION_LABEL: {
                assert(target == LABEL_CONT || item->labels[target] != NO_LABEL);
                uint32_t offset = target == LABEL_CONT ? continuation_offset(emitter, list, i)
                                                       : label_offset(emitter, item->labels[target]);
                write_distance(place, code + offset, addend);
                break;
            }
            case RELOCATION_HELPER:
                write_distance(place, template_helpers[target], addend);
                break;
            case RELOCATION_NEAR:
                write_distance(place, (const void *)(uintptr_t)item->quads[target], addend);
                break;
            case RELOCATION_QUAD: {
                int64_t value = item->quads[target] + addend;
                memcpy(place, &value, sizeof value);
                break;
            }
            case RELOCATION_IP: {
                int64_t value = (int64_t)(uintptr_t)units + item->bytecode_offset + addend;
                memcpy(place, &value, sizeof value);
                break;
            }
            case RELOCATION_HANDLER:
                assert(item->handler != NULL);
                write_distance(place, item->handler, addend);
                break;
            case RELOCATION_BYTE: {
                int8_t narrow = (int8_t)(item->holes[target] + addend);
                assert(narrow == item->holes[target] + addend);
                memcpy(place, &narrow, sizeof narrow);
                break;
            }
            }
        }
    }
}

void relocate(const struct emitter *emitter, char *code, size_t size)
{
    for (int part = 0; part < PART_COUNT; part++) {
        relocate_list(emitter, &emitter->parts[part], code, code + size);
    }
}
