/* runtime/box_reserve.c: see box_reserve.h. */
#include "runtime/box_reserve.h"

#include "runtime/instance.h"
#include "runtime/plain.h"
#include "runtime/runtime_data.h"

enum { MOST_BOXES = 256, MOST_TUPLES = 32, MOST_INSTANCES = 32, MOST_DIGITS = 3 };

struct reserve {
    PyObject *boxes[MOST_BOXES]; /* owned */
    int count;
};
static struct reserve ints, floats, complexes, tuples;

/* Memory only, not objects yet. */
static struct reserve instances, instance_values;

static PyObject *make_int(void)
{
    return (PyObject *)_PyLong_New(MOST_DIGITS);
}

static PyObject *make_float(void)
{
    return PyFloat_FromDouble(0.0);
}

static PyObject *make_complex(void)
{
    return PyComplex_FromDoubles(0.0, 0.0);
}

/* Nobody is to find it, nor is the collector to run, while frames are half made. */
static PyObject *make_tuple(void)
{
    int enabled = plain_hold_collection_off();
    PyObject *tuple = PyTuple_New(BOX_RESERVE_ITEMS);
    plain_allow_collection(enabled);
    if (tuple != NULL) {
        PyObject_GC_UnTrack(tuple);
    }
    return tuple;
}

static PyObject *make_instance_block(void)
{
    return PyObject_Malloc(INSTANCE_RESERVE_BYTES);
}

static PyObject *make_values_block(void)
{
    return PyMem_Malloc(INSTANCE_RESERVE_BYTES);
}

static void fill(struct reserve *reserve, PyObject *(*make)(void), int most)
{
    while (reserve->count < most) {
        PyObject *box = make();
        if (box == NULL) {
            return;
        }
        reserve->boxes[reserve->count++] = box;
    }
}

bool box_reserve_is_low(void)
{
    return ints.count < MOST_BOXES / 2 || floats.count < MOST_BOXES / 2 || complexes.count < MOST_BOXES / 2 ||
           tuples.count < MOST_TUPLES / 2 || instances.count < MOST_INSTANCES / 2 ||
           instance_values.count < MOST_INSTANCES / 2;
}

void box_reserve_fill(void)
{
    cpython_fill_frame_reserve();
    if (ints.count < MOST_BOXES || floats.count < MOST_BOXES || complexes.count < MOST_BOXES ||
        tuples.count < MOST_TUPLES || instances.count < MOST_INSTANCES || instance_values.count < MOST_INSTANCES) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        fill(&ints, make_int, MOST_BOXES);
        fill(&floats, make_float, MOST_BOXES);
        fill(&complexes, make_complex, MOST_BOXES);
        fill(&tuples, make_tuple, MOST_TUPLES);
        fill(&instances, make_instance_block, MOST_INSTANCES);
        fill(&instance_values, make_values_block, MOST_INSTANCES);
        PyErr_Restore(type, value, traceback);
    }
}

unsigned long box_reserve_due;

void box_reserve_settle_due(PyThreadState *tstate)
{
    if (PyErr_Occurred() == NULL) {
        /* A box failed while the exception was on its way, and took its place. */
        PyErr_NoMemory();
    }
    if (box_reserve_due == tstate->thread_id && tstate->async_exc == PyExc_MemoryError &&
        PyErr_ExceptionMatches(PyExc_MemoryError)) {
        box_reserve_due = 0;
        PyThreadState_SetAsyncExc(tstate->thread_id, NULL);
    }
}

/* There is nothing left to go on with. */
static void give_up(void)
{
    Py_FatalError("pyjit: out of memory while leaving compiled code");
}

/* MemoryError is due. */
static void note_failure(void)
{
    PyErr_Clear();
    box_reserve_due = PyThreadState_Get()->thread_id;
    PyThreadState_SetAsyncExc(box_reserve_due, PyExc_MemoryError);
}

static PyObject *take(struct reserve *reserve)
{
    if (reserve->count == 0) {
        give_up();
    }
    note_failure();
    return reserve->boxes[--reserve->count];
}

InterpreterFrame *box_reserve_take_frame(PyThreadState *tstate, size_t size)
{
    InterpreterFrame *frame = cpython_push_frame_reserve(tstate, size);
    if (frame == NULL) {
        give_up();
    }
    note_failure();
    return frame;
}

PyObject *box_reserve_take_int(int64_t value)
{
    PyLongObject *box = (PyLongObject *)take(&ints);
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    Py_ssize_t digits = 0;
    for (; magnitude != 0; magnitude >>= PyLong_SHIFT) {
        box->ob_digit[digits++] = (digit)(magnitude & PyLong_MASK);
    }
    Py_SET_SIZE(box, value < 0 ? -digits : digits);
    return (PyObject *)box;
}

PyObject *box_reserve_take_float(double value)
{
    PyFloatObject *box = (PyFloatObject *)take(&floats);
    box->ob_fval = value;
    return (PyObject *)box;
}

PyObject *box_reserve_take_complex(double real, double imaginary)
{
    PyComplexObject *box = (PyComplexObject *)take(&complexes);
    box->cval = (Py_complex){real, imaginary};
    return (PyObject *)box;
}

PyObject *box_reserve_take_tuple(int count)
{
    PyObject *tuple = take(&tuples);
    /* Of such a length it goes to the list for that when it dies; the rest of its memory lies idle. */
    Py_SET_SIZE(tuple, count);
    PyObject_GC_Track(tuple);
    return tuple;
}

PyObject *box_reserve_take_instance(PyThreadState *tstate, PyTypeObject *type)
{
    void *block = take(&instances);
    void *values = type->tp_flags & Py_TPFLAGS_MANAGED_DICT ? take(&instance_values) : NULL;
    return instance_in_reserve(tstate, type, block, values);
}
