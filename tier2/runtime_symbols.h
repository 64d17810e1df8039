/* tier2/runtime_symbols.h: names that LLVM code may use, and their addresses. The table is constant: no lock, no GIL. */
#ifndef PYJIT_TIER2_RUNTIME_SYMBOLS_H
#define PYJIT_TIER2_RUNTIME_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

struct runtime_symbol {
    const char *name;
    const void *address;
    bool is_function;
};

/* The rows of runtime_symbols.def, sorted by name. */
const struct runtime_symbol *runtime_symbols(size_t *count);

/* The row of that name, or NULL. */
const struct runtime_symbol *runtime_symbol_find(const char *name);

/* Can code anywhere in the code arena reach the row with a 32-bit displacement? True for what is in our library. */
bool runtime_symbol_is_near(const struct runtime_symbol *symbol);

#endif
