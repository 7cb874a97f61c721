/* Q4_0 four values at a time in the 16-bit lanes of ordinary registers, for processors whose vectors are slow or not
 * there: in (a + bB + cB^2 + dB^3) (z + yB + xB^2 + wB^3) with B = 2^16 the top lane is aw + bx + cy + dz, plus or minus the
 * carry of the lanes below, which rounding takes away. All else is as in scalar.c, but not made into vectors. */
#include "vector.h"

#define NIBBLES 0x000F000F000F000Full
#define WORDS 8 /* of four values: a block of 32 */
#define TOGETHER 4 /* inputs that use a block's values when they are taken apart */

/* Which four of a block's 32 values the word holds: the nibbles of every second byte of one half. */
static void pack_lanes(const int8_t *x, uint64_t *lanes) {
    for (unsigned word = 0; word < WORDS; word++) {
        const int8_t *first = x + word / 4 * 8 + word % 2 * 16 + word % 4 / 2;
        lanes[word] = 0;
        for (unsigned lane = 0; lane < 4; lane++) /* the other way round than the weights */
            lanes[word] = (lanes[word] << 16) + (uint64_t)(int64_t)first[2 * lane];
    }
}

static void lanes_round(struct activations *in, enum activation_rounding rounding) {
    vector_round(in, rounding);
    if (rounding == ROUND_32)
        for (size_t b = 0; b < (size_t)in->count * in->columns / 32; b++)
            pack_lanes(in->quants + 32 * b, in->lanes + WORDS * b);
}

static inline void take_apart(const uint8_t *nibbles, uint64_t words[WORDS]) {
    for (unsigned half = 0; half < 2; half++) {
        uint64_t all;
        memcpy(&all, nibbles + 8 * half, 8);
        for (unsigned i = 0; i < 4; i++)
            words[4 * half + i] = all >> 4 * i & NIBBLES;
    }
}

/* The top lane, of at most four products. */
static inline int32_t top(uint64_t sum) { return (int32_t)((int64_t)(sum + (1ull << 47)) >> 48); }

static inline int32_t dot_lanes(const uint64_t w[WORDS], const uint64_t *x) {
    return top(w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3]) +
           top(w[4] * x[4] + w[5] * x[5] + w[6] * x[6] + w[7] * x[7]);
}

static inline void q4_0_row(const uint8_t *row, const struct activations *in, size_t first, size_t count, float sums[TOGETHER]) {
    size_t blocks = in->columns / 32;
    for (size_t b = 0; b < blocks; b++, row += 18) {
        uint64_t words[WORDS];
        float scale = half_to_float(load16(row));
        take_apart(row + 2, words);
        for (size_t i = 0; i < count; i++) {
            size_t at = (first + i) * blocks + b;
            sums[i] += (float)(dot_lanes(words, in->lanes + WORDS * at) + in->offsets[at]) * (scale * in->scales[at]);
        }
    }
}

static void lanes_multiply(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    if (t->type != TYPE_Q4_0) {
        vector_multiply(m, in, out, stride);
        return;
    }
    for (size_t row = 0; row < t->rows; row++)
        for (size_t first = 0; first < in->count; first += TOGETHER) {
            size_t count = in->count - first < TOGETHER ? in->count - first : TOGETHER;
            float sums[TOGETHER] = {0};
            q4_0_row(t->data + row * (t->columns / 32 * 18), in, first, count, sums);
            for (size_t i = 0; i < count; i++)
                out[(first + i) * stride + row] = sums[i];
        }
}

const struct isa isa_lanes = {
    .name = "lanes",
    .present = isa_always,
    .packed_bytes = isa_in_place,
    .pack = isa_no_packing,
    .multiply = lanes_multiply,
    .round = lanes_round,
    VECTOR_LOOPS,
};
