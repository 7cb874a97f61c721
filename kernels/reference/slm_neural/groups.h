/* Products with the interleaved matrices of pack.h, for the file that includes this behind its `tile` and `multiply_floats`.
 * TOKENS inputs use a group of rows while it is at hand; of what is left over, FEWER do so, and the others one by one. */
#pragma once
#include "pack.h"
#include "vector.h"

/* Each group of rows is read once for all tokens. */
INLINE void multiply_groups(uint32_t type, const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    const struct tensor *t = &m->tensor;
    size_t blocks = t->columns / 32, group_bytes = packed_group(t);
    const uint8_t *group = m->packed;
    struct input inputs[TOKENS];
    for (size_t row = 0; row < t->rows; row += ROWS, group += group_bytes)
        for (size_t first = 0, count; first < in->count; first += count) {
            size_t left = in->count - first;
            float *to = out + first * stride + row;
            count = left >= TOKENS ? TOKENS : left >= FEWER ? FEWER : 1;
            for (size_t i = 0; i < count; i++)
                inputs[i] = input_of(in, first + i);
            if (count == TOKENS)
                tile(type, group, blocks, inputs, TOKENS, to, stride);
            else if (count == FEWER)
                tile(type, group, blocks, inputs, FEWER, to, stride);
            else
                tile(type, group, blocks, inputs, 1, to, stride);
        }
}

static void multiply(const struct matrix *m, const struct activations *in, float *out, size_t stride) {
    switch (m->packed ? m->tensor.type : TYPE_F32) {
    case TYPE_Q8_0: multiply_groups(TYPE_Q8_0, m, in, out, stride); break;
    case TYPE_Q4_0: multiply_groups(TYPE_Q4_0, m, in, out, stride); break;
    case TYPE_Q4_K: multiply_groups(TYPE_Q4_K, m, in, out, stride); break;
    case TYPE_Q6_K: multiply_groups(TYPE_Q6_K, m, in, out, stride); break;
    default: multiply_floats(m, in, out, stride);
    }
}
