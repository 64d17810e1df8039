/* runtime/reasons.h: the enum and the texts of reasons.def. */
#ifndef PYJIT_RUNTIME_REASONS_H
#define PYJIT_RUNTIME_REASONS_H

enum reason {
#define REASON(name, sentence) REASON_##name,
#include "runtime/reasons.def"
#undef REASON
    REASON_COUNT
};

/* The identifier ("arena_full") and the sentence of a reason; static strings. */
const char *reason_name(enum reason reason);
const char *reason_sentence(enum reason reason);

#endif
