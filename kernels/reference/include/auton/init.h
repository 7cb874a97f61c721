/* Initcalls: a subsystem registers its own start-up function, so that no two subsystems edit one list.
 * Levels run in this order; within a level the order is the link order and must not matter. */
#pragma once
#include <auton/types.h>

enum init_level {
    INIT_EARLY,        /* console sinks: nothing else works yet */
    INIT_CPU,          /* descriptor tables, CPU features */
    INIT_IRQ,          /* interrupt controller */
    INIT_PMM,          /* physical memory */
    INIT_VMM,          /* kernel page tables */
    INIT_SLAB,         /* kmalloc from here on */
    INIT_CORE_DRIVERS, /* serial with interrupts, VGA text, keyboard */
    INIT_TIMER,        /* ticks from here on: boot starts the timer itself */
    INIT_SCHED,        /* threads from here on */
    INIT_IPC,
    INIT_DEV,          /* firmware tables, bus scan, driver binding */
    INIT_FS,           /* the root file system, the disks' partitions */
    INIT_SUMMARY,      /* hardware summary */
    INIT_SLM,
    INIT_SYS,          /* what runs by itself and needs threads: resource monitor, network stack */
    INIT_SERVICES,     /* services, stage by stage: the system is ready */
    INIT_LATE,         /* after `[BOOT] OK` and the self-tests: the interactive part, as the shell */
    INIT_LEVELS
};

struct initcall {
    const char *name;
    enum init_level level;
    void (*fn)(void);
};

/* INITCALL(INIT_PMM, pmm_init): runs pmm_init() once at that level. */
#define INITCALL(lvl, func)                                                                        \
    static const struct initcall initcall_##func                                                   \
        __attribute__((used, section(".initcalls"), aligned(8))) = {#func, (lvl), (func)}

/* Runs every initcall from level `first` to `last`. */
void initcalls_run(enum init_level first, enum init_level last);
