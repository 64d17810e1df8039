/* tier1/select_c_calls.c: CALL of C functions and builtin types (tier1/templates/c_calls.c).
 *
 * Which template a site gets is a guess: from what tier 0 specialised it to, or else from what the names stand for at the moment
 * of compilation. Every template guards what it was chosen for.
 */
#include "runtime/dict_lookup.h"
#include "runtime/ops.h"
#include "runtime/plain.h"
#include "runtime/runtime_data.h"
#include "tier1/select_calls.h"

#include <string.h>

/* ---- Guessing the callee --------------------------------------------------------------------------------- */

static PyObject *find_in_dict(PyObject *dict, PyObject *name)
{
    if (dict == NULL || !PyDict_CheckExact(dict) || !DK_IS_UNICODE(((PyDictObject *)dict)->ma_keys)) {
        return NULL;
    }
    return dict_get_string((PyDictObject *)dict, name);
}

PyObject *guess_global(const struct emitter *emitter, PyObject *name)
{
    PyObject *found = find_in_dict(emitter->globals, name);
    if (found == NULL) {
        found = find_in_dict(PyInterpreterState_Get()->builtins, name);
    }
    return found;
}

int guess_global_place(const struct emitter *emitter, PyObject *name)
{
    if (emitter->globals == NULL) {
        return LOAD_GLOBAL;
    }
    return find_in_dict(emitter->globals, name) != NULL                     ? LOAD_GLOBAL_MODULE
           : find_in_dict(PyInterpreterState_Get()->builtins, name) != NULL ? LOAD_GLOBAL_BUILTIN
                                                                            : LOAD_GLOBAL;
}

PyObject *guess_loaded_module(const struct emitter *emitter, int number)
{
    if (number < 0) {
        return NULL;
    }
    const struct instruction *loader = at(emitter, number);
    if (loader->opcode != LOAD_GLOBAL || loader->oparg & 1) {
        return NULL;
    }
    PyObject *module = guess_global(emitter, name_at(emitter, loader->oparg >> 1));
    return module != NULL && PyModule_CheckExact(module) ? module : NULL;
}

/* How far to look back for the instruction that loaded the callee. */
enum { FARTHEST_LOADER = 100 };

/* The instruction that loaded the callee of the CALL whose operands are popped: LOAD_METHOD, or LOAD_GLOBAL together with the
 * NULL; -1 where it is another. */
static int find_loader(const struct emitter *emitter)
{
    int number = emitter->current - 1;
    for (int steps = 0; number >= 0 && steps < FARTHEST_LOADER; number--, steps++) {
        const struct instruction *instruction = at(emitter, number);
        if (instruction->depth >= 0 && instruction->depth <= emitter->depth + 1) {
            bool method = instruction->opcode == LOAD_METHOD && instruction->depth == emitter->depth + 1;
            bool global =
                instruction->opcode == LOAD_GLOBAL && instruction->oparg & 1 && instruction->depth == emitter->depth;
            return method || global ? number : -1;
        }
    }
    return -1;
}

bool loads_from_module(const struct emitter *emitter)
{
    int number = find_loader(emitter);
    return number >= 0 && at(emitter, number)->opcode == LOAD_METHOD &&
           (at(emitter, number)->specialised == LOAD_METHOD_MODULE ||
            (at(emitter, number)->specialised == LOAD_METHOD && guess_loaded_module(emitter, number - 1) != NULL));
}

/* The method that tier 0 found last at a LOAD_METHOD, only to be compared: it may be gone. NULL: it has found none. */
static const void *remembered_method(const struct emitter *emitter, const struct instruction *loader)
{
    if (loader->specialised != LOAD_METHOD_NO_DICT) {
        return NULL;
    }
    const _PyLoadMethodCache *cache =
        (const _PyLoadMethodCache *)(_PyCode_CODE(emitter->bytecode.code) + loader->unit + 1);
    const void *method;
    memcpy(&method, cache->descr, sizeof method);
    return method;
}

/* What `name` is in the first builtin type that has such a method, borrowed; but `remembered`, if that is one of them. NULL where none
 * has. *sure: it was remembered. */
