/* Freestanding string functions with the C library's contracts. */
#pragma once
#include <auton/types.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
char *strchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);
size_t strlcpy(char *dst, const char *src, size_t size); /* returns strlen(src) */
size_t strlcat(char *dst, const char *src, size_t size);
/* Parses decimal or 0x hex; false when the text is not wholly a number or overflows. */
bool parse_u64(const char *text, uint64_t *out);
