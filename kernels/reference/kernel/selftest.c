/* Runs the self-tests that SELFTEST() has registered. */
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "kernel.h"

extern const struct selftest __selftests_start[], __selftests_end[];

static unsigned ran;

unsigned selftests_run(const char *subsystem) {
    bool all = strcmp(subsystem, "all") == 0;
    unsigned failed = 0;
    ran = 0;
    for (const struct selftest *t = __selftests_start; t < __selftests_end; t++) {
        if (!all && strcmp(t->subsystem, subsystem) != 0)
            continue;
        ran++;
        const char *reason = t->fn();
        if (reason) {
            failed++;
            klog(LOG_ERR, "TEST", "%s: FAIL - %s", t->name, reason);
        } else {
            klog(LOG_NOTICE, "TEST", "%s: PASS", t->name);
        }
    }
    return failed;
}

void selftests_from_cmdline(void) {
    char list[128];
    unsigned failed = 0, total = 0;
    if (!cmdline_get("test", list, sizeof list))
        return;
    for (char *name = list, *next; *name; name = next) {
        next = strchr(name, ',');
        if (next)
            *next++ = '\0';
        else
            next = name + strlen(name);
        unsigned f = selftests_run(name);
        if (!ran) {
            log_error("TEST", "%s: FAIL - this kernel has no self-tests of that name", name);
            f = 1;
        }
        failed += f;
        total += ran;
    }
    log_info("TEST", "%u run, %u failed", total, failed);
    if (cmdline_has("exit"))
        kernel_poweroff(failed ? 1 : 0);
}
