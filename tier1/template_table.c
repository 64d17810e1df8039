/* tier1/template_table.c: the extractor's output, compiled in. */
#include "tier1/template_table.h"

#define TEMPLATE_TABLE_DATA
#include "tier1_templates.inc"
