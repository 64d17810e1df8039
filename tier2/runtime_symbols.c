/* tier2/runtime_symbols.c: the table of runtime_symbols.def. */
#include "tier2/runtime_symbols.h"

#include "runtime/c_calls.h"
#include "runtime/call.h"
#include "runtime/code_arena.h"
#include "runtime/deopt.h"
#include "runtime/exceptions.h"
#include "runtime/frame.h"
#include "runtime/generator.h"
#include "runtime/ops.h"
#include "runtime/plain.h"
#include "runtime/runtime_data.h"
#include "runtime/stress.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* C23, glibc has it under every standard but declares it under some only. */
double roundeven(double);

static struct runtime_symbol symbols[] = {
#define RUNTIME_FUNCTION(name) {#name, (const void *)name, true},
#define RUNTIME_DATA(name)     {#name, &name, false},
#include "tier2/runtime_symbols.def"
#undef RUNTIME_FUNCTION
#undef RUNTIME_DATA
};
enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

static int compare_names(const void *left, const void *right)
{
    const struct runtime_symbol *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static void sort(void)
{
    qsort(symbols, SYMBOL_COUNT, sizeof(symbols[0]), compare_names);
}

const struct runtime_symbol *runtime_symbols(size_t *count)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, sort);
    *count = SYMBOL_COUNT;
    return symbols;
}

const struct runtime_symbol *runtime_symbol_find(const char *name)
{
    size_t count;
    const struct runtime_symbol *sorted = runtime_symbols(&count);
    return bsearch(&(struct runtime_symbol){.name = name}, sorted, count, sizeof(*sorted), compare_names);
}

bool runtime_symbol_is_near(const struct runtime_symbol *symbol)
{
    return code_arena_reaches(symbol->address);
}
