/* tier2/build_calls.c: CALL of what is known: Python functions, which are inlined; see build.h.
 *
 * Who is called is known by identity where the callee's operand is a constant, a function that a global or a class had when the graph was
 * made: whoever made it a constant has compared it, and its version tells whether code and defaults are still the same. Else by its code, as the call
 * cell has it. */
#include "tier2/build.h"

#include "runtime/code_state.h"
#include "runtime/instance.h"
#include "runtime/plain.h"

#include <string.h>

/* Calls with more arguments are not inlined. */
enum { MOST_ARGUMENTS = 16 };

/* A CALL taken apart. */
struct call {
    struct operand *callee;
    struct operand *arguments; /* `self` first, where the callee is a method */
    int count;                 /* of arguments, those given by name included */
    int operands;              /* of the instruction */
    PyObject *names;           /* of the last ones, or NULL */
    enum completion completion;
    PyTypeObject *class; /* of which there is to be an instance, the first argument, or NULL */
    PyCodeObject *code;  /* of the callee, where that is compared already; or NULL */
};

/* False where it is unknown whether there is a `self`. */
static bool take_apart(struct builder *builder, struct call *call)
{
    int given = build_current(builder)->oparg;
    struct operand *slot = peek(builder, given + 1);
    *call = (struct call){.operands = given + 2};
    if (builder->keyword_names >= 0) {
        call->names = PyTuple_GET_ITEM(builder->code->co_consts, builder->keyword_names);
    }
    if (slot->state == OPERAND_NULL) {
        call->callee = slot + 1;
        call->arguments = slot + 2;
        call->count = given;
        return slot[1].state != OPERAND_RAW;
    }
    call->callee = slot;
    call->arguments = slot + 1;
    call->count = given + 1;
    return (slot->state == OPERAND_BORROWED || slot->state == OPERAND_OWNED) && slot->value->kind == KIND_function;
}

static struct ir_node *load_field(struct builder *builder, struct ir_node *object, size_t offset)
{
    struct ir_node *load = build_node1(builder, IR_load, object);
    load->type = IR_OBJECT;
    load->offset = (int32_t)offset;
    load->memory = MEMORY_attribute;
    return load;
}

/* The index of parameter `name`, or -1. */
static int find_parameter(PyCodeObject *code, PyObject *name)
{
    for (int i = code->co_posonlyargcount; i < code->co_argcount; i++) {
        if (PyTuple_GET_ITEM(code->co_localsplusnames, i) == name) {
            return i;
        }
    }
    return -1;
}

/* Which argument each parameter gets: -1 for a default. False: the call is one for others. */
static bool bind(const struct call *call, PyCodeObject *code, int *sources, int *defaults)
{
    int names = call->names == NULL ? 0 : (int)PyTuple_GET_SIZE(call->names);
    int positional = call->count - names;
    if (positional > code->co_argcount || code->co_argcount > MOST_ARGUMENTS) {
        return false;
    }
    for (int i = 0; i < code->co_argcount; i++) {
        sources[i] = i < positional ? i : -1;
    }
    for (int i = 0; i < names; i++) {
        int index = find_parameter(code, PyTuple_GET_ITEM(call->names, i));
        if (index < 0 || sources[index] >= 0) {
            return false;
        }
        sources[index] = positional + i;
    }
    *defaults = 0;
    for (int i = code->co_argcount - 1; i >= 0; i--) {
        if (sources[i] < 0) {
            *defaults = code->co_argcount - i;
        }
    }
    return true;
}

/* The default of the parameter `from_last` before the end (1: the last) of a known function. */
static struct operand known_default(struct builder *builder, PyFunctionObject *function, int from_last)
{
    PyObject *tuple = function->func_defaults;
    PyObject *value = PyTuple_GET_ITEM(tuple, PyTuple_GET_SIZE(tuple) - from_last);
    return (struct operand){
        .state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = build_object(builder, value)};
}

/* The same of a function known by its code only: guards that it has so many defaults. */
static struct operand loaded_default(struct builder *builder, struct ir_node *tuple, int from_last)
{
    struct ir_node *size = build_node1(builder, IR_load, tuple);
    size->type = IR_INT;
    size->offset = (int32_t)offsetof(PyVarObject, ob_size);
    size->memory = MEMORY_constant;
    struct ir_node *position = build_node2(builder, IR_int_subtract, size, build_int(builder, from_last));
    position->flags |= NODE_FITS;
    build_guard1(builder, IR_guard_true, build_node2(builder, IR_is_inside, position, size));
    struct ir_node *item = build_node2(builder, IR_load_item, tuple, position);
    item->memory = MEMORY_constant;
    return (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = item};
}

