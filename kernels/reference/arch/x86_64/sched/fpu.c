/* The state of the floating-point and vector registers of a thread that uses them: XSAVE, or FXSAVE where it is missing. */
#include <auton/arch.h>
#include <auton/init.h>
#include <auton/string.h>
#include "../cpu.h"

#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_OSXSAVE (1u << 18)
#define XCR0_AVX512 0xE0u
#define XCR0_WANTED (0x7u | XCR0_AVX512) /* x87, SSE, AVX and the three parts of AVX-512 */
#define FXSAVE_BYTES 512
#define DEFAULT_FCW 0x037F   /* all exceptions masked, as the ABI has it */
#define DEFAULT_MXCSR 0x1F80
/* Where FXSAVE and XSAVE put what. */
#define AT_FTW 4
#define AT_MXCSR 24
#define AT_ST 32
#define AT_XMM 160
#define AT_PARTS 512 /* of XSAVE: which parts are there */

static uint64_t xcr0; /* 0: no XSAVE */
static size_t state_bytes = FXSAVE_BYTES;

static void enable_xsave(void) {
    uint32_t a, b, c, d;
    cpuid(0x0D, &a, &b, &c, &d);
    xcr0 = a & XCR0_WANTED;
    if ((xcr0 & XCR0_AVX512) != XCR0_AVX512)
        xcr0 &= ~(uint64_t)XCR0_AVX512;
    __asm__ volatile("xsetbv" : : "a"((uint32_t)xcr0), "d"(0), "c"(0));
    cpuid(0x0D, &a, &b, &c, &d); /* what the enabled parts take is known only now */
    state_bytes = b;
}

static void fpu_enable(void) {
    uint32_t a, b, c, d;
    uint64_t cr0;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    cr0 = (cr0 & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE;
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
    cpuid(1, &a, &b, &c, &d);
    bool has_xsave = c & (1u << 26);
    write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | (has_xsave ? CR4_OSXSAVE : 0));
    if (has_xsave)
        enable_xsave();
}
INITCALL(INIT_CPU, fpu_enable);

size_t arch_fpu_state_bytes(void) {
    return state_bytes;
}

void arch_fpu_init_state(void *state) {
    uint16_t fcw = DEFAULT_FCW;
    uint32_t mxcsr = DEFAULT_MXCSR;
    memset(state, 0, state_bytes); /* a header of zeros: every part is as after reset */
    memcpy(state, &fcw, sizeof fcw);
    memcpy((uint8_t *)state + AT_MXCSR, &mxcsr, sizeof mxcsr);
}

void arch_fpu_save(void *state) {
    if (xcr0)
        __asm__ volatile("xsave64 (%0)" : : "r"(state), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(state) : "memory");
}

void arch_fpu_restore(const void *state) {
    if (xcr0)
        __asm__ volatile("xrstor64 (%0)" : : "r"(state), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(state) : "memory");
}

static void fill(uint8_t *state, size_t at, size_t bytes, uint8_t seed) {
    for (size_t i = at; i < at + bytes; i++)
        state[i] = (uint8_t)(2 * (seed + i + i / 16 * 3) + 1);
}

void arch_fpu_fill_state(void *state, uint8_t seed) {
    uint32_t mxcsr = DEFAULT_MXCSR | (uint32_t)(seed & 3) << 13; /* rounding */
    memcpy((uint8_t *)state + AT_MXCSR, &mxcsr, sizeof mxcsr);
    ((uint8_t *)state)[AT_FTW] = 0xFF; /* all of x87's are in use */
    for (size_t i = 0; i < 8; i++)
        fill(state, AT_ST + 16 * i, 10, seed);
    fill(state, AT_XMM, 16 * 16, seed);
    if (!xcr0)
        return;
    memcpy((uint8_t *)state + AT_PARTS, &xcr0, sizeof xcr0);
    for (uint32_t part = 2; part < 8; part++) {
        uint32_t bytes, at, c, d;
        if (!(xcr0 >> part & 1))
            continue;
        __asm__ volatile("cpuid" : "=a"(bytes), "=b"(at), "=c"(c), "=d"(d) : "a"(0x0D), "c"(part));
        fill(state, at, bytes, seed);
    }
}
