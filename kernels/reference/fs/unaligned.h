/* Numbers as they lie on disks: little-endian, at any address. */
#pragma once
#include <auton/types.h>

static inline uint16_t get16(const void *p) {
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}
static inline uint32_t get32(const void *p) {
    const uint8_t *b = p;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
static inline uint64_t get64(const void *p) {
    return get32(p) | (uint64_t)get32((const uint8_t *)p + 4) << 32;
}
static inline void put16(void *p, uint16_t value) {
    uint8_t *b = p;
    b[0] = (uint8_t)value;
    b[1] = (uint8_t)(value >> 8);
}
static inline void put32(void *p, uint32_t value) {
    put16(p, (uint16_t)value);
    put16((uint8_t *)p + 2, (uint16_t)(value >> 16));
}
static inline void put64(void *p, uint64_t value) {
    put32(p, (uint32_t)value);
    put32((uint8_t *)p + 4, (uint32_t)(value >> 32));
}
