/* Products with interleaved rows, 8 at once: 16 registers of weights, the inputs and the sums of 4 tokens just fill the 32
 * that there are. The file that includes this defines how a block is multiplied. */
#pragma once
#include <arm_neon.h>
#define ROWS 8
#define LANES 4
#define FLIP 0u
#include "aarch64.h"
#include "pack.h"
#include "vector.h"
#include "floats.h"

/* Adds to the sums of 8 rows the products of their weights and one token's inputs: of a block of 32 columns, for Q6 of half
 * of one. w[2 * i] and w[2 * i + 1] are columns 4i to 4i + 3 of the first and the last 4 rows. */
INLINE int32x4x2_t dot_q8(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants);
INLINE int32x4x2_t dot_q4(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants); /* 0 <= w < 16 */
INLINE int32x4x2_t dot_q6(int32x4x2_t sums, const int8x16_t *w, const int8_t *quants); /* 0 <= w < 64 */

INLINE void load_bytes(const uint8_t *quants, int8x16_t out[16]) {
    for (int i = 0; i < 16; i++)
        out[i] = vld1q_s8((const int8_t *)quants + 16 * i);
}

INLINE void load_nibbles(const uint8_t *quants, int8x16_t out[16]) {
    for (int i = 0; i < 8; i++) {
        uint8x16_t pairs = vld1q_u8(quants + 16 * i);
        out[i] = vreinterpretq_s8_u8(vandq_u8(pairs, vdupq_n_u8(15)));
        out[i + 8] = vreinterpretq_s8_u8(vshrq_n_u8(pairs, 4));
    }
}

INLINE float32x4x2_t load_halves(const uint8_t *scales) {
    float16x8_t halves = vreinterpretq_f16_u8(vld1q_u8(scales));
    return (float32x4x2_t){{vcvt_f32_f16(vget_low_f16(halves)), vcvt_high_f32_f16(halves)}};
}

INLINE float32x4x2_t load_floats(const uint8_t *scales) {
    return (float32x4x2_t){{vreinterpretq_f32_u8(vld1q_u8(scales)), vreinterpretq_f32_u8(vld1q_u8(scales + 16))}};
}

INLINE int32x4x2_t start(int32_t offset) {
    return (int32x4x2_t){{vdupq_n_s32(offset), vdupq_n_s32(offset)}};
}

/* What a block adds to the sums of one token. */
INLINE float32x4x2_t add_block(uint32_t type, float32x4x2_t sums, const int8x16_t w[16], float32x4x2_t scale, float32x4x2_t second,
                               const struct input *in, size_t b) {
    const int8_t *q = in->quants + 32 * b;
    if (type == TYPE_Q6_K) {
        int32x4x2_t first = dot_q6(start(-32 * in->sums[2 * b]), w, q);
        int32x4x2_t last = dot_q6(start(-32 * in->sums[2 * b + 1]), w + 8, q + 16);
        for (int i = 0; i < 2; i++) {
            float32x4_t sum = vmulq_f32(vcvtq_f32_s32(first.val[i]), scale.val[i]);
            sum = vfmaq_f32(sum, vcvtq_f32_s32(last.val[i]), second.val[i]);
            sums.val[i] = vfmaq_n_f32(sums.val[i], sum, in->scales[b]);
        }
        return sums;
    }
    int32x4x2_t dot = type == TYPE_Q8_0   ? dot_q8(start(0), w, q)
                      : type == TYPE_Q4_0 ? dot_q4(start(in->offsets[b]), w, q)
                                          : dot_q4(start(0), w, q);
    for (int i = 0; i < 2; i++) {
        sums.val[i] = vfmaq_f32(sums.val[i], vcvtq_f32_s32(dot.val[i]), vmulq_n_f32(scale.val[i], in->scales[b]));
        if (type == TYPE_Q4_K)
            sums.val[i] = vfmaq_n_f32(sums.val[i], second.val[i], 0.125f * (float)in->offsets[b] * in->scales[b]);
    }
    return sums;
}

/* One group of rows for `count` tokens, a constant where it is called: type too, so that each case is a loop of its own. */
INLINE void tile(uint32_t type, const uint8_t *group, size_t blocks, const struct input *in, unsigned count, float *out,
                 size_t stride) {
    float32x4x2_t sums[TOKENS];
    bool halves = type == TYPE_Q8_0 || type == TYPE_Q4_0, nibbles = type == TYPE_Q4_0 || type == TYPE_Q4_K;
    for (unsigned t = 0; t < count; t++)
        sums[t] = (float32x4x2_t){{vdupq_n_f32(0), vdupq_n_f32(0)}};
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *scales = group + packed_scales(type, b), *quants = group + packed_quants(type, b);
        int8x16_t w[16];
        if (nibbles)
            load_nibbles(quants, w);
        else
            load_bytes(quants, w);
        float32x4x2_t scale = halves ? load_halves(scales) : load_floats(scales);
        float32x4x2_t second = halves ? scale : load_floats(scales + 32);
        for (unsigned t = 0; t < count; t++)
            sums[t] = add_block(type, sums[t], w, scale, second, &in[t], b);
    }
    for (unsigned t = 0; t < count; t++) {
        vst1q_f32(out + t * stride, sums[t].val[0]);
        vst1q_f32(out + t * stride + 4, sums[t].val[1]);
    }
}

#include "groups.h"
