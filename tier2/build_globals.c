/* tier2/build_globals.c: LOAD_GLOBAL; see build.h.
 *
 * The cell of a site says where a name stood in the keys of globals or builtins while these had certain versions. The versions say nothing of
 * the value: what is to be a constant is compared each time. */
#include "tier2/build.h"

#include "runtime/dict_lookup.h"

static struct ir_node *load_word(struct builder *builder, struct ir_node *base, size_t offset)
{
    struct ir_node *load = build_node1(builder, IR_load, base);
    load->type = IR_OBJECT;
    load->offset = (int32_t)offset;
    load->memory = MEMORY_dict;
    return load;
}

bool build_has_globals(const struct bytecode *bytecode)
{
    for (int i = 0; i < bytecode->count; i++) {
        int opcode = bytecode->instructions[i].opcode;
        if (opcode == LOAD_GLOBAL || opcode == MAKE_FUNCTION) {
            return true;
        }
    }
    return false;
}

void build_guard_namespaces(struct builder *builder)
{
    static const size_t offsets[2] = {offsetof(InterpreterFrame, f_globals), offsetof(InterpreterFrame, f_builtins)};
    PyObject *spaces[2] = {builder->globals, builder->builtins};
    if (spaces[0] == NULL || !build_has_globals(builder->bytecode)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        struct ir_node *space = build_node(builder, IR_load_frame, 0, NULL);
        space->offset = (int32_t)offsets[i];
        build_guard_same(builder, space, spaces[i]);
    }
}

/* The keys of a dict, guarded to have the version. */
static struct ir_node *keys_of_version(struct builder *builder, struct ir_node *dict, uint32_t version)
{
    struct ir_node *keys = load_word(builder, dict, offsetof(PyDictObject, ma_keys));
    struct ir_node *guard = build_guard1(builder, IR_guard_half, keys);
    guard->offset = (int32_t)offsetof(PyDictKeysObject, dk_version);
    guard->number = version;
    return keys;
}

static struct ir_node *guarded_keys(struct builder *builder, PyObject *space, uint32_t version)
{
    return keys_of_version(builder, build_object(builder, space), version);
}

static bool has_version(PyObject *space, uint32_t version)
{
    return PyDict_CheckExact(space) && ((PyDictObject *)space)->ma_keys->dk_version == version;
}

/* Is the value compared with what it was, and then known? Functions, whose versions tell whether they are still the same; and what lives for ever
 * or can be told by what is static in it. */
static bool becomes_constant(PyObject *value)
{
    return Py_IS_TYPE(value, &PyFunction_Type) || Py_IS_TYPE(value, &PyCFunction_Type) ||
           (PyType_Check(value) && ((PyTypeObject *)value)->tp_flags & Py_TPFLAGS_IMMUTABLETYPE);
}

/* Does what is compared live for ever, and say all about itself? A name of that is probably one for a constant; if not, it will be learnt. */
static bool is_lasting(const struct builder *builder, PyObject *value)
{
    bool lasts = value == Py_None || (PyLong_Check(value) && build_has_one_box(value));
    return lasts && !build_has_failed(builder, IR_guard_true);
}

/* What was loaded where `value` stands now: that very object, compared, or one like it. */
static struct ir_node *as_found(struct builder *builder, struct ir_node *loaded, PyObject *value)
{
    if (is_lasting(builder, value)) {
        build_guard_same(builder, loaded, value);
        return build_object(builder, value);
    }
    if (!becomes_constant(value)) {
        loaded = build_guard1(builder, IR_guard_bound, loaded);
        loaded->sample = value;
        return loaded;
    }
    build_guard_same(builder, loaded, value);
    if (Py_IS_TYPE(value, &PyCFunction_Type)) {
        /* Another one may stand at its address: what it does is static. */
        struct ir_node *kind = build_guard1(builder, IR_guard_kind, loaded);
        kind->kind = KIND_c_function;
        struct ir_node *definition = build_guard1(builder, IR_guard_word, kind);
        definition->offset = (int32_t)offsetof(PyCFunctionObject, m_ml);
        definition->number = (int64_t)(uintptr_t)((PyCFunctionObject *)value)->m_ml;
    }
    return build_object(builder, value);
}

