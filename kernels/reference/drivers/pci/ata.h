/* What ATA drives say of themselves, whatever controller they hang on. */
#pragma once
#include <auton/types.h>

#define ATA_IDENTIFY_WORDS 256

struct ata_identity {
    char model[41];
    uint64_t sectors;       /* 0 for a drive with removable media */
    uint32_t sector_bytes;
    bool wide;              /* 48-bit addresses */
    bool write_cache;       /* has one: flush before what was written is safe */
};
void ata_decode_identity(const uint16_t words[ATA_IDENTIFY_WORDS], bool is_packet, struct ata_identity *id);
