/* gdb/native_stack.c: see native_stack.h. */
#include "gdb/native_stack.h"

#include "gdb/libunwind.h"
#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "runtime/frame.h"
#include "runtime/linked_object.h"
#include "runtime/utf8_text.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* ---- Machine frames ----------------------------------------------------------------------------------------------- */

enum machine_kind { MACHINE_C, MACHINE_TIER1, MACHINE_TIER2 };

struct machine_frame {
    uintptr_t address;
    uintptr_t stack_pointer; /* the lowest address it can have anything at */
    bool interrupted;        /* `address` is an instruction, not what is behind a call */
    enum machine_kind kind;
    struct compiled_code *compiled;         /* tier 1 */
    PyCodeObject *code;                     /* of compiled code: what it was made for */
    const InterpreterFrame *frame_register; /* r12, where tier-1 code has its frame; NULL: not known */
};

/* What code_map_each() looks for. */
struct tier2_search {
    const char *address;
    PyCodeObject *code;
};
static __thread struct tier2_search tier2_search __attribute__((tls_model("initial-exec")));

static void look_at_tier2(PyCodeObject *code, const struct linked_object *linked)
{
    if (tier2_search.address >= linked->text && tier2_search.address < linked->text + linked->text_size) {
        tier2_search.code = code;
    }
}

static int look_at_code(struct compiled_code *compiled, void *argument)
{
    (void)argument;
    code_map_each_tier2(compiled, look_at_tier2);
    return tier2_search.code != NULL;
}

/* The function that the tier-2 code at `address` is, or NULL. */
static PyCodeObject *find_tier2(const void *address)
{
    tier2_search = (struct tier2_search){.address = address};
    if (code_map_each_tier2 != NULL) {
        code_map_each(look_at_code, NULL);
    }
    return tier2_search.code;
}