/* The function a constant callee is, guarded to be as it is now; NULL: no function, or one without a version. */
static PyFunctionObject *guard_known_function(struct builder *builder, const struct call *call)
{
    PyFunctionObject *function = (PyFunctionObject *)call->callee->value->pointer;
    uint32_t version = cpython_function_version(function);
    if (version == 0) {
        return NULL;
    }
    struct ir_node *guard = build_guard1(builder, IR_guard_half, call->callee->value);
    guard->offset = (int32_t)offsetof(PyFunctionObject, func_version);
    guard->number = version;
    return function;
}

/* Guards that the callee is a function of the code. */
static bool guard_code(struct builder *builder, const struct call *call, PyCodeObject *code)
{
    if (build_function_made(call->callee->value) != NULL) {
        /* It was made of this code in a frame that is alive still, and so is what has the code as a constant. */
        build_guard_same(builder, load_field(builder, call->callee->value, offsetof(PyFunctionObject, func_code)),
                         (PyObject *)code);
        return true;
    }
    struct code_watch *watch = code_state_watch(code_state_get(code), builder->watches);
    if (watch == NULL) {
        return false;
    }
    struct ir_node *function = operand_kind_guard(builder, call->callee, KIND_function);
    struct ir_node *found = load_field(builder, function, offsetof(PyFunctionObject, func_code));
    struct ir_node *address = build_node(builder, IR_constant_object, 0, NULL);
    address->pointer = &watch->code;
    struct ir_node *wanted = load_field(builder, address, 0);
    build_guard1(builder, IR_guard_true, build_node2(builder, IR_is_same, found, wanted));
    return true;
}

static void guard_enter(struct builder *builder, const struct call *call)
{
    struct ir_node *guard = build_node(builder, IR_guard_enter, 0, NULL);
    guard->state = build_state_before(builder);
    guard->number = build_level_of_callee(builder) + completion_levels(call->completion) - 1;
}

