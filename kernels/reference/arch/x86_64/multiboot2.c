/* The Multiboot2 information (GRUB): a list of tags, each aligned to 8 bytes. */
#include <auton/arch.h>
#include <auton/string.h>
#include "handover.h"

enum { TAG_END = 0, TAG_CMDLINE = 1, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_ACPI_OLD = 14, TAG_ACPI_NEW = 15 };

struct tag {
    uint32_t type, size; /* size without the padding behind it */
};
struct tag_module {
    struct tag tag;
    uint32_t start, end;
    char cmdline[];
};
struct tag_memory_map {
    struct tag tag;
    uint32_t entry_size, entry_version;
};
struct memory_entry {
    uint64_t base, length;
    uint32_t type, reserved;
};

static uint8_t rsdp_copy[36] __attribute__((aligned(8))); /* the loader's own lies in memory that becomes free */

static const struct tag *first(const void *info) {
    return (const struct tag *)((const uint8_t *)info + 8);
}

static const struct tag *next(const struct tag *t) {
    return (const struct tag *)((const uint8_t *)t + ALIGN_UP(t->size, 8));
}

/* A size below 8 would loop for ever. */
#define FOR_EACH_TAG(t, info) for (const struct tag *t = first(info); t->type != TAG_END && t->size >= 8; t = next(t))

static void basics(const void *info) {
    FOR_EACH_TAG(t, info) {
        const uint8_t *content = (const uint8_t *)(t + 1);
        if (t->type == TAG_CMDLINE) {
            strlcpy(boot_info.cmdline, (const char *)content, sizeof boot_info.cmdline);
        } else if (t->type == TAG_ACPI_NEW || (t->type == TAG_ACPI_OLD && !boot_info.firmware_table)) {
            size_t size = t->size - sizeof *t;
            memcpy(rsdp_copy, content, size < sizeof rsdp_copy ? size : sizeof rsdp_copy);
            boot_info.firmware_table = virt_to_phys(rsdp_copy);
        }
    }
}

static void memory(const void *info) {
    FOR_EACH_TAG(t, info) {
        const struct tag_memory_map *map = (const void *)t;
        if (t->type != TAG_MEMORY_MAP || map->entry_size < sizeof(struct memory_entry))
            continue;
        const uint8_t *end = (const uint8_t *)t + t->size;
        for (const uint8_t *p = (const uint8_t *)(map + 1); p + map->entry_size <= end; p += map->entry_size) {
            const struct memory_entry *e = (const void *)p;
            handover_add_memory(e->base, e->length, e->type);
        }
    }
}

static void modules(const void *info) {
    FOR_EACH_TAG(t, info) {
        const struct tag_module *m = (const void *)t;
        if (t->type == TAG_MODULE)
            handover_add_module(m->start, m->end, m->cmdline);
    }
}

const struct handover multiboot2_handover = {basics, memory, modules};
