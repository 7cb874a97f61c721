/* Takes over from the firmware: everything that the kernel knows of this machine it reads from the device tree. */
#include <arch_uart.h>
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "cpu.h"
#include "machine.h"

#define DEFAULT_SOURCES 127
#define EXTERNAL_INTERRUPT_S 9 /* what a hart's own controller calls the PLIC's line in S-mode */
#define MAX_CONTEXTS 1024
#define UART_BAUD 115200

uint64_t boot_hart;
phys_addr_t boot_device_tree;
struct machine machine;
struct arch_uart arch_uart;

static fdt_node_t find(const char *compatible, const char *also) {
    const char *const names[] = {compatible, also};
    return device_tree_find(names, also ? 2 : 1);
}

static phys_addr_t registers(fdt_node_t node) {
    struct fdt_range range;
    return node != FDT_NONE && fdt_reg(device_tree(), node, 0, &range) && range.base < ARCH_DIRECT_MAP_SIZE ? range.base : 0;
}

static uint32_t cell(fdt_node_t node, const char *name, uint32_t otherwise) {
    uint32_t value = otherwise;
    fdt_cell(device_tree(), node, name, 0, &value);
    return value;
}

/* Harts are numbered by the `reg` of their nodes. */
static bool is_boot_hart(fdt_node_t cpu) {
    uint64_t number;
    return cpu != FDT_NONE && fdt_number(device_tree(), cpu, "reg", &number) && number == boot_hart;
}

/* Each interrupt of the controller itself goes to one context, in their order. */
static void find_plic(void) {
    fdt_node_t node = find("sifive,plic-1.0.0", "riscv,plic0");
    struct fdt_interrupt to;
    phys_addr_t base = registers(node);
    for (uint32_t context = 0; base && context < MAX_CONTEXTS; context++) {
        if (!fdt_interrupt(device_tree(), node, context, &to))
            continue;
        if (to.cells[0] == EXTERNAL_INTERRUPT_S && is_boot_hart(fdt_parent(device_tree(), to.controller))) {
            machine.plic.base = base;
            machine.plic.context = context;
            machine.plic.sources = cell(node, "riscv,ndev", DEFAULT_SOURCES);
            return;
        }
    }
}

static void find_uart(void) {
    fdt_node_t node = fdt_stdout(device_tree());
    struct fdt_interrupt irq;
    if (node == FDT_NONE || !fdt_is_compatible(device_tree(), node, "ns16550a"))
        node = find("ns16550a", "ns16550");
    arch_uart.base = registers(node);
    if (!arch_uart.base)
        return;
    arch_uart.stride = 1u << cell(node, "reg-shift", 0);
    arch_uart.irq = fdt_interrupt(device_tree(), node, 0, &irq) ? irq.cells[0] : 0;
    arch_uart.divisor = cell(node, "clock-frequency", 16 * UART_BAUD) / (16 * UART_BAUD);
}

void arch_boot_init(void) {
    boot_info.protocol = "SBI";
    const char *wrong = device_tree_open(boot_device_tree, FDT_MAX_SIZE);
    machine.timebase_hz = wrong ? 0 : cell(fdt_find_path(device_tree(), "/cpus"), "timebase-frequency", 0);
    if (!wrong && !machine.timebase_hz)
        wrong = "no timebase-frequency";
    if (wrong) {
        kprintf("FATAL: Invalid device tree: %s\n", wrong);
        arch_panic();
    }
    log_info("BOOT", "DTB parsed: %u bytes at 0x%lx", device_tree()->size, boot_device_tree);
    find_plic();
    find_uart();
}

/* What lies beyond the kernel's view of physical memory is left out. */
void arch_parse_memory_map(void) {
    device_tree_memory();
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        struct memory_range *r = &boot_info.memory[i];
        if (r->base >= ARCH_DIRECT_MAP_SIZE)
            r->length = 0;
        else if (r->length > ARCH_DIRECT_MAP_SIZE - r->base)
            r->length = ARCH_DIRECT_MAP_SIZE - r->base;
    }
}

void arch_parse_modules(void) {
    device_tree_modules();
}

void arch_firmware_parse(void) {
}

enum firmware_type arch_get_firmware_type(void) {
    return device_tree() ? FIRMWARE_DEVICE_TREE : FIRMWARE_NONE;
}

/* "riscv,isa" is rv64, a letter for each extension, and those with longer names behind underscores. */
void arch_get_hw_summary(struct hw_summary *out) {
    const struct fdt *tree = device_tree();
    fdt_node_t cpus = fdt_find_path(tree, "/cpus"), cpu = fdt_first_child(tree, cpus);
    while (cpu != FDT_NONE && !is_boot_hart(cpu))
        cpu = fdt_next_sibling(tree, cpu);
    const char *isa = fdt_string(tree, cpu, "riscv,isa", 0), *model = fdt_string(tree, cpu, "compatible", 0);
    strlcpy(out->cpu, isa ? isa : "riscv64", sizeof out->cpu);
    char *end = strchr(out->cpu, '_');
    if (end)
        *end = '\0';
    if (model && strcmp(model, "riscv") != 0) {
        strlcat(out->cpu, ", ", sizeof out->cpu);
        strlcat(out->cpu, model, sizeof out->cpu);
    }
    out->cpu_count = device_tree_cpu_count();
    out->ram_bytes = boot_ram_bytes();
}
