/* Descriptor tables and the processor's own switches. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "cpu.h"

#define CR4_PGE (1u << 7)
#define CR4_UMIP (1u << 11)
#define CR4_SMEP (1u << 20)

#define IST_STACK_SIZE 4096

struct PACKED tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, iopb;
};
struct PACKED table_pointer {
    uint16_t limit;
    uint64_t base;
};

static struct tss tss = {.iopb = sizeof(struct tss)};
static uint8_t double_fault_stack[IST_STACK_SIZE] __attribute__((aligned(16)));
static uint64_t gdt[7] = {
    0,
    0x00AF9A000000FFFF, /* 08 kernel code, 64 bit */
    0x00CF92000000FFFF, /* 10 kernel data */
    0x00AFFA000000FFFF, /* 18 user code, 64 bit */
    0x00CFF2000000FFFF, /* 20 user data */
    0, 0,               /* 28 TSS, two slots */
};

static void load_gdt(void) {
    uint64_t base = (uint64_t)&tss;
    gdt[5] = (sizeof tss - 1) | (base & 0xFFFFFF) << 16 | 0x89ULL << 40 | (base >> 24 & 0xFF) << 56;
    gdt[6] = base >> 32;
    tss.ist[IST_DOUBLE_FAULT - 1] = (uint64_t)(double_fault_stack + sizeof double_fault_stack);

    struct table_pointer pointer = {sizeof gdt - 1, (uint64_t)gdt};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %2, %%ds\n\t"
                     "mov %2, %%es\n\t"
                     "mov %2, %%ss\n\t"
                     "ltr %w3"
                     :
                     : "m"(pointer), "i"(SEL_KERNEL_CODE), "r"(SEL_KERNEL_DATA), "r"(SEL_TSS)
                     : "rax", "memory");
}

void arch_cpu_init(void) {
    uint32_t a, b, c, d;
    log_info("BOOT", "Long mode enabled");
    load_gdt();
    log_info("BOOT", "64-bit GDT loaded");

    uint64_t *pml4 = phys_to_virt(read_cr3() & ~0xFFFULL);
    pml4[0] = 0; /* the boot code's identity map: a null pointer faults from here on */
    write_cr3(read_cr3());

    uint64_t cr4 = read_cr4() | CR4_PGE;
    cpuid(0, &a, &b, &c, &d);
    if (a >= 7) {
        cpuid(7, &a, &b, &c, &d);
        cr4 |= b & (1u << 7) ? CR4_SMEP : 0;
        cr4 |= c & (1u << 2) ? CR4_UMIP : 0;
    }
    write_cr4(cr4);
}

void arch_set_kernel_stack(uint64_t top) {
    tss.rsp[0] = top;
}

static void cpu_name(char *out, size_t size) {
    uint32_t regs[12], max, b, c, d;
    cpuid(0x80000000, &max, &b, &c, &d);
    if (max < 0x80000004) {
        strlcpy(out, "x86_64", size);
        return;
    }
    for (uint32_t i = 0; i < 3; i++)
        cpuid(0x80000002 + i, &regs[i * 4], &regs[i * 4 + 1], &regs[i * 4 + 2], &regs[i * 4 + 3]);
    char text[sizeof regs + 1];
    memcpy(text, regs, sizeof regs);
    text[sizeof regs] = '\0';
    const char *start = text;
    while (*start == ' ')
        start++;
    strlcpy(out, start, size);
    for (size_t len = strlen(out); len && out[len - 1] == ' '; len--)
        out[len - 1] = '\0';
}

void arch_get_hw_summary(struct hw_summary *out) {
    uint32_t a, b, c, d;
    cpu_name(out->cpu, sizeof out->cpu);
    cpuid(1, &a, &b, &c, &d);
    out->cpu_count = d & (1u << 28) ? b >> 16 & 0xFF : 1;
    out->ram_bytes = boot_ram_bytes();
}