static PyObject *find_builtin_method(PyObject *name, const void *remembered, bool *sure)
{
    PyObject *first = NULL;
    static PyTypeObject *const types[] = {&PyUnicode_Type, &PyList_Type,  &PyDict_Type,  &PySet_Type,
                                          &PyBytes_Type,   &PyTuple_Type, &PyFloat_Type, &PyLong_Type};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        PyObject *method = find_in_dict(types[i]->tp_dict, name);
        if (method != NULL && Py_IS_TYPE(method, &PyMethodDescr_Type)) {
            if (method == remembered) {
                *sure = true;
                return method;
            }
            first = first != NULL ? first : method;
        }
    }
    return first;
}

PyObject *guess_callee(const struct emitter *emitter, bool *sure)
{
    *sure = true;
    int number = find_loader(emitter);
    if (number < 0) {
        return NULL;
    }
    const struct instruction *loader = at(emitter, number);
    if (loader->opcode == LOAD_GLOBAL) {
        return guess_global(emitter, name_at(emitter, loader->oparg >> 1));
    }
    PyObject *name = name_at(emitter, loader->oparg);
    PyObject *module = guess_loaded_module(emitter, number - 1);
    if (module != NULL) {
        return find_in_dict(((PyModuleObject *)module)->md_dict, name);
    }
    const struct instruction *owner = at(emitter, number - 1);
    PyTypeObject *type = NULL;
    if (owner->opcode == LOAD_CONST) {
        type = Py_TYPE(PyTuple_GET_ITEM(emitter->bytecode.code->co_consts, owner->oparg));
    } else if (owner->opcode == LOAD_GLOBAL && !(owner->oparg & 1)) {
        PyObject *object = guess_global(emitter, name_at(emitter, owner->oparg >> 1));
        type = object == NULL ? NULL : PyType_Check(object) ? (PyTypeObject *)object : Py_TYPE(object);
    } else if (owner->opcode == LOAD_FAST && owner->oparg == 0 && emitter->bytecode.code->co_argcount > 0 &&
               _PyUnicode_EqualToASCIIString(PyTuple_GET_ITEM(emitter->bytecode.code->co_localsplusnames, 0),
                                             "self")) {
        return NULL;
    }
    if (type != NULL) {
        return find_in_dict(type->tp_dict, name);
    }
    *sure = false;
    return find_builtin_method(name, remembered_method(emitter, loader), sure);
}

/* ---- Which template ---------------------------------------------------------------------------------------- */

enum pure_call { PURE_NONE, PURE_LEN, PURE_ORD, PURE_CHR, PURE_ABS, PURE_TYPE, PURE_ISINSTANCE, PURE_MIN, PURE_MAX };

static const struct pure_builtin {
    const char *name;
    int nargs;
    pair_family family;
} pure_builtins[] = {
    [PURE_LEN] = {"len", 1, PAIRS(CALL_LEN)}, [PURE_ORD] = {"ord", 1, PAIRS(CALL_ORD)},
    [PURE_CHR] = {"chr", 1, PAIRS(CALL_CHR)}, [PURE_ABS] = {"abs", 1, PAIRS(CALL_ABS)},
    [PURE_TYPE] = {"", 1, PAIRS(CALL_TYPE)},  [PURE_ISINSTANCE] = {"isinstance", 2, PAIRS(CALL_ISINSTANCE)},
    [PURE_MIN] = {"min", 2, PAIRS(CALL_MIN)}, [PURE_MAX] = {"max", 2, PAIRS(CALL_MAX)},
};

/* What is known of a site. */
struct c_call {
    enum pure_call pure;
    PyMethodDef *definition;              /* for pure calls of builtin functions */
    int template;                         /* of the C function called, or 0 */
    plain_method_function plain;          /* a method that this function can stand for ... */
    plain_method_function plain_class;    /* ... or a class ... */
    plain_method_function plain_function; /* ... or a builtin function, of that definition */
    PyObject *method;                     /* ... and which that is */
    bool appends;                         /* list.append, result unused */
    bool iterates;                        /* range(), and the GET_ITER behind it */
    bool may_be_python;                   /* perhaps a Python function after all */
};

