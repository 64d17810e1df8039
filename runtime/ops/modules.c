/* runtime/ops/modules.c: imports, annotations of modules and classes, the interactive prompt. */
#include "runtime/ops/shared.h"

/* ---- import ------------------------------------------------------------------------------------- */

/* [level, names after `from`, or None] -> [module] (ceval.c, import_name) */
HANDLER(IMPORT_NAME)
{
    PyObject *name = ops_name(frame, oparg);
    PyObject *level = sp[-2];
    PyObject *from_names = sp[-1];
    PyObject *locals = frame->f_locals == NULL ? Py_None : frame->f_locals;
    PyObject *module = NULL;
    PyObject *import = PyDict_GetItemWithError(frame->f_builtins, &_Py_ID(__import__));
    if (import == NULL) {
        if (!_PyErr_Occurred(tstate)) {
            _PyErr_SetString(tstate, PyExc_ImportError, "__import__ not found");
        }
    } else if (import == tstate->interp->import_func) {
        int number = _PyLong_AsInt(level);
        if (number != -1 || !_PyErr_Occurred(tstate)) {
            module = PyImport_ImportModuleLevelObject(name, frame->f_globals, locals, from_names, number);
        }
    } else {
        PyObject *arguments[] = {name, frame->f_globals, locals, from_names, level};
        Py_INCREF(import);
        module = PyObject_Vectorcall(import, arguments, 5, NULL);
        Py_DECREF(import);
    }
    Py_DECREF(level);
    Py_DECREF(from_names);
    sp[-2] = module;
    return module == NULL ? OPS_RAISED : 0;
}

/* ---- from ... import name ----------------------------------------------------------------------- */

/* Raises the ImportError for `name`, which `module` has not. `module_name` is NULL when it is not known. */
static void raise_cannot_import(PyThreadState *tstate, PyObject *module, PyObject *module_name, PyObject *name)
{
    PyObject *message;
    PyObject *path = PyModule_GetFilenameObject(module);
    PyObject *shown = module_name != NULL ? Py_NewRef(module_name) : PyUnicode_FromString("<unknown module name>");
    if (shown == NULL) {
        Py_XDECREF(path);
        return;
    }
    if (path == NULL || !PyUnicode_Check(path)) {
        _PyErr_Clear(tstate);
        message = PyUnicode_FromFormat("cannot import name %R from %R (unknown location)", name, shown);
        PyErr_SetImportError(message, module_name, NULL);
    } else {
        PyObject *spec = PyObject_GetAttr(module, &_Py_ID(__spec__));
        const char *format = _PyModuleSpec_IsInitializing(spec)
                                 ? "cannot import name %R from partially initialized module %R "
                                   "(most likely due to a circular import) (%S)"
                                 : "cannot import name %R from %R (%S)";
        Py_XDECREF(spec);
        message = PyUnicode_FromFormat(format, name, shown, path);
        PyErr_SetImportError(message, module_name, path);
    }
    Py_XDECREF(message);
    Py_DECREF(shown);
    Py_XDECREF(path);
}

/* module.name, or the submodule of that name when a circular import has it loaded but not yet set as an attribute. A
 * new reference or NULL with an exception set. (ceval.c, import_from) */
static PyObject *import_from(PyThreadState *tstate, PyObject *module, PyObject *name)
{
    PyObject *value;
    if (_PyObject_LookupAttr(module, name, &value) != 0) {
        return value;
    }
    PyObject *module_name = PyObject_GetAttr(module, &_Py_ID(__name__));
    if (module_name != NULL && !PyUnicode_Check(module_name)) {
        Py_CLEAR(module_name);
    }
    if (module_name != NULL) {
        PyObject *full_name = PyUnicode_FromFormat("%U.%U", module_name, name);
        value = full_name == NULL ? NULL : PyImport_GetModule(full_name);
        Py_XDECREF(full_name);
        if (value != NULL || _PyErr_Occurred(tstate)) {
            Py_DECREF(module_name);
            return value;
        }
    }
    raise_cannot_import(tstate, module, module_name, name);
    Py_XDECREF(module_name);
    return NULL;
}

/* [module] -> [module, attribute] */
HANDLER(IMPORT_FROM)
{
    PyObject *value = import_from(tstate, sp[-1], ops_name(frame, oparg));
    sp[0] = value;
    return value == NULL ? OPS_RAISED : 0;
}

/* ---- from ... import * -------------------------------------------------------------------------- */

/* Raises TypeError for a name in `module`'s __all__ or __dict__ that is not a string. */
static void raise_name_not_string(PyThreadState *tstate, PyObject *module, PyObject *name, bool from_dict)
{
    PyObject *module_name = PyObject_GetAttr(module, &_Py_ID(__name__));
    if (module_name == NULL) {
        return;
    }
    if (!PyUnicode_Check(module_name)) {
        _PyErr_Format(tstate, PyExc_TypeError, "module __name__ must be a string, not %.100s",
                      Py_TYPE(module_name)->tp_name);
    } else {
        _PyErr_Format(tstate, PyExc_TypeError, "%s in %U.%s must be str, not %.100s", from_dict ? "Key" : "Item",
                      module_name, from_dict ? "__dict__" : "__all__", Py_TYPE(name)->tp_name);
    }
    Py_DECREF(module_name);
}

