/* What gcc calls where this profile has no instruction for it. */
#include <auton/types.h>

int __ctzdi2(uint64_t value);

/* Zero bits below the lowest one of `value`, which is not 0: the lowest one alone, multiplied by a sequence whose every
 * six bits in a row differ, leaves its own six at the top. */
int __ctzdi2(uint64_t value) {
    static const uint8_t position[64] = {
        0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,  62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
        63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
    };
    return position[((value & -value) * 0x03F79D71B4CB0A89ULL) >> 58];
}
