/* Answers when something is wrong: the log's errors first, then the parts that the complaint names, in the order in
 * which they stand on each other. */
#include "catalogue.h"
#include "engine.h"
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/string.h>

#define LOG_LINES 1024
#define SHOWN_ERRORS 10

/* Says the last warnings and errors; returns how many there are in the log. */
static size_t say_errors(slm_result_t *out, size_t max) {
    struct klog_line *lines = kmalloc(LOG_LINES * sizeof *lines);
    if (!lines) {
        say(out, "There is not enough memory to look through the log.\n");
        return 0;
    }
    size_t n = klog_read(lines, LOG_LINES), count = 0, skip, seen = 0;
    for (size_t i = 0; i < n; i++)
        count += lines[i].level <= LOG_WARN;
    skip = count > max ? count - max : 0;
    for (size_t i = 0; i < n; i++) {
        if (lines[i].level > LOG_WARN || seen++ < skip)
            continue;
        if (seen == skip + 1)
            say(out, "The last warnings and errors of the log:\n");
        say(out, "%lu.%02lu %s %.140s\n", lines[i].ticks / TICK_HZ, lines[i].ticks % TICK_HZ,
            lines[i].level <= LOG_ERR ? "error:" : "warning:", lines[i].text);
    }
    kfree(lines);
    return count;
}

void answer_errors(struct query *q, slm_result_t *out) {
    (void)q;
    size_t count = say_errors(out, SHOWN_ERRORS);
    if (!count)
        say(out, "The log has no warnings and no errors since boot.\n");
    else if (count > SHOWN_ERRORS)
        say(out, "The last %d of %zu; `log errors` shows all.\n", SHOWN_ERRORS, count);
}

/* A part is there, has a driver, and is used by something: says the first of these that does not hold. */
static void check_kind(struct query *q, slm_result_t *out, const struct device_kind *kind, concepts_t concept) {
    const device_t *devices[CONTEXT_LIST_MAX], *dev = NULL;
    if (devices_meant(q, devices, CONTEXT_LIST_MAX) > 0)
        dev = devices[0];
    if (!dev) {
        say(out, "I find no %s in this machine: it is not plugged in, or hangs on a bus that I cannot see.\n",
            kind->name);
        return;
    }
    char name[192];
    device_describe(dev, name, sizeof name);
    focus_on(q->session, dev);
    say(out, "1. The device is there: %s %s.\n", dev->name, name);
    const struct kb_driver *driver = device_catalogue_driver(dev);
    if (!dev->driver) {
        say(out, "2. It has no driver, which is why it does not work. ");
        if (driver)
            say(out, "It needs %s, which this kernel %s.\n", driver->name,
                driver->in_kernel ? "has: ask me to bind it" : "does not have");
        else
            say(out, "I know none for it.\n");
        return;
    }
    say(out, "2. Its driver %s runs.\n", dev->driver->name);
    if (concept & (C(ABOUT_NETWORK) | C(ABOUT_WIRELESS)) && skill_exists("network-trouble"))
        say(out, "3. What lies behind the card I try when you ask \"why is the network down\".\n");
    else if (concept & (C(ABOUT_NETWORK) | C(ABOUT_WIRELESS)))
        say(out, "3. There is no network stack in this kernel yet: no addresses, no DHCP, no ping. That is what is "
                 "missing.\n");
    else if (concept & C(ABOUT_STORAGE) && !vfs_ready())
        say(out, "3. There is no file system in this kernel yet, so no disk can be used, broken or not.\n");
    else if (concept & C(ABOUT_STORAGE))
        say(out, "3. `disks` shows which disks can be used, `mount` what is mounted.\n");
    else if (concept & C(ABOUT_GRAPHICS))
        say(out, "3. It shows text only, 80 by 25 characters. If the screen stays black, use the serial port.\n");
    else
        say(out, "3. I can test no more from here.\n");
    if (!say_errors(out, 3))
        say(out, "The log has no warnings and no errors.\n");
}

void answer_broken(struct query *q, slm_result_t *out) {
    const struct device_kind *kind = device_kind_of(q->concepts);
    if (kind) {
        check_kind(q, out, kind, q->concepts);
        return;
    }
    if (q->concepts & C(ABOUT_FILES)) {
        answer_files(q, out);
        return;
    }
    answer_trouble(q, out);
}

void answer_slow(struct query *q, slm_result_t *out) {
    answer_cpu_usage(q, out);
    answer_memory(q, out);
    say(out, "If the CPU is mostly idle and memory is free, the slowness is outside of this kernel: a virtual machine "
             "shares its host.\n");
}

/* No part was named: what can be checked is checked. */
void answer_trouble(struct query *q, slm_result_t *out) {
    struct mm_stats m;
    size_t open = 0;
    mm_get_stats(&m);
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        open += !dev->driver && !device_needs_no_driver(dev);
    if (q->concepts & C(IS_CRASHED))
        say(out, "After a crash the screen and the serial port show the exception, the registers and the call chain; "
                 "the log before it is lost. What I can check now:\n");
    else
        say(out, "What I can check from here:\n");
    if (!say_errors(out, 4))
        say(out, "- The log has no warnings and no errors since boot.\n");
    say(out, "- %lu MB of %lu MB of memory are free.\n", m.free_bytes >> 20, m.total_bytes >> 20);
    say(out, "- %zu device%s without a driver%s.\n", open, open == 1 ? " is" : "s are",
        open ? "; ask me \"which devices have no driver\"" : "");
    say(out, "Tell me which part it is (network, disk, screen, sound, keyboard) and I look closer.\n");
}
