/* String and memory functions. The compiler itself emits calls to the first four. */
#include <auton/string.h>

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns") /* else gcc turns these loops into calls of themselves */
#endif

#define WORD sizeof(uint64_t)

/* Between addresses that are both aligned. */
static inline size_t copy_words(uint64_t *d, const uint64_t *s, size_t words) {
    size_t i = 0;
    for (; i + 4 <= words; i += 4) {
        uint64_t a = s[i], b = s[i + 1], c = s[i + 2], e = s[i + 3];
        d[i] = a, d[i + 1] = b, d[i + 2] = c, d[i + 3] = e;
    }
    for (; i < words; i++)
        d[i] = s[i];
    return words * WORD;
}

/* From an address that is `off` bytes behind an aligned one: each word is put together from two of the source's, as not
 * every machine can read a word from anywhere. Returns the bytes copied; the last word of the source is left out, so that
 * nothing behind it is read. */
static inline size_t copy_shifted(uint64_t *d, const uint8_t *s, size_t off, size_t n) {
    const uint64_t *next = (const uint64_t *)(const void *)(s + WORD - off);
    unsigned down = (unsigned)off * 8, up = 64 - down;
    uint64_t held = 0;
    for (size_t i = 0; i < WORD - off; i++)
        held |= (uint64_t)s[i] << 8 * i;
    size_t words = n / WORD - 1;
    for (size_t i = 0; i < words; i++) {
        uint64_t word = next[i];
        d[i] = held | word << up;
        held = word >> down;
    }
    return words * WORD;
}

/* Copies upwards, so it is right for overlapping memory when dst < src. */
static void copy_up(uint8_t *d, const uint8_t *s, size_t n) {
    if (n >= 3 * WORD) {
        for (; (uintptr_t)d % WORD; n--)
            *d++ = *s++;
        size_t off = (uintptr_t)s % WORD, done;
        uint64_t *to = (uint64_t *)(void *)d;
        done = off ? copy_shifted(to, s, off, n) : copy_words(to, (const uint64_t *)(const void *)s, n / WORD);
        d += done, s += done, n -= done;
    }
    while (n--)
        *d++ = *s++;
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n) {
    copy_up(dst, src, n);
    return dst;
}

void *memmove(void *dst, const void *src, size_t n) {
    uint8_t *d = dst;
    const uint8_t *s = src;
    if (d <= s || d >= s + n) {
        copy_up(d, s, n);
    } else {
        while (n--)
            d[n] = s[n];
    }
    return dst;
}

void *memset(void *dst, int value, size_t n) {
    uint8_t *d = dst;
    uint64_t word = (uint8_t)value * 0x0101010101010101ULL;
    for (; n && ((uintptr_t)d & 7); n--)
        *d++ = (uint8_t)value;
    for (; n >= 8; n -= 8, d += 8)
        *(uint64_t *)(void *)d = word;
    while (n--)
        *d++ = (uint8_t)value;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n) {
    const uint8_t *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s) {
    const char *end = s;
    while (*end)
        end++;
    return (size_t)(end - s);
}

size_t strnlen(const char *s, size_t max) {
    size_t n = 0;
    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n) {
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (uint8_t)*a - (uint8_t)*b;
    return 0;
}

static int lower(int c) {
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int strcasecmp(const char *a, const char *b) {
    while (*a && lower((uint8_t)*a) == lower((uint8_t)*b))
        a++, b++;
    return lower((uint8_t)*a) - lower((uint8_t)*b);
}

char *strchr(const char *s, int c) {
    for (;; s++) {
        if (*s == (char)c)
            return (char *)(uintptr_t)s;
        if (!*s)
            return NULL;
    }
}

char *strstr(const char *haystack, const char *needle) {
    size_t n = strlen(needle);
    for (; *haystack || !n; haystack++) {
        if (strncmp(haystack, needle, n) == 0)
            return (char *)(uintptr_t)haystack;
    }
    return NULL;
}

size_t strlcpy(char *dst, const char *src, size_t size) {
    size_t len = strlen(src);
    if (size) {
        size_t n = len < size - 1 ? len : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}

size_t strlcat(char *dst, const char *src, size_t size) {
    size_t used = strnlen(dst, size);
    return used + strlcpy(dst + used, src, size - used);
}

bool parse_u64(const char *text, uint64_t *out) {
    unsigned base = 10;
    uint64_t value = 0;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text)
        return false;
    for (; *text; text++) {
        int c = lower((uint8_t)*text);
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
        if (digit >= base || __builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}