/* The function among the builtins that are carried out in line. */
static enum pure_call find_pure_builtin(PyCFunctionObject *function, int nargs)
{
    PyObject *module = function->m_self;
    if (module == NULL || !PyModule_CheckExact(module) ||
        ((PyModuleObject *)module)->md_dict != PyInterpreterState_Get()->builtins) {
        return PURE_NONE;
    }
    for (enum pure_call pure = PURE_LEN; pure <= PURE_MAX; pure++) {
        if (pure_builtins[pure].nargs == nargs && strcmp(pure_builtins[pure].name, function->m_ml->ml_name) == 0) {
            return pure;
        }
    }
    return PURE_NONE;
}

static int template_for_flags(int flags, const struct call_site *site, bool method)
{
    if (method && (flags & ~METH_KEYWORDS) == METH_VARARGS) {
        return TEMPLATE_CALL_C_METHOD_VECTOR;
    }
    if (site->keyword_names != NULL) {
        return flags != (METH_FASTCALL | METH_KEYWORDS) ? 0
               : method                                 ? TEMPLATE_CALL_C_METHOD_KEYWORDS
                                                        : TEMPLATE_CALL_C_FUNCTION_KEYWORDS;
    }
    switch (flags) {
    case METH_NOARGS:
        return site->nargs != 0 ? 0 : method ? TEMPLATE_CALL_C_METHOD_NOARGS : TEMPLATE_CALL_C_FUNCTION_NOARGS;
    case METH_O:
        return site->nargs != 1 ? 0 : method ? TEMPLATE_CALL_C_METHOD_O : TEMPLATE_CALL_C_FUNCTION_O;
    case METH_FASTCALL:
    case METH_FASTCALL | METH_KEYWORDS:
        switch (site->nargs) {
        case 1:
            return method ? TEMPLATE_CALL_C_METHOD_FAST_1 : TEMPLATE_CALL_C_FUNCTION_FAST_1;
        case 2:
            return method ? TEMPLATE_CALL_C_METHOD_FAST_2 : TEMPLATE_CALL_C_FUNCTION_FAST_2;
        default:
            return method ? TEMPLATE_CALL_C_METHOD_FAST : TEMPLATE_CALL_C_FUNCTION_FAST;
        }
    }
    return 0;
}

/* Chooses for a callee that is at hand. */
static void choose_for_callee(PyObject *callee, const struct call_site *site, struct c_call *call)
{
    bool one = site->nargs == 1 && site->keyword_names == NULL;
    if (Py_IS_TYPE(callee, &PyCFunction_Type)) {
        PyCFunctionObject *function = (PyCFunctionObject *)callee;
        call->template = template_for_flags(function->m_ml->ml_flags, site, false);
        if (site->keyword_names == NULL) {
            call->pure = find_pure_builtin(function, site->nargs);
            call->definition = function->m_ml;
            if (call->pure == PURE_NONE && site->operands[0].is_null) {
                call->plain_function = plain_function(callee, site->nargs);
            }
        }
    } else if (Py_IS_TYPE(callee, &PyMethodDescr_Type)) {
        call->template = template_for_flags(((PyMethodDescrObject *)callee)->d_method->ml_flags, site, true);
        call->appends = one && callee == runtime_data.list_append;
        call->plain = site->keyword_names == NULL ? plain_method(callee, site->nargs) : NULL;
        call->method = callee;
    } else if (Py_IS_TYPE(callee, &PyType_Type)) {
        PyTypeObject *class = (PyTypeObject *)callee;
        if (class == &PyRange_Type && site->nargs >= 1 && site->nargs <= 3 && site->keyword_names == NULL) {
            call->template = TEMPLATE_CALL_CLASS;
            call->iterates = true;
            return;
        }
        if (site->keyword_names == NULL && site->operands[0].is_null) {
            call->plain_class = plain_class(class, site->nargs);
            call->method = callee;
        }
        if (one && class == &PyType_Type) {
            call->pure = PURE_TYPE;
        } else if (one && class == &PyUnicode_Type) {
            call->template = TEMPLATE_CALL_STR;
        } else if (class->tp_vectorcall != NULL && class->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) {
            call->template = TEMPLATE_CALL_CLASS;
        }
    }
}

/* A method whose calling convention tier 0 knows; the name may tell which it is. */
static void choose_method(const struct emitter *emitter, int flags, const struct call_site *site, struct c_call *call)
{
    bool sure;
    PyObject *callee = guess_callee(emitter, &sure);
    if (callee != NULL && Py_IS_TYPE(callee, &PyMethodDescr_Type) &&
        ((PyMethodDescrObject *)callee)->d_method->ml_flags == flags) {
        choose_for_callee(callee, site, call);
    } else {
        call->template = template_for_flags(flags, site, true);
    }
}

