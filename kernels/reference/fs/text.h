/* Text that grows: what a file of /proc says is written here each time it is read. */
#pragma once
#include <auton/types.h>

struct text {
    char *buffer; /* kmalloc(); its user frees it */
    size_t size, length;
    bool short_of_memory;
};
void text_add(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
