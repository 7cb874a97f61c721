/* The Internet checksum: the ones' complement of the ones' complement sum of 16-bit words, RFC 1071. */
#include <auton/string.h>
#include "wire.h"

uint32_t checksum_add(uint32_t sum, const void *data, size_t bytes) {
    const uint8_t *p = data;
    uint64_t total = 0; /* of words as the processor reads them: bytes are swapped at the end, not in each word */
    for (; bytes >= 4; p += 4, bytes -= 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        total += word;
    }
    if (bytes >= 2) {
        uint16_t word;
        memcpy(&word, p, 2);
        total += word;
        p += 2;
    }
    if (bytes & 1) {
        uint8_t last[2] = {*p, 0};
        uint16_t word;
        memcpy(&word, last, 2);
        total += word;
    }
    total = (total & 0xFFFFFFFF) + (total >> 32);
    total = (total & 0xFFFF) + (total >> 16 & 0xFFFF) + (total >> 32);
    total = (total & 0xFFFF) + (total >> 16);
    uint8_t folded[2];
    uint16_t word = (uint16_t)((total & 0xFFFF) + (total >> 16));
    memcpy(folded, &word, 2);
    return sum + get16(folded);
}

uint16_t checksum_end(uint32_t sum) {
    sum = (sum & 0xFFFF) + (sum >> 16);
    sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)~sum;
}

uint32_t checksum_pseudo(uint32_t src, uint32_t dst, uint8_t protocol, size_t bytes) {
    return (src >> 16) + (src & 0xFFFF) + (dst >> 16) + (dst & 0xFFFF) + protocol + (uint32_t)bytes;
}
