/* The block function of the ChaCha20 stream cipher (RFC 8439): 64 bytes out of key, counter and nonce. */
#pragma once
#include <auton/types.h>

#define CHACHA20_KEY_WORDS 8
#define CHACHA20_BLOCK_WORDS 16
void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter, const uint32_t nonce[3],
                    uint32_t out[CHACHA20_BLOCK_WORDS]);
