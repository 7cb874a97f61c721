/* Services at boot: stage by stage. Afterwards a thread looks after them: periods, restarts, giving up. */
#include "service.h"
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sched.h>

#define LOOK_EVERY_MS 500
#define RESTART_AFTER_MS 1000
#define NEW_ROW_AFTER_MS 60000

static enum service_stage stage_now;

enum service_stage service_stage_now(void) {
    return stage_now;
}

const char *service_stage_name(enum service_stage stage) {
    static const char *const names[] = {"early", "hardware", "drivers", "storage", "network", "services", "ready", "running"};
    return names[stage];
}

const char *service_state_name(enum service_state state) {
    static const char *const names[] = {"stopped", "running", "done", "failed"};
    return names[state];
}

/* It has failed or ended: once more in a moment, or never again. */
static void ended(struct unit *u, int error, uint64_t now) {
    const struct service *s = u->service;
    bool failed = error != 0, again = s->restart == RESTART_ALWAYS || (s->restart == RESTART_ON_FAILURE && failed);
    u->state = failed ? SERVICE_FAILED : s->kind == SERVICE_ONESHOT ? SERVICE_DONE : SERVICE_STOPPED;
    u->error = error;
    if (now - u->since >= NEW_ROW_AFTER_MS)
        u->row = 0;
    if (!again) {
        u->wanted = false;
        u->due = 0;
        if (failed)
            log_error("SYS", "Service %s has failed (%d)", s->name, error);
    } else if (u->row >= SERVICE_MAX_RESTARTS) {
        u->wanted = false;
        u->due = 0;
        u->state = SERVICE_FAILED;
        klog(LOG_ALERT, "SYS", "Service %s has failed (%d) after %d restarts: it is given up", s->name, error,
             SERVICE_MAX_RESTARTS);
    } else {
        log_warn("SYS", "Service %s has %s (%d): it is started again", s->name, failed ? "failed" : "ended", error);
        u->due = now + RESTART_AFTER_MS;
    }
}

static void look_at(struct unit *u, uint64_t now) {
    const struct service *s = u->service;
    if (!u->wanted)
        return;
    if (u->state == SERVICE_RUNNING && s->kind == SERVICE_DAEMON && s->alive) {
        int alive = s->alive();
        if (alive <= 0)
            ended(u, alive, now);
        return;
    }
    if (u->state == SERVICE_FAILED && !u->due) { /* it did not start at all */
        ended(u, u->error, now);
        return;
    }
    if (!u->due || now < u->due)
        return;
    if (u->state == SERVICE_RUNNING) { /* a period has passed */
        int status = s->start();
        u->due = now + s->period_ms;
        if (status != 0)
            ended(u, status, now);
        return;
    }
    u->due = 0;
    u->row++;
    u->restarts++;
    unit_start(u); /* if it fails, the next look sees that */
}

void services_supervise(uint64_t now) {
    for (struct unit *u = unit_first(); u; u = u->next)
        look_at(u, now);
}

static void supervisor(void *unused) {
    (void)unused;
    for (;;) {
        thread_sleep_ms(LOOK_EVERY_MS);
        services_lock();
        services_supervise(uptime_ms());
        services_unlock();
    }
}

static void services_boot(void) {
    unsigned failed = 0;
    services_lock();
    for (; stage_now < STAGE_COUNT; stage_now++)
        for (struct unit *u = unit_first(); u; u = u->next)
            if (u->service->stage == stage_now && !u->service->on_demand && unit_start(u) != 0) {
                failed++;
                log_error("SYS", "Service %s has not started (%d)", u->service->name, u->error);
            }
    services_unlock();
    if (failed)
        log_warn("SYS", "%u services have not started: `services` shows them", failed);
    if (!thread_create("services", PRIO_SYSTEM, supervisor, NULL))
        log_error("SYS", "No memory for the services' supervisor: nothing is started again");
}
INITCALL(INIT_SERVICES, services_boot);
