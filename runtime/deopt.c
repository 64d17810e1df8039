/* runtime/deopt.c: see deopt.h. */
#include "runtime/deopt.h"

#include "runtime/box_reserve.h"
#include "runtime/frame.h"
#include "runtime/ops.h"
#include "runtime/plain.h"
#include "runtime/runtime_data.h"
#include "runtime/stress.h"

#include <stdlib.h>
#include <string.h>

struct compiled_code *(*deopt_find_entry)(InterpreterFrame *frame, uint32_t offset, const struct entry_row **row);
void (*deopt_observer)(InterpreterFrame *frame, struct deopt_table *table, struct deopt_exit *exit);

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
        free(table->exits);
        free(table->states);
        free(table->slots);
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

/* A new reference for an operand's slot, or NULL for an empty one. */
static PyObject *object_of(const struct deopt_slot *slot, const int64_t *values)
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
    case DEOPT_BOOL:
        return Py_NewRef(number_of(slot, slot->value, values) ? Py_True : Py_False);
    case DEOPT_ITERATOR: {
        struct range_iterator *iterator = (struct range_iterator *)values[slot->value];
        iterator->index = number_of(slot, slot->index, values);
        return (PyObject *)iterator;
    }
    }
    return NULL;
}

/* The box made for an earlier local that stands for the same number, because one was assigned to the other, borrowed; or NULL. */
static PyObject *earlier_box(InterpreterFrame *frame, const struct deopt_slot *slots, int local)
{
    const struct deopt_slot *slot = &slots[local];
    if ((slot->place != DEOPT_INT && slot->place != DEOPT_FLOAT) || slot->value == DEOPT_NO_VALUE) {
        return NULL;
    }
    for (int i = 0; i < local; i++) {
        if (slots[i].place == slot->place && slots[i].value == slot->value) {
            return frame->localsplus[i];
        }
    }
    return NULL;
}

/* Brings the homes of raw locals up to date. What dies there is a number. */
static void restore_locals(InterpreterFrame *frame, const struct deopt_table *table, const struct deopt_state *state,
                           const int64_t *values)
{
    const struct deopt_slot *slots = &table->slots[state->first_slot];
    for (int i = 0; i < state->locals; i++) {
        const struct deopt_slot *slot = &slots[i];
        if (slot->place == DEOPT_KEEP || (slot->clean != DEOPT_NO_VALUE && values[slot->clean])) {
            continue;
        }
        PyObject *old = frame->localsplus[i];
        PyObject *box = earlier_box(frame, slots, i);
        frame->localsplus[i] = box != NULL ? Py_NewRef(box) : object_of(slot, values);
        if (old != NULL) {
            rt_release(old);
        }
    }
}

static void restore_operands(InterpreterFrame *frame, const struct deopt_table *table,
                             const struct deopt_state *state, const int64_t *values)
{
    const struct deopt_slot *slots = &table->slots[state->first_slot + state->locals];
    PyObject **stack = &frame->localsplus[state->locals];
    for (int i = 0; i < state->depth; i++) {
        if (slots[i].place != DEOPT_KEEP) {
            stack[i] = object_of(&slots[i], values);
        }
    }
}

static CodeUnit *instruction_at(InterpreterFrame *frame, uint32_t offset)
{
    return _PyCode_CODE(frame->f_code) + offset / sizeof(CodeUnit);
}

struct side_exit_outcome rt_tier2_leave(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                        uint32_t exit, const int64_t *values)
{
    struct deopt_exit *row = &table->exits[exit];
    const struct deopt_state *state = &table->states[row->state];
    row->count++;
    box_reserve_fill();
    restore_locals(frame, table, state, values);
    restore_operands(frame, table, state, values);
    CodeUnit *next = instruction_at(frame, state->offset);
    frame->prev_instr = next - 1;
    if (row->counts && !stress_was_forced() && deopt_observer != NULL) {
        table->failures++;
        deopt_observer(frame, table, row);
    }
    const struct entry_row *entry;
    struct compiled_code *compiled = deopt_find_entry(frame, state->offset, &entry);
    if (compiled != NULL && rt_check_escape(tstate, frame, entry->bound) == REASON_none) {
        return (struct side_exit_outcome){NULL, compiled->start + entry->machine};
    }
    return (struct side_exit_outcome){rt_leave(tstate, frame, next, state->depth), NULL};
}

struct side_exit_outcome rt_tier2_raise(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                        uint32_t exit, const int64_t *values, int status)
{
    struct deopt_exit *row = &table->exits[exit];
    const struct deopt_state *state = &table->states[row->state];
    row->count++;
    restore_locals(frame, table, state, values);
    restore_operands(frame, table, state, values);
    box_reserve_settle(tstate);
    bool reraised = status == OPS_RERAISED;
    if (state->handler == DEOPT_NO_HANDLER) {
        return side_exit_unwind(tstate, frame, NULL, NULL, state->depth, 0, false, reraised);
    }
    const struct entry_row *entry;
    struct compiled_code *compiled = deopt_find_entry(frame, state->handler, &entry);
    if (compiled == NULL) {
        /* Tier 0 looks for the handler itself. */
        return (struct side_exit_outcome){rt_throw_in_tier0(tstate, frame, state->depth), NULL};
    }
    struct side_exit_outcome outcome =
        side_exit_unwind(tstate, frame, compiled->exits, compiled->start + entry->machine, state->depth,
                         state->handler_keep, state->handler_lasti, reraised);
    if (rt_check_escape(tstate, frame, entry->bound) != REASON_none) {
        CodeUnit *next = instruction_at(frame, state->handler);
        outcome = (struct side_exit_outcome){rt_leave(tstate, frame, next, entry->depth), NULL};
    }
    return outcome;
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
    return rt_check_escape(tstate, frame, 0) == REASON_none && frame->frame_obj == NULL;
}

int rt_tier2_release(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t exit,
                     const int64_t *values, PyObject *object)
{
    if (plain_destruction(object)) {
        rt_dealloc(object);
        return 0;
    }
    rt_tier2_dealloc(tstate, frame, table, exit, values, object);
    return 1;
}

int rt_tier2_dealloc(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t exit,
                     const int64_t *values, PyObject *object)
{
    const struct deopt_exit *row = &table->exits[exit];
    restore_locals(frame, table, &table->states[row->state], values);
    frame->prev_instr = instruction_at(frame, row->place);
    rt_dealloc(object);
    if (UNLIKELY(frame->frame_obj != NULL || tstate->cframe->use_tracing)) {
        return !rt_tier2_quiet(tstate, frame);
    }
    return 0;
}
