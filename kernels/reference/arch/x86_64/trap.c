/* The last words after an exception, and the call chain. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/console.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/symbols.h>
#include "cpu.h"
#include "trap.h"

#define MAX_DEPTH 32
#define EXIT_STATUS_DIED 2

const char *(*fault_describe_hook)(virt_addr_t addr);

static const char *const names[32] = {
    "Divide error", "Debug", "Non-maskable interrupt", "Breakpoint", "Overflow", "Bound range exceeded",
    "Invalid opcode", "Device not available", "Double fault", "Coprocessor segment overrun", "Invalid TSS",
    "Segment not present", "Stack-segment fault", "General protection fault", "Page fault", "Reserved",
    "x87 floating-point error", "Alignment check", "Machine check", "SIMD floating-point error", "Virtualization error",
    "Control protection error", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved", "Reserved",
    "Hypervisor injection", "VMM communication", "Security error", "Reserved",
};

static void print_fault_address(const struct arch_trap_frame *f) {
    uint64_t address = read_cr2();
    if (f->vector == 14)
        kprintf("%s of %s memory at 0x%016lx (%s)", f->error & 16 ? "Execution" : f->error & 2 ? "Write" : "Read",
                f->error & 1 ? "protected" : "unmapped", address, f->error & 4 ? "user" : "kernel");
    else
        kprintf("CR2 0x%016lx", address);
    const char *what = address < ARCH_PAGE_SIZE ? "null pointer" : fault_describe_hook ? fault_describe_hook(address) : NULL;
    kprintf("%s%s\n", what ? ": " : "", what ? what : "");
}

void trap_die(const struct arch_trap_frame *f) {
    console_panic_mode();
    kprintf("\nEXCEPTION %lu: %s, error code 0x%lx\n", f->vector, names[f->vector & 31], f->error);
    if (thread_name_hook)
        kprintf("Thread: %s\n", thread_name_hook());
    if (f->vector == 14 || f->vector == 8)
        print_fault_address(f);
    kprintf("RIP %016lx RSP %016lx RFLAGS %016lx CS %04lx SS %04lx\n", f->rip, f->rsp, f->rflags, f->cs, f->ss);
    kprintf("RAX %016lx RBX %016lx RCX %016lx RDX %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    kprintf("RSI %016lx RDI %016lx RBP %016lx CR3 %016lx\n", f->rsi, f->rdi, f->rbp, read_cr3());
    kprintf("R8  %016lx R9  %016lx R10 %016lx R11 %016lx\n", f->r8, f->r9, f->r10, f->r11);
    kprintf("R12 %016lx R13 %016lx R14 %016lx R15 %016lx\n", f->r12, f->r13, f->r14, f->r15);
    backtrace_from(f->rip, (const uint64_t *)f->rsp, (const uint64_t *)f->rbp);
    kputs("KERNEL STOPPED\n");
    arch_panic();
}

static void print_frame(unsigned depth, uint64_t address) {
    uint64_t offset = 0;
    /* A return address lies behind the call, perhaps behind the end of the function. */
    const char *name = symbol_lookup(depth ? address - 1 : address, &offset);
    if (name)
        kprintf("  #%u 0x%016lx %s+0x%lx\n", depth, address, name, offset + (depth ? 1 : 0));
    else
        kprintf("  #%u 0x%016lx ?\n", depth, address);
}

static bool readable(const uint64_t *frame) {
    uint8_t byte;
    return (uint64_t)frame >= ARCH_KERNEL_VBASE && ((uint64_t)frame & 7) == 0 && arch_probe_read(frame, &byte) &&
           arch_probe_read((const uint8_t *)(frame + 2) - 1, &byte);
}

/* rbp points to the caller's rbp and, above it, the return address. At the first instruction of a function, or of
 * nothing at all, that frame is still the caller's, and the return address lies at rsp. */
void backtrace_from(uint64_t rip, const uint64_t *rsp, const uint64_t *rbp) {
    uint64_t offset = 0;
    unsigned repeated = 0, depth = 0;
    kputs("Call chain:\n");
    print_frame(depth++, rip);
    if ((!symbol_lookup(rip, &offset) || offset == 0) && readable(rsp))
        print_frame(depth++, rsp[0]);
    while (depth < MAX_DEPTH && readable(rbp) && rbp[1]) {
        const uint64_t *caller = (const uint64_t *)rbp[0];
        bool goes_up = caller > rbp; /* stacks grow down: anything else is a broken chain */
        if (goes_up && readable(caller) && caller[1] == rbp[1]) {
            repeated++; /* a function that calls itself is shown once */
        } else {
            print_frame(depth++, rbp[1]);
            if (repeated)
                kprintf("     ... and %u times more\n", repeated);
            repeated = 0;
        }
        if (!goes_up)
            break;
        rbp = caller;
    }
}

void arch_backtrace(void) {
    const uint64_t *frame = __builtin_frame_address(0);
    backtrace_from(frame[1], frame + 2, (const uint64_t *)frame[0]);
}

void arch_panic(void) {
    arch_disable_interrupts();
    if (cmdline_has("exit"))
        arch_poweroff(EXIT_STATUS_DIED);
    for (;;)
        __asm__ volatile("hlt");
}
