/* What the network stack needs of the kernel, on the host. */
#include "host.h"
#include <auton/klog.h>
#include <auton/mm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t host_now_us = 1000000, host_seed = 88172645463325252ULL;
unsigned host_kmalloc_fails;
long host_allocated;

uint32_t host_random(void) {
    host_seed ^= host_seed << 13;
    host_seed ^= host_seed >> 7;
    host_seed ^= host_seed << 17;
    return (uint32_t)(host_seed >> 16);
}
uint32_t host_below(uint32_t limit) {
    return host_random() % limit;
}
static uint64_t now_us(void *context) {
    (void)context;
    return host_now_us;
}
static void random_bytes(void *context, void *out, size_t bytes) {
    (void)context;
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)out)[i] = (uint8_t)host_random();
}
const struct net_env host_env = {.now_us = now_us, .random = random_bytes};

void *kmalloc(size_t bytes) {
    if (!bytes || (host_kmalloc_fails && host_below(host_kmalloc_fails) == 0))
        return NULL;
    host_allocated++;
    void *p = malloc(bytes);
    memset(p, 0xA5, bytes); /* the kernel does not clear it either */
    return p;
}
void *kzalloc(size_t bytes) {
    void *p = kmalloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}
void kfree(void *p) {
    host_allocated -= p != NULL;
    free(p);
}
void klog(enum klog_level level, const char *tag, const char *fmt, ...) {
    va_list args;
    if (!getenv("NET_LOG"))
        return;
    va_start(args, fmt);
    fprintf(stderr, "%lu %s: ", (unsigned long)(host_now_us / 1000), tag);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n");
    va_end(args);
    (void)level;
}
int ksnprintf(char *buf, size_t size, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(buf, size, fmt, args);
    va_end(args);
    return length;
}
size_t strlcpy(char *dst, const char *src, size_t size) {
    size_t length = strlen(src);
    if (size) {
        size_t n = length < size ? length : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return length;
}
