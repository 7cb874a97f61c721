/* Feeds the kernel's readers of firmware tables and its PCI scan with damaged input, on the host under the address
 * and undefined-behaviour sanitizers. Usage: fuzz <rounds> <seed>. Reproducible: the same seed, the same input. */
#include "acpi_tables.h"
#include "dev_internal.h"
#include <auton/arch.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "round %u: does not hold: %s\n", round_number, #cond);                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static unsigned round_number;
static uint64_t state;

static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static uint32_t below(uint32_t limit) {
    return next() % limit;
}

/* --- what the code under test needs of the kernel ---------------------------------------------------------------- */
void (*preempt_hook)(void);
volatile bool preempt_pending;

bool arch_irq_state_enabled(uint64_t saved) {
    (void)saved;
    return false;
}

/* This machine has no device tree that could say where devices go. */
void pci_tree_assign(void) {
}

void *kzalloc(size_t bytes) {
    return below(50) ? calloc(1, bytes) : NULL; /* memory runs out now and then */
}
void kfree(void *p) {
    free(p);
}
void *vmm_map_physical(phys_addr_t phys, size_t bytes, uint32_t flags) {
    (void)phys, (void)bytes, (void)flags;
    return NULL;
}
void klog(enum klog_level level, const char *tag, const char *fmt, ...) {
    (void)level, (void)tag, (void)fmt;
}
int ksnprintf(char *buf, size_t size, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(buf, size, fmt, args);
    va_end(args);
    return length;
}
uint64_t arch_save_irq_state(void) {
    return 0;
}
void arch_restore_irq_state(uint64_t saved) {
    (void)saved;
}

/* --- ACPI ---------------------------------------------------------------------------------------------------------- */
static const uint8_t aml[] = {0x10, 0x0A, 0x5C, 0x00, 0x08, '_',  'S',  '5',  '_',  0x12, 0x06,
                              0x04, 0x0A, 0x05, 0x0A, 0x05, 0x00, 0x00, 0x08, '\\', '_',  'S',
                              '5',  '_',  0x12, 0x46, 0x01, 0x02, 0x0B, 0x05, 0x00, 0x01};

static const uint8_t windows[] = {0x00, 0x00, 0x00, 0xB0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0, 0, 0, 0};

/* What looks right, as far as it fits, is what gets a reader past its first check: small numbers, whole records, and
 * one that the end of the table cuts off. */
static void fill(uint8_t *data, size_t size) {
    bool is_code = below(2);
    const uint8_t *pattern = is_code ? aml : windows;
    size_t length = is_code ? sizeof aml : sizeof windows;
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(below(3) ? below(20) : next());
    for (size_t i = 44; i < size && below(4); i += length)
        memcpy(data + i, pattern, i + length <= size ? length : size - i);
    for (unsigned flips = below(8); size && flips; flips--)
        data[below((uint32_t)size)] ^= (uint8_t)(1u << below(8));
}

static void seal(uint8_t *data, uint32_t size, size_t checksum_at) {
    uint8_t sum = 0;
    data[checksum_at] = 0;
    for (uint32_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + data[i]);
    data[checksum_at] = (uint8_t)-sum;
}

static void read_table(const uint8_t *data, size_t size, const char *signature) {
    struct acpi_table table;
    if (!acpi_table_open(data, size, signature, &table))
        return;
    REQUIRE(table.length <= size && table.length >= ACPI_HEADER_SIZE);
    struct acpi_info info = {0};
    struct acpi_power power = {0};
    acpi_parse_madt(&table, &info);
    acpi_parse_mcfg(&table, &info);
    acpi_parse_fadt(&table, &power);
    REQUIRE(info.ecam % MB(1) == 0 && info.ecam_first_bus <= info.ecam_last_bus);
    REQUIRE(info.cpu_count <= size / 8);
    if (acpi_find_s5(table.data + ACPI_HEADER_SIZE, table.length - ACPI_HEADER_SIZE, &power))
        REQUIRE(power.s5_known && power.s5_type_a <= 7 && power.s5_type_b <= 7);
    for (int wide = 0; wide < 2; wide++)
        for (size_t i = 0; i <= acpi_root_count(&table, wide); i++)
            acpi_root_entry(&table, wide, i);
}

