/* Shared by the instruction sets of AArch64. All have NEON with conversions of half floats: it belongs to floating point. */
#pragma once
#include "isa.h"

#define TOKENS 4 /* that use a weight when it is loaded */
#define FEWER 1

bool aarch64_has_dotprod(void);
