/* The hardware abstraction layer. Portable code calls these and nothing else of an architecture;
 * each arch/<name>/ implements all of it. Constants (page size, virtual bases) come from arch_memory.h. */
#pragma once
#include <auton/types.h>
#include <arch_memory.h>

struct hw_summary {
    char cpu[64];
    uint32_t cpu_count;
    uint64_t ram_bytes;
};
enum firmware_type { FIRMWARE_NONE, FIRMWARE_ACPI, FIRMWARE_DEVICE_TREE };

/* boot */
void arch_boot_init(void);          /* fills boot_info from the boot protocol */
void arch_parse_memory_map(void);
void arch_parse_modules(void);
void arch_get_hw_summary(struct hw_summary *out);
void arch_serial_early_init(void);
void arch_serial_putchar(char c);   /* polled; works before anything else */
void arch_poweroff(int status);     /* emulator's exit device; returns when there is none */
void arch_reboot(void);

/* cpu and interrupts */
#define ARCH_IRQ_BASE 32            /* vector of IRQ 0 */
struct arch_trap_frame;             /* private to the architecture */
typedef void (*arch_interrupt_handler_t)(uint32_t vector, void *data);
void arch_cpu_init(void);
void arch_interrupt_init(void);
/* Installs `handler` for a vector and unmasks its line when it is a device interrupt; NULL masks the line again. */
void arch_set_interrupt_handler(uint32_t vector, arch_interrupt_handler_t handler, void *data);
void arch_enable_interrupts(void);
void arch_disable_interrupts(void);
uint64_t arch_save_irq_state(void); /* returns the old state and disables interrupts */
void arch_restore_irq_state(uint64_t state);
bool arch_irq_state_enabled(uint64_t state); /* was `state` saved with interrupts on? */
void arch_halt(void);               /* enables interrupts, sleeps until one comes */
void arch_panic(void) NORETURN;     /* stops this machine for good, interrupts off */
void arch_backtrace(void);          /* prints the call chain with symbols */
/* Touch memory that may not be mapped: false instead of a fault. For diagnostics and tests. */
bool arch_probe_read(const void *addr, uint8_t *out);
bool arch_probe_write(void *addr, uint8_t value);
/* Names what lies at a faulting address ("guard page ..."), or NULL. Set by the memory manager. */
extern const char *(*fault_describe_hook)(virt_addr_t addr);

/* memory: flags bits 0-4 */
#define MAP_PRESENT (1u << 0)
#define MAP_WRITABLE (1u << 1)
#define MAP_USER (1u << 2)
#define MAP_NOCACHE (1u << 3)
#define MAP_NOEXEC (1u << 4)
typedef struct arch_address_space arch_address_space_t;
void arch_mmu_init(void);           /* final kernel page tables: text read-only, data no-execute */
/* Both act on the current address space, flush the page themselves and split a larger page when it is in the way. */
int arch_map_page(virt_addr_t virt, phys_addr_t phys, uint32_t flags); /* 0, or -1 out of memory */
int arch_unmap_page(virt_addr_t virt);                                 /* 0, or -1 not mapped */
/* New flags for what is mapped in [virt, virt+bytes), page aligned. 0; -1 a page is not mapped or no memory. */
int arch_protect(virt_addr_t virt, uint64_t bytes, uint32_t flags);
bool arch_get_physical(virt_addr_t virt, phys_addr_t *out);
void arch_flush_tlb(virt_addr_t virt);
void arch_flush_tlb_all(void);
arch_address_space_t *arch_create_address_space(void);
void arch_switch_address_space(arch_address_space_t *as); /* NULL: the kernel's own */
void arch_destroy_address_space(arch_address_space_t *as); /* its tables; mapped pages are their owners' */
/* Physical memory is mapped at a fixed offset: all RAM from arch_mmu_init() on, the first 4 GB before it.
 * Device memory and firmware tables go through vmm_map_physical(). virt_to_phys() takes addresses of the kernel
 * image, pmm pages, kmalloc() and the SLM pool, not those of vmm_alloc() (arch_get_physical() takes any). */
void *phys_to_virt(phys_addr_t phys);
phys_addr_t virt_to_phys(const void *virt);

/* threads */
void arch_context_switch(uint64_t *old_sp, uint64_t new_sp);
/* Prepares a stack so that switching to it calls entry(arg) with interrupts enabled; returns the stack pointer. */
uint64_t arch_setup_initial_context(void *stack_top, void (*entry)(void *), void *arg);
void arch_set_kernel_stack(uint64_t top);
/* Floating-point and vector registers, for threads that ask (thread_use_fpu()). A state is aligned to 64 bytes. An
 * architecture without these gets defaults by which no thread can use them. */
size_t arch_fpu_state_bytes(void);         /* 0: there is no floating point */
void arch_fpu_init_state(void *state);     /* as a new thread finds it */
void arch_fpu_save(void *state);           /* from the registers; interrupts are off */
void arch_fpu_restore(const void *state);  /* to the registers, which the calling thread may use from now on */
/* For the self-test: every byte of a register has a value of its own, which is not 0 and differs with the seed. */
void arch_fpu_fill_state(void *state, uint8_t seed);

/* time */
void arch_timer_init(uint32_t hz);  /* periodic interrupt that calls timer_tick(); boot starts it at INIT_TIMER */
uint64_t arch_timer_get_ticks(void); /* timer interrupts so far */
uint64_t arch_timer_get_frequency(void); /* of those interrupts, per second */
uint64_t arch_time_ns(void);        /* monotonic nanoseconds since boot, finer than a tick */

/* io: on x86_64 an address below 0x10000 is a port, above it memory (mapped on demand) */
uint8_t arch_io_read8(uint64_t addr);
uint16_t arch_io_read16(uint64_t addr);
uint32_t arch_io_read32(uint64_t addr);
void arch_io_write8(uint64_t addr, uint8_t value);
void arch_io_write16(uint64_t addr, uint16_t value);
void arch_io_write32(uint64_t addr, uint32_t value);
/* Orders all accesses before it, to memory and to device registers, against all after it, as devices see them. */
void arch_io_barrier(void);

/* firmware and PCI configuration space */
struct fdt_interrupt;
uint32_t arch_tree_interrupt(const struct fdt_interrupt *interrupt); /* its vector; 0 when the controller has no such */
enum firmware_type arch_get_firmware_type(void);
void arch_firmware_parse(void);     /* finds the table and puts its address into boot_info.firmware_table */
uint32_t arch_pci_config_read32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset);
void arch_pci_config_write32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value);
