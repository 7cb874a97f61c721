/* Which vector registers this processor has and the system keeps: a processor without XSAVE for them counts as without. */
#include "x86.h"

extern const struct isa isa_avx2, isa_avx512;

const struct isa *const *isa_list(void) {
    static const struct isa *const list[] = {&isa_avx512, &isa_avx2, &isa_lanes, &isa_scalar, NULL};
    return list;
}

#define OSXSAVE (1u << 27)
#define AVX_FMA_F16C (1u << 28 | 1u << 12 | 1u << 29) /* CPUID.1:ECX */
#define AVX2 (1u << 5)                                /* CPUID.7:EBX */
#define AVX512_F_DQ_BW_VL (1u << 16 | 1u << 17 | 1u << 30 | 1u << 31)
#define AVX512_VNNI (1u << 11)                        /* CPUID.7:ECX */
#define XCR0_AVX 0x6u
#define XCR0_AVX512 0xE6u

static void cpuid(uint32_t leaf, uint32_t out[4]) {
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0));
}

static uint32_t kept_registers(void) {
    uint32_t leaf1[4], low, high;
    cpuid(1, leaf1);
    if (!(leaf1[2] & OSXSAVE))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

bool x86_has_avx2(void) {
    uint32_t leaf0[4], leaf1[4], leaf7[4];
    cpuid(0, leaf0);
    if (leaf0[0] < 7)
        return false;
    cpuid(1, leaf1);
    cpuid(7, leaf7);
    return (leaf1[2] & AVX_FMA_F16C) == AVX_FMA_F16C && (leaf7[1] & AVX2) && (kept_registers() & XCR0_AVX) == XCR0_AVX;
}

bool x86_has_avx512_vnni(void) {
    uint32_t leaf7[4];
    if (!x86_has_avx2())
        return false;
    cpuid(7, leaf7);
    return (leaf7[1] & AVX512_F_DQ_BW_VL) == AVX512_F_DQ_BW_VL && (leaf7[2] & AVX512_VNNI) &&
           (kept_registers() & XCR0_AVX512) == XCR0_AVX512;
}
