"""Other users of PEP 523 (pydevd, TorchDynamo): a hook installed before ours gets the frames we do not compile, one installed
after ours gets every frame, and the log says so once."""

import json
import sysconfig
import unittest

import tooling

HOOK = r"""
#define Py_BUILD_CORE_MODULE 1
#include <Python.h>
#include "internal/pycore_frame.h"
#include "internal/pycore_interp.h"

static _PyFrameEvalFunction earlier;
static long seen;
static PyObject *watched;

static PyObject *hook(PyThreadState *tstate, struct _PyInterpreterFrame *frame, int throwflag)
{
    if (watched != NULL && PyUnicode_Compare(frame->f_code->co_name, watched) == 0) {
        seen++;
    }
    return earlier(tstate, frame, throwflag);
}

static PyObject *install(PyObject *module, PyObject *name)
{
    Py_INCREF(name);
    watched = name;
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    earlier = _PyInterpreterState_GetEvalFrameFunc(interpreter);
    _PyInterpreterState_SetEvalFrameFunc(interpreter, hook);
    Py_RETURN_NONE;
}

static PyObject *count(PyObject *module, PyObject *unused)
{
    return PyLong_FromLong(seen);
}

static PyMethodDef methods[] = {{"install", install, METH_O}, {"count", count, METH_NOARGS}, {0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "otherhook", NULL, -1, methods};
PyMODINIT_FUNC PyInit_otherhook(void)
{
    return PyModule_Create(&definition);
}
"""

PROGRAM = """
import sys, otherhook
def leaf(n): return n + 1
def calls(n):
    total = 0
    for i in range(n): total += leaf(i)
    return total
"""


class OtherHooks(tooling.ToolTest):
    def setUp(self):
        super().setUp()
        self.compile_c("otherhook.so", HOOK, "-shared", "-fPIC", "-w", "-I" + sysconfig.get_path("include"))

    def test_installed_after_ours(self):
        program = self.write("program.py", PROGRAM + """
calls(50)
otherhook.install("leaf")
assert calls(50) == calls(50) == 1275
print(otherhook.count())
""")
        log = self.path("log")
        result = tooling.run([tooling.LAUNCHER, program], PYTHONPATH=self.folder, JIT_STRESS="compile-all", JIT_LOG=log)
        self.expect(result, "100\n")
        with open(log, encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        told = [event for event in events if event["event"] == "decline" and event["reason"] == "newer_eval_hook"]
        self.assertEqual(len(told), 1)

    def test_installed_before_ours(self):
        program = self.write("program.py", PROGRAM + """
otherhook.install("leaf")
import pyjit
pyjit.enable()
pyjit.suppress(leaf)
assert calls(50) == calls(50) == 1275
print(otherhook.count(), pyjit.is_compiled(calls))
""")
        result = tooling.run([tooling.STOCK, program], PYTHONPATH=self.folder + ":" + tooling.MODULE_PATH,
                             JIT_STRESS="compile-all")
        self.expect(result, "100 True\n")

    def test_ours_taken_out_below_a_newer_one(self):
        program = self.write("program.py", PROGRAM + """
import pyjit
calls(50)
otherhook.install("leaf")
pyjit.disable()
def fresh(n): return leaf(n)
assert [fresh(i) for i in range(10)] == list(range(1, 11))
print(otherhook.count(), pyjit.is_compiled(fresh))
""")
        result = tooling.run([tooling.LAUNCHER, program], PYTHONPATH=self.folder, JIT_STRESS="compile-all")
        self.expect(result, "10 False\n")


if __name__ == "__main__":
    unittest.main()
