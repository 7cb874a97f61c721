/* A long sum in floating point, for tests: it comes out the same only if nobody disturbs the registers it is in. */
#include "series.h"
#include "math.h"

uint32_t neural_series(uint32_t seed, uint32_t terms) {
    float a = (float)seed, b = 1, c = 0.5f, d = 0;
    for (uint32_t i = 1; i <= terms; i++) {
        a = a * 0.999f + b;
        b = b * -0.5f + c;
        c = c + 0.001f * a;
        c = c > 100 ? c - 100 : c;
        d += a * b + c;
    }
    return float_bits(a) ^ float_bits(b) ^ float_bits(c) ^ float_bits(d);
}
