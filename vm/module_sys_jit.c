/* vm/module_sys_jit.c: sys._jit.is_available, is_enabled, is_active. */
#include "vm/module_sys_jit.h"

#include "vm/activate.h"
#include "vm/hook.h"

static PyObject *is_available(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(activation_possible());
}

static PyObject *is_enabled(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(hook_is_installed());
}

static PyObject *is_active(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(hook_is_active(PyThreadState_Get()));
}

static PyMethodDef methods[] = {
    {"is_available", is_available, METH_NOARGS,
     PyDoc_STR("is_available($module, /)\n--\n\nCan the JIT serve this interpreter?")},
    {"is_enabled", is_enabled, METH_NOARGS,
     PyDoc_STR("is_enabled($module, /)\n--\n\nIs the JIT on in this process?")},
    {"is_active", is_active, METH_NOARGS,
     PyDoc_STR("is_active($module, /)\n--\n\nIs the calling Python function running compiled code right now?")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "sys._jit", .m_doc = PyDoc_STR("What the just-in-time compiler is doing."),
    .m_size = 0,           .m_methods = methods,
};

int module_sys_jit_install(void)
{
    if (PySys_GetObject("_jit") != NULL) {
        return 0;
    }
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return -1;
    }
    int result = PySys_SetObject("_jit", module);
    Py_DECREF(module);
    return result;
}
