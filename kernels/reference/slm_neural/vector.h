/* The loops of the engine in plain C, for each instruction set's file to include: the compiler makes vectors of them,
 * as wide as the flags of that file allow. */
#pragma once
#include "isa.h"
#include "math.h"
#include <auton/string.h>

/* e^x to 2e-7, without a branch. */
static inline float vector_exp(float x) {
    x = x > 88.0f ? 88.0f : x < -87.0f ? -87.0f : x;
    float t = x * 1.44269504088896341f;
    int32_t n = (int32_t)(t + (t < 0 ? -0.5f : 0.5f));
    float r = x - (float)n * 0.693359375f;
    r = r + (float)n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * bits_float((uint32_t)(n + 127) << 23);
}

static inline float vector_dot(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static inline int32_t vector_dot_int8(const int8_t *a, const int8_t *b, size_t n) {
    int32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void vector_normalise(float *out, const float *x, const float *weight, size_t n, float epsilon) {
    float scale = 1.0f / math_sqrt(vector_dot(x, x, n) / (float)n + epsilon);
    for (size_t i = 0; i < n; i++)
        out[i] = x[i] * scale * weight[i];
}

static void vector_gate(float *gated, const float *raised, size_t n) {
    for (size_t i = 0; i < n; i++)
        gated[i] = gated[i] / (1.0f + vector_exp(-gated[i])) * raised[i];
}

static void vector_add(float *x, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

static void vector_rotate(float *x, const float *restrict cosines, const float *restrict sines, size_t heads,
                          size_t head) {
    for (size_t h = 0; h < heads; h++, x += head)
        for (size_t p = 0; p < head / 2; p++) {
            float even = x[2 * p], odd = x[2 * p + 1];
            x[2 * p] = even * cosines[p] - odd * sines[p];
            x[2 * p + 1] = even * sines[p] + odd * cosines[p];
        }
}

/* --- inputs, rounded to 8 bits -------------------------------------------------------------------------------------- */

/* To the nearest, halves to even, as adding rounds where the last digit is 1; for less than 2^22. */
static inline int32_t vector_nearest(float x) {
    const float last_digit_is_one = 12582912.0f; /* 1.5 * 2^23 */
    return (int32_t)(float_bits(x + last_digit_is_one) - float_bits(last_digit_is_one));
}

static inline float vector_largest(const float *x, size_t n) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) {
        float magnitude = x[i] < 0 ? -x[i] : x[i];
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}

static inline void vector_round_block(const float *x, size_t n, float inverse, int8_t *quants) {
    for (size_t i = 0; i < n; i++) {
        int32_t q = vector_nearest(x[i] * inverse);
        quants[i] = (int8_t)(q > 127 ? 127 : q);
    }
}

static void vector_round(struct activations *in, enum activation_rounding rounding) {
    size_t block = rounding == ROUND_32 ? 32 : 256, columns = in->columns, stride = ALIGN_UP(columns, 16);
    for (size_t i = 0; i < in->count; i++) {
        const float *x = in->values + i * stride;
        int8_t *quants = in->quants + i * columns;
        for (size_t b = 0; b < columns; b += block) {
            float largest = vector_largest(x + b, block), scale = largest / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0;
            if (rounding == ROUND_32) {
                scale = half_to_float(float_to_half(scale)); /* as llama.cpp keeps it */
            } else if (largest > 0) { /* the one that is largest becomes -127 */
                for (size_t k = 0; k < block; k++)
                    if (x[b + k] == largest || x[b + k] == -largest) {
                        inverse = -127.0f / x[b + k];
                        break;
                    }
                scale = 1.0f / inverse;
            }
            vector_round_block(x + b, block, inverse, quants + b);
            for (size_t k = b / 32; k < (b + block) / 32; k++)
                in->scales[i * (columns / 32) + k] = scale;
        }
        for (size_t k = 0; k < columns / 16; k++) {
            int32_t sum = 0;
            for (size_t j = 0; j < 16; j++)
                sum += quants[16 * k + j];
            in->sums[i * (columns / 16) + k] = sum;
        }
        for (size_t k = 0; k < columns / 32; k++) {
            const int32_t *halves = in->sums + i * (columns / 16) + 2 * k;
            in->offsets[i * (columns / 32) + k] = -8 * (halves[0] + halves[1]);
        }
    }
    in->rounding = rounding;
}

/* --- attention ------------------------------------------------------------------------------------------------------ */

#ifndef LANES
#define LANES 4 /* floats in a vector register */
#endif
#ifndef IN_REGISTER
#define IN_REGISTER(v) (void)0 /* where a compiler loads it for each use and that takes time, the file says how not to */
#endif
typedef float vector __attribute__((vector_size(4 * LANES)));
#define PER_TILE (KEY_TILE / LANES) /* vectors that hold one dimension of the positions of a tile of keys */
#define INLINE static inline __attribute__((always_inline))

/* Queries of heads that share keys, perhaps of two tokens: they read the keys together. */
struct queries {
    const float *query[2];
    float *scores[2], *out[2];
    size_t positions[2]; /* in this order: the last sees the most */
};

/* The numbers of queries, tiles and columns that come last are constants where these are called, so that sums stay in
 * registers. */

/* scores[p] = scale * query . key[p] for some tiles; the keys of 16 positions lie dimension by dimension. */
INLINE void vector_score_tiles(const struct attention *a, const struct queries *q, const vector *key, float scale,
                               size_t at, size_t count, size_t tiles) {
    size_t tile = (size_t)a->head * PER_TILE;
    vector sums[2][2 * PER_TILE];
    for (size_t n = 0; n < count; n++)
        for (size_t j = 0; j < tiles * PER_TILE; j++)
            sums[n][j] = (vector){0};
    for (size_t i = 0; i < a->head; i++)
        for (size_t j = 0; j < tiles * PER_TILE; j++) {
            vector k = key[j / PER_TILE * tile + i * PER_TILE + j % PER_TILE];
            IN_REGISTER(k);
            for (size_t n = 0; n < count; n++)
                sums[n][j] += q->query[n][i] * k;
        }
    for (size_t n = 0; n < count; n++)
        for (size_t j = 0; j < tiles * PER_TILE; j++)
            ((vector *)(q->scores[n] + at))[j] = sums[n][j] * scale;
}

/* Softmax without the division, up to `end`, which is that of a tile: what lies behind `n` counts for nothing. Returns the
 * sum. */
static inline float vector_weights(float *scores, size_t n, size_t end) {
    float largest = scores[0], sum = 0;
    for (size_t i = n; i < end; i++)
        scores[i] = -3e38f;
    for (size_t i = 0; i < end; i++)
        largest = scores[i] > largest ? scores[i] : largest;
    for (size_t i = 0; i < end; i++) {
        scores[i] = vector_exp(scores[i] - largest);
        sum += scores[i];
    }
    return sum;
}

static inline void vector_store(float *out, const vector *v, size_t count) {
    if (count >= LANES)
        memcpy(out, v, sizeof *v);
    for (size_t i = 0; count < LANES && i < count; i++)
        out[i] = (*v)[i];
}

/* out = scales * sum of weights[p] * value[p], for some vectors of columns from `first` on. */
INLINE void vector_mix(const struct attention *a, const struct queries *q, const float *values, const float *scales,
                       size_t first, size_t count, size_t columns) {
    size_t stride = ALIGN_UP(a->head, 16) / LANES;
    const vector *value = (const vector *)values + first;
    vector sums[2][4];
    for (size_t n = 0; n < count; n++)
        for (size_t j = 0; j < columns; j++)
            sums[n][j] = (vector){0};
    for (size_t p = 0; p < q->positions[count - 1]; p++, value += stride)
        for (size_t j = 0; j < columns; j++) {
            vector v = value[j];
            IN_REGISTER(v);
            for (size_t n = 0; n < count; n++)
                sums[n][j] += q->scores[n][p] * v;
        }
    for (size_t n = 0; n < count; n++)
        for (size_t j = 0; j < columns && (first + j) * LANES < a->head; j++) {
            vector result = sums[n][j] * scales[n];
            size_t at = (first + j) * LANES;
            vector_store(q->out[n] + at, &result, a->head - at);
        }
}

INLINE void vector_attend_queries(const struct attention *a, const struct queries *q, size_t kv, size_t count) {
    size_t columns = ALIGN_UP(a->head, 16) / LANES, positions = q->positions[count - 1], at = 0;
    const float *keys = a->keys + kv * a->context * a->head;
    const float *values = a->values + kv * a->context * ALIGN_UP(a->head, 16);
    float scale = 1.0f / math_sqrt((float)a->head), scales[2];
    for (; at + KEY_TILE < positions; at += 2 * KEY_TILE)
        vector_score_tiles(a, q, (const vector *)(keys + at * a->head), scale, at, count, 2);
    for (; at < positions; at += KEY_TILE)
        vector_score_tiles(a, q, (const vector *)(keys + at * a->head), scale, at, count, 1);
    for (size_t n = 0; n < count; n++)
        scales[n] = 1.0f / vector_weights(q->scores[n], q->positions[n], ALIGN_UP(positions, KEY_TILE));
    for (at = 0; at + 4 <= columns; at += 4)
        vector_mix(a, q, values, scales, at, count, 4);
    for (; at + 2 <= columns; at += 2)
        vector_mix(a, q, values, scales, at, count, 2);
    for (; at < columns; at++)
        vector_mix(a, q, values, scales, at, count, 1);
}

/* Two queries at a time, of all tokens; their scores do not lie a power of two apart, which caches are bad at. */
static void vector_attend(const struct attention *a) {
    size_t group = a->heads / a->kv_heads, stride = ALIGN_UP((size_t)a->heads * a->head, 16), total = group * a->tokens;
    struct queries q;
    for (size_t kv = 0; kv < a->kv_heads; kv++)
        for (size_t first = 0, count; first < total; first += count) {
            count = total - first < 2 ? 1 : 2;
            for (size_t n = 0; n < count; n++) {
                size_t token = (first + n) / group, at = token * stride + (kv * group + (first + n) % group) * a->head;
                q.query[n] = a->query + at;
                q.scores[n] = a->scores + n * (a->context + KEY_TILE);
                q.out[n] = a->out + at;
                q.positions[n] = a->positions + token;
            }
            if (count == 2)
                vector_attend_queries(a, &q, kv, 2);
            else
                vector_attend_queries(a, &q, kv, 1);
        }
}

/* --- products with rows as they lie in the file --------------------------------------------------------------------- */

static inline float vector_dot_half(const uint8_t *row, const float *x, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += half_to_float(load16(row + 2 * i)) * x[i];
    return sum;
}

static inline float vector_dot_q8_0(const uint8_t *p, const int8_t *x, const float *scales, size_t n) {
    float sum = 0;
    for (size_t b = 0; b < n / 32; b++, p += 34, x += 32)
        sum += (float)vector_dot_int8((const int8_t *)p + 2, x, 32) * (half_to_float(load16(p)) * scales[b]);
    return sum;
}

static inline float vector_dot_q4_0(const uint8_t *p, const int8_t *x, const float *scales, size_t n) {
    float sum = 0;
    for (size_t b = 0; b < n / 32; b++, p += 18, x += 32) {
        int32_t dot = 0;
        for (size_t i = 0; i < 16; i++)
            dot += ((p[2 + i] & 15) - 8) * x[i] + ((p[2 + i] >> 4) - 8) * x[i + 16];
        sum += (float)dot * (half_to_float(load16(p)) * scales[b]);
    }
    return sum;
}

static inline float vector_dot_q4_k(const uint8_t *p, const int8_t *x, const float *scales, const int32_t *sums, size_t n) {
    float total = 0;
    uint8_t quants[32];
    for (size_t b = 0; b < n / 256; b++, p += 144) {
        int32_t dots = 0, minima = 0;
        for (unsigned group = 0; group < 8; group++, x += 32, sums += 2) {
            uint32_t scale, minimum;
            q4_k_scales(p, group, &scale, &minimum);
            q4_k_quants(p, group, quants);
            dots += (int32_t)scale * vector_dot_int8((const int8_t *)quants, x, 32);
            minima += (int32_t)minimum * (sums[0] + sums[1]);
        }
        total += scales[8 * b] * (half_to_float(load16(p)) * (float)dots - half_to_float(load16(p + 2)) * (float)minima);
    }
    return total;
}

static inline float vector_dot_q6_k(const uint8_t *p, const int8_t *x, const float *scales, const int32_t *sums, size_t n) {
    float total = 0;
    uint8_t quants[32];
    for (size_t b = 0; b < n / 256; b++, p += 210) {
        int32_t dots = 0;
        for (unsigned group = 0; group < 8; group++, x += 32, sums += 2) {
            q6_k_quants(p, group, quants);
            for (unsigned half = 0; half < 2; half++)
                dots += (int8_t)p[192 + 2 * group + half] *
                        (vector_dot_int8((const int8_t *)quants + 16 * half, x + 16 * half, 16) - 32 * sums[half]);
        }
        total += scales[8 * b] * half_to_float(load16(p + 208)) * (float)dots;
    }
    return total;
}

static inline float vector_dot_row(const struct tensor *t, const uint8_t *row, const struct activations *in, size_t i) {
    size_t n = t->columns;
    const float *values = in->values + i * ALIGN_UP(n, 16), *scales = in->scales + i * (n / 32);
    const int8_t *quants = in->quants + i * n;
    const int32_t *sums = in->sums + i * (n / 16);
    switch (t->type) {
    case TYPE_F32: return vector_dot((const float *)row, values, n);
    case TYPE_F16: return vector_dot_half(row, values, n);
    case TYPE_Q8_0: return vector_dot_q8_0(row, quants, scales, n);
    case TYPE_Q4_0: return vector_dot_q4_0(row, quants, scales, n);
    case TYPE_Q4_K: return vector_dot_q4_k(row, quants, scales, sums, n);
    default: return vector_dot_q6_k(row, quants, scales, sums, n);
    }
}

static inline void vector_multiply(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    const struct tensor_format *f = tensor_format(t->type);
    size_t row_bytes = (size_t)t->columns / f->block * f->block_bytes;
    for (size_t row = 0; row < t->rows; row++)
        for (size_t i = 0; i < in->count; i++)
            out[i * stride + row] = vector_dot_row(t, t->data + row * row_bytes, in, i);
}

/* Of struct isa, what no instruction set does better than the compiler. */
#define VECTOR_LOOPS                                                                                                   \
    .normalise = vector_normalise, .gate = vector_gate, .add = vector_add, .rotate = vector_rotate, .attend = vector_attend
