/* The sum of a model's bytes that the build leaves in the image, to tell at boot whether the model came through whole.
 * Quick rather than secret: one multiplication for 8 bytes, on machines that are little-endian as GGUF is. Also part of
 * the host tool that computes it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

static inline uint64_t model_sum(const uint8_t *bytes, size_t size) {
    uint64_t sum = size;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        if (size - at >= 8)
            __builtin_memcpy(&word, bytes + at, 8);
        else
            __builtin_memcpy(&word, bytes + at, size - at);
        sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
        sum ^= sum >> 32;
    }
    return sum;
}
