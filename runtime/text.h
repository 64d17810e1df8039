/* runtime/text.h: Python strings for files and debuggers, made where nothing may be allocated or raised. */
#ifndef PYJIT_RUNTIME_TEXT_H
#define PYJIT_RUNTIME_TEXT_H

#include "runtime/cpython.h"

/* Long enough for a qualified name or a path; what is longer is cut. */
enum { TEXT_LONGEST = 1024 };

/* UTF-8 of `text`, cut to `size` with its end. Control characters, which end lines, and lone surrogates become question marks. GIL held. */
void text_copy(char *to, size_t size, PyObject *text);

#endif
