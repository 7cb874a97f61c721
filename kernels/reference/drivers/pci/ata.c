/* Decodes the identify data of ATA drives. */
#include "ata.h"
#include <auton/selftest.h>
#include <auton/string.h>

enum word { WORD_MODEL = 27, WORD_SECTORS = 60, WORD_FEATURES = 83, WORD_ENABLED = 85, WORD_WIDE_SECTORS = 100,
            WORD_SECTOR_SIZE = 106, WORD_SECTOR_WORDS = 117 };

static uint64_t number(const uint16_t *words, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)words[i] << 16 * i;
    return value;
}

/* Text in identify data: two characters a word, the first in the upper half, padded with spaces. */
static void decode_model(const uint16_t *words, char out[41]) {
    size_t end = 0;
    for (unsigned i = 0; i < 40; i++) {
        char c = (char)(words[i / 2] >> (i % 2 ? 0 : 8));
        out[i] = c >= ' ' && c <= '~' ? c : ' ';
        if (out[i] != ' ')
            end = i + 1;
    }
    out[end] = '\0';
}

/* Words 83 and 106 are valid when their upper bits say 01: all ones is no drive. */
static bool is_valid(uint16_t word) {
    return (word & 0xC000) == 0x4000;
}

void ata_decode_identity(const uint16_t words[ATA_IDENTIFY_WORDS], bool is_packet, struct ata_identity *id) {
    decode_model(words + WORD_MODEL, id->model);
    id->wide = is_valid(words[WORD_FEATURES]) && words[WORD_FEATURES] & 1u << 10;
    id->sectors = id->wide ? number(words + WORD_WIDE_SECTORS, 4) : number(words + WORD_SECTORS, 2);
    id->write_cache = words[WORD_ENABLED] & 1u << 5;
    bool large = is_valid(words[WORD_SECTOR_SIZE]) && words[WORD_SECTOR_SIZE] & 1u << 12;
    id->sector_bytes = large ? (uint32_t)number(words + WORD_SECTOR_WORDS, 2) * 2 : 512;
    if (is_packet)
        id->sectors = 0;
}

SELFTEST(ata_identity, "drivers") {
    static uint16_t words[ATA_IDENTIFY_WORDS];
    struct ata_identity id;
    memset(words, 0, sizeof words);
    words[27] = 'Q' << 8 | 'E';
    words[28] = 'M' << 8 | 'U';
    words[29] = ' ' << 8 | 'D';
    words[60] = 0x5678;
    words[61] = 0x1234;
    ata_decode_identity(words, false, &id);
    CHECK(strcmp(id.model, "QEMU D") == 0);
    CHECK(id.sectors == 0x12345678 && !id.wide && id.sector_bytes == 512 && !id.write_cache);
    words[83] = 1u << 14 | 1u << 10;
    words[85] = 1u << 5;
    words[102] = 1;
    ata_decode_identity(words, false, &id);
    CHECK(id.sectors == 1ull << 32 && id.wide && id.write_cache);
    words[106] = 1u << 14 | 1u << 12;
    words[117] = 2048;
    ata_decode_identity(words, true, &id);
    CHECK(id.sectors == 0 && id.sector_bytes == 4096);
    memset(words, 0xFF, sizeof words); /* nothing answered */
    ata_decode_identity(words, false, &id);
    CHECK(id.model[0] == '\0' && !id.wide);
    return NULL;
}
