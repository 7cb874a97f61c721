/* NEON with the dot product: one instruction multiplies four columns of 4 rows by the same four inputs and adds them up. */
#include "rows.h"

/* Of 16 columns. */
INLINE int32x4x2_t dot(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    int8x16_t x = vld1q_s8(quants);
    for (int i = 0; i < 2; i++) {
        sums.val[i] = vdotq_laneq_s32(sums.val[i], w[i], x, 0);
        sums.val[i] = vdotq_laneq_s32(sums.val[i], w[2 + i], x, 1);
        sums.val[i] = vdotq_laneq_s32(sums.val[i], w[4 + i], x, 2);
        sums.val[i] = vdotq_laneq_s32(sums.val[i], w[6 + i], x, 3);
    }
    return sums;
}

INLINE int32x4x2_t dot_q8(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    return dot(dot(sums, w, quants), w + 8, quants + 16);
}

INLINE int32x4x2_t dot_q4(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    return dot(dot(sums, w, quants), w + 8, quants + 16);
}

INLINE int32x4x2_t dot_q6(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    return dot(sums, w, quants);
}

const struct isa isa_dotprod = {
    .name = "dotprod",
    .present = aarch64_has_dotprod,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .multiply = multiply,
    .round = vector_round,
    VECTOR_LOOPS,
};
