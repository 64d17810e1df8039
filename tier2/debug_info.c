/* tier2/debug_info.c: see debug_info.h. */
#include "tier2/debug_info.h"

#include "runtime/compiler_memory.h"
#include "runtime/cpython.h"
#include "tier2/lowering.h"
#include "tier2/orc.h"

#include <string.h>

/* What a local can be seen as. */
enum seen_as { AS_OBJECT, AS_INT, AS_FLOAT, AS_BOOL, SEEN_AS_COUNT, AS_NOTHING = SEEN_AS_COUNT };

struct local {
    uint8_t wanted;                           /* a bit for each: it is a variable in that form */
    LLVMMetadataRef variables[SEEN_AS_COUNT]; /* made when first needed */
    bool is_home; /* in the block being built, it was last said to be at home; else to be: */
    value last;
};

struct frame {
    LLVMMetadataRef scope, file;
    struct local *locals; /* owned */
};

struct debug_info {
    LLVMDIBuilderRef builder;
    LLVMMetadataRef unit, object, types[SEEN_AS_COUNT];
    struct frame *frames; /* owned, of the graph being lowered */
    int frame_count;
    LLVMMetadataRef no_operations;
};

static LLVMMetadataRef make_file(struct debug_info *debug, const char *path)
{
    return llvm.DIBuilderCreateFile(debug->builder, path, strlen(path), "", 0);
}

static LLVMMetadataRef make_type(struct debug_info *debug, const char *name, unsigned bits, unsigned encoding)
{
    return llvm.DIBuilderCreateBasicType(debug->builder, name, strlen(name), bits, encoding, LLVMDIFlagZero);
}

/* The same as those that gdb/elf_image.c makes. */
static void make_types(struct debug_info *debug)
{
    enum { ENCODING_BOOL = 2, ENCODING_FLOAT = 4, ENCODING_SIGNED = 5 };
    static const char name[] = "PyObject";
    debug->types[AS_INT] = make_type(debug, "long", 64, ENCODING_SIGNED);
    debug->types[AS_FLOAT] = make_type(debug, "double", 64, ENCODING_FLOAT);
    debug->types[AS_BOOL] = make_type(debug, "bool", 8, ENCODING_BOOL);
    LLVMMetadataRef structure =
        llvm.DIBuilderCreateStructType(debug->builder, debug->unit, name, sizeof name - 1, NULL, 0,
                                       8 * sizeof(PyObject), 64, LLVMDIFlagFwdDecl, NULL, NULL, 0, 0, NULL, "", 0);
    debug->types[AS_OBJECT] = llvm.DIBuilderCreatePointerType(debug->builder, structure, 64, 64, 0, "", 0);
}

static void set_flag(LLVMContextRef context, LLVMModuleRef module, const char *name, unsigned number)
{
    value constant = llvm.ConstInt(llvm.Int32TypeInContext(context), number, false);
    llvm.AddModuleFlag(module, LLVMModuleFlagBehaviorWarning, name, strlen(name), llvm.ValueAsMetadata(constant));
}

struct debug_info *debug_info_open(struct orc_unit *unit, const struct ir_graph *graph)
{
    const struct ir_source *source = graph->frames[0].source;
    struct debug_info *debug = source != NULL ? compiler_calloc(1, sizeof *debug) : NULL;
    if (debug == NULL) {
        return NULL;
    }
    set_flag(unit->context, unit->module, "Dwarf Version", 4);
    set_flag(unit->context, unit->module, "Debug Info Version", llvm.DebugMetadataVersion());
    debug->builder = llvm.CreateDIBuilder(unit->module);
    debug->unit = llvm.DIBuilderCreateCompileUnit(debug->builder, LLVMDWARFSourceLanguageC99,
                                                  make_file(debug, source->file), "pyjit tier 2", 12, true, "", 0, 0,
                                                  "", 0, LLVMDWARFEmissionFull, 0, false, false, "", 0, "", 0);
    debug->no_operations = llvm.DIBuilderCreateExpression(debug->builder, NULL, 0);
    make_types(debug);
    return debug;
}

static void free_frames(struct debug_info *debug)
{
    for (int i = 0; i < debug->frame_count; i++) {
        free(debug->frames[i].locals);
    }
    free(debug->frames);
    debug->frames = NULL;
    debug->frame_count = 0;
}

