/* Numbers as they lie in packets, big-endian and without alignment, and the constants of the headers. */
#pragma once
#include <auton/types.h>

static inline uint16_t get16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void put16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void put32(uint8_t *p, uint32_t v) {
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)v);
}

#define ETH_HEADER 14
#define ETH_TYPE_IPV4 0x0800
#define ETH_TYPE_ARP 0x0806
#define NET_MTU 1500
#define NET_FRAME (ETH_HEADER + NET_MTU)
#define IPV4_HEADER 20
#define IPV4_MAX 65535
#define IPV4_TTL 64
#define UDP_HEADER 8
#define TCP_HEADER 20
#define ICMP_HEADER 8

enum ip_protocol { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };

/* A packet's payload in pieces, so that headers and data need not be copied together. */
struct piece {
    const void *data;
    size_t bytes;
};

/* The Internet checksum (RFC 1071). Sums may be chained when each piece but the last has an even length. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t bytes);
uint16_t checksum_end(uint32_t sum);
/* Sum of the pseudo header that UDP and TCP cover. */
uint32_t checksum_pseudo(uint32_t src, uint32_t dst, uint8_t protocol, size_t bytes);
