/* tier2/source.c: what debug information says of the functions in a graph: names, lines, locals. Copied while the GIL is held. */
#include "tier2/debug_info.h"

#include "runtime/cpython.h"
#include "runtime/frame.h"
#include "runtime/line_table.h"
#include "runtime/utf8_text.h"

#include <string.h>

bool debug_info_wanted;

/* Long enough for a name or a path; what is longer is cut. */
enum { NAME_SIZE = 1024 };

static const char *copy_text(struct ir_graph *graph, const char *prefix, PyObject *text)
{
    char utf8[NAME_SIZE];
    utf8_copy(utf8, sizeof utf8, text);
    size_t length = strlen(prefix) + strlen(utf8);
    char *copy = ir_allocate(graph, length + 1);
    if (copy != NULL) {
        stpcpy(stpcpy(copy, prefix), utf8);
    }
    return copy;
}

static struct ir_source *describe(struct ir_graph *graph, PyCodeObject *code)
{
    struct ir_source *source = ir_allocate(graph, sizeof *source);
    if (source == NULL) {
        return NULL;
    }
    source->units = (uint32_t)Py_SIZE(code);
    source->local_count = (uint16_t)code->co_nlocalsplus;
    source->parameters = (uint16_t)frame_parameters(code);
    source->first_line = code->co_firstlineno;
    source->name = copy_text(graph, "py::", code->co_qualname);
    source->file = copy_text(graph, "", code->co_filename);
    source->lines = ir_allocate(graph, (source->units + 1) * sizeof *source->lines);
    source->locals = ir_allocate(graph, (source->local_count + 1u) * sizeof *source->locals);
    if (graph->out_of_memory) {
        return NULL;
    }
    line_table_read(code, source->lines);
    int32_t line = source->first_line;
    for (uint32_t unit = 0; unit < source->units; unit++) {
        line = source->lines[unit] > 0 ? source->lines[unit] : line;
        source->lines[unit] = line;
    }
    for (int i = 0; i < source->local_count; i++) {
        source->locals[i] = copy_text(graph, "", PyTuple_GET_ITEM(code->co_localsplusnames, i));
    }
    return graph->out_of_memory ? NULL : source;
}

void debug_info_describe(struct ir_graph *graph)
{
    for (; graph != NULL && debug_info_wanted; graph = graph->next) {
        for (int i = 0; i < graph->frame_count; i++) {
            graph->frames[i].source = describe(graph, graph->frames[i].code);
        }
    }
}
