/* runtime/remarks.c: see remarks.h. */
#include "runtime/remarks.h"

#include <stdlib.h>
#include <string.h>

/* Of one piece of code no more are noted: so they take 2 KB at the most. */
enum { MOST_REMARKS = 50 };

static const struct {
    const char *name, *sentence, *suggestion;
} rows[REMARK_COUNT] = {
#define REMARK(name, sentence, suggestion) {#name, sentence, suggestion},
#include "runtime/remarks.def"
#undef REMARK
};

const char *remark_name(enum remark_kind kind)
{
    return rows[kind].name;
}

const char *remark_sentence(enum remark_kind kind)
{
    return rows[kind].sentence;
}

const char *remark_suggestion(enum remark_kind kind)
{
    return rows[kind].suggestion;
}

void remarks_add(struct remarks *remarks, const struct remark *remark)
{
    for (uint32_t i = 0; i < remarks->count; i++) {
        if (memcmp(&remarks->rows[i], remark, sizeof *remark) == 0) {
            return;
        }
    }
    if (remarks->count == MOST_REMARKS) {
        return;
    }
    if (remarks->count == remarks->capacity) {
        uint32_t capacity = remarks->capacity == 0 ? 8 : remarks->capacity * 2;
        struct remark *larger = realloc(remarks->rows, capacity * sizeof *larger);
        if (larger == NULL) {
            return;
        }
        remarks->rows = larger;
        remarks->capacity = capacity;
    }
    remarks->rows[remarks->count++] = *remark;
    if (remarks->count == MOST_REMARKS) {
        remarks->rows[MOST_REMARKS - 1] =
            (struct remark){.kind = REMARK_not_looked_for, .local = REMARK_NO_LOCAL, .place = remark->place};
    }
}

void remarks_trim(struct remarks *remarks)
{
    if (remarks->count > 0 && remarks->count < remarks->capacity) {
        struct remark *smaller = realloc(remarks->rows, remarks->count * sizeof *smaller);
        remarks->rows = smaller != NULL ? smaller : remarks->rows;
        remarks->capacity = remarks->count;
    }
}

void remarks_free(struct remarks *remarks)
{
    free(remarks->rows);
    *remarks = (struct remarks){0};
}
