/* The command that lists the threads. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/shell.h>

#define MOST 256

static const char *const classes[] = {"KERNEL", "SLM", "SYSTEM", "USER", "BACKGROUND"};
static const char *const states[] = {"created", "ready", "running", "blocked", "sleeping", "terminated"};

static int ps_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct thread_info *list = kmalloc(MOST * sizeof *list);
    if (!list) {
        kputs("ps: out of memory\n");
        return 1;
    }
    size_t n = sched_list(list, MOST);
    kprintf("%5s %-24s %-10s %-10s %10s\n", "TID", "NAME", "CLASS", "STATE", "CPU ms");
    for (size_t i = 0; i < n; i++)
        kprintf("%5u %-24s %-10s %-10s %10lu\n", list[i].tid, list[i].name, classes[list[i].prio], states[list[i].state],
                list[i].cpu_ticks * (1000 / TICK_HZ));
    kfree(list);
    return 0;
}
SHELL_COMMAND(ps, "ps", "List the threads", ps_command);
