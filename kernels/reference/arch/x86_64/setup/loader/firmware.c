/* What the BIOS knows and does: the map of the memory, and sectors of the disk. */
#include "loader.h"

#define SECTORS_AT_ONCE (TRANSFER_BYTES / SECTOR)
#define SMAP 0x534D4150

struct memory_entry memory_map[MEMORY_ENTRIES];
uint32_t memory_entries;
static uint32_t disk;

void memory_find(void) {
    struct bios_registers r = {0};
    do {
        struct memory_entry *e = &memory_map[memory_entries];
        r.eax = 0xE820;
        r.edx = SMAP;
        r.ecx = 20;
        r.edi = (uint32_t)(uintptr_t)e;
        bios_int(0x15, &r);
        if (r.flags & BIOS_CARRY || r.eax != SMAP)
            break;
        memory_entries += r.ecx >= 20 && e->size;
    } while (r.ebx && memory_entries < MEMORY_ENTRIES);
    if (!memory_entries)
        stop("the BIOS has no map of the memory (INT 15h, E820)");
}

bool memory_is_usable(uint64_t from, uint64_t bytes) {
    for (uint32_t i = 0; i < memory_entries; i++) {
        const struct memory_entry *e = &memory_map[i];
        if (e->type == MEMORY_USABLE && from >= e->base && bytes <= e->size && from - e->base <= e->size - bytes)
            return true;
    }
    return false;
}

uint8_t *memory_at(uint64_t physical) {
    return (uint8_t *)(uintptr_t)physical;
}

static bool high_is_open(void) {
    static volatile uint32_t low;
    volatile uint32_t *high = (volatile uint32_t *)((uintptr_t)&low + MB(1));
    for (uint32_t i = 0; i < 2; i++) {
        low = i;
        *high = ~i;
        if (low != i)
            return false;
    }
    return true;
}

void memory_open_high(void) {
    struct bios_registers r = {.eax = 0x2401};
    if (high_is_open())
        return;
    bios_int(0x15, &r);
    if (!high_is_open())
        __asm__ volatile("inb $0x92, %%al; orb $2, %%al; andb $0xFE, %%al; outb %%al, $0x92" : : : "eax");
    if (!high_is_open())
        stop("memory above 1 MB cannot be reached (A20)");
}

void disk_use(uint32_t drive) {
    disk = drive;
}

const uint8_t *disk_read(uint64_t sector, uint32_t bytes) {
    static uint64_t held; /* what `transfer` holds */
    static uint32_t held_bytes;
    if (sector == held && bytes <= held_bytes)
        return transfer;
    struct {
        uint8_t size, zero;
        uint16_t count, offset, segment;
        uint64_t sector;
    } PACKED packet = {16, 0, (uint16_t)((bytes + SECTOR - 1) / SECTOR), 0, (uint16_t)((uintptr_t)transfer >> 4), sector};
    struct bios_registers r = {.eax = 0x4200, .edx = disk, .esi = (uint32_t)(uintptr_t)&packet};
    if (packet.count > SECTORS_AT_ONCE)
        stop("the loader asks for too much at once");
    bios_int(0x13, &r);
    if (r.flags & BIOS_CARRY)
        stop("the BIOS cannot read a part of it");
    held = sector;
    held_bytes = bytes;
    return transfer;
}
