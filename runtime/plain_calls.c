/* runtime/plain_calls.c: int, float and str called, without running code. See plain.h.
 *
 * Each finds what CALL finds: slots[1] the callee, then the arguments, all owned. It returns the result and has taken or released them
 * all, or NULL with nothing changed.
 */
#include "runtime/callees.h"
#include "runtime/ops.h"

static inline PyObject *end_call(PyObject **slots, PyObject *result)
{
    if (result == NULL) {
        PyErr_Clear(); /* no memory; the general call will say so */
        return NULL;
    }
    rt_release(slots[2]);
    slots[1]->ob_refcnt--;
    return result;
}

/* The characters of an exact ASCII str; NULL for other objects. */
static inline const Py_UCS1 *ascii_text(PyObject *object, Py_ssize_t *length)
{
    if (!PyUnicode_CheckExact(object) || !PyUnicode_IS_READY(object) || !PyUnicode_IS_COMPACT_ASCII(object)) {
        return NULL;
    }
    *length = PyUnicode_GET_LENGTH(object);
    return PyUnicode_1BYTE_DATA(object);
}

static inline bool skip_sign(const Py_UCS1 **text, Py_ssize_t *length)
{
    bool negative = *length > 0 && **text == '-';
    if (negative || (*length > 0 && **text == '+')) {
        (*text)++;
        (*length)--;
    }
    return negative;
}

/* int(str) of so many decimal digits at most, which fit 63 bits. */
enum { MOST_INT_DIGITS = 18 };

/* int() of int, float and decimal str. */
PyObject *plain_int_call(PyObject **slots, __attribute__((unused)) int count)
{
    PyObject *argument = slots[2];
    Py_ssize_t length;
    const Py_UCS1 *text = ascii_text(argument, &length);
    if (text != NULL) {
        bool negative = skip_sign(&text, &length);
        if (length < 1 || length > MOST_INT_DIGITS) {
            return NULL;
        }
        long value = 0;
        for (Py_ssize_t i = 0; i < length; i++) {
            unsigned numeral = (unsigned)text[i] - '0';
            if (numeral > 9) {
                return NULL;
            }
            value = value * 10 + (long)numeral;
        }
        return end_call(slots, rt_int_from_long(negative ? -value : value));
    }
    if (PyLong_CheckExact(argument)) {
        return end_call(slots, Py_NewRef(argument));
    }
    if (PyFloat_CheckExact(argument)) {
        double value = PyFloat_AS_DOUBLE(argument);
        if (value > -0x1p62 && value < 0x1p62) {
            return end_call(slots, rt_int_from_long((long)value));
        }
    }
    return NULL;
}

/* float(str) of so many decimal digits at most: they make a double without rounding, and so does the power of ten to divide by: the
 * quotient is rounded once, as it has to be. */
enum { MOST_FLOAT_DIGITS = 15 };

static bool decimal_fraction(const Py_UCS1 *text, Py_ssize_t length, double *value)
{
    static const double powers[MOST_FLOAT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool negative = skip_sign(&text, &length);
    long digits = 0;
    int behind = 0;
    bool point = false;
    if (length < 1 || length > MOST_FLOAT_DIGITS) {
        return false;
    }
    for (Py_ssize_t i = 0; i < length; i++) {
        unsigned numeral = (unsigned)text[i] - '0';
        if (numeral <= 9) {
            digits = digits * 10 + (long)numeral;
            behind += point;
        } else if (text[i] == '.' && !point && length > 1) {
            point = true;
        } else {
            return false;
        }
    }
    double quotient = (double)digits / powers[behind];
    *value = negative ? -quotient : quotient;
    return true;
}

/* float() of float, short int and simple decimal str. */
PyObject *plain_float_call(PyObject **slots, __attribute__((unused)) int count)
{
    PyObject *argument = slots[2];
    if (PyFloat_CheckExact(argument)) {
        return end_call(slots, Py_NewRef(argument));
    }
    if (PyLong_CheckExact(argument)) {
        Py_ssize_t size = Py_SIZE(argument);
        if ((size_t)(size + 1) <= 2) {
            return end_call(slots, rt_float_new((double)(size * (long)((PyLongObject *)argument)->ob_digit[0])));
        }
        return NULL;
    }
    Py_ssize_t length;
    const Py_UCS1 *text = ascii_text(argument, &length);
    double value;
    return text != NULL && decimal_fraction(text, length, &value) ? end_call(slots, rt_float_new(value)) : NULL;
}

/* str() of str, short int and float. */
PyObject *plain_str_call(PyObject **slots, __attribute__((unused)) int count)
{
    PyObject *argument = slots[2];
    PyObject *text = rt_plain_format(argument, 1);
    if (text != NULL) {
        slots[1]->ob_refcnt--;
    }
    return text;
}
