/* runtime/line_table.h: source lines of a code object's instructions, all at once. */
#ifndef PYJIT_RUNTIME_LINE_TABLE_H
#define PYJIT_RUNTIME_LINE_TABLE_H

#include "runtime/cpython.h"

/* Writes the source line of each of the code's code units to `lines`, which has room for them all (Py_SIZE(code)); -1 where there is none. The
 * same as PyCode_Addr2Line() for each, in one walk over co_linetable (Objects/locations.md). GIL held; raises nothing. */
void line_table_read(PyCodeObject *code, int32_t *lines);

#endif
