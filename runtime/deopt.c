/* runtime/deopt.c: see deopt.h. */
#include "runtime/deopt.h"

#include "runtime/box_reserve.h"
#include "runtime/call.h"
#include "runtime/exceptions.h"
#include "runtime/frame.h"
#include "runtime/instance.h"
#include "runtime/iterators.h"
#include "runtime/ops.h"
#include "runtime/ops/user_operators.h"
#include "runtime/plain.h"
#include "runtime/runtime_data.h"
#include "runtime/stress.h"

#include <stdlib.h>
#include <string.h>

struct compiled_code *(*deopt_find_entry)(InterpreterFrame *frame, uint32_t offset, const struct entry_row **row);
void (*deopt_observer)(InterpreterFrame *frame, struct deopt_table *table, struct deopt_exit *exit);
void (*deopt_retreat)(struct deopt_table *table);

void (*deopt_ask)(PyThreadState *tstate, InterpreterFrame *frame, struct tier2_cell *cell);

void rt_ask_tier2(PyThreadState *tstate, InterpreterFrame *frame, struct tier2_cell *cell)
{
    cell->countdown = INT64_MAX;
    if (deopt_ask != NULL) {
        deopt_ask(tstate, frame, cell);
    }
}

void deopt_table_free(struct deopt_table *table)
{
    if (table != NULL) {
        deopt_table_free(table->next);
        free(table->exits);
        free(table->states);
        free(table->slots);
        free(table->objects);
        free(table);
    }
}

/* ---- Boxes ---------------------------------------------------------------------------------------------------- */

PyObject *rt_tier2_box_int(int64_t value)
{
    PyObject *result = rt_int_from_long(value);
    return LIKELY(result != NULL) ? result : box_reserve_take_int(value);
}

PyObject *rt_tier2_box_float(double value)
{
    PyObject *result = rt_float_new(value);
    return LIKELY(result != NULL) ? result : box_reserve_take_float(value);
}

PyObject *rt_tier2_box_complex(double real, double imaginary)
{
    PyObject *result = PyComplex_FromDoubles(real, imaginary);
    return LIKELY(result != NULL) ? result : box_reserve_take_complex(real, imaginary);
}

PyObject *rt_tier2_sync_object(PyObject **home, PyObject *value)
{
    PyObject *old = *home;
    *home = Py_NewRef(value);
    if (old != NULL) {
        rt_release(old);
    }
    return value;
}

PyObject *rt_tier2_sync_float(PyObject **home, double value)
{
    PyObject *old = *home;
    if (old != NULL && Py_TYPE(old) == runtime_data.float_type && old->ob_refcnt == 1) {
        ((PyFloatObject *)old)->ob_fval = value;
        return old;
    }
    PyObject *result = rt_tier2_box_float(value);
    *home = result;
    if (old != NULL) {
        rt_release(old);
    }
    return result;
}

PyObject *rt_tier2_sync_complex(PyObject **home, double real, double imaginary)
{
    PyObject *old = *home;
    if (old != NULL && Py_TYPE(old) == runtime_data.complex_type && old->ob_refcnt == 1) {
        ((PyComplexObject *)old)->cval = (Py_complex){real, imaginary};
        return old;
    }
    PyObject *result = rt_tier2_box_complex(real, imaginary);
    *home = result;
    if (old != NULL) {
        rt_release(old);
    }
    return result;
}

PyObject *rt_tier2_sync_int(PyObject **home, int64_t value)
{
    PyObject *old = *home;
    PyObject *result = rt_tier2_box_int(value);
    *home = result;
    if (old != NULL) {
        rt_release(old);
    }
    return result;
}

static bool may_be_replaced(PyObject *old)
{
    return old->ob_refcnt > 1 || plain_destruction(old);
}

int rt_tier2_replace_float(PyObject **place, double value)
{
    PyObject *old = *place;
    if (!may_be_replaced(old)) {
        return 0;
    }
    *place = rt_tier2_box_float(value);
    rt_release(old);
    return 1;
}

int rt_tier2_replace_int(PyObject **place, int64_t value)
{
    PyObject *old = *place;
    if (!may_be_replaced(old)) {
        return 0;
    }
    *place = rt_tier2_box_int(value);
    rt_release(old);
    return 1;
}

PyObject *rt_tier2_new_instance(PyThreadState *tstate, PyTypeObject *type)
{
    return instance_try(tstate, type);
}

int64_t rt_tier2_wide_int(PyObject *object)
{
    int overflow;
    int64_t value = PyLong_AsLongAndOverflow(object, &overflow);
    return overflow ? INT64_MIN : value;
}

/* ---- Frames ------------------------------------------------------------------------------------------------------ */

static int64_t number_of(const struct deopt_slot *slot, uint16_t which, const int64_t *values)
{
    return which == DEOPT_NO_VALUE ? slot->constant : values[which];
}