void debug_info_close(struct debug_info *debug)
{
    if (debug != NULL) {
        llvm.DIBuilderFinalize(debug->builder);
        llvm.DisposeDIBuilder(debug->builder);
        free_frames(debug);
        free(debug);
    }
}

/* ---- Places --------------------------------------------------------------------------------------------------------- */

static LLVMMetadataRef location(struct lowering *l, int number, uint32_t place)
{
    const struct ir_frame *frame = &l->graph->frames[number];
    uint32_t unit = place / (uint32_t)sizeof(CodeUnit);
    const struct ir_source *source = frame->source;
    unit = unit < source->units ? unit : 0;
    LLVMMetadataRef around = frame->outer < 0 ? NULL : location(l, frame->outer, frame->call_place);
    return llvm.DIBuilderCreateDebugLocation(l->context, (unsigned)source->lines[unit], unit + 1,
                                             l->debug->frames[number].scope, around);
}

void debug_info_at(struct lowering *l, int frame, uint32_t place)
{
    llvm.SetCurrentDebugLocation2(l->builder, location(l, frame, place));
}

/* ---- Functions ------------------------------------------------------------------------------------------------------ */

static LLVMMetadataRef make_scope(struct debug_info *debug, const struct ir_source *source, LLVMMetadataRef file)
{
    LLVMMetadataRef type = llvm.DIBuilderCreateSubroutineType(debug->builder, file, NULL, 0, LLVMDIFlagZero);
    return llvm.DIBuilderCreateFunction(debug->builder, file, source->name, strlen(source->name), "", 0, file,
                                        (unsigned)source->first_line, type, false, true, (unsigned)source->first_line,
                                        LLVMDIFlagZero, true);
}

/* What is in the slot; of a box that is not there, the number in it. NULL: nothing that can be shown. */
static const struct ir_node *content(const struct ir_slot *slot)
{
    const struct ir_node *node = slot->value;
    if (node != NULL && node->op == IR_virtual) {
        bool is_box = node->pointer == NULL && (node->kind == KIND_int || node->kind == KIND_float);
        node = is_box && node->input_count == 1 ? node->inputs[0] : NULL;
    }
    return node;
}

static enum seen_as form_of(const struct ir_slot *slot)
{
    static const uint8_t forms[IR_TYPE_COUNT] = {
        [IR_VOID] = AS_NOTHING, [IR_OBJECT] = AS_OBJECT, [IR_INT] = AS_INT,
        [IR_FLOAT] = AS_FLOAT,  [IR_BOOL] = AS_BOOL,     [IR_COMPLEX] = AS_NOTHING,
    };
    switch ((enum ir_slot_how)slot->how) {
    case SLOT_HOME:
        return AS_OBJECT;
    case SLOT_RAW:
    case SLOT_OWNED:
    case SLOT_BORROWED:
        return content(slot) == NULL ? AS_NOTHING : forms[content(slot)->type];
    default:
        return AS_NOTHING;
    }
}

/* Notes in which forms the locals of the state's frames come. */
static void note_forms(struct debug_info *debug, const struct ir_state *state)
{
    for (; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count; i++) {
            enum seen_as form = form_of(&state->slots[i]);
            if (form != AS_NOTHING) {
                debug->frames[state->frame].locals[i].wanted |= (uint8_t)(1 << form);
            }
        }
    }
}

/* A local that is a number in some places is one variable, of that type: another one would be shown beside it as gone. */
static void choose_forms(struct debug_info *debug, const struct ir_graph *graph)
{
    for (int i = 0; i < graph->frame_count; i++) {
        for (int k = 0; k < graph->frames[i].source->local_count; k++) {
            uint8_t *wanted = &debug->frames[i].locals[k].wanted;
            if (*wanted & ~(1 << AS_OBJECT)) {
                *wanted &= (uint8_t) ~(1 << AS_OBJECT);
            }
        }
    }
}

static bool make_frames(struct lowering *l)
{
    struct debug_info *debug = l->debug;
    const struct ir_graph *graph = l->graph;
    free_frames(debug);
    debug->frames = compiler_calloc((size_t)graph->frame_count, sizeof *debug->frames);
    debug->frame_count = debug->frames != NULL ? graph->frame_count : 0;
    for (int i = 0; i < debug->frame_count; i++) {
        const struct ir_source *source = graph->frames[i].source;
        struct frame *frame = &debug->frames[i];
        frame->locals = source != NULL ? compiler_calloc(source->local_count + 1u, sizeof *frame->locals) : NULL;
        if (frame->locals == NULL) {
            return false;
        }
        frame->file = make_file(debug, source->file);
        frame->scope = make_scope(debug, source, frame->file);
    }
    return debug->frames != NULL;
}

