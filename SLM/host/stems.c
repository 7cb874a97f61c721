/* The kernel's own parser for the pipeline, as a library: built together with kernels/reference/slm/text.c. */
#include "text.h"
#include <stdio.h>

/* The stems of a line with spaces between them. `out` takes TEXT_MAX_WORDS * TEXT_STEM_MAX bytes. */
void stems_of(const char *line, char *out) {
    static struct text text;
    text_parse(line, &text);
    *out = '\0';
    for (size_t i = 0; i < text.count; i++)
        out += sprintf(out, i ? " %s" : "%s", text.words[i].stem);
}
