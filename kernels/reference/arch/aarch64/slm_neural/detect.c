/* Which instructions this processor has. Linux lets its programs read the register, too. */
#include "aarch64.h"

extern const struct isa isa_dotprod, isa_neon;

const struct isa *const *isa_list(void) {
    static const struct isa *const list[] = {&isa_dotprod, &isa_neon, &isa_lanes, &isa_scalar, NULL};
    return list;
}

#define ISAR0_DP_SHIFT 44

bool aarch64_has_dotprod(void) {
    uint64_t isar0;
    __asm__("mrs %0, id_aa64isar0_el1" : "=r"(isar0));
    return isar0 >> ISAR0_DP_SHIFT & 15;
}
