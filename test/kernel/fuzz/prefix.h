/* Included before every file: the kernel's string functions get names of their own, beside those of the C library
 * that the sanitizers' runtime needs. */
#pragma once
#define memcpy kernel_memcpy
#define memmove kernel_memmove
#define memset kernel_memset
#define memcmp kernel_memcmp
#define strlen kernel_strlen
#define strnlen kernel_strnlen
#define strcmp kernel_strcmp
#define strncmp kernel_strncmp
#define strcasecmp kernel_strcasecmp
#define strchr kernel_strchr
#define strstr kernel_strstr
#define strlcpy kernel_strlcpy
#define strlcat kernel_strlcat
