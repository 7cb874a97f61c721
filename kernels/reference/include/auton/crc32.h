/* The checksum of Ethernet, GPT and many files (polynomial 0xEDB88320, reflected). */
#pragma once
#include <auton/types.h>

uint32_t crc32(const void *data, size_t bytes, uint32_t before); /* `before`: 0, or the sum of what comes before */
