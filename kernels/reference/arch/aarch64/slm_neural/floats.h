/* Products with rows of F32 and F16 as they lie in the file. */
#pragma once
#include <arm_neon.h>
#include "aarch64.h"
#include "vector.h"

#define STEP 16 /* columns */

INLINE float32x4_t load_four(uint32_t type, const uint8_t *row, size_t column) {
    if (type == TYPE_F32)
        return vld1q_f32((const float *)row + column);
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *)row + column)));
}

INLINE float load_one(uint32_t type, const uint8_t *row, size_t column) {
    return type == TYPE_F32 ? ((const float *)row)[column] : half_to_float(load16(row + 2 * column));
}

/* One row for `count` tokens; type and count are constants where it is called. */
INLINE void multiply_row(uint32_t type, const uint8_t *row, size_t n, const float *values, unsigned count, float *out,
                         size_t stride) {
    float32x4_t sums[TOKENS][STEP / 4];
    size_t column = 0;
    for (unsigned t = 0; t < count; t++)
        for (unsigned v = 0; v < STEP / 4; v++)
            sums[t][v] = vdupq_n_f32(0);
    for (; column + STEP <= n; column += STEP)
        for (unsigned v = 0; v < STEP / 4; v++) {
            float32x4_t weights = load_four(type, row, column + 4 * v);
            for (unsigned t = 0; t < count; t++)
                sums[t][v] = vfmaq_f32(sums[t][v], weights, vld1q_f32(values + t * ALIGN_UP(n, 16) + column + 4 * v));
        }
    for (unsigned t = 0; t < count; t++) {
        float sum = vaddvq_f32(vaddq_f32(vaddq_f32(sums[t][0], sums[t][1]), vaddq_f32(sums[t][2], sums[t][3])));
        for (size_t c = column; c < n; c++)
            sum += load_one(type, row, c) * values[t * ALIGN_UP(n, 16) + c];
        out[t * stride] = sum;
    }
}

INLINE void multiply_float_rows(uint32_t type, const struct tensor *t, const struct activations *in, float *out, size_t stride) {
    size_t n = t->columns, row_bytes = n * (type == TYPE_F32 ? 4 : 2);
    for (size_t row = 0; row < t->rows; row++)
        for (size_t first = 0, count; first < in->count; first += count) {
            const float *values = in->values + first * ALIGN_UP(n, 16);
            float *to = out + first * stride + row;
            count = in->count - first >= TOKENS ? TOKENS : 1;
            if (count == TOKENS)
                multiply_row(type, t->data + row * row_bytes, n, values, TOKENS, to, stride);
            else
                multiply_row(type, t->data + row * row_bytes, n, values, 1, to, stride);
        }
}

static inline void multiply_floats(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    if (t->type == TYPE_F16)
        multiply_float_rows(TYPE_F16, t, in, out, stride);
    else
        multiply_float_rows(TYPE_F32, t, in, out, stride);
}
