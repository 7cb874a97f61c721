/* AVX-512 in portable C, by SIMDe: what avx512.c includes where the processor has none, so that its arithmetic is tried
 * on any with AVX2. What this version of SIMDe lacks is made of two halves. */
#pragma once
#include_next <immintrin.h>
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

#ifndef _mm512_cvtepi32_ps
#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
static inline __m512 emulated_cvtepi32_ps(__m512i v) {
    simde__m512i_private from = simde__m512i_to_private(v);
    simde__m512_private to;
    for (int half = 0; half < 2; half++)
        to.m256[half] = _mm256_cvtepi32_ps(from.m256i[half]);
    return simde__m512_from_private(to);
}
#endif

#ifndef _mm512_cvtph_ps
#define _mm512_cvtph_ps emulated_cvtph_ps
static inline __m512 emulated_cvtph_ps(__m256i v) {
    simde__m512_private to;
    to.m256[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(v));
    to.m256[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(v, 1));
    return simde__m512_from_private(to);
}
#endif

/* Instead of asking the processor. */
#define x86_has_avx512_vnni emulated_avx512_vnni
static inline _Bool emulated_avx512_vnni(void) {
    return 1;
}
