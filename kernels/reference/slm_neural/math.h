/* The functions of the C library's math.h that the engine needs, to about one unit in the last place. */
#pragma once
#include <auton/types.h>

static inline uint32_t float_bits(float f) {
    uint32_t bits;
    __builtin_memcpy(&bits, &f, sizeof bits);
    return bits;
}
static inline float bits_float(uint32_t bits) {
    float f;
    __builtin_memcpy(&f, &bits, sizeof f);
    return f;
}
static inline float math_sqrt(float x) { return __builtin_sqrtf(x); } /* one instruction; x >= 0 */
float math_exp(float x);
float math_pow(float base, float exponent); /* base > 0 */
void math_sincos(float x, float *sine, float *cosine);
