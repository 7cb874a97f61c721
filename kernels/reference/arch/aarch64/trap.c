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
#define ISS_WRITE (1u << 6)
#define FAULT_STATUS(esr) ((unsigned)(esr) & 0x3C) /* without the level of the table */
#define STATUS_TRANSLATION 0x04
#define STATUS_PERMISSION 0x0C
#define SPSR_MODE 0xF

const char *(*fault_describe_hook)(virt_addr_t addr);

static const char *class_name(unsigned class) {
    static const struct {
        uint8_t class;
        const char *name;
    } names[] = {
        {0x00, "Unknown instruction"}, {0x07, "Vector or floating-point access"}, {0x0E, "Illegal execution state"},
        {0x15, "System call"}, {0x18, "Trapped system register"}, {0x20, "Instruction abort in user mode"},
        {0x21, "Instruction abort"}, {0x22, "Misaligned program counter"}, {0x24, "Data abort in user mode"},
        {0x25, "Data abort"}, {0x26, "Misaligned stack pointer"}, {0x2C, "Floating-point error"},
        {0x2F, "System error"}, {0x30, "Breakpoint in user mode"}, {0x31, "Breakpoint"}, {0x33, "Single step"},
        {0x35, "Watchpoint"}, {0x3C, "Breakpoint instruction"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].class == class)
            return names[i].name;
    return "Unknown exception";
}

static bool is_abort(unsigned class) {
    return (class | 1) == CLASS_INSTRUCTION_ABORT || (class | 1) == CLASS_DATA_ABORT;
}

static void print_fault_address(const struct arch_trap_frame *f) {
    unsigned class = ESR_CLASS(f->esr), status = FAULT_STATUS(f->esr);
    const char *access = (class | 1) == CLASS_INSTRUCTION_ABORT ? "Execution" : f->esr & ISS_WRITE ? "Write" : "Read";
    const char *memory = status == STATUS_TRANSLATION ? "unmapped" : status == STATUS_PERMISSION ? "protected" : "bad";
    kprintf("%s of %s memory at 0x%016lx (%s)", access, memory, f->far, f->spsr & SPSR_MODE ? "kernel" : "user");
    const char *what = f->far < ARCH_PAGE_SIZE ? "null pointer" : fault_describe_hook ? fault_describe_hook(f->far) : NULL;
    kprintf("%s%s\n", what ? ": " : "", what ? what : "");
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

/* x29 points to the caller's x29 and, above it, the return address. At the first instruction of a function, or of
 * nothing at all, that frame is still the caller's, and the return address is in x30. */
static void backtrace_from(uint64_t pc, uint64_t link, const uint64_t *frame) {
    uint64_t offset = 0;
    unsigned repeated = 0, depth = 0;
    kputs("Call chain:\n");
    print_frame(depth++, pc);
    if (link && (!symbol_lookup(pc, &offset) || offset == 0))
        print_frame(depth++, link);
    while (depth < MAX_DEPTH && readable(frame) && frame[1]) {
        const uint64_t *caller = (const uint64_t *)frame[0];
        bool goes_up = caller > frame; /* stacks grow down: anything else is a broken chain */
        if (goes_up && readable(caller) && caller[1] == frame[1]) {
            repeated++; /* a function that calls itself is shown once */
        } else {
            print_frame(depth++, frame[1]);
            if (repeated)
                kprintf("     ... and %u times more\n", repeated);
            repeated = 0;
        }
        if (!goes_up)
            break;
        frame = caller;
    }
}

void trap_die(const struct arch_trap_frame *f) {
    unsigned class = ESR_CLASS(f->esr);
    enum trap_kind kind = f->vector & 3;
    console_panic_mode();
    kprintf("\nEXCEPTION %u: %s, vector %lu, syndrome 0x%08lx\n", class,
            kind == TRAP_SYNC ? class_name(class) : kind == TRAP_FIQ ? "Fast interrupt" : "System error", f->vector, f->esr);
    if (thread_name_hook)
        kprintf("Thread: %s\n", thread_name_hook());
    if (kind == TRAP_SYNC && is_abort(class))
        print_fault_address(f);
    kprintf("PC  %016lx SP  %016lx PSTATE %08lx FAR %016lx\n", f->elr, f->sp, f->spsr, f->far);
    for (unsigned i = 0; i < 31; i++)
        kprintf("X%-2u %016lx%s", i, f->x[i], i % 4 == 3 || i == 30 ? "\n" : " ");
    backtrace_from(f->elr, f->x[30], (const uint64_t *)f->x[29]);
    kputs("KERNEL STOPPED\n");
    arch_panic();
}

void arch_backtrace(void) {
    const uint64_t *frame = __builtin_frame_address(0);
    backtrace_from(frame[1], 0, (const uint64_t *)frame[0]);
}

void arch_panic(void) {
    arch_disable_interrupts();
    if (cmdline_has("exit"))
        arch_poweroff(EXIT_STATUS_DIED);
    for (;;)
        __asm__ volatile("wfi");
}
