/* runtime/ops/global.c: LOAD_GLOBAL with a cache of the entry's place. */
#include "runtime/dict_lookup.h"
#include "runtime/ops/shared.h"

/* How often a site waits for tier 0 to give the builtins' keys a version before it gives them one from
 * our range, which tier 0's own cache has no room for (it keeps 16 bits). */
enum { PATIENCE_FOR_BUILTINS = 64 };

/* After this many refreshes the dict is one that keeps growing: from then on only every
 * REFRESH_PERIOD-th miss refreshes the cell. The cell is never given up. */
enum { MANY_MISSES = 256, REFRESH_PERIOD = 16 };

static PyObject *name_error(PyObject *name)
{
    ops_raise_name_not_defined(_PyThreadState_GET(), name);
    return NULL;
}

/* A miss in namespaces that are not both plain dicts: item look-ups of any kind, in stock's order. */
__attribute__((noinline, cold)) static PyObject *load_through_items(PyObject *globals, PyObject *builtins,
                                                                    PyObject *name)
{
    PyThreadState *tstate = _PyThreadState_GET();
    PyObject *value = PyObject_GetItem(globals, name);
    if (value == NULL && _PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
        _PyErr_Clear(tstate);
        value = PyObject_GetItem(builtins, name);
        if (value == NULL && _PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
            return name_error(name);
        }
    }
    return value;
}

/* Some key of a dict is not a str: its comparison with `name` may run anything. (dictobject.c, _PyDict_LoadGlobal) */
__attribute__((noinline, cold)) static PyObject *load_from_mixed_dicts(PyObject *globals, PyObject *builtins,
                                                                       PyObject *name)
{
    PyObject *value = PyDict_GetItemWithError(globals, name);
    if (value == NULL && !PyErr_Occurred()) {
        value = PyDict_GetItemWithError(builtins, name);
    }
    if (value == NULL) {
        return PyErr_Occurred() ? NULL : name_error(name);
    }
    return Py_NewRef(value);
}

static inline bool has_plain_keys(PyDictObject *dict)
{
    return dict->ma_values == NULL && DK_IS_UNICODE(dict->ma_keys);
}

/* Byte offset of an entry's value from the keys object. */
static inline uint32_t value_offset(PyDictKeysObject *keys, Py_ssize_t index)
{
    return (uint32_t)((char *)&DK_UNICODE_ENTRIES(keys)[index].me_value - (char *)keys);
}

/* Is this miss one that pays the refresh? */
static bool worth_refreshing(struct global_cell *cell)
{
    if (cell->misses < MANY_MISSES) {
        cell->misses++;
        return true;
    }
    cell->skipped++;
    return cell->skipped % REFRESH_PERIOD == 0;
}

/* Looks the name up and points the cell at its entry. Inside a miss nothing can run Python code, so the
 * versions taken are those of the tables just searched. */
__attribute__((noinline)) static PyObject *load_and_learn(PyDictObject *globals, PyDictObject *builtins,
                                                          PyObject *name, struct global_cell *cell)
{
    if (!PyDict_CheckExact(globals) || !PyDict_CheckExact(builtins)) {
        return load_through_items((PyObject *)globals, (PyObject *)builtins, name);
    }
    if (!has_plain_keys(globals) || !has_plain_keys(builtins)) {
        return load_from_mixed_dicts((PyObject *)globals, (PyObject *)builtins, name);
    }
    bool refresh = worth_refreshing(cell);
    PyDictObject *home = globals;
    Py_ssize_t index = dict_find_string(globals->ma_keys, name);
    if (index < 0) {
        home = builtins;
        index = dict_find_string(builtins->ma_keys, name);
        if (index < 0) {
            return name_error(name);
        }
        if (builtins->ma_keys->dk_version == 0 && cell->misses < PATIENCE_FOR_BUILTINS) {
            refresh = false;
        }
    }
    PyObject *value = dict_value_at(home, index);
    if (refresh) {
        uint32_t globals_version = cpython_dict_keys_version(globals->ma_keys);
        uint32_t builtins_version = home == builtins ? cpython_dict_keys_version(builtins->ma_keys) : 0;
        if (home == builtins && builtins_version == 0) {
            globals_version = FEEDBACK_NO_VERSION; /* the range is used up */
        }
        cell->globals_version = globals_version;
        cell->builtins_version = builtins_version;
        cell->offset = value_offset(home->ma_keys, index);
    }
    return Py_NewRef(value);
}

PyObject *rt_load_global(InterpreterFrame *frame, PyObject *name, struct global_cell *cell)
{
    PyDictObject *globals = (PyDictObject *)frame->f_globals;
    PyDictObject *builtins = (PyDictObject *)frame->f_builtins;
    uint32_t version = cell->globals_version;
    PyDictKeysObject *keys = globals->ma_keys;
    if (LIKELY(PyDict_CheckExact(globals) && keys->dk_version == version)) {
        if (cell->builtins_version != 0) {
            if (UNLIKELY(!PyDict_CheckExact(builtins) || builtins->ma_keys->dk_version != cell->builtins_version)) {
                return load_and_learn(globals, builtins, name, cell);
            }
            keys = builtins->ma_keys;
        }
        PyObject *value = *(PyObject **)((char *)keys + cell->offset);
        if (LIKELY(value != NULL)) {
            return Py_NewRef(value);
        }
    }
    return load_and_learn(globals, builtins, name, cell);
}
