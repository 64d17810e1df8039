/* runtime/callees.c: see callees.h. */
#include "runtime/callees.h"

#include <math.h>
#include <string.h>

enum { TIER1_USUAL, TIER1_QUICK };

const struct callee_row callee_rows[CALLEE_COUNT] = {
#define FUNCTION(id, name, fewest, most, plain, result, effect_of, tier1)                                            \
    [CALLEE_##id] = {.function = (plain), .effect = CALLEE_##effect_of, .quick = TIER1_##tier1},
#define METHOD(id, type, name, fewest, most, plain, result, effect_of, tier1)                                        \
    [CALLEE_##id] = {.function = (plain), .effect = CALLEE_##effect_of, .quick = TIER1_##tier1},
#define CLASS(id, type, fewest, most, plain, result, effect_of, tier1)                                               \
    [CALLEE_##id] = {.function = (plain), .effect = CALLEE_##effect_of, .quick = TIER1_##tier1},
#define MATH(id, name)        [CALLEE_##id] = {.arity = 1},
#define REAL(name, arguments) [CALLEE_real_##name] = {.real = (const void *)(name), .arity = (arguments)},
#include "runtime/callees.def"
};

/* Is the module that a builtin function belongs to (its `self`) the one of this name that comes with CPython? */
static bool is_module(PyObject *module, const char *name)
{
    if (module == NULL || !PyModule_CheckExact(module)) {
        return false;
    }
    const PyModuleDef *definition = PyModule_GetDef(module);
    return definition != NULL && strcmp(definition->m_name, name) == 0;
}

static enum callee find_function(PyObject *callable, int count)
{
    PyObject *module = PyCFunction_GET_SELF(callable);
    const char *called = ((PyCFunctionObject *)callable)->m_ml->ml_name;
    if (is_module(module, "builtins") && ((PyModuleObject *)module)->md_dict == runtime_data.interpreter->builtins) {
#define FUNCTION(id, name, fewest, most, function, result, effect, tier1)                                            \
    if (count >= (fewest) && count <= (most) && strcmp(called, name) == 0) {                                         \
        return CALLEE_##id;                                                                                          \
    }
#include "runtime/callees.def"
    } else if (is_module(module, "math")) {
#define MATH(id, name)                                                                                               \
    if (count == 1 && strcmp(called, name) == 0) {                                                                   \
        return CALLEE_##id;                                                                                          \
    }
#define REAL(name, arity)                                                                                            \
    if (count == (arity) && strcmp(called, #name) == 0) {                                                            \
        return CALLEE_real_##name;                                                                                   \
    }
#include "runtime/callees.def"
    }
    return CALLEE_none;
}

static enum callee find_method(PyObject *callable, int count)
{
    const PyTypeObject *owner = PyDescr_TYPE(callable);
    const char *called = ((PyMethodDescrObject *)callable)->d_method->ml_name;
#define METHOD(id, type, name, fewest, most, function, result, effect, tier1)                                        \
    if (owner == &type && count >= (fewest) && count <= (most) && strcmp(called, name) == 0) {                       \
        return CALLEE_##id;                                                                                          \
    }
#include "runtime/callees.def"
    return CALLEE_none;
}

static enum callee find_class(const PyTypeObject *callable, int count)
{
#define CLASS(id, type, fewest, most, function, result, effect, tier1)                                               \
    if (callable == &type && count >= (fewest) && count <= (most)) {                                                 \
        return CALLEE_##id;                                                                                          \
    }
#include "runtime/callees.def"
    return CALLEE_none;
}

enum callee callee_of(PyObject *callable, int count)
{
    if (Py_IS_TYPE(callable, &PyCFunction_Type)) {
        return find_function(callable, count);
    }
    if (Py_IS_TYPE(callable, &PyMethodDescr_Type)) {
        return find_method(callable, count);
    }
    return Py_IS_TYPE(callable, &PyType_Type) ? find_class((const PyTypeObject *)callable, count) : CALLEE_none;
}

static plain_method_function quick_function(enum callee callee)
{
    return callee_rows[callee].quick ? callee_rows[callee].function : NULL;
}

plain_method_function plain_method(PyObject *descriptor, int count)
{
    return Py_IS_TYPE(descriptor, &PyMethodDescr_Type) ? quick_function(find_method(descriptor, count)) : NULL;
}

plain_method_function plain_class(const PyTypeObject *class, int count)
{
    return quick_function(find_class(class, count));
}

plain_method_function plain_function(PyObject *function, int count)
{
    return quick_function(find_function(function, count));
}
