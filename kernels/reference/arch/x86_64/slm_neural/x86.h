/* Shared by the instruction sets of x86_64. */
#pragma once
#include "isa.h"

bool x86_has_avx2(void);        /* with FMA and half floats, and the system keeps the registers */
bool x86_has_avx512_vnni(void);

#ifdef __F16C__
/* --- inputs, rounded to 8 bits -------------------------------------------------------------------------------------- */

static inline float x86_largest(__m256 x) {
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/* 32 values; returns their scale. */
static inline float x86_round_block(const float *x, int8_t *quants) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 values[4], largest = _mm256_setzero_ps();
    __m256i q[4];
    for (int i = 0; i < 4; i++) {
        values[i] = _mm256_loadu_ps(x + 8 * i);
        largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, values[i]));
    }
    float scale = x86_largest(largest) / 127.0f;
    __m256 inverse = _mm256_set1_ps(scale > 0 ? 1.0f / scale : 0);
    for (int i = 0; i < 4; i++)
        q[i] = _mm256_cvtps_epi32(_mm256_mul_ps(values[i], inverse)); /* to the nearest, halves to even */
    __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
    packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)quants, packed);
    return _cvtsh_ss(_cvtss_sh(scale, _MM_FROUND_TO_NEAREST_INT)); /* as llama.cpp keeps it */
}

static inline void x86_sum_block(const int8_t *quants, int32_t sums[2], int32_t *offset) {
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), _mm256_loadu_si256((const __m256i *)quants));
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    __m256i eights = _mm256_hadd_epi32(fours, fours), halves = _mm256_hadd_epi32(eights, eights);
    sums[0] = _mm256_cvtsi256_si32(halves);
    sums[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(halves, 1));
    *offset = -8 * (sums[0] + sums[1]);
}

static void x86_round(struct activations *in, enum activation_rounding rounding) {
    size_t columns = in->columns, blocks = columns / 32;
    if (rounding != ROUND_32) {
        vector_round(in, rounding);
        return;
    }
    for (size_t i = 0; i < in->count; i++)
        for (size_t b = 0; b < blocks; b++) {
            size_t at = i * blocks + b;
            in->scales[at] = x86_round_block(in->values + i * ALIGN_UP(columns, 16) + 32 * b, in->quants + 32 * at);
            x86_sum_block(in->quants + 32 * at, in->sums + 2 * at, in->offsets + at);
        }
    in->rounding = rounding;
}

/* --- products of floats --------------------------------------------------------------------------------------------- */

/* F32 and F16, row by row as they lie in the file. */
static inline float x86_dot_half(const uint8_t *row, const float *x, size_t n) {
    __m256 sums = _mm256_setzero_ps();
    float parts[8], sum = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        sums = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(row + 2 * i))), _mm256_loadu_ps(x + i), sums);
    _mm256_storeu_ps(parts, sums);
    for (size_t k = 0; k < 8; k++)
        sum += parts[k];
    for (; i < n; i++)
        sum += half_to_float(load16(row + 2 * i)) * x[i];
    return sum;
}

static inline void multiply_floats(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    size_t n = t->columns;
    if (t->type != TYPE_F16) {
        vector_multiply(m, in, out, stride);
        return;
    }
    for (size_t row = 0; row < t->rows; row++)
        for (size_t i = 0; i < in->count; i++)
            out[i * stride + row] = x86_dot_half(t->data + 2 * n * row, in->values + i * ALIGN_UP(n, 16), n);
}
#endif
