/* AVX2: 16 rows at once, in two registers, up to 4 tokens for each weight that is loaded. */
#define _MM_MALLOC_H_INCLUDED /* the compiler's own header, which wants a C library */
#include <immintrin.h>
#define ROWS 16
#define LANES 8
#define FLIP 0u
#define IN_REGISTER(v) __asm__("" : "+x"(v))
#include "pack.h"
#include "vector.h"
#include "x86.h"

#define TOKENS 4
#define FEWER 1
#define HALVES 2   /* registers with a value for each row */
#define UNROLL _Pragma("GCC unroll 8")
/* The sum is ready here: a compiler that adds in another order needs more registers than there are. */
#define IN_ORDER(sum) __asm__("" : "+x"(sum))

/* For each token and row. */
typedef __m256i integers[TOKENS][HALVES];
typedef __m256 floats[TOKENS][HALVES];

INLINE __m256i broadcast(const void *four_bytes) {
    int32_t word;
    __builtin_memcpy(&word, four_bytes, 4);
    return _mm256_set1_epi32(word);
}

INLINE __m256i load(const uint8_t *bytes) {
    return _mm256_load_si256((const __m256i *)bytes);
}

/* Products of bytes are added in pairs to 16 bits, and these in pairs to 32. */
INLINE __m256i add_pairs(__m256i sum, __m256i pairs) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* The following add the products of one block to `sums`. */

/* Q4, 32 columns: nibbles are below 16, so that the sum of all pairs fits into 16 bits. */
INLINE void dot_nibbles(const uint8_t *weights, const struct input *in, size_t column, unsigned count, integers sums) {
    const __m256i low = _mm256_set1_epi8(15);
    integers pairs;
    UNROLL
    for (unsigned t = 0; t < count; t++)
        pairs[t][0] = pairs[t][1] = _mm256_setzero_si256();
    UNROLL
    for (size_t j = 0; j < 4; j++) {
        __m256i first = load(weights + 64 * j), second = load(weights + 64 * j + 32);
        UNROLL
        for (size_t high = 0; high < 2; high++) {
            __m256i a = _mm256_and_si256(high ? _mm256_srli_epi16(first, 4) : first, low);
            __m256i b = _mm256_and_si256(high ? _mm256_srli_epi16(second, 4) : second, low);
            UNROLL
            for (unsigned t = 0; t < count; t++) {
                __m256i x = broadcast(in[t].quants + column + 16 * high + 4 * j);
                pairs[t][0] = _mm256_add_epi16(pairs[t][0], _mm256_maddubs_epi16(a, x));
                pairs[t][1] = _mm256_add_epi16(pairs[t][1], _mm256_maddubs_epi16(b, x));
                IN_ORDER(pairs[t][0]);
                IN_ORDER(pairs[t][1]);
            }
        }
    }
    UNROLL
    for (unsigned t = 0; t < count; t++)
        UNROLL
        for (size_t h = 0; h < HALVES; h++)
            sums[t][h] = add_pairs(sums[t][h], pairs[t][h]);
}

/* Q6, 16 columns: below 64, so that two pairs fit into 16 bits. */
INLINE void dot_sixes(const uint8_t *weights, const struct input *in, size_t column, unsigned count, integers sums) {
    UNROLL
    for (size_t j = 0; j < 4; j += 2)
        UNROLL
        for (size_t h = 0; h < HALVES; h++) {
            __m256i first = load(weights + 64 * j + 32 * h), second = load(weights + 64 * j + 64 + 32 * h);
            UNROLL
            for (unsigned t = 0; t < count; t++) {
                const int8_t *x = in[t].quants + column + 4 * j;
                __m256i a = _mm256_maddubs_epi16(first, broadcast(x));
                __m256i b = _mm256_maddubs_epi16(second, broadcast(x + 4));
                sums[t][h] = add_pairs(sums[t][h], _mm256_add_epi16(a, b));
                IN_ORDER(sums[t][h]);
            }
        }
}