/* Chooses by what tier 0 has made of the site; false where it has not come to know it. */
static bool choose_as_tier0(const struct emitter *emitter, const struct call_site *site, struct c_call *call)
{
    if (emitter->current == 0 || at(emitter, emitter->current - 1)->opcode != PRECALL) {
        return false;
    }
    const struct callable_cache *known = &PyInterpreterState_Get()->callable_cache;
    switch (at(emitter, emitter->current - 1)->specialised) {
    case PRECALL_NO_KW_LEN:
        choose_for_callee(known->len, site, call);
        return true;
    case PRECALL_NO_KW_ISINSTANCE:
        choose_for_callee(known->isinstance, site, call);
        return true;
    case PRECALL_NO_KW_LIST_APPEND:
        choose_for_callee(runtime_data.list_append, site, call);
        return true;
    case PRECALL_NO_KW_TYPE_1:
        choose_for_callee((PyObject *)&PyType_Type, site, call);
        return true;
    case PRECALL_NO_KW_STR_1:
        choose_for_callee((PyObject *)&PyUnicode_Type, site, call);
        return true;
    case PRECALL_NO_KW_TUPLE_1:
        call->template = TEMPLATE_CALL_CLASS;
        return true;
    case PRECALL_BUILTIN_CLASS: {
        bool sure;
        PyObject *callee = guess_callee(emitter, &sure);
        if (callee != NULL && Py_IS_TYPE(callee, &PyType_Type)) {
            choose_for_callee(callee, site, call);
        }
        call->template = TEMPLATE_CALL_CLASS;
        return true;
    }
    case PRECALL_NO_KW_BUILTIN_O:
    case PRECALL_NO_KW_BUILTIN_FAST:
    case PRECALL_BUILTIN_FAST_WITH_KEYWORDS: {
        /* The name tells more: abs and the like. */
        bool sure;
        PyObject *callee = guess_callee(emitter, &sure);
        if (callee != NULL && Py_IS_TYPE(callee, &PyCFunction_Type)) {
            choose_for_callee(callee, site, call);
        } else {
            call->template = template_for_flags(
                site->keyword_names != NULL ? METH_FASTCALL | METH_KEYWORDS
                : at(emitter, emitter->current - 1)->specialised == PRECALL_NO_KW_BUILTIN_O ? METH_O
                                                                                            : METH_FASTCALL,
                site, false);
        }
        return true;
    }
    case PRECALL_NO_KW_METHOD_DESCRIPTOR_O:
        choose_method(emitter, METH_O, site, call);
        return true;
    case PRECALL_NO_KW_METHOD_DESCRIPTOR_NOARGS:
        choose_method(emitter, METH_NOARGS, site, call);
        return true;
    case PRECALL_NO_KW_METHOD_DESCRIPTOR_FAST:
        choose_method(emitter, METH_FASTCALL, site, call);
        return true;
    case PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS:
        call->template = template_for_flags(METH_FASTCALL | METH_KEYWORDS, site, true);
        return true;
    case PRECALL_PYFUNC:
    case PRECALL_BOUND_METHOD:
        return true;
    }
    return false;
}

static void choose(const struct emitter *emitter, const struct call_site *site, struct c_call *call)
{
    memset(call, 0, sizeof *call);
    if (!choose_as_tier0(emitter, site, call)) {
        bool sure;
        PyObject *callee = guess_callee(emitter, &sure);
        if (callee != NULL) {
            choose_for_callee(callee, site, call);
            call->may_be_python = !sure;
        }
    }
    const struct instruction *next = at(emitter, site->next);
    call->appends = call->appends && next->opcode == POP_TOP && !next->is_leader;
    call->iterates = call->iterates && next->opcode == GET_ITER && !next->is_leader && !emitter->no_forwarding &&
                     site->operands[0].is_null;
    /* Where the NULL below a builtin function is not sure to be one, the site is an odd one. */
    if (!site->operands[0].is_null) {
        call->pure = PURE_NONE;
    }
}

/* ---- Emitting ----------------------------------------------------------------------------------------------- */

