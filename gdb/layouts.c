/* gdb/layouts.c: where in memory things are, as a table for debuggers: gdb/pyjit_gdb.py reads interpreters that have no debug information, and core
 * files, in which nothing can be called. Data only; nobody in the process uses it.
 *
 * A row has a name of at most 39 characters and a number: an offset or a size in bytes, or an address. The last row has no name.
 */
#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "runtime/cpython.h"

struct layout_row {
    char name[40];
    uintptr_t value;
};

#define FIELD(name, type, member)                                                                                    \
    {                                                                                                                \
        name "." #member, offsetof(type, member)                                                                     \
    }

extern __attribute__((visibility("hidden"))) char code_arena_memory[];

__attribute__((visibility("protected"))) const struct layout_row pyjit_layouts[] = {
    FIELD("frame", InterpreterFrame, f_func),
    FIELD("frame", InterpreterFrame, f_code),
    FIELD("frame", InterpreterFrame, previous),
    FIELD("frame", InterpreterFrame, prev_instr),
    FIELD("frame", InterpreterFrame, is_entry),
    FIELD("frame", InterpreterFrame, localsplus),
    FIELD("code", PyCodeObject, co_filename),
    FIELD("code", PyCodeObject, co_qualname),
    FIELD("code", PyCodeObject, co_firstlineno),
    FIELD("code", PyCodeObject, co_linetable),
    FIELD("code", PyCodeObject, co_nlocalsplus),
    FIELD("code", PyCodeObject, co_localsplusnames),
    FIELD("code", PyCodeObject, co_code_adaptive),
    FIELD("runtime", _PyRuntimeState, interpreters.head),
    FIELD("interpreter", PyInterpreterState, next),
    FIELD("interpreter", PyInterpreterState, threads.head),
    FIELD("thread", PyThreadState, next),
    FIELD("thread", PyThreadState, cframe),
    FIELD("thread", PyThreadState, native_thread_id),
    FIELD("cframe", _PyCFrame, current_frame),
    FIELD("object", PyObject, ob_type),
    FIELD("object", PyVarObject, ob_size),
    FIELD("type", PyTypeObject, tp_name),
    FIELD("str", PyASCIIObject, length),
    FIELD("str", PyASCIIObject, state),
    {"str.ascii_data", sizeof(PyASCIIObject)},
    {"str.compact_data", sizeof(PyCompactUnicodeObject)},
    FIELD("bytes", PyBytesObject, ob_sval),
    FIELD("int", PyLongObject, ob_digit),
    {"int.digit_bits", PyLong_SHIFT},
    FIELD("float", PyFloatObject, ob_fval),
    FIELD("complex", PyComplexObject, cval),
    FIELD("tuple", PyTupleObject, ob_item),
    FIELD("list", PyListObject, ob_item),
    FIELD("dict", PyDictObject, ma_used),
    FIELD("dict", PyDictObject, ma_keys),
    FIELD("dict", PyDictObject, ma_values),
    FIELD("keys", PyDictKeysObject, dk_kind),
    FIELD("keys", PyDictKeysObject, dk_log2_index_bytes),
    FIELD("keys", PyDictKeysObject, dk_nentries),
    FIELD("keys", PyDictKeysObject, dk_indices),
    FIELD("cell", PyCellObject, ob_ref),
    FIELD("function", PyFunctionObject, func_qualname),
    FIELD("compiled", struct compiled_code, start),
    FIELD("compiled", struct compiled_code, size),
    FIELD("compiled", struct compiled_code, hot_size),
    FIELD("compiled", struct compiled_code, code),
    FIELD("compiled", struct compiled_code, calls),
    FIELD("compiled", struct compiled_code, seconds),
    FIELD("compiled", struct compiled_code, offsets),
    FIELD("compiled", struct compiled_code, offset_bytes),
    FIELD("compiled", struct compiled_code, tier2),
    {"code_map", (uintptr_t)&code_map_layout},
    {"tier2", (uintptr_t)&code_map_tier2_layout},
    {"arena", (uintptr_t)code_arena_memory},
    {"arena.size", CODE_ARENA_BYTES},
    {"_PyRuntime", (uintptr_t)&_PyRuntime},
    {"", 0},
};
