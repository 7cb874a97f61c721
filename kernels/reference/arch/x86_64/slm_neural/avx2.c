/* AVX2: 8 rows at once, up to 4 tokens for each weight that is loaded. */
#define _MM_MALLOC_H_INCLUDED /* the compiler's own header, which wants a C library */
#include <immintrin.h>
#define ROWS 8
#define LANES 8
#define FLIP 0u
#include "pack.h"
#include "vector.h"
#include "x86.h"

#define INLINE static inline __attribute__((always_inline))
#define TOKENS 4

INLINE __m256i broadcast(const void *four_bytes) {
    int32_t word;
    __builtin_memcpy(&word, four_bytes, 4);
    return _mm256_set1_epi32(word);
}

INLINE void load_nibbles(const uint8_t *quants, __m256i out[8]) {
    const __m256i low = _mm256_set1_epi8(15);
    for (int j = 0; j < 4; j++) {
        __m256i pairs = _mm256_load_si256((const __m256i *)(quants + 32 * j));
        out[j] = _mm256_and_si256(pairs, low);
        out[j + 4] = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), low);
    }
}

/* Sums of pairs of products, 16 bits each; those of four bytes follow by madd. Bytes of Q4 are below 16 and of Q6 below
 * 64, so that 8 and 2 of these sums fit into 16 bits; those of Q8 have a sign, which goes to the inputs. */
INLINE __m256i pairs(__m256i weights, const int8_t *quants) {
    return _mm256_maddubs_epi16(weights, broadcast(quants));
}

INLINE __m256i dot_q8(const uint8_t *weights, const int8_t *quants) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum = _mm256_setzero_si256();
    for (int j = 0; j < 8; j++) {
        __m256i w = _mm256_load_si256((const __m256i *)(weights + 32 * j));
        __m256i products = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(broadcast(quants + 4 * j), w));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, ones));
    }
    return sum;
}

INLINE __m256i dot_q4(const __m256i *weights, const int8_t *quants) {
    __m256i sum = pairs(weights[0], quants);
    for (int j = 1; j < 8; j++)
        sum = _mm256_add_epi16(sum, pairs(weights[j], quants + 4 * j));
    return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
}

INLINE __m256i dot_q6(const uint8_t *weights, const int8_t *quants) { /* of 16 columns */
    __m256i w[4], ones = _mm256_set1_epi16(1);
    for (int j = 0; j < 4; j++)
        w[j] = _mm256_load_si256((const __m256i *)(weights + 32 * j));
    __m256i first = _mm256_add_epi16(pairs(w[0], quants), pairs(w[1], quants + 4));
    __m256i last = _mm256_add_epi16(pairs(w[2], quants + 8), pairs(w[3], quants + 12));
    return _mm256_add_epi32(_mm256_madd_epi16(first, ones), _mm256_madd_epi16(last, ones));
}

/* One group of rows for `count` tokens, a constant where it is called: type too, so that each case is a loop of its own. */
INLINE void tile(uint32_t type, const uint8_t *scales, const uint8_t *quants, size_t blocks, const struct input *in,
                 unsigned count, float *out, size_t stride) {
    __m256 sums[TOKENS];
    bool halves = type == TYPE_Q8_0 || type == TYPE_Q4_0, nibbles = type == TYPE_Q4_0 || type == TYPE_Q4_K;
    for (unsigned t = 0; t < count; t++)
        sums[t] = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *weights = quants + b * (nibbles ? 128 : 256);
        __m256i w[8];
        __m256 scale, second = _mm256_setzero_ps();
        if (nibbles)
            load_nibbles(weights, w);
        if (halves) {
            scale = _mm256_cvtph_ps(_mm_load_si128((const __m128i *)(scales + b * 16)));
        } else {
            scale = _mm256_load_ps((const float *)(scales + b * 64));
            second = _mm256_load_ps((const float *)(scales + b * 64 + 32));
        }
        for (unsigned t = 0; t < count; t++) {
            const int8_t *q = in[t].quants + 32 * b;
            __m256 input_scale = _mm256_set1_ps(in[t].scales[b]);
            if (type == TYPE_Q6_K) {
                __m256i first = _mm256_add_epi32(dot_q6(weights, q), _mm256_set1_epi32(-32 * in[t].sums[2 * b]));
                __m256i last = _mm256_add_epi32(dot_q6(weights + 128, q + 16), _mm256_set1_epi32(-32 * in[t].sums[2 * b + 1]));
                __m256 sum = _mm256_mul_ps(_mm256_cvtepi32_ps(first), scale);
                sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(last), second, sum);
                sums[t] = _mm256_fmadd_ps(sum, input_scale, sums[t]);
                continue;
            }
            __m256i sum = nibbles ? dot_q4(w, q) : dot_q8(weights, q);
            if (type == TYPE_Q4_0)
                sum = _mm256_add_epi32(sum, broadcast(&in[t].offsets[b]));
            sums[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_mul_ps(scale, input_scale), sums[t]);
            if (type == TYPE_Q4_K)
                sums[t] = _mm256_fmadd_ps(second, _mm256_set1_ps(0.125f * (float)in[t].offsets[b] * in[t].scales[b]), sums[t]);
        }
    }
    for (unsigned t = 0; t < count; t++)
        _mm256_storeu_ps(out + t * stride, sums[t]);
}

/* Each group of rows is read once for all tokens. */
INLINE void multiply_type(uint32_t type, const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    size_t blocks = t->columns / 32, scale_bytes = packed_scales(t), group_bytes = packed_group(t);
    const uint8_t *group = m->packed;
    struct input inputs[TOKENS];
    for (size_t row = 0; row < t->rows; row += ROWS, group += group_bytes)
        for (size_t first = 0, count; first < in->count; first += count) {
            size_t left = in->count - first;
            float *to = out + first * stride + row;
            count = left >= TOKENS ? TOKENS : 1;
            for (size_t i = 0; i < count; i++)
                inputs[i] = input_of(in, first + i);
            if (count == TOKENS)
                tile(type, group, group + scale_bytes, blocks, inputs, TOKENS, to, stride);
            else
                tile(type, group, group + scale_bytes, blocks, inputs, 1, to, stride);
        }
}

static void multiply(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    switch (m->packed ? m->tensor.type : TYPE_F32) {
    case TYPE_Q8_0: multiply_type(TYPE_Q8_0, m, in, out, stride); break;
    case TYPE_Q4_0: multiply_type(TYPE_Q4_0, m, in, out, stride); break;
    case TYPE_Q4_K: multiply_type(TYPE_Q4_K, m, in, out, stride); break;
    case TYPE_Q6_K: multiply_type(TYPE_Q6_K, m, in, out, stride); break;
    default: x86_multiply_floats(m, in, out, stride);
    }
}

static bool present(void) {
    return x86_has_avx2();
}

const struct isa isa_avx2 = {
    .name = "avx2",
    .present = present,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .multiply = multiply,
    .round = vector_round,
    .normalise = vector_normalise,
    .gate = vector_gate,
    .add = vector_add,
    .attend = vector_attend,
};
