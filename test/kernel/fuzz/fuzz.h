/* For the fuzz targets: each has LLVMFuzzerTestOneInput() and links with the parsers it feeds, built as they are. */
#pragma once
#include <auton/types.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run with the input kept, when a promise of the code under test does not hold. */
#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            broken_promise(__FILE__, __LINE__, #condition);                                        \
    } while (0)
void broken_promise(const char *file, int line, const char *condition) NORETURN;

/* Reads every byte, so that the sanitizer sees one that nobody may read. */
void touch(const void *bytes, size_t size);