/* The instance that the class called makes for its __init__, in the slot below the class. */
static struct operand make_instance(struct builder *builder, const struct call *call)
{
    struct ir_node *instance = build_node(builder, IR_new_instance, 0, NULL);
    instance->state = build_state_before(builder);
    instance->flags |= NODE_QUIET;
    instance->pointer = call->class;
    instance->number = (call->class->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
    bool may_be_virtual = instance_class_dies_plainly(call->class) && instance_fits_reserve(call->class);
    instance->offset = may_be_virtual ? (int32_t)call->class->tp_version_tag : 0;
    struct operand self = {.state = OPERAND_OWNED, .local = -1, .value = instance};
    *peek(builder, call->operands - 1) = self;
    return self;
}

static bool has_plain_namespaces(const PyFunctionObject *function)
{
    return PyDict_CheckExact(function->func_globals) && PyDict_CheckExact(function->func_builtins);
}

/* The code of the function called; NULL: it is none, or not known. */
static PyCodeObject *code_of_callee(struct builder *builder, const struct call *call, bool *known)
{
    const struct ir_node *callee = call->callee->value;
    *known = callee->op == IR_constant_object && call->code == NULL;
    if (call->code != NULL) {
        return call->code;
    }
    if (*known) {
        PyObject *object = (PyObject *)callee->pointer;
        return callee->kind == KIND_function && has_plain_namespaces((PyFunctionObject *)object)
                   ? (PyCodeObject *)((PyFunctionObject *)object)->func_code
                   : NULL;
    }
    const struct ir_node *made = build_function_made(callee);
    if (made != NULL) {
        return (PyCodeObject *)made->pointer;
    }
    const struct call_cell *cell = build_cell(builder);
    return cell != NULL && (callee->kind == KIND_any || callee->kind == KIND_function) ? cell->target.code : NULL;
}

static bool inline_function(struct builder *builder, struct call *call)
{
    bool known;
    PyCodeObject *code = code_of_callee(builder, call, &known);
    const struct body *body = code != NULL ? build_may_inline(builder, code) : NULL;
    int sources[MOST_ARGUMENTS];
    int defaults;
    if (body == NULL || !bind(call, code, sources, &defaults)) {
        return false;
    }
    PyFunctionObject *function = known ? (PyFunctionObject *)call->callee->value->pointer : NULL;
    if (!known && build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    if (known) {
        Py_ssize_t count = function->func_defaults != NULL ? PyTuple_GET_SIZE(function->func_defaults) : 0;
        if (count < defaults || guard_known_function(builder, call) == NULL) {
            return false;
        }
    } else if (call->code == NULL && !guard_code(builder, call, code)) {
        return false;
    }
    struct ir_node *tuple = NULL;
    PyObject *spaces[2] = {known ? function->func_globals : builder->globals,
                           known ? function->func_builtins : builder->builtins};
    if (!known) {
        if (defaults > 0) {
            tuple = load_field(builder, call->callee->value, offsetof(PyFunctionObject, func_defaults));
            tuple = build_guard1(builder, IR_guard_bound, tuple);
            tuple->kind = KIND_tuple;
        }
        const struct ir_node *made = build_function_made(call->callee->value);
        if (made != NULL) {
            /* It has those of the frame that made it. */
            spaces[0] = (PyObject *)made->cell;
            spaces[1] = (PyObject *)made->inputs[FUNCTION_BUILTINS]->pointer;
        } else if (build_has_globals(body->bytecode) && spaces[0] != NULL) {
            static const size_t offsets[2] = {offsetof(PyFunctionObject, func_globals),
                                              offsetof(PyFunctionObject, func_builtins)};
            for (int i = 0; i < 2; i++) {
                build_guard_same(builder, load_field(builder, call->callee->value, offsets[i]), spaces[i]);
            }
        }
    }
    struct operand arguments[MOST_ARGUMENTS];
    for (int i = 0; i < code->co_argcount; i++) {
        int from_last = code->co_argcount - i;
        arguments[i] = sources[i] >= 0 ? call->arguments[sources[i]]
                       : known         ? known_default(builder, function, from_last)
                                       : loaded_default(builder, tuple, from_last);
    }
    guard_enter(builder, call);
    if (call->class != NULL) {
        struct operand self = make_instance(builder, call);
        for (int i = 0; i < code->co_argcount; i++) {
            arguments[i] = sources[i] == 0 ? self : arguments[i];
        }
    }
    builder->keyword_names = -1;
    build_inlined(builder, &(struct inlining){
                               .code = code,
                               .function = *call->callee,
                               .globals = spaces[0],
                               .builtins = spaces[1],
                               .arguments = arguments,
                               .completion = call->completion,
                               .operands = call->operands,
                           });
    return true;
}

/* A known function that is not inlined, called with just its parameters. */
static bool call_directly(struct builder *builder, struct call *call)
{
    bool known;
    PyCodeObject *code = code_of_callee(builder, call, &known);
    int sources[MOST_ARGUMENTS];
    int defaults;
    if (code == NULL || !known || !bind(call, code, sources, &defaults) || defaults > 0) {
        return false;
    }
    PyFunctionObject *function = guard_known_function(builder, call);
    struct operand arguments[MOST_ARGUMENTS];
    for (int i = 0; i < code->co_argcount; i++) {
        arguments[i] = call->arguments[sources[i]];
    }
    if (function == NULL || !build_direct_call(builder, function, call->operands, arguments)) {
        return false;
    }
    builder->keyword_names = -1;
    return true;
}

/* The class that a CALL instantiates, where that is nothing but object's __new__ and a Python __init__ (or none at all), and its version; NULL: none. The
 * operand is not compared with it yet. */
static PyTypeObject *class_called(struct builder *builder, const struct operand *callee, PyObject **initializer)
{
    PyTypeObject *class = callee->value->sample;
    const struct call_cell *cell = build_cell(builder);
    if (class == NULL || cell == NULL || !Py_IS_TYPE(class, &PyType_Type) || class->tp_version_tag == 0 ||
        class->tp_version_tag != cell->class_version || cell->class_by_new || class->tp_vectorcall != NULL ||
        !instance_class_is_plain(class) || build_has_failed(builder, IR_guard_version)) {
        return NULL;
    }
    *initializer = cell->initializer;
    return class;
}

static void guard_class_called(struct builder *builder, struct operand *callee, PyTypeObject *class)
{
    build_guard_same(builder, callee->value, (PyObject *)class);
    struct ir_node *kind = build_guard1(builder, IR_guard_word, callee->value);
    kind->offset = (int32_t)offsetof(PyObject, ob_type);
    kind->number = (int64_t)(uintptr_t)&PyType_Type;
    struct ir_node *version = build_node(builder, IR_guard_version, 0, NULL);
    version->pointer = class;
    version->number = class->tp_version_tag;
    version->state = build_state_before(builder);
}

/* CALL of a class whose __init__ can be inlined. The operands stay until that is over. */
static bool instantiate(struct builder *builder, struct call *call)
{
    PyObject *initializer;
    PyTypeObject *class = peek(builder, call->operands - 1)->state == OPERAND_NULL
                              ? class_called(builder, call->callee, &initializer)
                              : NULL;
    if (class == NULL || initializer == NULL || call->count >= MOST_ARGUMENTS ||
        build_may_inline(builder, (PyCodeObject *)((PyFunctionObject *)initializer)->func_code) == NULL) {
        return false;
    }
    guard_class_called(builder, call->callee, class);
    for (int i = 0; i < call->count; i++) {
        if (call->arguments[i].state == OPERAND_ITERATOR) {
            operand_owned(builder, &call->arguments[i]);
        }
    }
    struct operand arguments[MOST_ARGUMENTS];
    memcpy(arguments + 1, call->arguments, (size_t)call->count * sizeof *arguments);
    arguments[0] = (struct operand){.state = OPERAND_NULL, .local = -1};
    struct operand function = {
        .state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = build_object(builder, initializer)};
    struct call inner = {
        .callee = &function,
        .arguments = arguments,
        .count = call->count + 1,
        .operands = call->operands,
        .names = call->names,
        .completion = COMPLETION_instance,
        .class = class,
    };
    return inline_function(builder, &inner);
}

bool build_inlined_method(struct builder *builder, PyFunctionObject *function, enum completion completion,
                          int operands, int count, struct operand *arguments)
{
    struct operand callee = {.state = OPERAND_BORROWED,
                             .local = BORROWED_FROM_MEMORY,
                             .value = build_object(builder, (PyObject *)function)};
    struct call call = {
        .callee = &callee, .arguments = arguments, .count = count, .operands = operands, .completion = completion};
    return inline_function(builder, &call);
}

/* ---- Several callees ------------------------------------------------------------------------------------------------ */

/* Callees that were not called more often than this do not count. */
enum { FEWEST_CALLS = 4 };

/* The codes that a site has called and that can be inlined there; their number. */
static int find_codes(struct builder *builder, const struct call *call, PyCodeObject **codes)
{
    const struct call_cell *cell = build_cell(builder);
    int count = 0;
    if (cell == NULL || call->callee->value->op == IR_constant_object ||
        build_function_made(call->callee->value) != NULL || call->callee->state == OPERAND_RAW ||
        (call->callee->value->kind != KIND_any && call->callee->value->kind != KIND_function)) {
        return 0;
    }
    for (int i = 0; i < FEEDBACK_MAX_CASES; i++) {
        const struct code_state *state =
            cell->cases[i].code_id != 0 ? code_state_of_id(cell->cases[i].code_id) : NULL;
        int sources[MOST_ARGUMENTS], defaults;
        bool counts = state != NULL && (cell->cases[i].count > FEWEST_CALLS || state->code == cell->target.code);
        if (counts && build_may_inline(builder, state->code) != NULL && bind(call, state->code, sources, &defaults)) {
            codes[count++] = state->code;
        }
    }
    return count;
}

/* Has the callee the code? On the way of the current block it has; the other is returned. */
static struct ir_block *split_by_code(struct builder *builder, const struct call *call, PyCodeObject *code)
{
    struct code_watch *watch = code_state_watch(code_state_get(code), builder->watches);
    if (watch == NULL) {
        return NULL;
    }
    struct ir_node *found = load_field(builder, call->callee->value, offsetof(PyFunctionObject, func_code));
    struct ir_node *address = build_node(builder, IR_constant_object, 0, NULL);
    address->pointer = &watch->code;
    struct ir_node *same = build_node2(builder, IR_is_same, found, load_field(builder, address, 0));
    return build_split(builder, same, 0);
}

/* CALL of functions of several codes, each of which is inlined; what is left is a call like any other. The ways meet behind it. */
static bool call_several(struct builder *builder, struct call *call)
{
    PyCodeObject *codes[FEEDBACK_MAX_CASES];
    int count = find_codes(builder, call, codes);
    struct build_place place;
    if (count < 2 || build_has_failed(builder, IR_guard_kind)) {
        return false;
    }
    int names = builder->keyword_names;
    operand_kind_guard(builder, call->callee, KIND_function);
    if (!build_remember(builder, &place)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct ir_block *others = split_by_code(builder, call, codes[i]);
        if (others == NULL) {
            builder->retry = builder->graph->out_of_memory = true;
            return true;
        }
        struct call one = *call;
        one.code = codes[i];
        if (!inline_function(builder, &one)) {
            builder->retry = true;
        }
        if (builder->retry || builder->graph->out_of_memory || builder->reason != REASON_none) {
            return true;
        }
        build_jump(builder, builder->current + 1);
        build_come_back(builder, &place);
        builder->block = others;
        builder->keyword_names = names;
    }
    if (build_has_failed(builder, IR_leave)) {
        build_by_step(builder);
    } else {
        build_leave(builder);
    }
    return true;
}

bool build_call(struct builder *builder)
{
    struct call call;
    return take_apart(builder, &call) && (instantiate(builder, &call) || call_several(builder, &call) ||
                                          inline_function(builder, &call) || call_directly(builder, &call));
}