/* What the cursor stands at. */
static struct machine_frame read_frame(unw_cursor_t *cursor, bool interrupted)
{
    unw_word_t ip = 0, sp = 0, r12 = 0;
    libunwind.get_reg(cursor, UNW_REG_IP, &ip);
    libunwind.get_reg(cursor, UNW_REG_SP, &sp);
    struct machine_frame frame = {.address = ip, .stack_pointer = sp, .interrupted = interrupted, .kind = MACHINE_C};
    const void *inside = (const void *)(interrupted ? ip : ip - 1);
    if (!code_arena_contains(inside)) {
        return frame;
    }
    frame.compiled = code_map_find(inside);
    if (frame.compiled != NULL) {
        frame.kind = MACHINE_TIER1;
        frame.code = frame.compiled->code;
        if (libunwind.get_reg(cursor, UNW_X86_64_R12, &r12) == 0) {
            frame.frame_register = (const InterpreterFrame *)r12;
        }
    } else {
        frame.code = find_tier2(inside);
        frame.kind = frame.code != NULL ? MACHINE_TIER2 : MACHINE_C;
    }
    return frame;
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

struct walk {
    InterpreterFrame *python; /* the next Python frame to be shown, or NULL */
    const _PyCFrame *cframe;  /* of the next evaluator */
    enum machine_kind inner;  /* kind of the machine frame before, but for C */
    uintptr_t address;        /* of the machine frame before */
    stack_visitor *visit;
    void *argument;
};

static int show(const struct walk *walk, struct stack_row *row)
{
    return walk->visit(row, walk->argument);
}

/* The line of the instruction a frame stands at. */
static int line_of(const InterpreterFrame *frame)
{
    return PyCode_Addr2Line(frame->f_code, _PyInterpreterFrame_LASTI(frame) * (int)sizeof(CodeUnit));
}

static void name_function(struct stack_row *row, const PyCodeObject *code, const char *suffix)
{
    static const char prefix[] = "py::";
    size_t room = sizeof row->name - sizeof prefix - strlen(suffix);
    memcpy(row->name, prefix, sizeof prefix);
    size_t length = utf8_copy(row->name + sizeof prefix - 1, room, code->co_qualname);
    strcpy(row->name + sizeof prefix - 1 + length, suffix);
}

/* Shows the next Python frame, as one of this machine frame. */
static int show_python(struct walk *walk, const struct machine_frame *machine, int tier, int line)
{
    InterpreterFrame *frame = walk->python;
    struct stack_row row = {.address = machine->address, .tier = tier, .code = frame->f_code, .line = line};
    if (tier == 0) {
        strcpy(row.name, "_PyEval_EvalFrameDefault");
    } else {
        name_function(&row, frame->f_code, "");
    }
    walk->python = frame->previous;
    return show(walk, &row);
}

/* Whose is a Python frame? */
typedef bool owner_test(const struct walk *walk, const struct machine_frame *machine, const InterpreterFrame *frame);

/* Comes to the next Python frame that is the machine frame's own; false: there is none. A generator that does nothing but delegate to another has no
 * machine frame (generator.c, run_delegation()): those before are shown with that of the C function. */
static bool come_to_own(struct walk *walk, const struct machine_frame *machine, owner_test *is_own, int *stop)
{
    const InterpreterFrame *own = walk->python;
    while (own != NULL && !is_own(walk, machine, own)) {
        if (!frame_is_compiled(own) || own->owner != FRAME_OWNED_BY_GENERATOR) {
            return false;
        }
        own = own->previous;
    }
    struct machine_frame before = {.address = walk->address};
    while (own != NULL && walk->python != own && !*stop) {
        *stop = show_python(walk, &before, 1, line_of(walk->python));
    }
    return own != NULL && !*stop;
}

static bool is_evaluators(const struct walk *walk, const struct machine_frame *machine, const InterpreterFrame *frame)
{
    (void)walk;
    (void)machine;
    return !frame_is_compiled(frame);
}

/* Tier-1 code runs one frame. It is another machine frame's when that is one of tier 2, or the evaluator's, after compiled code was left for that. */
static bool is_tier1s(const struct walk *walk, const struct machine_frame *machine, const InterpreterFrame *frame)
{
    return frame_is_compiled(frame) && frame->f_code == machine->code &&
           (machine->frame_register != NULL ? machine->frame_register == frame : walk->inner != MACHINE_TIER2);
}

/* Tier-2 code runs the frame of the tier-1 code that has called it, and the ones that were made for functions inlined there, inside that. */
static bool is_tier2s(const struct walk *walk, const struct machine_frame *machine, const InterpreterFrame *frame)
{
    (void)walk;
    return frame_is_inlined(frame) || (frame_is_compiled(frame) && frame->f_code == machine->code);
}

/* Called by tier-2 code it runs one that was not made, unless for those inlined. */
static bool is_direct_tier2s(const struct walk *walk, const struct machine_frame *machine,
                             const InterpreterFrame *frame)
{
    (void)walk;
    (void)machine;
    return frame_is_inlined(frame);
}

/* An evaluator runs the frame it was called for and those of calls that it has made itself. */
static int show_evaluator(struct walk *walk, const struct machine_frame *machine)
{
    int stop = 0;
    bool last = !come_to_own(walk, machine, is_evaluators, &stop);
    if (last && !stop) {
        struct stack_row row = {.address = machine->address, .tier = 0, .name = "_PyEval_EvalFrameDefault"};
        return show(walk, &row);
    }
    while (!stop && !last && walk->python != NULL && !frame_is_compiled(walk->python)) {
        last = walk->python->is_entry;
        stop = show_python(walk, machine, 0, line_of(walk->python));
    }
    return stop;
}

static int show_empty(struct walk *walk, const struct machine_frame *machine)
{
    struct stack_row row = {.address = machine->address, .tier = (int)machine->kind};
    name_function(&row, machine->code,
                  machine->kind == MACHINE_TIER1 ? " (its frame runs further in)" : " (without a frame)");
    return show(walk, &row);
}

/* Cold code is shared by instructions: the frame knows better where it is. */
static int line_in_tier1(const struct machine_frame *machine, const InterpreterFrame *frame)
{
    const char *inside = (const char *)machine->address - !machine->interrupted;
    if ((size_t)(inside - machine->compiled->start) < machine->compiled->hot_size) {
        int offset = code_map_offset_at(machine->compiled, inside);
        if (offset >= 0) {
            return PyCode_Addr2Line(frame->f_code, offset);
        }
    }
    return line_of(frame);
}

static int show_tier1(struct walk *walk, const struct machine_frame *machine)
{
    int stop = 0;
    if (come_to_own(walk, machine, is_tier1s, &stop)) {
        return show_python(walk, machine, 1, line_in_tier1(machine, walk->python));
    }
    return stop ? stop : show_empty(walk, machine);
}

static int show_tier2(struct walk *walk, const struct machine_frame *machine, bool called_directly)
{
    int stop = 0;
    if (!come_to_own(walk, machine, called_directly ? is_direct_tier2s : is_tier2s, &stop)) {
        return stop ? stop : show_empty(walk, machine);
    }
    bool last = false;
    while (!stop && !last && walk->python != NULL) {
        last = !frame_is_inlined(walk->python);
        if (!last || (!called_directly && is_tier2s(walk, machine, walk->python))) {
            stop = show_python(walk, machine, 2, line_of(walk->python));
        }
    }
    return stop;
}

/* The file a loaded object is from. For the program itself the dynamic linker has argv[0]. */
static const char *path_of(const Dl_info *object)
{
    static char program[PATH_MAX];
    enum { PAGE_BYTES = 4096 };
    if ((uintptr_t)object->dli_fbase != getauxval(AT_PHDR) / PAGE_BYTES * PAGE_BYTES) {
        return object->dli_fname;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    return length > 0 ? program : object->dli_fname;
}

/* A symbol counts where the function begins with it: those of static functions are missing, and the one before says nothing. */
static int show_c(struct walk *walk, unw_cursor_t *cursor, const struct machine_frame *machine)
{
    struct stack_row row = {.address = machine->address, .tier = STACK_ROW_C};
    unw_proc_info_t info;
    unw_word_t offset;
    const void *inside = (const void *)(machine->address - !machine->interrupted);
    if (libunwind.get_proc_info(cursor, &info) != 0 ||
        libunwind.get_proc_name(cursor, row.name, sizeof row.name, &offset) != 0 ||
        machine->address - offset != info.start_ip) {
        row.name[0] = '\0';
    }
    Dl_info object;
    if (dladdr(inside, &object) != 0) {
        row.file = path_of(&object);
    }
    return show(walk, &row);
}

/* `end`: where what is on the stack belongs to the next machine frame. */
static int show_machine_frame(struct walk *walk, unw_cursor_t *cursor, const struct machine_frame *machine,
                              uintptr_t end, enum machine_kind outer)
{
    if (machine->kind != MACHINE_C) {
        int stop = machine->kind == MACHINE_TIER1 ? show_tier1(walk, machine)
                                                  : show_tier2(walk, machine, outer == MACHINE_TIER2);
        walk->inner = machine->kind;
        return stop;
    }
    /* The evaluator is known by its _PyCFrame, which is a local variable. */
    uintptr_t cframe = (uintptr_t)walk->cframe;
    if (cframe >= machine->stack_pointer && cframe < end) {
        walk->cframe = walk->cframe->previous;
        walk->inner = MACHINE_C;
        return show_evaluator(walk, machine);
    }
    return show_c(walk, cursor, machine);
}

/* A jump to an address where nothing is: unwinders know nothing of it, but the return address is on top of the stack. Shows it, and goes back to
 * the call. */
static int show_wrong_call(struct walk *walk, ucontext_t *context)
{
    greg_t *registers = context->uc_mcontext.gregs;
    Dl_info object;
    uintptr_t address = (uintptr_t)registers[REG_RIP];
    if (dladdr((void *)address, &object) != 0 || code_map_find((void *)address) != NULL) {
        return 0;
    }
    const greg_t *top = (const greg_t *)registers[REG_RSP];
    if (dladdr((void *)*top, &object) == 0) {
        return 0;
    }
    registers[REG_RIP] = *top;
    registers[REG_RSP] += (greg_t)sizeof *top;
    struct stack_row row = {.address = address, .tier = STACK_ROW_C};
    return show(walk, &row);
}

void native_stack_walk(PyThreadState *tstate, const void *outside, const ucontext_t *from, stack_visitor *visit,
                       void *argument)
{
    unw_context_t start;
    unw_cursor_t cursor;
    struct walk walk = {.visit = visit, .argument = argument, .inner = MACHINE_C};
    if (tstate != NULL) {
        walk.cframe = tstate->cframe;
        walk.python = tstate->cframe->current_frame;
    }
    if (from == NULL) {
        libunwind.getcontext(&start);
    } else {
        start = *from;
        if (show_wrong_call(&walk, &start)) {
            return;
        }
    }
    if (libunwind.init_local2(&cursor, &start, from != NULL ? UNW_INIT_SIGNAL_FRAME : 0) != 0) {
        return;
    }
    struct machine_frame machine = read_frame(&cursor, from != NULL);
    for (int stop = 0; !stop && machine.address != 0;) {
        unw_cursor_t at = cursor;
        bool signal = libunwind.is_signal_frame(&cursor) > 0;
        struct machine_frame next = {.stack_pointer = UINTPTR_MAX};
        if (libunwind.step(&cursor) > 0) {
            next = read_frame(&cursor, signal);
        }
        if (from != NULL || next.stack_pointer > (uintptr_t)outside + 2 * sizeof(void *)) {
            stop = show_machine_frame(&walk, &at, &machine, next.stack_pointer, next.kind);
        }
        walk.address = machine.address;
        machine = next;
    }
}

/* ---- As Python's objects ---------------------------------------------------------------------------------------------- */

static PyStructSequence_Field fields[] = {
    {"address", "where the machine frame goes on"},
    {"name", "the C function; py:: and the name of a compiled Python function; or None"},
    {"tier", "what runs the Python function: 0 the interpreter, 1 or 2 compiled code; None: C code"},
    {"qualname", "the Python function, or None"},
    {"filename", "its file; of C code the shared object"},
    {"lineno", "its line, or None"},
    {NULL, NULL},
};

static PyStructSequence_Desc description = {
    .name = "pyjit.NativeFrame",
    .doc = "A frame of the machine stack, with the Python function it runs, if any.",
    .fields = fields,
    .n_in_sequence = 6,
};

/* The next field gets the new reference `value`. */
static bool add_field(PyObject *frame, int *number, PyObject *value)
{
    if (value != NULL) {
        PyStructSequence_SET_ITEM(frame, (*number)++, value);
    }
    return value != NULL;
}

static PyObject *text_or_none(const char *text)
{
    return text == NULL || text[0] == '\0' ? Py_NewRef(Py_None)
                                           : PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

static PyObject *path_or_none(const char *path)
{
    return path == NULL ? Py_NewRef(Py_None) : PyUnicode_DecodeFSDefault(path);
}

struct list_making {
    PyObject *list;
    PyTypeObject *type;
};

static int add_to_list(const struct stack_row *row, void *argument)
{
    const struct list_making *making = argument;
    PyObject *frame = PyStructSequence_New(making->type);
    if (frame == NULL) {
        return -1;
    }
    int number = 0;
    PyCodeObject *code = row->code;
    bool made =
        add_field(frame, &number, PyLong_FromVoidPtr((void *)row->address)) &&
        add_field(frame, &number, text_or_none(row->name)) &&
        add_field(frame, &number, row->tier == STACK_ROW_C ? Py_NewRef(Py_None) : PyLong_FromLong(row->tier)) &&
        add_field(frame, &number, Py_NewRef(code != NULL ? code->co_qualname : Py_None)) &&
        add_field(frame, &number, code != NULL ? Py_NewRef(code->co_filename) : path_or_none(row->file)) &&
        add_field(frame, &number, code != NULL && row->line > 0 ? PyLong_FromLong(row->line) : Py_NewRef(Py_None));
    int result = made ? PyList_Append(making->list, frame) : -1;
    Py_DECREF(frame);
    return result;
}

PyObject *native_stack_list(const void *outside)
{
    static PyTypeObject *type;
    const char *why;
    if (!libunwind_load(&why)) {
        PyErr_SetString(PyExc_RuntimeError, why);
        return NULL;
    }
    if (type == NULL) {
        type = PyStructSequence_NewType(&description);
    }
    struct list_making making = {.list = type != NULL ? PyList_New(0) : NULL, .type = type};
    if (making.list != NULL) {
        native_stack_walk(PyThreadState_Get(), outside, NULL, add_to_list, &making);
        if (PyErr_Occurred()) {
            Py_CLEAR(making.list);
        }
    }
    return making.list;
}