struct ir_node *build_module_attribute(struct builder *builder, struct ir_node *owner, PyObject *name)
{
    PyObject *module = owner->sample;
    if (module == NULL || !PyModule_CheckExact(module)) {
        return NULL;
    }
    PyDictObject *space = (PyDictObject *)((PyModuleObject *)module)->md_dict;
    if (space == NULL || !PyDict_CheckExact(space) || !DK_IS_UNICODE(space->ma_keys) || space->ma_values != NULL) {
        return NULL;
    }
    uint32_t version = cpython_dict_keys_version(space->ma_keys);
    Py_ssize_t index = dict_find_string(space->ma_keys, name);
    PyObject *value = index < 0 ? NULL : dict_value_at(space, index);
    if (value == NULL || version == 0) {
        return NULL;
    }
    struct ir_node *class = build_guard1(builder, IR_guard_class, owner);
    class->pointer = &PyModule_Type;
    struct ir_node *dict = load_word(builder, owner, offsetof(PyModuleObject, md_dict));
    dict->memory = MEMORY_constant;
    struct ir_node *keys = keys_of_version(builder, dict, version);
    const char *place = (const char *)&DK_UNICODE_ENTRIES(space->ma_keys)[index].me_value;
    return as_found(builder, load_word(builder, keys, (size_t)(place - (const char *)space->ma_keys)), value);
}

struct ir_node *build_builtins_of_globals(struct builder *builder)
{
    PyDictObject *globals = (PyDictObject *)builder->globals;
    if (globals == NULL || builder->builtins != runtime_data.interpreter->builtins || !PyDict_CheckExact(globals) ||
        !DK_IS_UNICODE(globals->ma_keys) || globals->ma_values != NULL) {
        return NULL;
    }
    uint32_t version = cpython_dict_keys_version(globals->ma_keys);
    Py_ssize_t index = dict_find_string(globals->ma_keys, &_Py_ID(__builtins__));
    PyObject *value = index < 0 ? NULL : dict_value_at(globals, index);
    if (version == 0 || value == NULL ||
        (PyModule_Check(value) ? PyModule_GetDict(value) : value) != builder->builtins) {
        return NULL;
    }
    struct ir_node *keys = guarded_keys(builder, builder->globals, version);
    const char *place = (const char *)&DK_UNICODE_ENTRIES(globals->ma_keys)[index].me_value;
    struct ir_node *found = load_word(builder, keys, (size_t)(place - (const char *)globals->ma_keys));
    build_guard_same(builder, found, value);
    return build_object(builder, builder->builtins);
}

bool build_load_global(struct builder *builder)
{
    const struct global_cell *cell = build_cell(builder);
    if (builder->globals == NULL || cell == NULL || !has_version(builder->globals, cell->globals_version)) {
        return false;
    }
    bool builtin = cell->builtins_version != 0;
    if (builtin && !has_version(builder->builtins, cell->builtins_version)) {
        return false;
    }
    PyObject *space = builtin ? builder->builtins : builder->globals;
    PyObject *value = *(PyObject **)((char *)((PyDictObject *)space)->ma_keys + cell->offset);
    if (value == NULL) {
        return false;
    }
    struct ir_node *keys = guarded_keys(builder, builder->globals, cell->globals_version);
    if (builtin) {
        keys = guarded_keys(builder, builder->builtins, cell->builtins_version);
    }
    struct ir_node *loaded = as_found(builder, load_word(builder, keys, cell->offset), value);
    if (build_current(builder)->oparg & 1) {
        push(builder, (struct operand){.state = OPERAND_NULL, .local = -1});
    }
    push(builder, (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = loaded});
    return true;
}
