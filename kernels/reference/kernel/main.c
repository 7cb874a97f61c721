/* The boot order, from the first character on the serial port to the idle machine. Everything that is not needed
 * by every kernel registers itself at a level of init.h. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include "kernel.h"

boot_info_t boot_info;
void (*boot_done_hook)(void);

static void irq_init(void) {
    arch_interrupt_init();
    arch_enable_interrupts();
    log_info("BOOT", "Interrupts initialized");
}

static void timer_init(void) {
    arch_timer_init(TICK_HZ);
}

static void hardware_summary(void) {
    struct hw_summary hw;
    arch_get_hw_summary(&hw);
    log_info("BOOT", "Hardware summary: %lu MB RAM, %u CPU (%s)", hw.ram_bytes >> 20, hw.cpu_count, hw.cpu);
}

INITCALL(INIT_CPU, arch_cpu_init);
INITCALL(INIT_IRQ, irq_init);
INITCALL(INIT_TIMER, timer_init);
INITCALL(INIT_SUMMARY, hardware_summary);

uint64_t boot_ram_bytes(void) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < boot_info.memory_count; i++)
        if (boot_info.memory[i].type == MEM_USABLE || boot_info.memory[i].type == MEM_ACPI_RECLAIM)
            sum += boot_info.memory[i].length;
    return ALIGN_UP(sum, MB(1));
}

void kernel_main(void) {
    arch_serial_early_init();
    console_early_init();
    kputs("AUTON Kernel booting\n");
    arch_boot_init();
    arch_parse_memory_map();
    arch_parse_modules();

    initcalls_run(INIT_EARLY, INIT_SERVICES);
    log_info("BOOT", "Initialized in %lu ms", uptime_ms());
    log_info("BOOT", "OK");
    selftests_from_cmdline();
    initcalls_run(INIT_LATE, INIT_LATE);

    if (boot_done_hook)
        boot_done_hook();
    for (;;)
        arch_halt();
}