/* The names that `from module import *` binds: __all__, or else the keys of __dict__ (*from_dict, and those with a leading
 * underscore are not meant). A new reference or NULL with an exception set. */
static PyObject *names_to_import(PyThreadState *tstate, PyObject *module, bool *from_dict)
{
    PyObject *names, *dict;
    *from_dict = false;
    if (_PyObject_LookupAttr(module, &_Py_ID(__all__), &names) != 0) {
        return names;
    }
    if (_PyObject_LookupAttr(module, &_Py_ID(__dict__), &dict) < 0) {
        return NULL;
    }
    if (dict == NULL) {
        _PyErr_SetString(tstate, PyExc_ImportError, "from-import-* object has no __dict__ and no __all__");
        return NULL;
    }
    *from_dict = true;
    names = PyMapping_Keys(dict);
    Py_DECREF(dict);
    return names;
}

/* Binds one of those names. 0, or -1 with an exception set. */
static int import_one(PyThreadState *tstate, PyObject *locals, PyObject *module, PyObject *name, bool from_dict)
{
    if (!PyUnicode_Check(name)) {
        raise_name_not_string(tstate, module, name, from_dict);
        return -1;
    }
    if (from_dict) {
        if (PyUnicode_READY(name) == -1) {
            return -1;
        }
        if (PyUnicode_READ_CHAR(name, 0) == '_') {
            return 0;
        }
    }
    PyObject *value = PyObject_GetAttr(module, name);
    if (value == NULL) {
        return -1;
    }
    int failed =
        PyDict_CheckExact(locals) ? PyDict_SetItem(locals, name, value) : PyObject_SetItem(locals, name, value);
    Py_DECREF(value);
    return failed;
}

/* (ceval.c, import_all_from) */
static int import_all(PyThreadState *tstate, PyObject *locals, PyObject *module)
{
    bool from_dict;
    PyObject *names = names_to_import(tstate, module, &from_dict);
    if (names == NULL) {
        return -1;
    }
    int failed = 0;
    for (Py_ssize_t i = 0; !failed; i++) {
        PyObject *name = PySequence_GetItem(names, i);
        if (name == NULL) {
            if (_PyErr_ExceptionMatches(tstate, PyExc_IndexError)) {
                _PyErr_Clear(tstate);
            } else {
                failed = -1;
            }
            break;
        }
        failed = import_one(tstate, locals, module, name, from_dict);
        Py_DECREF(name);
    }
    Py_DECREF(names);
    return failed;
}

/* [module] -> []. CPython compiles it at module level only: there are no fast locals to bring into line. */
HANDLER(IMPORT_STAR)
{
    PyObject *module = sp[-1];
    int failed = -1;
    if (frame->f_locals == NULL) {
        _PyErr_SetString(tstate, PyExc_SystemError, "no locals found during 'import *'");
    } else {
        failed = import_all(tstate, frame->f_locals, module);
    }
    Py_DECREF(module);
    return failed ? OPS_RAISED : 0;
}

/* ---- Annotations, displayhook ------------------------------------------------------------------- */

/* Gives the namespace an __annotations__ dict if it has none. */
HANDLER(SETUP_ANNOTATIONS)
{
    PyObject *locals = frame->f_locals;
    PyObject *name = &_Py_ID(__annotations__);
    if (locals == NULL) {
        _PyErr_Format(tstate, PyExc_SystemError, "no locals found when setting up annotations");
        return OPS_RAISED;
    }
    bool is_dict = PyDict_CheckExact(locals);
    PyObject *annotations =
        is_dict ? Py_XNewRef(PyDict_GetItemWithError(locals, name)) : PyObject_GetItem(locals, name);
    if (annotations == NULL) {
        if (_PyErr_Occurred(tstate)) {
            if (is_dict || !_PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
                return OPS_RAISED;
            }
            _PyErr_Clear(tstate);
        }
        annotations = PyDict_New();
        if (annotations == NULL) {
            return OPS_RAISED;
        }
        if ((is_dict ? PyDict_SetItem(locals, name, annotations) : PyObject_SetItem(locals, name, annotations)) !=
            0) {
            Py_DECREF(annotations);
            return OPS_RAISED;
        }
    }
    Py_DECREF(annotations);
    return 0;
}

/* [value] -> []: an expression at the interactive prompt */
HANDLER(PRINT_EXPR)
{
    PyObject *value = sp[-1];
    PyObject *hook = PySys_GetObject("displayhook");
    PyObject *result = NULL;
    if (hook == NULL) {
        _PyErr_SetString(tstate, PyExc_RuntimeError, "lost sys.displayhook");
    } else {
        result = PyObject_CallOneArg(hook, value);
    }
    Py_DECREF(value);
    Py_XDECREF(result);
    return result == NULL ? OPS_RAISED : 0;
}
