/* What arch_context_switch() leaves on the stack of a thread that does not run: what a C function preserves. */
#pragma once

#define SWITCH_FRAME_SIZE 112

#ifndef __ASSEMBLER__
#include <auton/types.h>

struct switch_frame {
    uint64_t ra, s[12], unused; /* stacks are aligned to 16 bytes */
};
_Static_assert(sizeof(struct switch_frame) == SWITCH_FRAME_SIZE, "switch.h: size for the assembler");
#endif
