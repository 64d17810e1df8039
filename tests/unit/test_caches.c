/* tests/unit/test_caches.c: what the caches of attributes, globals and calls learn, what templates may read from their
 * cells, and that nobody's references are lost. The programs tests/programs/cache_*.py compare behaviour; here the cells
 * themselves are looked at. */
#include "runtime/call.h"
#include "runtime/code_state.h"
#include "runtime/dict_lookup.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"

#include "tests/unit/unit.h"

static PyObject *names; /* the dict of the module that the tests make their objects in */

static void start_python(const char *source)
{
    Py_InitializeEx(0);
    runtime_data_init(_PyThreadState_GET());
    CHECK(code_state_init() == 0);
    names = PyDict_New();
    PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins());
    PyObject *done = PyRun_String(source, Py_file_input, names, names);
    if (done == NULL) {
        PyErr_Print();
    }
    CHECK(done != NULL);
    Py_DECREF(done);
}

/* An object of that module, borrowed. */
static PyObject *get(const char *name)
{
    PyObject *object = PyDict_GetItemString(names, name);
    CHECK(object != NULL, "%s", name);
    return object;
}

static void run(const char *source)
{
    PyObject *done = PyRun_String(source, Py_file_input, names, names);
    CHECK(done != NULL, "%s", source);
    Py_DECREF(done);
}

static PyObject *interned(const char *text)
{
    return PyUnicode_InternFromString(text);
}

/* owner.name through the cell: its value as a C long. */
static long load_long(const char *owner, const char *name, struct attribute_cell *cell)
{
    PyObject *value = rt_load_attr(Py_NewRef(get(owner)), interned(name), cell);
    CHECK(value != NULL, "%s.%s", owner, name);
    long number = PyLong_AsLong(value);
    Py_DECREF(value);
    return number;
}

TEST(dict_probe_finds_what_dict_finds)
{
    start_python("tables = []\n"
                 "for size in (0, 1, 5, 6, 100, 300, 70000):\n"
                 "    table = {f'k{i}': i for i in range(size)}\n"
                 "    for i in range(0, size, 3): del table[f'k{i}']\n"
                 "    tables.append(table)\n"
                 "class C: pass\n"
                 "c = C(); c.k1 = 1; c.k7 = 7; tables.append(c.__dict__)\n");
    PyObject *tables = get("tables");
    for (Py_ssize_t number = 0; number < PyList_GET_SIZE(tables); number++) {
        PyDictObject *table = (PyDictObject *)PyList_GET_ITEM(tables, number);
        CHECK(DK_IS_UNICODE(table->ma_keys));
        uint16_t hint = 5;
        for (int key = 0; key < 70010; key += key < 400 ? 1 : 97) {
            PyObject *name = PyUnicode_FromFormat("k%d", key); /* never the identical string */
            PyObject *expected = PyDict_GetItemWithError((PyObject *)table, name);
            CHECK(dict_get_string(table, name) == expected, "k%d", key);
            CHECK(dict_get_string_hinted(table, name, &hint) == expected, "k%d", key);
            Py_DECREF(name);
        }
    }
}

TEST(inline_words_describe_inline_values)
{
    start_python("class C:\n"
                 "    def __init__(self): self.a, self.b = 1, 2\n"
                 "one, two = C(), C()\n");
    struct attribute_cell cell;
    feedback_init_attribute(&cell);
    CHECK(load_long("one", "b", &cell) == 2);
    PyTypeObject *type = Py_TYPE(get("one"));
    CHECK(cell.count == 1 && cell.first.kind == ATTRIBUTE_INLINE_VALUE);
    CHECK(cell.inline_version == type->tp_version_tag && type->tp_version_tag != 0);
    PyDictValues *values = *_PyObject_ValuesPointer(get("two"));
    CHECK(PyLong_AsLong(*(PyObject **)((char *)values + cell.inline_offset)) == 2);
    CHECK(cell.slot_version == FEEDBACK_NO_VERSION && cell.method_version == FEEDBACK_NO_VERSION);

    /* A data descriptor takes over: the old words cannot match, the new ones are not there. */
    run("C.b = property(lambda self: 5)\n");
    CHECK(type->tp_version_tag != cell.inline_version);
    CHECK(load_long("one", "b", &cell) == 5);
    CHECK(cell.count == 1 && cell.first.kind == ATTRIBUTE_PROPERTY);
    CHECK(cell.inline_version == FEEDBACK_NO_VERSION);
    run("del C.b; one.__dict__['b'] = 6\n");
    CHECK(load_long("one", "b", &cell) == 6);
    CHECK(load_long("two", "b", &cell) == 2);
}

