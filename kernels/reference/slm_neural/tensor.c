/* How tensors hold their values: floats, halves, and blocks of small integers that share a scale. */
#include "isa.h"
#include "math.h"
#include <auton/string.h>

float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 0x3FF;
    if (exponent == 31)
        return bits_float(sign | 0x7F800000 | mantissa << 13);
    if (exponent)
        return bits_float(sign | (exponent + 112) << 23 | mantissa << 13);
    float tiny = (float)mantissa * bits_float(0x33800000); /* 2^-24 */
    return sign ? -tiny : tiny;
}

uint16_t float_to_half(float value) {
    uint32_t bits = float_bits(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000)
        return (uint16_t)(sign | 0x7E00);
    if (magnitude >= 0x477FF000) /* rounds to 65536 or more */
        return (uint16_t)(sign | 0x7C00);
    if (magnitude < 0x38800000) { /* below 2^-14: the sum drops what a half cannot hold, rounding to even */
        float shifted = bits_float(magnitude) + 0.5f;
        return (uint16_t)(sign | (float_bits(shifted) - 0x3F000000));
    }
    uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1) - 0x38000000;
    return (uint16_t)(sign | rounded >> 13);
}

enum activation_rounding rounding_for(uint32_t type) {
    return type == TYPE_Q8_0 || type == TYPE_Q4_0 ? ROUND_32 : type == TYPE_Q4_K || type == TYPE_Q6_K ? ROUND_256 : ROUND_NONE;
}

void q4_k_scales(const uint8_t *block, unsigned group, uint32_t *scale, uint32_t *minimum) {
    const uint8_t *s = block + 4;
    if (group < 4) {
        *scale = s[group] & 63;
        *minimum = s[group + 4] & 63;
    } else {
        *scale = (s[group + 4] & 15u) | (s[group - 4] >> 6) << 4;
        *minimum = (uint32_t)(s[group + 4] >> 4) | (uint32_t)(s[group] >> 6) << 4;
    }
}

void q4_k_quants(const uint8_t *block, unsigned group, uint8_t *out) {
    const uint8_t *q = block + 16 + group / 2 * 32;
    for (unsigned i = 0; i < 32; i++)
        out[i] = group & 1 ? q[i] >> 4 : q[i] & 15;
}

void q6_k_quants(const uint8_t *block, unsigned group, uint8_t *out) {
    const uint8_t *low = block + group / 4 * 64 + (group & 1) * 32, *high = block + 128 + group / 4 * 32;
    unsigned low_shift = group & 2 ? 4 : 0, high_shift = group % 4 * 2;
    for (unsigned i = 0; i < 32; i++)
        out[i] = (uint8_t)((low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4);
}

static void row_q8_0(const uint8_t *p, uint32_t n, float *out) {
    for (uint32_t b = 0; b < n / 32; b++, p += 34) {
        float d = half_to_float(load16(p));
        for (unsigned i = 0; i < 32; i++)
            *out++ = d * (int8_t)p[2 + i];
    }
}

static void row_q4_0(const uint8_t *p, uint32_t n, float *out) {
    for (uint32_t b = 0; b < n / 32; b++, p += 18, out += 32) {
        float d = half_to_float(load16(p));
        for (unsigned i = 0; i < 16; i++) {
            out[i] = d * ((p[2 + i] & 15) - 8);
            out[i + 16] = d * ((p[2 + i] >> 4) - 8);
        }
    }
}

static void row_q4_k(const uint8_t *p, uint32_t n, float *out) {
    uint8_t quants[32];
    for (uint32_t b = 0; b < n / 256; b++, p += 144)
        for (unsigned group = 0; group < 8; group++) {
            uint32_t scale, minimum;
            q4_k_scales(p, group, &scale, &minimum);
            q4_k_quants(p, group, quants);
            float d = half_to_float(load16(p)) * (float)scale, m = half_to_float(load16(p + 2)) * (float)minimum;
            for (unsigned i = 0; i < 32; i++)
                *out++ = d * quants[i] - m;
        }
}

static void row_q6_k(const uint8_t *p, uint32_t n, float *out) {
    uint8_t quants[32];
    for (uint32_t b = 0; b < n / 256; b++, p += 210)
        for (unsigned group = 0; group < 8; group++) {
            q6_k_quants(p, group, quants);
            for (unsigned i = 0; i < 32; i++)
                *out++ = half_to_float(load16(p + 208)) * (int8_t)p[192 + 2 * group + i / 16] * (quants[i] - 32);
        }
}

void tensor_row(const struct tensor *t, uint32_t row, float *out) {
    const struct tensor_format *f = tensor_format(t->type);
    const uint8_t *p = t->data + (size_t)row * (t->columns / f->block) * f->block_bytes;
    switch (t->type) {
    case TYPE_F32: memcpy(out, p, t->columns * sizeof(float)); break;
    case TYPE_F16:
        for (uint32_t i = 0; i < t->columns; i++)
            out[i] = half_to_float(load16(p + 2 * i));
        break;
    case TYPE_Q8_0: row_q8_0(p, t->columns, out); break;
    case TYPE_Q4_0: row_q4_0(p, t->columns, out); break;
    case TYPE_Q4_K: row_q4_k(p, t->columns, out); break;
    case TYPE_Q6_K: row_q6_k(p, t->columns, out); break;
    }
}
