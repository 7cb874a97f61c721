/* The sum of a model's bytes that the build leaves in the image, to tell at boot whether the model came through whole.
 * Quick rather than secret: one multiplication for 8 bytes, on machines that are little-endian as GGUF is. Every fourth
 * word goes to the same of four sums, so that no multiplication waits for the one before. Each step can be undone, so
 * that one wrong word always changes the sum. Also part of the host tool that computes it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

static inline uint64_t model_word(const uint8_t *bytes) {
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

static inline uint64_t model_mix(uint64_t sum, uint64_t word) {
    sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
    return sum ^ sum >> 32;
}

static inline uint64_t model_sum(const uint8_t *bytes, size_t size) {
    uint64_t a = 0, b = 0, c = 0, d = 0, rest = 0;
    size_t at = 0;
    for (; size - at >= 32; at += 32) {
        a = model_mix(a, model_word(bytes + at));
        b = model_mix(b, model_word(bytes + at + 8));
        c = model_mix(c, model_word(bytes + at + 16));
        d = model_mix(d, model_word(bytes + at + 24));
    }
    for (; size - at >= 8; at += 8)
        a = model_mix(a, model_word(bytes + at));
    __builtin_memcpy(&rest, bytes + at, size - at);
    return model_mix(model_mix(model_mix(model_mix(model_mix(size, rest), a), b), c), d);
}
