/* Says which damage to a model its sum (slm_model/sum.h) does not show, one a line: any bit flipped, any two words
 * exchanged, any byte lost from the end, for files of all lengths up to some words. */
#include <stdio.h>
#include <string.h>
#include "sum.h"

#define MOST 100

int main(void) {
    uint8_t good[MOST], bad[MOST];
    for (size_t i = 0; i < MOST; i++)
        good[i] = (uint8_t)(i * 151 + i / 8);
    for (size_t size = 1; size <= MOST; size++) {
        uint64_t sum = model_sum(good, size);
        if (model_sum(good, size - 1) == sum)
            printf("%zu bytes: the last one lost\n", size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            memcpy(bad, good, size);
            bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (model_sum(bad, size) == sum)
                printf("%zu bytes: bit %zu flipped\n", size, bit);
        }
        for (size_t a = 0; a + 8 <= size; a += 8)
            for (size_t b = a + 8; b + 8 <= size; b += 8) {
                memcpy(bad, good, size);
                memcpy(bad + a, good + b, 8);
                memcpy(bad + b, good + a, 8);
                if (model_sum(bad, size) == sum)
                    printf("%zu bytes: the words at %zu and %zu exchanged\n", size, a, b);
            }
    }
    return 0;
}
