/* runtime/box_reserve.h: boxes for numbers, tuples and instances that tier-2 code must make when memory has run out.
 *
 * Tier-2 code makes a box where it is needed, perhaps long after the instruction whose result it is, in places that cannot raise. There the
 * reserve helps out, and MemoryError comes as an asynchronous exception does: at the next loop turn or call. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_BOX_RESERVE_H
#define PYJIT_RUNTIME_BOX_RESERVE_H

#include "runtime/cpython.h"

/* Fills the reserve up, as far as memory allows; cheap when it is full. A pending exception stays. */
void box_reserve_fill(void);

/* A new int, float or complex number for who has just failed to make one: clears that MemoryError, and has it raised later. Only when the reserve is used up, which
 * takes hundreds of failures in a single loop turn, the process ends. */
PyObject *box_reserve_take_int(int64_t value);
PyObject *box_reserve_take_float(double value);
PyObject *box_reserve_take_complex(double real, double imaginary);
/* The same for a tuple of at most BOX_RESERVE_ITEMS, whose items are to be filled in. */
enum { BOX_RESERVE_ITEMS = 16 };
PyObject *box_reserve_take_tuple(int count);
/* The same for an instance of a class that instance_fits_reserve (instance.h) is true of: all its attributes are missing. */
PyObject *box_reserve_take_instance(PyThreadState *tstate, PyTypeObject *type);

/* The same for `size` words on the data stack, and room for the frames after it. */
InterpreterFrame *box_reserve_take_frame(PyThreadState *tstate, size_t size);

/* Has much been taken that could not be made up for? Then tier-2 code, which needs it, had better not be entered. */
bool box_reserve_is_low(void);

/* The identifier of the thread that is to raise MemoryError; 0: none. */
extern unsigned long box_reserve_due;

/* An exception is being raised in compiled code: if it is a MemoryError, the one that is due has come. */
void box_reserve_settle_due(PyThreadState *tstate);
static inline void box_reserve_settle(PyThreadState *tstate)
{
    if (UNLIKELY(box_reserve_due != 0)) {
        box_reserve_settle_due(tstate);
    }
}

#endif
