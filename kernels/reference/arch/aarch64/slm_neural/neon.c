/* NEON as every AArch64 has it: products of bytes in 16 bits, of which as many are added there as surely fit. Inputs are
 * from -127 to 127. */
#include "rows.h"

/* Products of 8 rows and four columns: two rows in each register, as lie their weights. */
struct products {
    int16x8_t of[4];
};

/* Those of so many times four columns, added up. */
INLINE struct products multiply_columns(const int8x16_t *w, const int8_t *quants, int words) {
    struct products p;
    for (int j = 0; j < words; j++) {
        int8x16_t x = vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(quants + 4 * j)));
        for (int i = 0; i < 2; i++) {
            int8x16_t four_rows = w[2 * j + i];
            p.of[2 * i] = j ? vmlal_s8(p.of[2 * i], vget_low_s8(four_rows), vget_low_s8(x))
                            : vmull_s8(vget_low_s8(four_rows), vget_low_s8(x));
            p.of[2 * i + 1] = j ? vmlal_high_s8(p.of[2 * i + 1], four_rows, x) : vmull_high_s8(four_rows, x);
        }
    }
    return p;
}

INLINE int32x4x2_t dot_q8(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    int32x4_t pairs[4]; /* of columns, of two rows */
    for (int j = 0; j < 8; j += 2) { /* 2 * 128 * 127 is below 2^15 */
        struct products p = multiply_columns(w + 2 * j, quants + 4 * j, 2);
        for (int i = 0; i < 4; i++)
            pairs[i] = j ? vpadalq_s16(pairs[i], p.of[i]) : vpaddlq_s16(p.of[i]);
    }
    for (int i = 0; i < 2; i++)
        sums.val[i] = vaddq_s32(sums.val[i], vpaddq_s32(pairs[2 * i], pairs[2 * i + 1]));
    return sums;
}

INLINE int32x4x2_t dot_q4(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    struct products p = multiply_columns(w, quants, 8);
    for (int i = 0; i < 2; i++) /* 16 * 15 * 127 is below 2^15 */
        sums.val[i] = vpadalq_s16(sums.val[i], vpaddq_s16(p.of[2 * i], p.of[2 * i + 1]));
    return sums;
}

INLINE int32x4x2_t dot_q6(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants) {
    struct products p = multiply_columns(w, quants, 4); /* 4 * 63 * 127 is below 2^15 */
    for (int i = 0; i < 2; i++)
        sums.val[i] = vaddq_s32(sums.val[i], vpaddq_s32(vpaddlq_s16(p.of[2 * i]), vpaddlq_s16(p.of[2 * i + 1])));
    return sums;
}

const struct isa isa_neon = {
    .name = "neon",
    .present = isa_always,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .multiply = multiply,
    .round = vector_round,
    VECTOR_LOOPS,
};
