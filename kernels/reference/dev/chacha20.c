/* ChaCha20's block function: ten times a column round and a diagonal round over a square of 4 x 4 words. */
#include <auton/chacha20.h>
#include <auton/selftest.h>
#include <auton/string.h>

static uint32_t rotate(uint32_t x, unsigned bits) {
    return x << bits | x >> (32 - bits);
}

static void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter, const uint32_t nonce[3],
                    uint32_t out[CHACHA20_BLOCK_WORDS]) {
    const uint32_t start[CHACHA20_BLOCK_WORDS] = {
        0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, /* "expand 32-byte k" */
        key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7],
        counter, nonce[0], nonce[1], nonce[2],
    };
    uint32_t x[CHACHA20_BLOCK_WORDS];
    memcpy(x, start, sizeof x);
    for (int i = 0; i < 10; i++) {
        quarter_round(&x[0], &x[4], &x[8], &x[12]);
        quarter_round(&x[1], &x[5], &x[9], &x[13]);
        quarter_round(&x[2], &x[6], &x[10], &x[14]);
        quarter_round(&x[3], &x[7], &x[11], &x[15]);
        quarter_round(&x[0], &x[5], &x[10], &x[15]);
        quarter_round(&x[1], &x[6], &x[11], &x[12]);
        quarter_round(&x[2], &x[7], &x[8], &x[13]);
        quarter_round(&x[3], &x[4], &x[9], &x[14]);
    }
    for (unsigned i = 0; i < CHACHA20_BLOCK_WORDS; i++)
        out[i] = x[i] + start[i];
}

SELFTEST(chacha20_vector, "dev") { /* RFC 8439, section 2.3.2 */
    static const uint32_t nonce[3] = {0x09000000, 0x4A000000, 0x00000000};
    static const uint32_t want[CHACHA20_BLOCK_WORDS] = {
        0xE4E7F110, 0x15593BD1, 0x1FDD0F50, 0xC47120A3, 0xC7F4D1C7, 0x0368C033, 0x9AAA2204, 0x4E6CD4C3,
        0x466482D2, 0x09AA9F07, 0x05D7C214, 0xA2028BD9, 0xD19C12B5, 0xB94E16DE, 0xE883D0CB, 0x4E3C50A2,
    };
    uint32_t key[CHACHA20_KEY_WORDS], out[CHACHA20_BLOCK_WORDS];
    uint8_t *bytes = (uint8_t *)key;
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    chacha20_block(key, 1, nonce, out);
    CHECK(memcmp(out, want, sizeof want) == 0);
    return NULL;
}
