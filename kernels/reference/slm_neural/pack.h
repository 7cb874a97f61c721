/* Matrices with their rows interleaved, so that the same four columns of ROWS rows fill one vector or two. Of a group of
 * ROWS rows, blocks of 32 columns follow each other: the scales of some, (blocks, parts, ROWS), which fill a line of 64
 * bytes, then their quants, (blocks, 8 or 4, ROWS, 4 bytes). So a product reads a matrix from its first byte to its last,
 * which is what processors fetch ahead. Rows that the last group lacks are zeros. Included with ROWS and FLIP defined:
 * FLIP is put to the bytes of Q8_0, for instructions that want them without sign. */
#pragma once
#include "isa.h"
#include "math.h"
#include <auton/string.h>

struct packed_format {
    uint32_t scale_bytes; /* for a row of a block: Q8_0 and Q4_0 a half, the others two floats */
    uint32_t quant_bytes; /* for a row of a block of 32 columns */
};

static inline struct packed_format packed_format(uint32_t type) {
    switch (type) {
    case TYPE_Q8_0: return (struct packed_format){2, 32};
    case TYPE_Q4_0: return (struct packed_format){2, 16};
    case TYPE_Q4_K: return (struct packed_format){8, 16}; /* scale and minimum */
    case TYPE_Q6_K: return (struct packed_format){8, 32}; /* scales of both halves */
    default: return (struct packed_format){0, 0};
    }
}

/* Blocks whose scales lie together. */
static inline size_t packed_together(uint32_t type) {
    size_t bytes = packed_format(type).scale_bytes * ROWS;
    return bytes < 64 ? 64 / bytes : 1;
}

/* Where the blocks lie that share a line of scales with block `b`. */
static inline size_t packed_line(uint32_t type, size_t b) {
    const struct packed_format p = packed_format(type);
    return b / packed_together(type) * packed_together(type) * (p.scale_bytes + p.quant_bytes) * ROWS;
}

static inline size_t packed_scales(uint32_t type, size_t b) {
    return packed_line(type, b) + b % packed_together(type) * packed_format(type).scale_bytes * ROWS;
}

static inline size_t packed_quants(uint32_t type, size_t b) {
    const struct packed_format p = packed_format(type);
    size_t together = packed_together(type);
    return packed_line(type, b) + (together * p.scale_bytes + b % together * p.quant_bytes) * ROWS;
}

static inline size_t packed_group(const struct tensor *t) {
    return packed_line(t->type, ALIGN_UP((size_t)t->columns / 32, packed_together(t->type)));
}

static uint64_t packed_bytes(const struct tensor *t) {
    return packed_format(t->type).quant_bytes ? ((uint64_t)t->rows + ROWS - 1) / ROWS * packed_group(t) : 0;
}

static inline void put_float(uint8_t *scales, size_t index, float value) {
    __builtin_memcpy(scales + 4 * index, &value, 4);
}

/* Four bytes a time: they stay together. */
static inline void spread(const uint8_t *from, unsigned words, uint32_t flip, uint8_t *out) {
    for (unsigned i = 0; i < words; i++) {
        uint32_t word;
        __builtin_memcpy(&word, from + 4 * i, 4);
        word ^= flip;
        __builtin_memcpy(out + (size_t)i * ROWS * 4, &word, 4);
    }
}

/* Block `b` of 32 columns of a row of Q4_K or Q6_K, as two floats and quants. */
static inline void pack_k(const struct tensor *t, const uint8_t *row, size_t b, uint8_t *scales, uint8_t *quants) {
    uint8_t values[32];
    unsigned group = b % 8;
    if (t->type == TYPE_Q4_K) {
        const uint8_t *block = row + b / 8 * 144;
        uint32_t scale, minimum;
        q4_k_scales(block, group, &scale, &minimum);
        q4_k_quants(block, group, values);
        put_float(scales, 0, half_to_float(load16(block)) * (float)scale);
        put_float(scales, ROWS, half_to_float(load16(block + 2)) * (float)minimum);
        for (unsigned i = 0; i < 16; i++)
            values[i] = (uint8_t)(values[i] | values[i + 16] << 4);
        spread(values, 4, 0, quants);
        return;
    }
    const uint8_t *block = row + b / 8 * 210;
    q6_k_quants(block, group, values);
    for (unsigned half = 0; half < 2; half++)
        put_float(scales, half * ROWS, half_to_float(load16(block + 208)) * (int8_t)block[192 + 2 * group + half]);
    spread(values, 8, 0, quants);
}

static void pack(const struct tensor *t, uint8_t *out) {
    const struct tensor_format *f = tensor_format(t->type);
    const struct packed_format p = packed_format(t->type);
    size_t row_bytes = (size_t)t->columns / f->block * f->block_bytes, blocks = t->columns / 32;
    for (size_t first = 0; first < t->rows; first += ROWS, out += packed_group(t)) {
        if (t->rows - first < ROWS)
            memset(out, 0, packed_group(t));
        for (size_t r = 0; r < ROWS && first + r < t->rows; r++) {
            const uint8_t *row = t->data + (first + r) * row_bytes;
            for (size_t b = 0; b < blocks; b++) {
                uint8_t *s = out + packed_scales(t->type, b), *q = out + packed_quants(t->type, b) + 4 * r;
                if (p.scale_bytes == 2) {
                    const uint8_t *block = row + b * f->block_bytes;
                    __builtin_memcpy(s + 2 * r, block, 2);
                    spread(block + 2, p.quant_bytes / 4, t->type == TYPE_Q8_0 ? FLIP : 0, q);
                } else {
                    pack_k(t, row, b, s + 4 * r, q);
                }
            }
        }
    }
}

/* One token's share of the inputs. */
struct input {
    const int8_t *quants;
    const float *scales;
    const int32_t *sums, *offsets;
};
static inline struct input input_of(const struct activations *in, size_t i) {
    size_t n = in->columns;
    return (struct input){in->quants + i * n, in->scales + i * (n / 32), in->sums + i * (n / 16), in->offsets + i * (n / 32)};
}