void debug_info_begin(struct lowering *l)
{
    if (!make_frames(l)) {
        l->out_of_memory = true;
        l->debug = NULL;
        return;
    }
    ir_each_block(l->graph, block)
    {
        ir_each_node(block, node)
        {
            note_forms(l->debug, node->state);
        }
    }
    choose_forms(l->debug, l->graph);
    llvm.SetSubprogram(l->function, l->debug->frames[0].scope);
    debug_info_at(l, 0, 0);
}

/* ---- Locals --------------------------------------------------------------------------------------------------------- */

static LLVMMetadataRef variable_of(struct lowering *l, int frame, int number, enum seen_as form)
{
    struct debug_info *debug = l->debug;
    const struct ir_source *source = l->graph->frames[frame].source;
    struct local *local = &debug->frames[frame].locals[number];
    if (local->variables[form] == NULL) {
        const char *name = source->locals[number];
        bool is_parameter = number < source->parameters && !(local->wanted & (local->wanted - 1));
        struct frame *owner = &debug->frames[frame];
        unsigned line = (unsigned)source->first_line;
        local->variables[form] =
            is_parameter
                ? llvm.DIBuilderCreateParameterVariable(debug->builder, owner->scope, name, strlen(name),
                                                        (unsigned)number + 1, owner->file, line, debug->types[form],
                                                        false, LLVMDIFlagZero)
                : llvm.DIBuilderCreateAutoVariable(debug->builder, owner->scope, name, strlen(name), owner->file,
                                                   line, debug->types[form], false, LLVMDIFlagZero, 0);
    }
    return local->variables[form];
}

/* What a local is behind here: `what` itself, or (at home) what is in the Python frame `what` points to. */
static void say(struct lowering *l, int frame, int number, enum seen_as form, value what, bool is_home,
                uint32_t place)
{
    enum { DW_OP_deref = 0x06, DW_OP_plus_uconst = 0x23 };
    struct local *local = &l->debug->frames[frame].locals[number];
    if (!(local->wanted & 1 << form) || (local->last == what && local->is_home == is_home)) {
        return;
    }
    local->last = what;
    local->is_home = is_home;
    LLVMMetadataRef operations = l->debug->no_operations;
    if (is_home) {
        uint64_t offset = offsetof(InterpreterFrame, localsplus) + (uint64_t)number * sizeof(PyObject *);
        uint64_t words[3] = {DW_OP_plus_uconst, offset, DW_OP_deref};
        operations = llvm.DIBuilderCreateExpression(l->debug->builder, words, 3);
    }
    llvm.DIBuilderInsertDbgValue(l->debug->builder, what, variable_of(l, frame, number, form), operations,
                                 location(l, frame, place), llvm.GetInsertBlock(l->builder));
}

static void say_state(struct lowering *l, const struct ir_state *state, uint32_t place)
{
    for (; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count; i++) {
            const struct ir_slot *slot = &state->slots[i];
            enum seen_as form = form_of(slot);
            bool is_home = slot->how == SLOT_HOME;
            value what = form == AS_NOTHING ? NULL : is_home ? l->frame : l->results[content(slot)->id];
            if (what != NULL && !(is_home && (state->frame != 0 || l->graph->direct))) {
                say(l, state->frame, i, form, what, is_home, place);
            }
        }
        place = state->outer != NULL ? l->graph->frames[state->frame].call_place : 0;
    }
}

void debug_info_block(struct lowering *l)
{
    for (int i = 0; i < l->debug->frame_count; i++) {
        for (int k = 0; k < l->graph->frames[i].source->local_count; k++) {
            l->debug->frames[i].locals[k].last = NULL;
        }
    }
}

void debug_info_node(struct lowering *l, const struct ir_node *node)
{
    if (ir_is_constant(node)) {
        return;
    }
    /* What passes have added belongs to what is before it, unless they say otherwise. */
    if (node->place != 0 || node->frame != 0) {
        debug_info_at(l, node->frame, node->place);
    }
    if (node->state != NULL && node->op != IR_phi) {
        say_state(l, node->state, node->place);
    }
}
