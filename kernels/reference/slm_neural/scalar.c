/* The instruction set that is always there, and the choice among those that are. */
#include "vector.h"

bool isa_always(void) { return true; }
uint64_t isa_in_place(const struct tensor *t) {
    (void)t;
    return 0;
}
void isa_no_packing(const struct tensor *t, uint8_t *out) {
    (void)t;
    (void)out;
}

const struct isa isa_scalar = {
    .name = "scalar",
    .present = isa_always,
    .packed_bytes = isa_in_place,
    .pack = isa_no_packing,
    .multiply = vector_multiply,
    .round = vector_round,
    VECTOR_LOOPS,
};

/* An architecture with vectors has a list of its own. */
__attribute__((weak)) const struct isa *const *isa_list(void) {
    static const struct isa *const list[] = {&isa_lanes, &isa_scalar, NULL};
    return list;
}

const struct isa *isa_pick(const char *name) {
    for (const struct isa *const *i = isa_list(); *i; i++)
        if ((!name || strcmp((*i)->name, name) == 0) && (*i)->present())
            return *i;
    return NULL;
}
