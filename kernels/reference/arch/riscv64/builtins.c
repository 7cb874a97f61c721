/* What gcc calls where this profile has no instruction for it. */
#include <auton/types.h>

int __ctzdi2(uint64_t value);
uint8_t atomic_exchange_byte(volatile void *at, uint8_t value, int order) __asm__("__atomic_exchange_1");

/* Zero bits below the lowest one of `value`, which is not 0: the lowest one alone, multiplied by a sequence whose every
 * six bits in a row differ, leaves its own six at the top. */
int __ctzdi2(uint64_t value) {
    static const uint8_t position[64] = {
        0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,  62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
        63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
    };
    return position[((value & -value) * 0x03F79D71B4CB0A89ULL) >> 58];
}

/* Atomic instructions know words only: a flag of one byte is exchanged together with its neighbours as they are. */
uint8_t atomic_exchange_byte(volatile void *at, uint8_t value, int order) {
    volatile uint32_t *word = (volatile uint32_t *)((uint64_t)at & ~3ULL);
    unsigned shift = ((uint64_t)at & 3) * 8;
    uint32_t old = *word;
    (void)order; /* the strictest serves all */
    while (!__atomic_compare_exchange_n(word, &old, (old & ~(0xFFu << shift)) | (uint32_t)value << shift, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return (uint8_t)(old >> shift);
}
