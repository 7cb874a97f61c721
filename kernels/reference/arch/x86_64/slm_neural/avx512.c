/* AVX-512 with VNNI: 16 rows at once, up to 8 tokens for each weight that is loaded. */
#define _MM_MALLOC_H_INCLUDED /* the compiler's own header, which wants a C library */
#include <immintrin.h>
#define ROWS 16
#define LANES 16
#define FLIP 0x80808080u /* VPDPBUSD multiplies bytes without sign by bytes with */
#include "pack.h"
#include "vector.h"
#include "x86.h"

#define TOKENS 8
#define FEWER 4

INLINE __m512i broadcast(const void *four_bytes) {
    int32_t word;
    __builtin_memcpy(&word, four_bytes, 4);
    return _mm512_set1_epi32(word);
}

/* The bytes of one block, 8 vectors of 4 columns. */
INLINE void load_bytes(const uint8_t *quants, __m512i out[8]) {
    for (int j = 0; j < 8; j++)
        out[j] = _mm512_load_si512(quants + 64 * j);
}

INLINE void load_nibbles(const uint8_t *quants, __m512i out[8]) {
    const __m512i low = _mm512_set1_epi8(15);
    for (int j = 0; j < 4; j++) {
        __m512i pairs = _mm512_load_si512(quants + 64 * j);
        out[j] = _mm512_and_si512(pairs, low);
        out[j + 4] = _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low);
    }
}

INLINE __m512i dot(__m512i sum, const __m512i *weights, const int8_t *quants, int words) {
    for (int j = 0; j < words; j++)
        sum = _mm512_dpbusd_epi32(sum, weights[j], broadcast(quants + 4 * j));
    return sum;
}

/* One group of rows for `count` tokens, a constant where it is called: type too, so that each case is a loop of its own. */
INLINE void tile(uint32_t type, const uint8_t *group, size_t blocks, const struct input *in, unsigned count, float *out,
                 size_t stride) {
    __m512 sums[TOKENS];
    bool nibbles = type == TYPE_Q4_0 || type == TYPE_Q4_K;
    for (unsigned t = 0; t < count; t++)
        sums[t] = _mm512_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        __m512i w[8];
        __m512 scale, second = _mm512_setzero_ps();
        const uint8_t *scales = group + packed_scales(type, b), *quants = group + packed_quants(type, b);
        if (nibbles)
            load_nibbles(quants, w);
        else
            load_bytes(quants, w);
        if (type == TYPE_Q8_0 || type == TYPE_Q4_0) {
            scale = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)scales));
        } else {
            scale = _mm512_load_ps(scales);
            second = _mm512_load_ps(scales + 64);
        }
        for (unsigned t = 0; t < count; t++) {
            const int8_t *q = in[t].quants + 32 * b;
            __m512 input_scale = _mm512_set1_ps(in[t].scales[b]);
            if (type == TYPE_Q6_K) {
                __m512i first = dot(_mm512_set1_epi32(-32 * in[t].sums[2 * b]), w, q, 4);
                __m512i last = dot(_mm512_set1_epi32(-32 * in[t].sums[2 * b + 1]), w + 4, q + 16, 4);
                __m512 sum = _mm512_mul_ps(_mm512_cvtepi32_ps(first), scale);
                sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(last), second, sum);
                sums[t] = _mm512_fmadd_ps(sum, input_scale, sums[t]);
                continue;
            }
            __m512i offset = type == TYPE_Q4_K ? _mm512_setzero_si512() : broadcast(&in[t].offsets[b]);
            if (type == TYPE_Q8_0)
                offset = _mm512_slli_epi32(offset, 4);
            __m512i sum = dot(offset, w, q, 8);
            sums[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(scale, input_scale), sums[t]);
            if (type == TYPE_Q4_K)
                sums[t] = _mm512_fmadd_ps(second, _mm512_set1_ps(0.125f * (float)in[t].offsets[b] * in[t].scales[b]), sums[t]);
        }
    }
    for (unsigned t = 0; t < count; t++)
        _mm512_storeu_ps(out + t * stride, sums[t]);
}

#include "groups.h"

static bool present(void) {
    return x86_has_avx512_vnni();
}

const struct isa isa_avx512 = {
    .name = "avx512",
    .present = present,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .multiply = multiply,
    .round = x86_round,
    VECTOR_LOOPS,
};
