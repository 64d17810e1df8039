/* runtime/utf8_text.c: see utf8_text.h. */
#include "runtime/utf8_text.h"

size_t utf8_copy(char *to, size_t size, PyObject *text)
{
    size_t used = 0;
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text) && used + 5 <= size; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, i);
        if (character < 0x20 || character == 0x7f || (character >= 0xd800 && character < 0xe000)) {
            character = '?';
        }
        if (character < 0x80) {
            to[used++] = (char)character;
        } else if (character < 0x800) {
            to[used++] = (char)(0xc0 | character >> 6);
            to[used++] = (char)(0x80 | (character & 0x3f));
        } else if (character < 0x10000) {
            to[used++] = (char)(0xe0 | character >> 12);
            to[used++] = (char)(0x80 | (character >> 6 & 0x3f));
            to[used++] = (char)(0x80 | (character & 0x3f));
        } else {
            to[used++] = (char)(0xf0 | character >> 18);
            to[used++] = (char)(0x80 | (character >> 12 & 0x3f));
            to[used++] = (char)(0x80 | (character >> 6 & 0x3f));
            to[used++] = (char)(0x80 | (character & 0x3f));
        }
    }
    to[used] = '\0';
    return used;
}
