/* Elementary functions: reduce the argument to where a short series is exact enough, in double, and scale back. */
#include "math.h"

#define LN2 0.69314718055994530942
#define HALF_PI 1.57079632679489661923

/* 2^n for -1022 <= n <= 1023 */
static double power_of_two(int n) {
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double d;
    __builtin_memcpy(&d, &bits, sizeof d);
    return d;
}

static int64_t nearest(double x) {
    return (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static double exp_double(double x) {
    if (x > 700)
        x = 700;
    if (x < -700)
        return 0;
    int64_t n = nearest(x / LN2);
    double r = x - (double)n * LN2, sum = 1; /* |r| <= 0.35 */
    for (int i = 13; i >= 1; i--)
        sum = 1 + sum * r / i;
    return sum * power_of_two((int)n);
}

static double log_double(double x) {
    uint64_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    double m = x * power_of_two(-exponent); /* 1 <= m < 2 */
    if (m > 1.41421356237309504880) {
        m /= 2;
        exponent++;
    }
    double t = (m - 1) / (m + 1), t2 = t * t, sum = 0; /* |t| <= 0.172 */
    for (int i = 21; i >= 1; i -= 2)
        sum = sum * t2 + 1.0 / i;
    return 2 * t * sum + exponent * LN2;
}

float math_exp(float x) {
    double y = exp_double(x);
    return y > 3.4028234663852886e38 ? bits_float(0x7F800000) : (float)y;
}

float math_pow(float base, float exponent) {
    double y = exp_double(exponent * log_double(base));
    return y > 3.4028234663852886e38 ? bits_float(0x7F800000) : (float)y;
}

/* x's powers in steps of x^2, from 1 on, with these coefficients. */
static inline double series(const double *coefficients, unsigned count, double x2) {
    double sum = coefficients[count - 1];
    for (unsigned i = count - 1; i-- > 0;)
        sum = sum * x2 + coefficients[i];
    return sum;
}

void math_sincos(float x, float *sine, float *cosine) {
    static const double of_sine[] = {1, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800,
                                     1.0 / 6227020800};
    static const double of_cosine[] = {1, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800,
                                       1.0 / 479001600};
    int64_t n = nearest(x * (1 / HALF_PI));
    double r = x - (double)n * HALF_PI; /* |r| <= 0.79 */
    float s = (float)(r * series(of_sine, ARRAY_SIZE(of_sine), r * r));
    float c = (float)series(of_cosine, ARRAY_SIZE(of_cosine), r * r);
    bool swapped = n & 1;
    *sine = (swapped ? c : s) * (n & 2 ? -1.0f : 1.0f);
    *cosine = (swapped ? s : c) * ((n + 1) & 2 ? -1.0f : 1.0f);
}