TEST(mutable_descriptors_are_never_served_inline)
{
    start_python("class D: pass\n"
                 "class C: x = D()\n"
                 "one = C(); one.x = 1\n");
    struct attribute_cell cell;
    feedback_init_attribute(&cell);
    CHECK(load_long("one", "x", &cell) == 1);
    CHECK(cell.first.kind == ATTRIBUTE_DESCRIPTOR && cell.inline_version == FEEDBACK_NO_VERSION);
    run("D.__get__ = lambda self, o, t: 7\n");
    CHECK(load_long("one", "x", &cell) == 1);
    run("D.__set__ = lambda self, o, v: None\n");
    CHECK(load_long("one", "x", &cell) == 7);
}

TEST(method_words_need_unhidden_methods)
{
    start_python("class Dictless:\n"
                 "    __slots__ = ()\n"
                 "    def m(self): pass\n"
                 "class C:\n"
                 "    def m(self): pass\n"
                 "plain, without, other = C(), Dictless(), C()\n");
    struct attribute_cell cell;
    PyObject *slots[2];
    feedback_init_attribute(&cell);
    slots[0] = Py_NewRef(get("without"));
    CHECK(rt_load_method(slots, interned("m"), &cell) == 0 && slots[1] == get("without"));
    CHECK(cell.method_version == Py_TYPE(get("without"))->tp_version_tag && cell.method_keys == 0);
    CHECK(cell.method == slots[0]);

    feedback_init_attribute(&cell);
    slots[0] = Py_NewRef(get("plain"));
    CHECK(rt_load_method(slots, interned("m"), &cell) == 0 && slots[1] == get("plain"));
    PyHeapTypeObject *type = (PyHeapTypeObject *)Py_TYPE(get("plain"));
    CHECK(cell.method_version == type->ht_type.tp_version_tag && cell.method_keys != 0);
    CHECK(cell.method_keys == type->ht_cached_keys->dk_version);
    /* Any instance that gets an attribute of that name changes the shared keys. */
    run("other.m = lambda: 3\n");
    CHECK(cell.method_keys != type->ht_cached_keys->dk_version);
    slots[0] = Py_NewRef(get("other"));
    CHECK(rt_load_method(slots, interned("m"), &cell) == 0 && slots[0] == NULL);
    slots[0] = Py_NewRef(get("plain"));
    CHECK(rt_load_method(slots, interned("m"), &cell) == 0 && slots[1] == get("plain"));
}

TEST(slots_and_stores)
{
    start_python("class S:\n"
                 "    __slots__ = ('x', 'y')\n"
                 "class C: pass\n"
                 "s, c = S(), C()\n"
                 "s.y = 4\n");
    struct attribute_cell load, store;
    feedback_init_attribute(&load);
    feedback_init_attribute(&store);
    CHECK(load_long("s", "y", &load) == 4);
    CHECK(load.slot_version == Py_TYPE(get("s"))->tp_version_tag);
    CHECK(PyLong_AsLong(*(PyObject **)((char *)get("s") + load.slot_offset)) == 4);

    PyObject *value = PyList_New(0);
    for (int turn = 0; turn < 3; turn++) {
        CHECK(rt_store_attr(Py_NewRef(get("s")), Py_NewRef(value), interned("y"), &store) == 0);
        CHECK(rt_store_attr(Py_NewRef(get("c")), Py_NewRef(value), interned("y"), &store) == 0);
        CHECK(Py_REFCNT(value) == 3);
    }
    CHECK(store.count == 2 && store.slot_version == load.slot_version && store.slot_offset == load.slot_offset);
    CHECK(store.inline_version == Py_TYPE(get("c"))->tp_version_tag);
    run("del s.y, c.y\n");
    CHECK(Py_REFCNT(value) == 1);
    PyObject *missing = rt_load_attr(Py_NewRef(get("s")), interned("y"), &load);
    CHECK(missing == NULL && PyErr_ExceptionMatches(PyExc_AttributeError));
    PyErr_Clear();
}

TEST(many_types_make_a_site_megamorphic)
{
    start_python("owners = [type(f'C{i}', (), {'x': i})() for i in range(6)]\n");
    struct attribute_cell cell;
    feedback_init_attribute(&cell);
    for (int turn = 0; turn < 100; turn++) {
        for (int number = 0; number < 6; number++) {
            PyObject *owner = PyList_GET_ITEM(get("owners"), number);
            PyObject *value = rt_load_attr(Py_NewRef(owner), interned("x"), &cell);
            CHECK(PyLong_AsLong(value) == number);
            CHECK(Py_REFCNT(owner) == 1);
        }
    }
    CHECK(cell.count == FEEDBACK_MAX_CASES && cell.megamorphic);
}