/* A template of c_calls.c that calls: all operands are in their slots. */
static struct item *add_calling_template(struct emitter *emitter, const struct call_site *site, int template,
                                         int slow, int failed)
{
    Py_ssize_t named = site->keyword_names == NULL ? 0 : PyTuple_GET_SIZE(site->keyword_names);
    struct item *item = emitter_add(emitter, template);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = site->nargs;
    item->holes[HOLE_H_M] = site->nargs - named;
    item->quads[HOLE_Q_NAME] = (int64_t)(uintptr_t)site->keyword_names;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = failed;
    return item;
}

/* Binds `failed`, in the cold part: `nargs` arguments, the callee and self are released. */
static void add_failure(struct emitter *emitter, int failed, int nargs, int error)
{
    assert(emitter->in_cold);
    emitter_bind(emitter, failed);
    struct item *item = emitter_add(emitter, TEMPLATE_C_CALL_FAILED);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = nargs;
    item->labels[LABEL_ERROR] = error;
}

static void spill_operands(struct emitter *emitter, const struct call_site *site)
{
    for (int i = 0; i < site->nargs + 2; i++) {
        struct operand copy = site->operands[i];
        stack_spill(emitter, &copy);
    }
}

void add_cold_call(struct emitter *emitter, const struct call_site *site, int back, int attempt, bool drops)
{
    assert(emitter->in_cold);
    int depth = emitter->depth;
    spill_operands(emitter, site);
    protect_locals(emitter);
    int error = stub_error(emitter, true);
    int called = emitter_new_label(emitter);
    if (attempt != 0) {
        int general = emitter_new_label(emitter);
        int failed = emitter_new_label(emitter);
        add_calling_template(emitter, site, attempt, general, failed)->labels[LABEL_CONT] = called;
        add_failure(emitter, failed, site->nargs, error);
        emitter_bind(emitter, general);
    }
    add_any_call(emitter, site, error);
    emitter_bind(emitter, called);
    if (drops) {
        emitter_add(emitter, TEMPLATE_DROP_RESULT);
        stack_push_constant(emitter, Py_None);
    } else {
        stack_push_register(emitter);
    }
    end_call(emitter, site->next)->labels[LABEL_CONT] = back;
    emitter->depth = depth;
}

/* Builtins carried out in line. The operands stay where they are. */
static void add_pure_call(struct emitter *emitter, struct call_site *site, const struct c_call *call)
{
    const struct pure_builtin *builtin = &pure_builtins[call->pure];
    struct operand *a = &site->operands[builtin->nargs == 1 ? 1 : 2];
    struct operand *b = a + 1;
    if (builtin->nargs == 2) {
        stack_spill(emitter, &site->operands[1]);
    }
    enum pair pair = make_pair(emitter, a, b);
    stack_free_register(emitter);
    int slow = emitter_new_label(emitter);
    struct item *item = add_pair(emitter, builtin->family, pair, a, b);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->quads[HOLE_Q_NAME] = (int64_t)(uintptr_t)call->definition;
    item->labels[LABEL_SLOW] = slow;
    const struct item_list *list = &emitter->parts[emitter_part(emitter)];
    int place = list->count - 1;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    add_cold_call(emitter, site, back, call->template, false);
    emitter->in_cold = false;
    stack_push_register(emitter);
    if (is_owned(b) || (builtin->nargs == 2 && is_owned(a))) {
        int free = free_path(emitter, back, site->next);
        if (emitter->out_of_memory) {
            return;
        }
        list->items[place].labels[LABEL_FREE] = free;
    }
}

/* list.append(item) as a statement. */
static void add_append(struct emitter *emitter, struct call_site *site, const struct c_call *call)
{
    static four_family family = PLACES(CALL_LIST_APPEND);
    stack_free_register(emitter);
    int slow = emitter_new_label(emitter);
    int failed = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&site->operands[2])]);
    set_operand(emitter, item, &site->operands[2], false);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = failed;
    int back = label_here(emitter);
    emitter->in_cold = true;
    add_failure(emitter, failed, 0, stub_error(emitter, false));
    emitter_bind(emitter, slow);
    add_cold_call(emitter, site, back, call->template, true);
    emitter->in_cold = false;
    stack_push_constant(emitter, Py_None);
}

