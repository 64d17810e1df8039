/* runtime/utf8_text.h: Python's names as C texts, where nothing may be allocated or raised. */
#ifndef PYJIT_RUNTIME_UTF8_TEXT_H
#define PYJIT_RUNTIME_UTF8_TEXT_H

#include "runtime/cpython.h"

/* Writes UTF-8 of the str `text` to `to`, cut to `size` with its end; control characters and lone surrogates become question marks.
 * Returns its length. Raises nothing, allocates nothing. GIL held. */
size_t utf8_copy(char *to, size_t size, PyObject *text);

#endif
