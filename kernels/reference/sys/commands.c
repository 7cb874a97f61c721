/* The shell commands that belong to no other subsystem. */
#include "shell.h"
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define LOG_LINES 1024

/* By name, so that `help` reads the same whatever order the linker chose. */
static const struct shell_command *command_after(const char *name) {
    const struct shell_command *best = NULL;
    for (const struct shell_command *c = __shellcmds_start; c < __shellcmds_end; c++)
        if (strcmp(c->name, name) > 0 && (!best || strcmp(c->name, best->name) < 0))
            best = c;
    return best;
}

static int help_command(int argc, char **argv) {
    bool found = false;
    for (const struct shell_command *c = command_after(""); c; c = command_after(c->name))
        if (argc == 1 || strcmp(argv[1], c->name) == 0) {
            kprintf("  %-26s %s\n", c->usage, c->help);
            found = true;
        }
    if (!found)
        return SHELL_NOT_A_COMMAND; /* "help me": a question */
    if (argc == 1 && shell_fallback)
        kputs("Anything else is a question to the SLM, in plain English: what hardware do I have\n");
    return 0;
}
SHELL_COMMAND(help, "help [command]", "List the commands", help_command);

static int log_command(int argc, char **argv) {
    uint64_t count = LOG_LINES;
    bool errors = argc > 1 && strcmp(argv[1], "errors") == 0;
    if (argc > 1 && !errors && !parse_u64(argv[1], &count))
        return SHELL_NOT_A_COMMAND;
    struct klog_line *lines = kmalloc(LOG_LINES * sizeof *lines);
    if (!lines) {
        kputs("log: not enough memory for a copy of the log\n");
        return 1;
    }
    size_t n = klog_read(lines, LOG_LINES), shown = 0;
    size_t first = !errors && n > count ? n - (size_t)count : 0;
    for (size_t i = first; i < n; i++) {
        if (errors && lines[i].level > LOG_WARN)
            continue;
        kprintf("%6lu.%02lu %s\n", lines[i].ticks / TICK_HZ, lines[i].ticks % TICK_HZ, lines[i].text);
        shown++;
    }
    kfree(lines);
    if (errors && !shown)
        kputs("No warnings and no errors in the log.\n");
    return 0;
}
SHELL_COMMAND(log, "log [lines|errors]", "Show the kernel log, its last lines, or its warnings and errors", log_command);

static int uptime_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    uint64_t seconds = uptime_ms() / 1000;
    kprintf("up %lu:%02lu:%02lu\n", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return 0;
}
SHELL_COMMAND(uptime, "uptime", "Show how long the system has been running", uptime_command);

static int reboot_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    kernel_reboot();
}
SHELL_COMMAND(reboot, "reboot", "Restart the machine at once", reboot_command);

static int poweroff_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    kernel_poweroff(0);
}
SHELL_COMMAND(poweroff, "poweroff", "Switch the machine off at once", poweroff_command);

extern const struct selftest __selftests_start[], __selftests_end[]; /* from the linker script */

static int test_command(int argc, char **argv) {
    const char *subsystem = argc > 1 ? argv[1] : "all";
    size_t count = 0;
    for (const struct selftest *t = __selftests_start; t < __selftests_end; t++)
        count += argc == 1 || strcmp(subsystem, "all") == 0 || strcmp(subsystem, t->subsystem) == 0;
    if (!count)
        return SHELL_NOT_A_COMMAND;
    unsigned failed = selftests_run(subsystem);
    kprintf("%zu run, %u failed\n", count, failed);
    return failed ? 1 : 0;
}
SHELL_COMMAND(test, "test [all|subsystem]", "Run the self-tests", test_command);