TEST(global_cells_follow_the_dicts)
{
    start_python("x = 1\n");
    InterpreterFrame frame = {.f_globals = names, .f_builtins = PyEval_GetBuiltins()};
    struct global_cell cell;
    feedback_init_global(&cell);
    for (int turn = 0; turn < 3; turn++) {
        CHECK(PyLong_AsLong(rt_load_global(&frame, interned("x"), &cell)) == 1);
    }
    PyDictKeysObject *keys = ((PyDictObject *)names)->ma_keys;
    CHECK(cell.globals_version == keys->dk_version && cell.builtins_version == 0);
    CHECK(PyLong_AsLong(*(PyObject **)((char *)keys + cell.offset)) == 1);
    run("another = 2\n");
    CHECK(cell.globals_version != ((PyDictObject *)names)->ma_keys->dk_version);
    CHECK(PyLong_AsLong(rt_load_global(&frame, interned("x"), &cell)) == 1);
    CHECK(cell.globals_version == ((PyDictObject *)names)->ma_keys->dk_version);
    run("del x\n");
    CHECK(rt_load_global(&frame, interned("x"), &cell) == NULL && PyErr_ExceptionMatches(PyExc_NameError));
    PyErr_Clear();

    /* A copy has the same version in a table of its own, and a subclass asks its own methods. */
    run("class Asked(dict):\n"
        "    def __getitem__(self, key): return 9\n"
        "y = 3\n");
    CHECK(PyLong_AsLong(rt_load_global(&frame, interned("y"), &cell)) == 3);
    run("copy = Asked(globals())\n");
    frame.f_globals = get("copy");
    ((PyDictObject *)frame.f_globals)->ma_keys->dk_version = cell.globals_version;
    CHECK(PyLong_AsLong(rt_load_global(&frame, interned("y"), &cell)) == 9);
}

/* Calls everything with everything; a CALL needs a frame that it is in, so Python code calls this. */
static PyObject *call_everything(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    PyThreadState *tstate = _PyThreadState_GET();
    InterpreterFrame *caller = tstate->cframe->current_frame;
    CodeUnit *stands = caller->prev_instr;
    PyObject *callables = get("callables");
    for (Py_ssize_t number = 0; number < PyList_GET_SIZE(callables); number++) {
        PyObject *callable = PyList_GET_ITEM(callables, number);
        if (callable == PyDict_GetItemString(PyEval_GetBuiltins(), "print")) {
            continue;
        }
        for (int nargs = 0; nargs < 4; nargs++) {
            for (int with_names = 0; with_names <= (nargs > 0); with_names++) {
                struct call_cell cell = {0};
                PyObject *arguments[3];
                PyObject *stack[5];
                for (int index = 0; index < 3; index++) {
                    arguments[index] = PyList_New(0);
                }
                for (int turn = 0; turn < 3; turn++) {
                    Py_ssize_t count = Py_REFCNT(callable);
                    PyObject **top = tstate->datastack_top;
                    stack[0] = NULL;
                    stack[1] = Py_NewRef(callable);
                    for (int index = 0; index < nargs; index++) {
                        stack[2 + index] = Py_NewRef(arguments[index]);
                    }
                    int depth = tstate->recursion_remaining;
                    struct call_outcome outcome =
                        rt_begin_call(tstate, stack, nargs, with_names ? get("kwnames") : NULL, &cell);
                    CHECK(outcome.frame == NULL, "nothing is compiled here");
                    PyObject *result = outcome.result;
                    caller->prev_instr = stands; /* a call moves it on, as it does the real caller's */
                    CHECK((result == NULL) == (PyErr_Occurred() != NULL));
                    PyErr_Clear();
                    Py_XDECREF(result);
                    PyGC_Collect();
                    CHECK(Py_REFCNT(callable) == count, "callable %zd, %d arguments", number, nargs);
                    CHECK(tstate->datastack_top == top && tstate->recursion_remaining == depth);
                }
                PyList_SetSlice(((PyCFunctionObject *)PyList_GET_ITEM(callables, 4))->m_self, 0, 99, NULL);
                for (int index = 0; index < 3; index++) {
                    PyList_SetSlice(arguments[index], 0, 99, NULL);
                }
                PyGC_Collect();
                for (int index = 0; index < 3; index++) {
                    CHECK(Py_REFCNT(arguments[index]) == 1, "callable %zd, %d arguments: %zd references to number %d",
                          number, nargs, Py_REFCNT(arguments[index]), index);
                    Py_DECREF(arguments[index]);
                }
            }
        }
    }
    Py_RETURN_NONE;
}

TEST(calls_keep_the_books)
{
    start_python("def f(a, b=2, *rest, k=5, **named): return (a, b, rest, k, sorted(named))\n"
                 "class C:\n"
                 "    def __init__(self, a): self.a = a\n"
                 "    def go(self, *a): return a\n"
                 "class Bad:\n"
                 "    def __init__(self, a): return a\n"
                 "callables = [f, C, Bad, len, [].append, list.append, isinstance, str, type, C(0).go, print, 5,\n"
                 "             lambda: 0, lambda a: a, lambda a, b: b, lambda *, a: a, dict, ValueError]\n"
                 "for c in callables[-6:-2]: c.__name__\n"
                 "kwnames = ('a',)\n");
    static PyMethodDef definition = {"call_everything", call_everything, METH_NOARGS, NULL};
    PyDict_SetItemString(names, "call_everything", PyCFunction_New(&definition, NULL));
    run("call_everything()\n");
}
