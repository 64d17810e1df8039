/* tier2/machine_text.c: see machine_text.h. */
#include "tier2/machine_text.h"

#include "tier2/compile_thread.h"
#include "tier2/orc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_ROOM = 512 };

struct reading {
    struct compile_job thread_job; /* first: the compile thread knows it by this */
    const char *start;
    size_t size;
    machine_namer *name;
    void *argument;
    char near[32]; /* the name of a place in the code itself */
    struct machine_listing *listing;
    size_t capacity;
    bool done;
    enum reason reason;
};

/* LLVM asks for the name of what an operand may be the address of: a target of a jump or call, a place in memory, or just a number. */
static const char *look_up(void *argument, uint64_t value, uint64_t *kind, uint64_t place, const char **comment)
{
    struct reading *reading = argument;
    (void)place;
    uint64_t asked = *kind;
    *kind = LLVMDisassembler_ReferenceType_InOut_None;
    *comment = NULL;
    uint64_t distance = value - (uintptr_t)reading->start;
    if (asked == LLVMDisassembler_ReferenceType_In_Branch && distance < reading->size) {
        snprintf(reading->near, sizeof reading->near, "+%llx", (unsigned long long)distance);
        return reading->near;
    }
    const char *name = reading->name != NULL ? reading->name(reading->argument, value) : NULL;
    /* Of memory relative to the instruction LLVM asks twice; the operand has the name already. */
    return asked == LLVMDisassembler_ReferenceType_In_PCrel_Load ? NULL : name;
}

static bool add(struct reading *reading, uint32_t offset, size_t text)
{
    struct machine_listing *listing = reading->listing;
    if (listing->count == reading->capacity) {
        size_t capacity = reading->capacity == 0 ? 256 : reading->capacity * 2;
        struct machine_instruction *larger = realloc(listing->instructions, capacity * sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        listing->instructions = larger;
        reading->capacity = capacity;
    }
    listing->instructions[listing->count++] = (struct machine_instruction){offset, (uint32_t)text};
    return true;
}

/* LLVM separates by tabs, and puts names that assemblers would not take into quotes. */
static void tidy(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        bool blank = *from == '\t' || *from == '\n';
        bool escaped = from[0] == '\\' && from[1] == '"';
        from += escaped;
        if (*from != '"' || escaped) {
            *to++ = blank ? ' ' : *from;
        }
        from++;
    }
    *to = '\0';
}

static enum reason read_all(struct reading *reading, LLVMDisasmContextRef disassembler)
{
    size_t used;
    FILE *out = open_memstream(&reading->listing->texts, &used);
    if (out == NULL) {
        return REASON_no_memory;
    }
    bool has_room = true;
    for (size_t offset = 0; offset < reading->size && has_room;) {
        char text[TEXT_ROOM];
        uint8_t *bytes = (uint8_t *)(uintptr_t)reading->start + offset;
        size_t length =
            llvm.DisasmInstruction(disassembler, bytes, reading->size - offset, (uintptr_t)bytes, text, sizeof text);
        if (length == 0) {
            snprintf(text, sizeof text, "\t.byte\t0x%02x", *bytes);
        }
        tidy(text);
        fflush(out);
        has_room = add(reading, (uint32_t)offset, used);
        fputs(text + (text[0] == ' '), out);
        fputc('\0', out);
        offset += length == 0 ? 1 : length;
    }
    return fclose(out) == 0 && has_room ? REASON_none : REASON_no_memory;
}

static enum reason compile(struct compile_job *job)
{
    struct reading *reading = (struct reading *)job;
    LLVMDisasmContextRef disassembler = orc_new_disassembler(reading, look_up);
    if (disassembler == NULL) {
        return REASON_llvm_failed;
    }
    enum reason reason = read_all(reading, disassembler);
    llvm.DisasmDispose(disassembler);
    return reason;
}

static void publish(struct compile_job *job)
{
    ((struct reading *)job)->done = true;
}

static void discard(struct compile_job *job, enum reason reason)
{
    struct reading *reading = (struct reading *)job;
    reading->done = true;
    reading->reason = reason;
}

enum reason machine_text_read(const char *start, size_t size, machine_namer *name, void *argument,
                              struct machine_listing *listing)
{
    *listing = (struct machine_listing){0};
    struct reading reading = {
        .thread_job = {.compile = compile, .publish = publish, .discard = discard, .heat = UINT64_MAX},
        .start = start,
        .size = size,
        .name = name,
        .argument = argument,
        .listing = listing,
    };
    enum reason reason = compile_thread_submit(&reading.thread_job);
    while (reason == REASON_none && !reading.done) {
        compile_thread_wait();
        compile_thread_publish();
        const char *detail;
        if (!reading.done && compile_thread_refusal(&detail) != REASON_none) {
            compile_thread_cancel(&reading.thread_job);
            compile_thread_publish();
            break;
        }
    }
    reason = reason != REASON_none ? reason : reading.reason;
    if (reason != REASON_none) {
        machine_listing_free(listing);
    }
    return reason;
}

void machine_listing_free(struct machine_listing *listing)
{
    free(listing->instructions);
    free(listing->texts);
    *listing = (struct machine_listing){0};
}
