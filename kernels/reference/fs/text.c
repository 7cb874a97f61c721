/* Text that grows. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "text.h"

static bool make_room(struct text *t, size_t bytes) {
    if (t->length + bytes + 1 <= t->size)
        return true;
    size_t size = t->size ? t->size : 1024;
    while (size < t->length + bytes + 1)
        size *= 2;
    char *more = kmalloc(size);
    if (!more) {
        t->short_of_memory = true;
        return false;
    }
    if (t->length)
        memcpy(more, t->buffer, t->length);
    kfree(t->buffer);
    t->buffer = more;
    t->size = size;
    return true;
}

void text_add(struct text *t, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = kvsnprintf(NULL, 0, fmt, args);
    if (make_room(t, (size_t)len)) {
        kvsnprintf(t->buffer + t->length, (size_t)len + 1, fmt, again);
        t->length += (size_t)len;
    }
    va_end(again);
    va_end(args);
}
