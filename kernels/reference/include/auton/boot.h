/* What the boot protocol (PVH, Multiboot2, device tree) tells the kernel, in one architecture-neutral form. */
#pragma once
#include <auton/types.h>

#define BOOT_MAX_MEMORY_RANGES 128
#define BOOT_MAX_MODULES 16
#define BOOT_CMDLINE_MAX 512

enum memory_type { MEM_USABLE = 1, MEM_RESERVED = 2, MEM_ACPI_RECLAIM = 3, MEM_ACPI_NVS = 4, MEM_BAD = 5 };

struct memory_range {
    phys_addr_t base;
    uint64_t length; /* bytes */
    enum memory_type type;
};

struct boot_module {
    phys_addr_t start, end;
    char cmdline[64];
};

typedef struct boot_info {
    const char *protocol; /* "PVH", "Multiboot2", ... */
    struct memory_range memory[BOOT_MAX_MEMORY_RANGES];
    uint32_t memory_count;
    struct boot_module modules[BOOT_MAX_MODULES];
    uint32_t module_count;
    char cmdline[BOOT_CMDLINE_MAX];
    phys_addr_t firmware_table; /* ACPI RSDP or device tree; 0 when unknown */
} boot_info_t;

extern boot_info_t boot_info;
/* Installed memory: what the map calls usable or ACPI, rounded up to a whole MB. */
uint64_t boot_ram_bytes(void);

/* Value of `key=value` on the command line copied to `out`; a bare `key` gives "". False when it is absent. */
bool cmdline_get(const char *key, char *out, size_t size);
bool cmdline_has(const char *key);

/* Entered from architecture code on the boot stack. */
void kernel_main(void) NORETURN;
/* Leaves the machine: QEMU's exit device when `exit` is on the command line (the process ends with
 * (status << 1) | 1), firmware power-off, else halts. `status` 0 means success. */
void kernel_poweroff(int status) NORETURN;
extern void (*poweroff_hook)(void); /* firmware power-off (ACPI S5), set by dev; returns when it cannot */
extern void (*reboot_hook)(void);   /* firmware reset, tried before the architecture's own way */
extern void (*shutdown_hook)(void); /* before either: what lies in memory reaches the disks, set by fs */
void kernel_reboot(void) NORETURN;
void panic(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;