/* Each input lies in a block of exactly its size, so that one byte too far is seen. */
static void fuzz_acpi(void) {
    uint32_t size = below(400);
    uint8_t *data = malloc(size ? size : 1);
    fill(data, size);
    if (size >= ACPI_HEADER_SIZE && below(10)) {
        uint32_t claimed = below(8) ? size : next();
        memcpy(data, "TEST", 4);
        memcpy(data + 4, &claimed, sizeof claimed);
        seal(data, size, 9);
    }
    read_table(data, size, "TEST");
    if (size >= ACPI_RSDP_SIZE) {
        struct acpi_root root;
        memcpy(data, "RSD PTR ", 8);
        seal(data, ACPI_RSDP_SIZE, 8);
        if (size >= ACPI_RSDP2_SIZE)
            seal(data, ACPI_RSDP2_SIZE, 32);
        REQUIRE(!acpi_parse_rsdp(data, size, &root) || (root.table != 0 && root.oem[6] == '\0'));
    }
    free(data);
}

/* --- PCI ----------------------------------------------------------------------------------------------------------- */
static struct function {
    uint8_t bus, slot, fn;
    uint32_t regs[64], writable[64];
} functions[48];
static unsigned function_count;

static struct function *function_at(uint8_t bus, uint8_t slot, uint8_t fn) {
    for (unsigned i = 0; i < function_count; i++)
        if (functions[i].bus == bus && functions[i].slot == slot && functions[i].fn == fn)
            return &functions[i];
    return NULL;
}

uint32_t arch_pci_config_read32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    struct function *f = function_at(bus, dev, fn);
    return f && offset < 256 ? f->regs[offset / 4] : 0xFFFFFFFFu;
}

void arch_pci_config_write32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value) {
    struct function *f = function_at(bus, dev, fn);
    if (f && offset < 256)
        f->regs[offset / 4] = (f->regs[offset / 4] & ~f->writable[offset / 4]) | (value & f->writable[offset / 4]);
}

/* Bridges that lead anywhere, to themselves or to a bus that nothing has numbered yet. */
static void make_function(struct function *f) {
    *f = (struct function){(uint8_t)(below(4) ? below(3) : next()), (uint8_t)below(32), (uint8_t)(below(2) ? 0 : below(8)),
                           {0}, {0}};
    for (unsigned i = 0; i < 64; i++) {
        f->regs[i] = next();
        f->writable[i] = below(2) ? ~((1u << below(32)) - 1) : next();
    }
    f->writable[PCI_COMMAND / 4] = 0x7;
    f->regs[PCI_HEADER / 4] = (f->regs[PCI_HEADER / 4] & ~0x7F0000u) | below(3) << 16;
    f->regs[PCI_BUSES / 4] &= ~0xFF00u;
    f->regs[PCI_BUSES / 4] |= below(3) ? below(6) << 8 : 0;
    if (!below(3))
        f->regs[PCI_CLASS / 4] = 0x06000000;
}

static void fuzz_pci(void) {
    static struct function before[ARRAY_SIZE(functions)];
    function_count = 0;
    for (unsigned wanted = below(ARRAY_SIZE(functions)); wanted; wanted--) {
        struct function f;
        make_function(&f);
        if (!function_at(f.bus, f.slot, f.fn))
            functions[function_count++] = f;
    }
    memcpy(before, functions, sizeof before);
    pci_scan();
    REQUIRE(pci_device_count() <= function_count && device_count() <= pci_device_count());
    for (unsigned i = 0; i < function_count; i++)
        for (unsigned reg = 0; reg < 64; reg++) {
            /* Bus numbers may be given out; nothing else may look different after a scan. */
            bool may_change = reg == PCI_BUSES / 4 && (before[i].regs[PCI_HEADER / 4] >> 16 & 0x7F) == 1;
            bool is_status = reg == PCI_COMMAND / 4;
            uint32_t mask = is_status ? 0xFFFF : 0xFFFFFFFF;
            REQUIRE(may_change || ((before[i].regs[reg] ^ functions[i].regs[reg]) & mask) == 0);
        }
    for (device_t *dev; (dev = device_first());) {
        char text[320];
        REQUIRE(device_find(dev->name) == dev);
        REQUIRE(device_summary(dev, text, sizeof text) < (int)sizeof text);
        device_unregister(dev);
        free(dev);
    }
}

int main(int argc, char **argv) {
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9E3779B97F4A7C15ull | 1;
    for (round_number = 0; round_number < rounds; round_number++) {
        fuzz_acpi();
        if (round_number % 10 == 0)
            fuzz_pci();
    }
    printf("%u rounds\n", rounds);
    return 0;
}