/* Q8, 32 columns: the first factor has no sign, that of a weight goes to the input. */
INLINE void dot_bytes(const uint8_t *weights, const struct input *in, size_t column, unsigned count, integers sums) {
    UNROLL
    for (size_t j = 0; j < 8; j++)
        UNROLL
        for (size_t h = 0; h < HALVES; h++) {
            __m256i w = load(weights + 64 * j + 32 * h), magnitude = _mm256_abs_epi8(w);
            UNROLL
            for (unsigned t = 0; t < count; t++) {
                __m256i x = _mm256_sign_epi8(broadcast(in[t].quants + column + 4 * j), w);
                sums[t][h] = add_pairs(sums[t][h], _mm256_maddubs_epi16(magnitude, x));
                IN_ORDER(sums[t][h]);
            }
        }
}

/* What a weight of 0 stands for, times the inputs. Q6 has two parts of 16 columns. */
INLINE __m256i start(uint32_t type, const struct input *in, size_t b, size_t part) {
    switch (type) {
    case TYPE_Q4_0: return broadcast(&in->offsets[b]);
    case TYPE_Q6_K: return _mm256_set1_epi32(-32 * in->sums[2 * b + part]);
    default: return _mm256_setzero_si256();
    }
}

INLINE __m256 row_scale(uint32_t type, const uint8_t *scales, size_t part, size_t h) {
    if (type == TYPE_Q8_0 || type == TYPE_Q4_0)
        return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(scales + 16 * h)));
    return _mm256_load_ps((const float *)(scales + 64 * part + 32 * h));
}

/* One group of rows for `count` tokens, a constant where it is called: type too, so that each case is a loop of its own. */
INLINE void tile(uint32_t type, const uint8_t *group, size_t blocks, const struct input *in, unsigned count, float *out,
                 size_t stride) {
    const size_t parts = type == TYPE_Q6_K ? 2 : 1;
    floats totals;
    UNROLL
    for (unsigned t = 0; t < count; t++)
        totals[t][0] = totals[t][1] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *scales = group + packed_scales(type, b), *quants = group + packed_quants(type, b);
        UNROLL
        for (size_t part = 0; part < parts; part++) {
            integers sums;
            UNROLL
            for (unsigned t = 0; t < count; t++)
                sums[t][0] = sums[t][1] = start(type, &in[t], b, part);
            if (type == TYPE_Q8_0)
                dot_bytes(quants, in, 32 * b, count, sums);
            else if (type == TYPE_Q6_K)
                dot_sixes(quants + 256 * part, in, 32 * b + 16 * part, count, sums);
            else
                dot_nibbles(quants, in, 32 * b, count, sums);
            UNROLL
            for (unsigned t = 0; t < count; t++)
                UNROLL
                for (size_t h = 0; h < HALVES; h++) {
                    __m256 scale = _mm256_mul_ps(row_scale(type, scales, part, h), _mm256_set1_ps(in[t].scales[b]));
                    totals[t][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[t][h]), scale, totals[t][h]);
                }
        }
        UNROLL
        for (unsigned t = 0; type == TYPE_Q4_K && t < count; t++) {
            __m256 inputs = _mm256_set1_ps(0.125f * (float)in[t].offsets[b] * in[t].scales[b]);
            UNROLL
            for (size_t h = 0; h < HALVES; h++)
                totals[t][h] = _mm256_fmadd_ps(row_scale(type, scales, 1, h), inputs, totals[t][h]);
        }
    }
    UNROLL
    for (unsigned t = 0; t < count; t++)
        UNROLL
        for (size_t h = 0; h < HALVES; h++)
            _mm256_storeu_ps(out + t * stride + 8 * h, totals[t][h]);
}

#include "groups.h"

static bool present(void) {
    return x86_has_avx2();
}

const struct isa isa_avx2 = {
    .name = "avx2",
    .present = present,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .multiply = multiply,
    .round = x86_round,
    VECTOR_LOOPS,
};