/* Methods and classes that run no other code: the operands in their slots, what is below them stays where it is. */
static void add_plain_method(struct emitter *emitter, struct call_site *site, const struct c_call *call)
{
    for (int i = 0; i < site->nargs + 2; i++) {
        stack_spill(emitter, &site->operands[i]);
    }
    bool native = call->may_be_python && fits_native_call(site);
    if (native) {
        stack_flush(emitter);
    }
    stack_free_register(emitter);
    int slow = emitter_new_label(emitter);
    int template = call->plain != NULL         ? TEMPLATE_CALL_PLAIN_METHOD
                   : call->plain_class != NULL ? TEMPLATE_CALL_PLAIN_CLASS
                                               : TEMPLATE_CALL_PLAIN_FUNCTION;
    struct item *item = emitter_add(emitter, template);
    item->handler = call->plain != NULL         ? (const void *)call->plain
                    : call->plain_class != NULL ? (const void *)call->plain_class
                                                : (const void *)call->plain_function;
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = site->nargs;
    item->quads[HOLE_Q_A] =
        call->plain_function != NULL ? (int64_t)(uintptr_t)call->definition : (int64_t)(uintptr_t)call->method;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    item->labels[LABEL_SLOW] = slow;
    if (call->plain != NULL) {
        site->cell->definition = ((PyMethodDescrObject *)call->method)->d_method;
    }
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (native) {
        slow = emitter_new_label(emitter);
        add_native_call(emitter, site, slow, back);
        emitter_bind(emitter, slow);
    }
    add_cold_call(emitter, site, back, call->template, false);
    emitter->in_cold = false;
    stack_push_register(emitter);
}

/* range() with the GET_ITER behind it: no range is made. */
static void add_range_iterator(struct emitter *emitter, struct call_site *site, const struct c_call *call)
{
    int number = emitter->current;
    for (int i = 1; i < site->nargs + 2; i++) {
        stack_spill(emitter, &site->operands[i]);
    }
    stack_free_register(emitter);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_CALL_RANGE_ITERATOR);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = site->nargs;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    int called = emitter_new_label(emitter);
    add_cold_call(emitter, site, called, call->template, false);
    emitter_bind(emitter, called);
    emitter->current = number + 1;
    emitter_add(emitter, TEMPLATE_SPILL_R)->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    stack_push_slot(emitter);
    protect_locals(emitter);
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = (const void *)op_GET_ITER;
    stack_pop(emitter);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth);
    stack_push_register(emitter);
    end_escape(emitter, number + 2)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* Calls of any C function: all operands in their slots. */
static void add_c_call(struct emitter *emitter, struct call_site *site, const struct c_call *call)
{
    for (int i = 0; i < site->nargs + 2; i++) {
        stack_spill(emitter, &site->operands[i]);
    }
    stack_flush(emitter);
    int error = stub_error(emitter, false);
    int slow = emitter_new_label(emitter);
    int failed = emitter_new_label(emitter);
    add_calling_template(emitter, site, call->template, slow, failed);
    int called = label_here(emitter);
    stack_push_register(emitter);
    end_escape(emitter, site->next);
    add_eval_breaker_check(emitter);
    int back = label_here(emitter);
    stack_pop(emitter);
    emitter->in_cold = true;
    add_failure(emitter, failed, site->nargs, error);
    emitter_bind(emitter, slow);
    if (call->may_be_python && fits_native_call(site)) {
        slow = emitter_new_label(emitter);
        add_native_call(emitter, site, slow, back);
        emitter_bind(emitter, slow);
    }
    add_any_call(emitter, site, error);
    add_jump(emitter, called);
    emitter->in_cold = false;
    stack_push_register(emitter);
}

bool select_c_call(struct emitter *emitter, struct call_site *site)
{
    struct c_call call;
    choose(emitter, site, &call);
    if (call.iterates) {
        add_range_iterator(emitter, site, &call);
    } else if (call.pure != PURE_NONE) {
        add_pure_call(emitter, site, &call);
    } else if (call.appends) {
        add_append(emitter, site, &call);
    } else if (call.plain != NULL || call.plain_class != NULL || call.plain_function != NULL) {
        add_plain_method(emitter, site, &call);
    } else if (call.template != 0) {
        add_c_call(emitter, site, &call);
    } else {
        return false;
    }
    return true;
}
