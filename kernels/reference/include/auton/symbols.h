/* Names of the kernel's functions, for backtraces. */
#pragma once
#include <auton/types.h>

/* The function that `address` lies in and how far, or NULL when it lies in none. */
const char *symbol_lookup(uint64_t address, uint64_t *offset);
