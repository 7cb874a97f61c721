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
enum { RA = 1, SP = 2, S0 = 8 }; /* numbers of registers; s0 is the frame pointer */
enum { FETCH_PAGE_FAULT = 12, LOAD_PAGE_FAULT = 13, STORE_PAGE_FAULT = 15 };

extern const uint8_t __text_start[], __text_end[];

const char *(*fault_describe_hook)(virt_addr_t addr);

static const char *cause_name(uint64_t cause) {
    static const char *const names[] = {
        "Misaligned instruction address", "Instruction access fault", "Illegal instruction", "Breakpoint",
        "Misaligned load", "Load access fault", "Misaligned store", "Store access fault",
        "Environment call from U-mode", "Environment call from S-mode", "Reserved", "Reserved",
        "Instruction page fault", "Load page fault", "Reserved", "Store page fault",
    };
    return cause < ARRAY_SIZE(names) ? names[cause] : "Unknown";
}

static bool is_page_fault(uint64_t cause) {
    return cause == FETCH_PAGE_FAULT || cause == LOAD_PAGE_FAULT || cause == STORE_PAGE_FAULT;
}

static void print_fault_address(const struct arch_trap_frame *f) {
    const char *access = f->scause == FETCH_PAGE_FAULT ? "Execution" : f->scause == LOAD_PAGE_FAULT ? "Read" : "Write";
    uint8_t byte; /* the cause does not tell whether anything is there: whatever is mapped can be read */
    kprintf("%s of %s memory at 0x%016lx (%s)", access, arch_probe_read((const void *)f->stval, &byte) ? "protected" : "unmapped",
            f->stval, f->sstatus & SSTATUS_SPP ? "kernel" : "user");
    const char *what = f->stval < ARCH_PAGE_SIZE ? "null pointer" : fault_describe_hook ? fault_describe_hook(f->stval) : NULL;
    kprintf("%s%s\n", what ? ": " : "", what ? what : "");
}

static void print_registers(const struct arch_trap_frame *f) {
    static const char *const names[32] = {
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    kprintf("sepc %016lx sstatus %016lx stval %016lx satp %016lx\n", f->sepc, f->sstatus, f->stval, csr_read(satp));
    for (unsigned i = 1; i < ARRAY_SIZE(names); i++)
        kprintf("%-4s %016lx%s", names[i], f->x[i], i % 4 == 0 || i == 31 ? "\n" : " ");
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

static bool is_text(uint64_t address) {
    return address > (uint64_t)__text_start && address <= (uint64_t)__text_end;
}

static bool readable(uint64_t fp) {
    uint8_t byte;
    return fp >= ARCH_KERNEL_VBASE && fp % 8 == 0 && arch_probe_read((const uint8_t *)fp - 16, &byte) &&
           arch_probe_read((const uint8_t *)fp - 1, &byte);
}

/* Whether the function has pointed s0 to its own frame before it came to pc: the instruction that does so,
 * addi s0, sp, n, lies between its start and pc. */
static bool has_own_frame(uint64_t pc) {
    uint64_t offset;
    if (!is_text(pc) || !symbol_lookup(pc, &offset))
        return false;
    for (const uint16_t *p = (const uint16_t *)(pc - offset); p < (const uint16_t *)pc; p += (*p & 3) == 3 ? 2 : 1)
        if ((*p & 0xE003) == 0 && (*p >> 2 & 7) == 0 && *p) /* its short form */
            return true;
        else if (*p == 0x0413 && (p[1] & 0xF) == 1)
            return true;
    return false;
}

/* fp points behind the caller's frame pointer (at -16) and the return address (at -8); a function that calls none may
 * have stored the caller's frame pointer alone, at -8. `ra` is the register, when it still holds the return address of
 * the function at pc, else 0. */
static void walk(uint64_t pc, uint64_t ra, uint64_t fp) {
    unsigned repeated = 0, depth = 0;
    uint64_t last = is_text(ra) ? ra : 0;
    kputs("Call chain:\n");
    print_frame(depth++, pc);
    if (is_text(ra))
        print_frame(depth++, ra);
    while (depth < MAX_DEPTH && readable(fp)) {
        const uint64_t *frame = (const uint64_t *)fp;
        uint64_t address = frame[-1], caller = frame[-2];
        if (!is_text(address))
            break;
        if (address == last) {
            repeated++; /* a function that calls itself is shown once */
        } else {
            if (repeated)
                kprintf("     ... and %u times more\n", repeated);
            repeated = 0;
            print_frame(depth++, address);
        }
        last = address;
        if (caller <= fp) /* stacks grow down: anything else is a broken chain */
            break;
        fp = caller;
    }
}

static void backtrace_from(const struct arch_trap_frame *f) {
    uint64_t pc = f->sepc, ra = f->x[RA], fp = f->x[S0];
    if (!has_own_frame(pc)) {
        walk(pc, ra, fp);
    } else if (readable(fp) && !is_text(((const uint64_t *)fp)[-1])) {
        walk(pc, ra, ((const uint64_t *)fp)[-1]);
    } else {
        walk(pc, 0, fp);
    }
}

void trap_die(const struct arch_trap_frame *f) {
    console_panic_mode();
    kprintf("\nEXCEPTION %lu: %s\n", f->scause, cause_name(f->scause));
    if (thread_name_hook)
        kprintf("Thread: %s\n", thread_name_hook());
    if (is_page_fault(f->scause))
        print_fault_address(f);
    print_registers(f);
    backtrace_from(f);
    kputs("KERNEL STOPPED\n");
    arch_panic();
}

void arch_backtrace(void) {
    const uint64_t *frame = __builtin_frame_address(0);
    walk(frame[-1], 0, frame[-2]);
}

void arch_panic(void) {
    arch_disable_interrupts();
    if (cmdline_has("exit"))
        arch_poweroff(EXIT_STATUS_DIED);
    for (;;)
        __asm__ volatile("wfi");
}
