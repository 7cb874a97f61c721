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

/* --- inputs, rounded to 8 bits -------------------------------------------------------------------------------------- */

/* To the nearest, halves to even. */
static inline int32_t vector_nearest(float x) {
    float rounded = (float)(int32_t)(x + (x < 0 ? -0.5f : 0.5f)), back = rounded - x;
    int32_t n = (int32_t)rounded;
    n -= back == 0.5f ? n & 1 : 0;
    n += back == -0.5f ? n & 1 : 0;
    return n;
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
typedef float vector __attribute__((vector_size(4 * LANES)));
#define PER_TILE (16 / LANES) /* vectors that hold one dimension of the 16 positions of a tile of keys */

/* scores[p] = scale * query . key[p]; the keys of 16 positions lie dimension by dimension. */
static inline void vector_scores(const float *query, const float *keys, size_t head, size_t positions, float scale,
                                 float *scores) {
    const vector *key = (const vector *)keys;
    vector *out = (vector *)scores;
    size_t vectors = (positions + 15) / 16 * PER_TILE, tile = head * PER_TILE, v = 0;
    for (; v + 4 <= vectors; v += 4, key += 4 / PER_TILE * tile) {
        vector sums[4] = {{0}};
        for (size_t i = 0; i < head; i++)
            for (size_t j = 0; j < 4; j++)
                sums[j] += query[i] * key[j / PER_TILE * tile + i * PER_TILE + j % PER_TILE];
        for (size_t j = 0; j < 4; j++)
            out[v + j] = sums[j] * scale;
    }
    for (; v < vectors; v += PER_TILE, key += tile)
        for (size_t j = 0; j < PER_TILE; j++) {
            vector even = {0}, odd = {0};
            for (size_t i = 0; i < head; i += 2) { /* heads are of even size */
                even += query[i] * key[i * PER_TILE + j];
                odd += query[i + 1] * key[(i + 1) * PER_TILE + j];
            }
            out[v + j] = (even + odd) * scale;
        }
}

/* Softmax without the division; returns the sum. */
static inline float vector_weights(float *scores, size_t n) {
    float largest = scores[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        largest = scores[i] > largest ? scores[i] : largest;
    for (size_t i = 0; i < n; i++) {
        scores[i] = vector_exp(scores[i] - largest);
        sum += scores[i];
    }
    return sum;
}

static inline void vector_store(float *out, const vector *v, size_t count) {
    for (size_t i = 0; i < LANES && i < count; i++)
        out[i] = (*v)[i];
}

/* out = scale * sum of weights[p] * value[p] */
static inline void vector_mix(const float *weights, const float *values, size_t head, size_t positions, float scale,
                              float *out) {
    size_t stride = ALIGN_UP(head, 16) / LANES;
    for (size_t d = 0; d * LANES < head; d += 2) {
        const vector *left = (const vector *)values + d, *right = left + (d + 1 < stride);
        vector a = {0}, b = {0}, c = {0}, e = {0};
        size_t p = 0;
        for (; p + 2 <= positions; p += 2, left += 2 * stride, right += 2 * stride) {
            a += weights[p] * left[0];
            b += weights[p] * right[0];
            c += weights[p + 1] * left[stride];
            e += weights[p + 1] * right[stride];
        }
        if (p < positions) {
            a += weights[p] * left[0];
            b += weights[p] * right[0];
        }
        a = (a + c) * scale;
        b = (b + e) * scale;
        vector_store(out + d * LANES, &a, head - d * LANES);
        if ((d + 1) * LANES < head)
            vector_store(out + (d + 1) * LANES, &b, head - (d + 1) * LANES);
    }
}

static void vector_attend(const struct attention *a) {
    size_t group = a->heads / a->kv_heads;
    float scale = 1.0f / math_sqrt((float)a->head);
    for (size_t h = 0; h < a->heads; h++) {
        const float *keys = a->keys + h / group * a->context * a->head;
        const float *values = a->values + h / group * a->context * ALIGN_UP(a->head, 16);
        float *scores = a->scores + h * a->context;
        vector_scores(a->query + h * a->head, keys, a->head, a->positions, scale, scores);
        float sum = vector_weights(scores, a->positions);
        vector_mix(scores, values, a->head, a->positions, 1.0f / sum, a->out + h * a->head);
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

static void vector_multiply(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    const struct tensor_format *f = tensor_format(t->type);
    size_t row_bytes = (size_t)t->columns / f->block * f->block_bytes;
    for (size_t row = 0; row < t->rows; row++)
        for (size_t i = 0; i < in->count; i++)
            out[i * stride + row] = vector_dot_row(t, t->data + row * row_bytes, in, i);
}
