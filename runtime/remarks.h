/* runtime/remarks.h: what tier 2 notes of the code it makes (remarks.def), few and small rows, which vm/explain.c turns into sentences. */
#ifndef PYJIT_RUNTIME_REMARKS_H
#define PYJIT_RUNTIME_REMARKS_H

#include <stddef.h>
#include <stdint.h>

enum remark_kind {
#define REMARK(name, sentence, suggestion) REMARK_##name,
#include "runtime/remarks.def"
#undef REMARK
    REMARK_COUNT
};

/* The sentence and the suggestion of a kind, static strings; and its name. */
const char *remark_name(enum remark_kind kind);
const char *remark_sentence(enum remark_kind kind);
const char *remark_suggestion(enum remark_kind kind);

enum { REMARK_NAME_SIZE = 24, REMARK_NO_LOCAL = UINT16_MAX };

struct remark {
    uint8_t kind;
    uint8_t opcode; /* the instruction it is about; 0: none */
    uint16_t local; /* the local variable of the root's frame, or REMARK_NO_LOCAL */
    uint32_t
        place; /* bytecode offset in the function that was compiled: of the call, where the remark is about what is inlined there */
    uint32_t line;               /* and the source line in that; 0: it is about the function itself */
    char name[REMARK_NAME_SIZE]; /* of the function that is inlined, or called; cut */
};

/* All of one piece of code. */
struct remarks {
    struct remark *rows; /* owned (malloc) */
    uint32_t count, capacity;
};

/* Notes `remark`, once. Without memory, or where there are many, it is left out. */
void remarks_add(struct remarks *remarks, const struct remark *remark);
/* Gives back what was allocated too much. */
void remarks_trim(struct remarks *remarks);
void remarks_free(struct remarks *remarks);

#endif
