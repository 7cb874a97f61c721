/* The Internet checksum: the ones' complement of the ones' complement sum of 16-bit words, RFC 1071. */
#include <auton/string.h>
#include "wire.h"

typedef uint64_t __attribute__((may_alias)) word_t;

/* Words as the processor reads them, with the carry brought round: bytes are swapped at the end, not in each word. */
static uint64_t add_words(uint64_t total, const word_t *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        total += words[i];
        total += total < words[i];
    }
    return total;
}

/* The 16 bits that lie at `p` as the processor reads them; with one byte less, zero in its place. */
static uint64_t half(const uint8_t *p, size_t bytes) {
    uint8_t both[2] = {p[0], bytes > 1 ? p[1] : 0};
    uint16_t value;
    __builtin_memcpy(&value, both, sizeof value);
    return value;
}

static uint16_t fold(uint64_t total) {
    total = (total & 0xFFFFFFFF) + (total >> 32);
    total = (total & 0xFFFF) + (total >> 16 & 0xFFFF) + (total >> 32);
    total = (total & 0xFFFF) + (total >> 16);
    return (uint16_t)((total & 0xFFFF) + (total >> 16));
}

uint32_t checksum_add(uint32_t sum, const void *data, size_t bytes) {
    const uint8_t *p = data;
    bool odd = (uintptr_t)p & 1; /* then every byte is summed in the other half, and the sum is turned round at the end */
    uint64_t total = 0;          /* of what lies before and behind the aligned words */
    if (bytes == 0)
        return sum; /* nothing may lie nowhere */
    if (odd) {
        uint8_t first[2] = {0, *p++};
        total = half(first, 2);
        bytes--;
    }
    for (; bytes >= 2 && (uintptr_t)p % sizeof(word_t); p += 2, bytes -= 2)
        total += half(p, 2);
    size_t words = bytes / sizeof(word_t);
    if (words)
        total = add_words(total, (const word_t *)(const void *)p, words);
    p += words * sizeof(word_t);
    uint64_t rest = 0;
    for (bytes %= sizeof(word_t); bytes; p += 2, bytes -= bytes > 1 ? 2 : 1)
        rest += half(p, bytes);
    uint16_t word = fold(fold(total) + rest);
    uint8_t folded[2];
    __builtin_memcpy(folded, &word, 2);
    return sum + (odd ? (uint32_t)(folded[1] << 8 | folded[0]) : get16(folded));
}

uint16_t checksum_end(uint32_t sum) {
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

uint32_t checksum_pseudo(uint32_t src, uint32_t dst, uint8_t protocol, size_t bytes) {
    return (src >> 16) + (src & 0xFFFF) + (dst >> 16) + (dst & 0xFFFF) + protocol + (uint32_t)bytes;
}
