/* What is done in vector registers. Each instruction set has one `struct isa`; "scalar" works everywhere and is what the
 * others must agree with. */
#pragma once
#include "gguf.h"

/* Inputs of a matrix product, `count` of `columns` values each. Quantised matrices multiply them rounded to 8 bits in
 * blocks of 32 (Q8_0, Q4_0) or 256 (Q4_K, Q6_K) that share a scale, as llama.cpp does. */
struct activations {
    const float *values; /* (count, stride columns) */
    uint32_t count, columns;
    enum activation_rounding { ROUND_NONE, ROUND_32, ROUND_256 } rounding; /* what the following arrays hold */
    int8_t *quants;      /* (count, columns) */
    float *scales;       /* (count, columns/32) */
    int32_t *sums;       /* (count, columns/16): sums of quants */
    int32_t *offsets;    /* (count, columns/32): -8 times their sums */
    uint64_t *lanes;     /* (count, columns/4): four quants each, as lanes.c multiplies them */
};
enum activation_rounding rounding_for(uint32_t type);

/* A tensor to multiply by, perhaps with its rows interleaved for this instruction set. */
struct matrix {
    struct tensor tensor;
    uint8_t *packed; /* NULL: used as it lies in the file */
};

#define KEY_TILE 16 /* positions whose keys lie dimension by dimension */

/* Of some tokens that follow each other: the first of them sees `positions`, its own the last, each further one more. */
struct attention {
    const float *query;           /* (tokens, stride heads*head) */
    const float *keys, *values;   /* of one layer, see struct neural */
    uint32_t heads, kv_heads, head, context, tokens, positions;
    float *scores;                /* (2, context + KEY_TILE) */
    float *out;                   /* (tokens, stride heads*head) */
};

struct isa {
    const char *name;
    bool (*present)(void);
    /* Bytes of a packed copy, 0 when the tensor is used in place; and the copying. */
    uint64_t (*packed_bytes)(const struct tensor *t);
    void (*pack)(const struct tensor *t, uint8_t *out);
    /* out[i][row] for each input i; rows of `out` are `stride` apart and filled up to the next 16. */
    void (*multiply)(const struct matrix *m, const struct activations *in, float *out, size_t stride);
    void (*round)(struct activations *in, enum activation_rounding rounding);
    void (*normalise)(float *out, const float *x, const float *weight, size_t n, float epsilon); /* RMSNorm */
    void (*gate)(float *gated, const float *raised, size_t n); /* gated = silu(gated) * raised */
    void (*add)(float *x, const float *y, size_t n);
    /* Turns the pairs (2p, 2p+1) of each head by the angle whose cosine and sine are at p. */
    void (*rotate)(float *x, const float *cosines, const float *sines, size_t heads, size_t head);
    void (*attend)(const struct attention *a);
};
extern const struct isa isa_scalar, isa_lanes;
/* For those that need no more than any processor has, and use tensors in place. */
bool isa_always(void);
uint64_t isa_in_place(const struct tensor *t);
void isa_no_packing(const struct tensor *t, uint8_t *out);

/* The instruction sets of this architecture, best first, `scalar` last; NULL at the end. */
const struct isa *const *isa_list(void);
const struct isa *isa_pick(const char *name); /* NULL name: the best present; NULL when it is not there */

/* Row `row` of a tensor as floats. */
void tensor_row(const struct tensor *t, uint32_t row, float *out);
float half_to_float(uint16_t half);
uint16_t float_to_half(float value);
/* The integers of Q4_K and Q6_K: group of 32 values (0 to 7) of one block of 256. */
void q4_k_scales(const uint8_t *block, unsigned group, uint32_t *scale, uint32_t *minimum);
void q4_k_quants(const uint8_t *block, unsigned group, uint8_t *out);
void q6_k_quants(const uint8_t *block, unsigned group, uint8_t *out);
static inline uint16_t load16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
