/* runtime/reasons.c: names and sentences of reasons.def. */
#include "runtime/reasons.h"

static const char *const names[] = {
#define REASON(name, sentence) #name,
#include "runtime/reasons.def"
#undef REASON
};

static const char *const sentences[] = {
#define REASON(name, sentence) sentence,
#include "runtime/reasons.def"
#undef REASON
};

const char *reason_name(enum reason reason)
{
    return names[reason];
}

const char *reason_sentence(enum reason reason)
{
    return sentences[reason];
}
