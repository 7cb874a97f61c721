/* The resource monitor: a thread that tells when something runs short. */
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/resource.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/shell.h>
#include <auton/sync.h>

#define CHECK_EVERY_MS 5000
#define CALM_PERCENT 5 /* an alert ends this far below its limit, so that it does not flicker */

static struct resource *resources;
static spinlock_t lock;

void resource_register(struct resource *resource) {
    uint64_t irq = spin_lock(&lock);
    resource->next = resources;
    resources = resource;
    spin_unlock(&lock, irq);
}

uint32_t resource_used_percent(const struct resource *resource) {
    uint64_t used, total;
    if (!resource->read(&used, &total) || total == 0)
        return 0;
    return (uint32_t)(used >= total ? 100 : used / (total / 100 + 1));
}

enum change { UNCHANGED, ALERT, CALM };

static enum change resource_check(struct resource *resource) {
    uint32_t percent = resource_used_percent(resource);
    if (!resource->alerted && percent > resource->alert_percent) {
        resource->alerted = true;
        return ALERT;
    }
    if (resource->alerted && percent + CALM_PERCENT < resource->alert_percent) {
        resource->alerted = false;
        return CALM;
    }
    return UNCHANGED;
}

static void monitor_thread(void *unused) {
    (void)unused;
    for (;;) {
        for (struct resource *r = resources; r; r = r->next) {
            enum change change = resource_check(r);
            if (change == ALERT)
                klog(LOG_ALERT, "SYS", "Alert: %s is %u %% used", r->name, resource_used_percent(r));
            else if (change == CALM)
                log_info("SYS", "%s is well again: %u %% used", r->name, resource_used_percent(r));
        }
        thread_sleep_ms(CHECK_EVERY_MS);
    }
}

static bool read_memory(uint64_t *used, uint64_t *total) {
    struct mm_stats stats;
    mm_get_stats(&stats);
    *total = stats.total_bytes;
    *used = stats.total_bytes - stats.free_bytes;
    return true;
}
static struct resource memory = {.name = "memory", .alert_percent = RESOURCE_ALERT_PERCENT, .read = read_memory};

static void monitor_start(void) {
    resource_register(&memory);
    if (!thread_create("resources", PRIO_BACKGROUND, monitor_thread, NULL))
        log_error("SYS", "No memory for the resource monitor");
}
INITCALL(INIT_SYS, monitor_start);

static int resources_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (const struct resource *r = resources; r; r = r->next)
        kprintf("%-12s %3u %% used, alert above %u %%%s\n", r->name, resource_used_percent(r), r->alert_percent,
                r->alerted ? "  ALERT" : "");
    return 0;
}
SHELL_COMMAND(resources, "resources", "Show what could run short, and what does", resources_command);

static uint64_t test_used;
static bool read_test(uint64_t *used, uint64_t *total) {
    *used = test_used;
    *total = 1000000;
    return true;
}

SELFTEST(sys_resource_alert, "sys") {
    struct resource disk = {.name = "test disk", .alert_percent = 90, .read = read_test};
    test_used = 899999;
    CHECK(resource_check(&disk) == UNCHANGED);
    test_used = 920000;
    CHECK(resource_check(&disk) == ALERT);
    CHECK(resource_check(&disk) == UNCHANGED);
    test_used = 880000;
    CHECK(resource_check(&disk) == UNCHANGED); /* not yet far enough below */
    test_used = 500000;
    CHECK(resource_check(&disk) == CALM);
    CHECK(resource_used_percent(&memory) > 0 && resource_used_percent(&memory) <= 100);
    return NULL;
}
