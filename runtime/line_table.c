/* runtime/line_table.c: see line_table.h. */
#include "runtime/line_table.h"

/* Kinds of entries: the others are short forms, of the line before, with one byte of columns. */
enum { FIRST_ONE_LINE = 10, LAST_ONE_LINE = 12, NO_COLUMNS = 13, LONG_FORM = 14, NO_LOCATION = 15 };

static unsigned read_number(const uint8_t **at, const uint8_t *end)
{
    unsigned value = 0;
    for (unsigned shift = 0; *at < end; shift += 6) {
        uint8_t byte = *(*at)++;
        value |= (unsigned)(byte & 63) << (shift & 31);
        if ((byte & 64) == 0) {
            break;
        }
    }
    return value;
}

static int read_signed(const uint8_t **at, const uint8_t *end)
{
    unsigned value = read_number(at, end);
    return value & 1 ? -(int)(value >> 1) : (int)(value >> 1);
}

void line_table_read(PyCodeObject *code, int32_t *lines)
{
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(code->co_linetable);
    const uint8_t *end = at + PyBytes_GET_SIZE(code->co_linetable);
    Py_ssize_t unit = 0, count = Py_SIZE(code);
    int line = code->co_firstlineno;
    while (at < end && unit < count) {
        uint8_t first = *at++;
        int kind = first >> 3 & 15;
        if (kind >= FIRST_ONE_LINE && kind <= LAST_ONE_LINE) {
            line += kind - FIRST_ONE_LINE;
        } else if (kind == NO_COLUMNS || kind == LONG_FORM) {
            line += read_signed(&at, end);
        }
        for (int i = 0; i <= (first & 7) && unit < count; i++) {
            lines[unit++] = kind == NO_LOCATION ? -1 : line;
        }
        /* What follows is of no interest here: bytes that begin no entry have the highest bit clear. */
        while (at < end && (*at & 0x80) == 0) {
            at++;
        }
    }
    while (unit < count) {
        lines[unit++] = -1;
    }
}
