/* Shared by the instruction sets of x86_64. */
#pragma once
#include "isa.h"

bool x86_has_avx2(void);        /* with FMA and half floats, and the system keeps the registers */
bool x86_has_avx512_vnni(void);

#ifdef __F16C__
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

static inline void x86_multiply_floats(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
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