static double as_float(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static PyObject *make_virtual(const struct deopt_table *table, const struct deopt_slot *slot, int64_t *values);

/* A new reference for an operand's slot, or NULL for an empty one. */
static PyObject *object_of(const struct deopt_table *table, const struct deopt_slot *slot, int64_t *values)
{
    switch ((enum deopt_place)slot->place) {
    case DEOPT_KEEP:
    case DEOPT_EMPTY:
        return NULL;
    case DEOPT_OWNED:
        return (PyObject *)values[slot->value];
    case DEOPT_BORROWED:
        return Py_NewRef((PyObject *)values[slot->value]);
    case DEOPT_CONSTANT:
        return Py_NewRef((PyObject *)slot->constant);
    case DEOPT_INT:
        return rt_tier2_box_int(number_of(slot, slot->value, values));
    case DEOPT_FLOAT:
        return rt_tier2_box_float(as_float(number_of(slot, slot->value, values)));
    case DEOPT_COMPLEX:
        return rt_tier2_box_complex(as_float(values[slot->value]), as_float(values[slot->value + 1]));
    case DEOPT_BOOL:
        return Py_NewRef(number_of(slot, slot->value, values) ? Py_True : Py_False);
    case DEOPT_ITERATOR: {
        struct range_iterator *iterator = (struct range_iterator *)values[slot->value];
        iterator->index = number_of(slot, slot->index, values);
        return (PyObject *)iterator;
    }
    case DEOPT_VIRTUAL:
        return make_virtual(table, slot, values);
    }
    return NULL;
}

/* ---- Virtual objects -------------------------------------------------------------------------------------------- */

PyObject *rt_tier2_make_tuple(PyObject **items, int count)
{
    PyObject *tuple = rt_plain_tuple(items, count);
    if (LIKELY(tuple != NULL)) {
        return tuple;
    }
    /* The collector's turn, for one thing: frames are half made here, or values in registers only. The next allocation will start it. */
    int enabled = plain_hold_collection_off();
    tuple = PyTuple_New(count);
    plain_allow_collection(enabled);
    if (UNLIKELY(tuple == NULL)) {
        tuple = box_reserve_take_tuple(count);
    }
    for (int i = 0; i < count; i++) {
        PyTuple_SET_ITEM(tuple, i, items[i]);
    }
    return tuple;
}

/* An instance without attributes; the collector does not run. */
static PyObject *empty_instance(PyThreadState *tstate, PyTypeObject *type)
{
    PyObject *object = instance_try(tstate, type);
    if (LIKELY(object != NULL)) {
        return object;
    }
    int enabled = plain_hold_collection_off();
    object = type->tp_new(type, (PyObject *)&_Py_SINGLETON(tuple_empty), NULL);
    plain_allow_collection(enabled);
    return LIKELY(object != NULL) ? object : box_reserve_take_instance(tstate, type);
}

PyObject *rt_tier2_make_instance(PyThreadState *tstate, PyTypeObject *type, const int64_t *words, int count)
{
    PyObject *object = empty_instance(tstate, type);
    for (int i = 0; i < count; i++) {
        int64_t position = words[2 * i];
        PyObject *value = (PyObject *)words[2 * i + 1];
        if (position < 0) {
            *(PyObject **)((char *)object - position) = value;
            continue;
        }
        PyDictValues *values = *_PyObject_ValuesPointer(object);
        /* What stands before them: their number behind the indices in the order of insertion, the last one first. (dictobject.c) */
        uint8_t *order = (uint8_t *)values;
        values->values[position] = value;
        order[-2]++;
        order[-2 - order[-2]] = (uint8_t)position;
    }
    return object;
}

static PyObject *make_instance(const struct deopt_table *table, const struct deopt_object *object, int64_t *values)
{
    const struct deopt_slot *fields = &table->slots[object->first_field];
    int64_t words[DEOPT_MOST_FIELDS];
    for (int i = 0; i < object->field_count; i += 2) {
        words[i] = number_of(&fields[i], fields[i].value, values);
        words[i + 1] = (int64_t)(intptr_t)object_of(table, &fields[i + 1], values);
    }
    return rt_tier2_make_instance(PyThreadState_Get(), (PyTypeObject *)object->type, words, object->field_count / 2);
}

static void fill_items(const struct deopt_table *table, const struct deopt_object *object, int64_t *values,
                       PyObject **items)
{
    const struct deopt_slot *fields = &table->slots[object->first_field];
    for (int i = 0; i < object->field_count; i++) {
        items[i] = object_of(table, &fields[i], values);
    }
}

static PyObject *make_object(const struct deopt_table *table, const struct deopt_object *object, int64_t *values)
{
    const struct deopt_slot *fields = &table->slots[object->first_field];
    PyObject *items[DEOPT_MOST_FIELDS];
    switch ((enum deopt_make)object->kind) {
    case DEOPT_MAKE_INT:
        return rt_tier2_box_int(number_of(fields, fields->value, values));
    case DEOPT_MAKE_FLOAT:
        return rt_tier2_box_float(as_float(number_of(fields, fields->value, values)));
    case DEOPT_MAKE_TUPLE:
        fill_items(table, object, values, items);
        return rt_tier2_make_tuple(items, object->field_count);
    case DEOPT_MAKE_CELL:
        fill_items(table, object, values, items);
        return rt_tier2_make_cell(items, object->field_count);
    case DEOPT_MAKE_FUNCTION:
        fill_items(table, object, values, items);
        return rt_tier2_make_function(items, object->parts);
    case DEOPT_MAKE_INSTANCE:
        return make_instance(table, object, values);
    }
    return NULL;
}

/* A new reference to the object of a slot, which is made when it is first asked for. */
static PyObject *make_virtual(const struct deopt_table *table, const struct deopt_slot *slot, int64_t *values)
{
    PyObject *made = (PyObject *)values[slot->value];
    if (made != NULL) {
        return Py_NewRef(made);
    }
    made = make_object(table, &table->objects[slot->constant], values);
    values[slot->value] = (int64_t)(intptr_t)made;
    return made;
}

/* Is the local's home up to date? */
static bool is_kept(const struct deopt_slot *slot, const int64_t *values)
{
    return slot->place == DEOPT_KEEP || (slot->clean != DEOPT_NO_VALUE && values[slot->clean]);
}

/* Does the state belong to a frame that has to be made, and begin with a function? */
static bool is_made(const struct deopt_table *table, const struct deopt_state *state)
{
    return table->direct || state->outer != DEOPT_NO_STATE;
}

/* How many operands of a state are the frame's. */
static int depth_of(const struct deopt_table *table, const struct deopt_state *state)
{
    return state->depth - state->dying - is_made(table, state);
}

/* Is the object the number that the slot stands for? */
static bool is_number_of(PyObject *object, const struct deopt_slot *slot, const int64_t *values)
{
    if (object == NULL) {
        return false;
    }
    int64_t value = number_of(slot, slot->value, values);
    switch ((enum deopt_place)slot->place) {
    case DEOPT_INT: {
        int overflow = 0;
        return Py_TYPE(object) == runtime_data.int_type && PyLong_AsLongAndOverflow(object, &overflow) == value &&
               !overflow;
    }
    case DEOPT_FLOAT:
        return Py_TYPE(object) == runtime_data.float_type &&
               memcmp(&((PyFloatObject *)object)->ob_fval, &value, sizeof value) == 0;
    case DEOPT_COMPLEX:
        return Py_TYPE(object) == &PyComplex_Type &&
               memcmp(&((PyComplexObject *)object)->cval, &values[slot->value], sizeof(Py_complex)) == 0;
    default:
        return false;
    }
}

/* The object that the slot shares with one that has been filled before it, borrowed; or NULL. Locals are filled from the outermost frame in, then
 * operands from the innermost out. For a local `frame` is its own, and `state` that of this; for an operand the innermost. */
static PyObject *shared_box(InterpreterFrame *frame, const struct deopt_table *table, const struct deopt_state *state,
                            const struct deopt_slot *wanted, bool is_operand, const int64_t *values)
{
    bool operands = is_operand;
    for (;; frame = frame->previous, state = &table->states[state->outer]) {
        const struct deopt_slot *slots = &table->slots[state->first_slot];
        bool is_here = wanted >= slots && wanted < slots + state->locals + state->depth;
        for (int i = 0; i < state->locals; i++) {
            bool filled = !is_here || &slots[i] < wanted || (!is_made(table, state) && is_kept(&slots[i], values));
            if (filled && slots[i].box == wanted->box && is_number_of(frame->localsplus[i], wanted, values)) {
                return frame->localsplus[i];
            }
        }
        const struct deopt_slot *stack = slots + state->locals + is_made(table, state);
        for (int i = 0; operands && i < depth_of(table, state) && !(is_here && stack + i >= wanted); i++) {
            PyObject *object = frame->localsplus[state->locals + i];
            if (stack[i].box == wanted->box && is_number_of(object, wanted, values)) {
                return object;
            }
        }
        operands &= !is_here;
        if (state->outer == DEOPT_NO_STATE) {
            return NULL;
        }
    }
}

/* What fills the slot: a new reference, or NULL for an empty one. The rest as above. */
static PyObject *fill(InterpreterFrame *frame, const struct deopt_table *table, const struct deopt_state *state,
                      const struct deopt_slot *slot, bool is_operand, int64_t *values)
{
    PyObject *shared = LIKELY(slot->box == 0) ? NULL : shared_box(frame, table, state, slot, is_operand, values);
    return shared != NULL ? Py_NewRef(shared) : object_of(table, slot, values);
}

/* Brings the homes of raw locals up to date. What dies there is a number. */
static void restore_locals(InterpreterFrame *frame, const struct deopt_table *table, const struct deopt_state *state,
                           int64_t *values)
{
    const struct deopt_slot *slots = &table->slots[state->first_slot];
    for (int i = 0; i < state->locals; i++) {
        if (is_kept(&slots[i], values)) {
            continue;
        }
        PyObject *old = frame->localsplus[i];
        frame->localsplus[i] = fill(frame, table, state, &slots[i], false, values);
        if (old != NULL) {
            rt_release(old);
        }
    }
}

static CodeUnit *instruction_at(InterpreterFrame *frame, uint32_t offset)
{
    return _PyCode_CODE(frame->f_code) + offset / sizeof(CodeUnit);
}

/* ---- Frames of inlined functions --------------------------------------------------------------------------------------
 *
 * They are pushed, linked and counted as native calls would have done it, and marked as entered from C: whoever runs them gives
 * them up. */

/* Pushes the frame of an inlined function, with its locals; that of the caller is linked. */
static InterpreterFrame *push_inlined(PyThreadState *tstate, const struct deopt_table *table,
                                      const struct deopt_state *state, int64_t *values)
{
    const struct deopt_slot *slots = &table->slots[state->first_slot];
    PyFunctionObject *function = (PyFunctionObject *)object_of(table, &slots[state->locals], values);
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    size_t words = (size_t)(code->co_nlocalsplus + code->co_stacksize) + FRAME_SPECIALS_SIZE;
    PyObject **top = tstate->datastack_top;
    InterpreterFrame *frame = (InterpreterFrame *)top;
    if (LIKELY(top != NULL && words < (size_t)(tstate->datastack_limit - top))) {
        tstate->datastack_top = top + words;
    } else {
        frame = cpython_push_frame_memory(tstate, words);
        if (frame == NULL) {
            frame = box_reserve_take_frame(tstate, words);
        }
    }
    frame->f_func = function;
    frame->f_globals = function->func_globals;
    frame->f_builtins = function->func_builtins;
    frame->f_locals = NULL;
    frame->f_code = (PyCodeObject *)Py_NewRef(code);
    frame->frame_obj = NULL;
    frame->prev_instr = instruction_at(frame, state->offset);
    frame->stacktop = -1;
    frame_mark_inlined(frame);
    frame->owner = FRAME_OWNED_BY_THREAD;
    frame->previous = tstate->cframe->current_frame;
    for (int i = 0; i < state->locals; i++) {
        /* What stands for nothing, because the local is unbound, is None or a number, owned or not. */
        bool unbound = slots[i].clean != DEOPT_NO_VALUE && values[slots[i].clean];
        frame->localsplus[i] = unbound ? NULL : fill(frame, table, state, &slots[i], false, values);
    }
    tstate->cframe->current_frame = frame;
    return frame;
}

/* Does the slot's object exist before its frame does? */
static bool exists(const struct deopt_slot *slot)
{
    return slot->place == DEOPT_OWNED || slot->place == DEOPT_BORROWED || slot->place == DEOPT_CONSTANT;
}

/* The arguments that a frame keeps in a tuple, too, get `references` more: those of them that exist. */
static void count_tuple(const struct deopt_table *table, const struct deopt_state *state, const int64_t *values,
                        int references)
{
    const struct deopt_slot *end = &table->slots[state->first_slot + state->locals + state->depth - state->dying];
    for (int i = 2; completion_has_tuple(state->completion) && i < state->kept; i++) {
        const struct deopt_slot *slot = end - state->kept + i;
        if (exists(slot)) {
            int64_t object = slot->place == DEOPT_CONSTANT ? slot->constant : values[slot->value];
            ((PyObject *)object)->ob_refcnt += references;
        }
    }
}

/* Makes all frames of a state, but for their operands; returns the innermost. They do not count as recursion yet, nor does that of a function
 * called directly. */
static InterpreterFrame *make_uncounted(PyThreadState *tstate, InterpreterFrame *root,
                                        const struct deopt_table *table, const struct deopt_state *state,
                                        int64_t *values)
{
    if (state->outer == DEOPT_NO_STATE) {
        if (table->direct) {
            return push_inlined(tstate, table, state, values);
        }
        restore_locals(root, table, state, values);
        return root;
    }
    const struct deopt_state *outer = &table->states[state->outer];
    InterpreterFrame *caller = make_uncounted(tstate, root, table, outer, values);
    count_tuple(table, outer, values, 1);
    /* Where tier 0 stands while a Python function it called in line runs, or one that C code has called. */
    caller->prev_instr =
        outer->completion ? instruction_at(caller, outer->offset) : instruction_at(caller, outer->next) - 1;
    return push_inlined(tstate, table, state, values);
}

/* How many levels of recursion the frames of a state are above the root: stock counts one for calling a class. */
static int levels_of(const struct deopt_table *table, const struct deopt_state *state)
{
    int levels = 0;
    while (state->outer != DEOPT_NO_STATE) {
        state = &table->states[state->outer];
        levels += completion_levels(state->completion);
    }
    return levels;
}

/* The same; they count. */
static InterpreterFrame *make_frames(PyThreadState *tstate, InterpreterFrame *root, const struct deopt_table *table,
                                     const struct deopt_state *state, int64_t *values)
{
    InterpreterFrame *innermost = make_uncounted(tstate, root, table, state, values);
    tstate->recursion_remaining -= levels_of(table, state);
    return innermost;
}

/* Puts the operands of all frames in place. */
static void make_operands(InterpreterFrame *innermost, const struct deopt_table *table,
                          const struct deopt_state *state, int64_t *values)
{
    InterpreterFrame *frame = innermost;
    const struct deopt_state *first = state;
    for (;;) {
        const struct deopt_slot *slots = &table->slots[state->first_slot + state->locals + is_made(table, state)];
        PyObject **stack = &frame->localsplus[state->locals];
        for (int i = 0; i < depth_of(table, state); i++) {
            if (slots[i].place != DEOPT_KEEP) {
                stack[i] = fill(innermost, table, first, &slots[i], true, values);
            }
        }
        int depth = depth_of(table, state);
        for (int i = depth - state->kept + 2; completion_has_tuple(state->completion) && i < depth; i++) {
            stack[i]->ob_refcnt += !exists(&slots[i]);
        }
        if (state->outer == DEOPT_NO_STATE) {
            break;
        }
        state = &table->states[state->outer];
        frame = frame->previous;
    }
}

/* Drops what had to be dropped still. */
static void drop_dying(const struct deopt_table *table, const struct deopt_state *state, int64_t *values)
{
    const struct deopt_slot *dying = &table->slots[state->first_slot + state->locals + state->depth - state->dying];
    for (int i = 0; i < state->dying; i++) {
        rt_release(object_of(table, &dying[i], values));
    }
}

/* Frames that rt_tier2_dealloc has made and found that they have to be kept: the exit that follows at once does not make them again. */
static InterpreterFrame *made_already;
/* The virtual objects that they have, in the order of the state's: its exit stores all values again. */
static PyObject *objects_made[DEOPT_MOST_OBJECTS];

/* Remembers frames for the exit that follows. No code runs until then. */
static void keep_made(InterpreterFrame *innermost, const struct deopt_table *table, const struct deopt_state *state,
                      const int64_t *values)
{
    made_already = innermost;
    for (int i = 0; i < state->object_count; i++) {
        objects_made[i] = (PyObject *)values[table->objects[state->first_object + i].word];
    }
}

static InterpreterFrame *rebuild(PyThreadState *tstate, InterpreterFrame *root, const struct deopt_table *table,
                                 const struct deopt_state *state, int64_t *values)
{
    InterpreterFrame *innermost = made_already;
    made_already = NULL;
    if (innermost == NULL) {
        innermost = make_frames(tstate, root, table, state, values);
    } else {
        for (int i = 0; i < state->object_count; i++) {
            values[table->objects[state->first_object + i].word] = (int64_t)(intptr_t)objects_made[i];
        }
    }
    make_operands(innermost, table, state, values);
    drop_dying(table, state, values);
    return innermost;
}

/* ---- Going on ------------------------------------------------------------------------------------------------------------ */

const void *deopt_entry(PyThreadState *tstate, InterpreterFrame *frame, uint32_t offset)
{
    const struct entry_row *entry;
    struct compiled_code *compiled = deopt_find_entry(frame, offset, &entry);
    if (compiled == NULL || rt_check_escape(tstate, frame, entry->bound) != REASON_none) {
        return NULL;
    }
    frame->prev_instr = instruction_at(frame, offset) - 1;
    return compiled->start + entry->machine;
}

/* The frame goes on with the instruction at `offset`; its `depth` operands stand in their slots. */
static struct side_exit_outcome go_on_at(PyThreadState *tstate, InterpreterFrame *frame, uint32_t offset, int depth)
{
    CodeUnit *next = instruction_at(frame, offset);
    frame->prev_instr = next - 1;
    const struct entry_row *entry;
    struct compiled_code *compiled = deopt_find_entry(frame, offset, &entry);
    if (compiled != NULL && rt_check_escape(tstate, frame, entry->bound) == REASON_none) {
        return (struct side_exit_outcome){NULL, compiled->start + entry->machine};
    }
    return (struct side_exit_outcome){rt_leave(tstate, frame, next, depth), NULL};
}

/* An exception is set, raised by the instruction prev_instr stands at. */
static struct side_exit_outcome raise_in(PyThreadState *tstate, InterpreterFrame *frame, int depth,
                                         const struct deopt_state *state, bool reraised)
{
    if (state->handler == DEOPT_NO_HANDLER) {
        return side_exit_unwind(tstate, frame, NULL, NULL, depth, 0, false, reraised);
    }
    const struct entry_row *entry;
    struct compiled_code *compiled = deopt_find_entry(frame, state->handler, &entry);
    if (compiled == NULL) {
        /* Tier 0 looks for the handler itself. */
        return (struct side_exit_outcome){rt_throw_in_tier0(tstate, frame, depth), NULL};
    }
    struct side_exit_outcome outcome =
        side_exit_unwind(tstate, frame, compiled->exits, compiled->start + entry->machine, depth, state->handler_keep,
                         state->handler_lasti, reraised);
    if (rt_check_escape(tstate, frame, entry->bound) != REASON_none) {
        CodeUnit *next = instruction_at(frame, state->handler);
        outcome = (struct side_exit_outcome){rt_leave(tstate, frame, next, entry->depth), NULL};
    }
    return outcome;
}

/* Carries a made frame out as `outcome` says, and gives it up; returns its result. */
static PyObject *finish_made(PyThreadState *tstate, InterpreterFrame *frame, struct side_exit_outcome outcome)
{
    PyObject *result = outcome.result;
    if (outcome.address != NULL) {
        frame_mark_compiled(frame);
        result = frame_enter_code(frame, tstate, outcome.address);
    }
    InterpreterFrame *caller = frame->previous;
    tstate->cframe->current_frame = caller;
    rt_finish_callee(tstate, frame, caller, result);
    return result;
}

/* The rest of sum(map(function, items)), one of whose calls has returned `value`, which is stolen: slots[0..3] are what COMPLETION_sum keeps, borrowed. */
static PyObject *finish_sum(PyObject **slots, PyObject *value)
{
    Py_ssize_t next = PyLong_AsSsize_t(slots[2]);
    PyObject *sum = next == 1 ? PyLong_FromLong(0) : Py_NewRef(slots[3]);
    while (sum != NULL && value != NULL) {
        PyObject *more = PyNumber_Add(sum, value);
        Py_DECREF(value);
        Py_SETREF(sum, more);
        if (sum == NULL || next >= Py_SIZE(slots[1])) {
            return sum;
        }
        PyObject *item = Py_NewRef(PySequence_Fast_ITEMS(slots[1])[next++]);
        value = PyObject_CallOneArg(slots[0], item);
        Py_DECREF(item);
    }
    Py_XDECREF(value);
    Py_XDECREF(sum);
    return NULL;
}

/* Stock's order: the arguments of an object that is called go before it. */
static void release_kept(PyObject **slot, int kept, bool object_last)
{
    for (int i = object_last ? 2 : 0; i < kept; i++) {
        if (slot[i] != NULL) {
            rt_release(slot[i]);
        }
    }
    if (object_last) {
        rt_release(slot[1]);
    }
}

/* A truth value from what __contains__ has returned, which is stolen. */
static PyObject *contained(PyObject *result, bool wanted)
{
    int truth = rt_truth(result);
    return truth < 0 ? NULL : Py_NewRef((truth != 0) == wanted ? Py_True : Py_False);
}

/* What the instruction gives whose function has returned `result`, which is stolen, as are the operands that were kept for it at `slot`. NULL: an exception;
 * where nothing is pushed, the result is None. */
static PyObject *complete(PyThreadState *tstate, InterpreterFrame *frame, const struct deopt_state *state,
                          PyObject **slot, PyObject *result)
{
    int kept = state->kept;
    int oparg = _Py_OPARG(*instruction_at(frame, state->offset));
    switch ((enum completion)state->completion) {
    case COMPLETION_instance:
        return rt_finish_instance(tstate, slot, kept - 2, result).result;
    case COMPLETION_operator:
        if (result == Py_NotImplemented) {
            result = user_binary_rest(slot[0], slot[1], oparg, result);
        }
        break;
    case COMPLETION_sum:
        result = finish_sum(slot, result);
        /* The iterator goes before the function, as map's end has it. */
        PyObject *function = slot[0];
        slot[0] = slot[1];
        slot[1] = function;
        break;
    case COMPLETION_compare:
        if (result == Py_NotImplemented) {
            result = user_compare_rest(slot[0], slot[1], oparg, result);
        }
        break;
    case COMPLETION_set:
        if (result != NULL) {
            Py_SETREF(result, Py_NewRef(Py_None));
        }
        break;
    case COMPLETION_contains:
        result = result != NULL ? contained(result, oparg == 0) : NULL;
        break;
    case COMPLETION_length:
        result = result != NULL ? user_length_of(result) : NULL;
        break;
    default:
        break;
    }
    bool has_tuple = completion_has_tuple(state->completion);
    for (int i = 2; has_tuple && i < kept; i++) {
        slot[i]->ob_refcnt--;
    }
    tstate->recursion_remaining += completion_levels(state->completion) - 1;
    release_kept(slot, kept, has_tuple);
    return result;
}

/* The frame stands in the middle of a call: goes on with what that has brought. */
static struct side_exit_outcome take_result(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct deopt_table *table, const struct deopt_state *state,
                                            PyObject *result)
{
    int depth = depth_of(table, state);
    if (state->completion) {
        depth -= state->kept;
        result = complete(tstate, frame, state, &frame->localsplus[state->locals + depth], result);
    }
    if (result == NULL) {
        return raise_in(tstate, frame, depth, state, false);
    }
    if (state->completion == COMPLETION_set) {
        Py_DECREF(result);
        return go_on_at(tstate, frame, state->next, depth);
    }
    frame->localsplus[state->locals + depth] = result;
    return go_on_at(tstate, frame, state->next, depth + 1);
}

/* The innermost frame of `state` goes on as `outcome` says: runs it, and the ones around it with its result or exception, until the
 * outermost is what goes on, which comes into *frame. */
static struct side_exit_outcome run_inlined(PyThreadState *tstate, InterpreterFrame **frame,
                                            const struct deopt_table *table, const struct deopt_state *state,
                                            struct side_exit_outcome outcome)
{
    while (state->outer != DEOPT_NO_STATE) {
        InterpreterFrame *caller = (*frame)->previous;
        PyObject *result = finish_made(tstate, *frame, outcome);
        *frame = caller;
        state = &table->states[state->outer];
        outcome = take_result(tstate, caller, table, state, result);
    }
    return outcome;
}

/* A guard has failed: the frames of the exit go on until the outermost one does. */
static struct side_exit_outcome leave_frames(PyThreadState *tstate, InterpreterFrame **frame,
                                             struct deopt_table *table, uint32_t exit, int64_t *values)
{
    struct deopt_exit *row = &table->exits[exit];
    const struct deopt_state *state = &table->states[row->state];
    row->count++;
    box_reserve_fill();
    if (UNLIKELY(box_reserve_is_low()) && deopt_retreat != NULL) {
        deopt_retreat(table);
    }
    *frame = rebuild(tstate, *frame, table, state, values);
    (*frame)->prev_instr = instruction_at(*frame, state->offset) - 1;
    if (row->counts && !stress_was_forced() && deopt_observer != NULL) {
        table->failures++;
        deopt_observer(*frame, table, row);
    }
    struct side_exit_outcome outcome = go_on_at(tstate, *frame, state->offset, depth_of(table, state));
    return run_inlined(tstate, frame, table, state, outcome);
}

struct side_exit_outcome rt_tier2_leave(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                        uint32_t exit, int64_t *values)
{
    return leave_frames(tstate, &frame, table, exit, values);
}

struct side_exit_outcome rt_tier2_raise(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                        uint32_t exit, int64_t *values, int status)
{
    struct deopt_exit *row = &table->exits[exit];
    const struct deopt_state *state = &table->states[row->state];
    row->count++;
    frame = rebuild(tstate, frame, table, state, values);
    box_reserve_settle(tstate);
    struct side_exit_outcome outcome = raise_in(tstate, frame, depth_of(table, state), state, status == OPS_RERAISED);
    return run_inlined(tstate, &frame, table, state, outcome);
}

/* ---- Direct calls ---------------------------------------------------------------------------------------------------------- */

/* Makes the frames of all functions that have called one another directly, the last of them `record`'s. They have been counted when they made their
 * calls. */
static void make_callers(PyThreadState *tstate, struct direct_record *record)
{
    if (record->made != NULL) {
        return;
    }
    if (record->caller != NULL) {
        make_callers(tstate, record->caller);
    }
    const struct deopt_state *state = &record->table->states[record->state];
    record->made = make_uncounted(tstate, tstate->cframe->current_frame, record->table, state, record->values);
    record->made->prev_instr = instruction_at(record->made, state->next) - 1;
}

PyObject *rt_tier2_leave_direct(PyThreadState *tstate, struct direct_record *caller, struct deopt_table *table,
                                uint32_t exit, int64_t *values)
{
    make_callers(tstate, caller);
    InterpreterFrame *frame = NULL;
    struct side_exit_outcome outcome = leave_frames(tstate, &frame, table, exit, values);
    return finish_made(tstate, frame, outcome);
}

/* The record's frames go on until the outermost one does, which comes into *frame. */
static struct side_exit_outcome resume(PyThreadState *tstate, InterpreterFrame **frame, struct direct_record *record,
                                       PyObject *result)
{
    const struct deopt_table *table = record->table;
    const struct deopt_state *state = &table->states[record->state];
    *frame = record->made;
    make_operands(*frame, table, state, record->values);
    struct side_exit_outcome outcome = take_result(tstate, *frame, table, state, result);
    return run_inlined(tstate, frame, table, state, outcome);
}

struct side_exit_outcome rt_tier2_resume(PyThreadState *tstate, InterpreterFrame *frame, struct direct_record *record,
                                         PyObject *result)
{
    return resume(tstate, &frame, record, result);
}

PyObject *rt_tier2_resume_direct(PyThreadState *tstate, struct direct_record *record, PyObject *result)
{
    InterpreterFrame *frame;
    struct side_exit_outcome outcome = resume(tstate, &frame, record, result);
    return finish_made(tstate, frame, outcome);
}

struct side_exit_outcome rt_tier2_return(InterpreterFrame *frame, PyThreadState *tstate, PyObject *result)
{
    (void)tstate;
    frame->stacktop = frame->f_code->co_nlocalsplus;
    return (struct side_exit_outcome){result, NULL};
}

int rt_tier2_pending(PyThreadState *tstate, PyObject **result)
{
    if (rt_eval_breaker(tstate) == 0) {
        return 0;
    }
    PyObject *dropped = *result;
    *result = NULL;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    Py_DECREF(dropped);
    PyErr_Restore(type, value, traceback);
    return OPS_RAISED;
}

int rt_tier2_quiet(PyThreadState *tstate, InterpreterFrame *frame)
{
    return rt_check_escape(tstate, frame, 0) == REASON_none && frame->frame_obj == NULL &&
           runtime_data.tracemalloc->tracing == 0;
}

/* Nothing has happened to the frames that were made for the time of a destructor, and function and code will live on without them. */
static bool are_untouched(PyThreadState *tstate, InterpreterFrame *root, InterpreterFrame *innermost)
{
    for (InterpreterFrame *frame = innermost; frame != root; frame = frame->previous) {
        exception_drop_idle_frame_object(frame);
        if (frame->frame_obj != NULL || frame->f_locals != NULL ||
            frame->f_func->func_code != (PyObject *)frame->f_code || frame->f_func->ob_base.ob_refcnt == 1 ||
            frame->f_code->ob_base.ob_base.ob_refcnt == 1) {
            return false;
        }
    }
    bool quiet = root->frame_obj == NULL && !tstate->cframe->use_tracing && runtime_data.tracemalloc->tracing == 0;
    return quiet || rt_tier2_quiet(tstate, root);
}

/* Takes the frames away again. The values are what they were: what the frames owned is compiled code's again. */
static void unmake_frames(PyThreadState *tstate, InterpreterFrame *innermost, const struct deopt_table *table,
                          const struct deopt_state *state, const int64_t *values)
{
    InterpreterFrame *frame = innermost;
    tstate->recursion_remaining += levels_of(table, state);
    while (state->outer != DEOPT_NO_STATE) {
        const struct deopt_slot *slots = &table->slots[state->first_slot];
        InterpreterFrame *caller = frame->previous;
        tstate->cframe->current_frame = caller;
        for (int i = 0; i < state->locals; i++) {
            if (slots[i].place != DEOPT_OWNED && frame->localsplus[i] != NULL) {
                rt_release(frame->localsplus[i]);
            }
        }
        if (slots[state->locals].place != DEOPT_OWNED) {
            Py_DECREF(frame->f_func);
        }
        Py_DECREF(frame->f_code);
        cpython_pop_frame_memory(tstate, frame);
        state = &table->states[state->outer];
        count_tuple(table, state, values, -1);
        frame = caller;
    }
}

int rt_tier2_dealloc(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t exit,
                     int64_t *values, PyObject *object)
{
    const struct deopt_exit *row = &table->exits[exit];
    const struct deopt_state *state = &table->states[row->state];
    PyTypeObject *type = Py_TYPE(object);
    if (type == runtime_data.int_type || type == runtime_data.float_type || type == runtime_data.str_type) {
        rt_dealloc(object);
        return 0;
    }
    InterpreterFrame *innermost = make_frames(tstate, frame, table, state, values);
    innermost->prev_instr = instruction_at(innermost, row->place);
    rt_dealloc(object);
    if (LIKELY(are_untouched(tstate, frame, innermost))) {
        unmake_frames(tstate, innermost, table, state, values);
        return 0;
    }
    keep_made(innermost, table, state, values);
    return 1;
}

int rt_tier2_release_and_leave(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                               uint32_t exit, int64_t *values, PyObject *object)
{
    const struct deopt_exit *row = &table->exits[exit];
    const struct deopt_state *state = &table->states[row->state];
    InterpreterFrame *innermost = make_frames(tstate, frame, table, state, values);
    innermost->prev_instr = instruction_at(innermost, row->place);
    rt_dealloc(object);
    keep_made(innermost, table, state, values);
    return 1;
}

int rt_tier2_release(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t exit,
                     int64_t *values, PyObject *object)
{
    /* An iterator whose container others have, too: it alone dies. */
    if (rt_iterator_frees_plainly(object)) {
        return 0;
    }
    if (plain_destruction(object)) {
        rt_dealloc(object);
        return 0;
    }
    return rt_tier2_release_and_leave(tstate, frame, table, exit, values, object);
}

InterpreterFrame *rt_tier2_make_frames(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                       uint32_t state, int64_t *values, uint32_t place)
{
    InterpreterFrame *innermost = make_frames(tstate, frame, table, &table->states[state], values);
    innermost->prev_instr = instruction_at(innermost, place);
    return innermost;
}

int rt_tier2_unmake_frames(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t state,
                           const int64_t *values, InterpreterFrame *innermost, int forced)
{
    if (LIKELY(!forced && are_untouched(tstate, frame, innermost))) {
        unmake_frames(tstate, innermost, table, &table->states[state], values);
        return 0;
    }
    made_already = innermost;
    return 1;
}

void rt_tier2_keep_frames(InterpreterFrame *innermost)
{
    made_already = innermost;
}
