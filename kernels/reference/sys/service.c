/* Services: the list of them, and how one is started after what it needs and stopped before what it is needed by. */
#include "service.h"
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/string.h>

extern const struct service __services_start[], __services_end[]; /* from the linker script */

static struct unit *units;
static struct mutex lock;
static bool collected; /* the records of the image are in the list */

static int add(const struct service *s) {
    struct unit **link = &units;
    if (!s->name || !s->name[0] || !s->start || s->stage >= STAGE_COUNT || (s->kind == SERVICE_PERIODIC && !s->period_ms))
        return -EINVAL;
    for (struct unit *u = units; u; u = u->next)
        if (strcmp(u->service->name, s->name) == 0)
            return -EEXIST;
    struct unit *u = kzalloc(sizeof *u);
    if (!u)
        return -ENOMEM;
    u->service = s;
    while (*link && ((*link)->service->stage < s->stage ||
                     ((*link)->service->stage == s->stage && strcmp((*link)->service->name, s->name) < 0)))
        link = &(*link)->next;
    u->next = *link;
    *link = u;
    return 0;
}

void services_lock(void) {
    mutex_lock(&lock);
    if (collected)
        return;
    collected = true;
    for (const struct service *s = __services_start; s < __services_end; s++)
        if (add(s) != 0)
            log_error("SYS", "Service %s cannot be used", s->name ? s->name : "without a name");
}

void services_unlock(void) {
    mutex_unlock(&lock);
}

struct unit *unit_first(void) {
    return units;
}

struct unit *unit_find(const char *name) {
    struct unit *u = units;
    while (u && strcmp(u->service->name, name) != 0)
        u = u->next;
    return u;
}

/* A daemon's own word counts: somebody else may have started or ended it. */
static bool runs(const struct unit *u) {
    const struct service *s = u->service;
    if (s->kind == SERVICE_DAEMON && s->alive)
        return s->alive() > 0;
    return u->state == SERVICE_RUNNING;
}

static int fail(struct unit *u, int error) {
    u->state = SERVICE_FAILED;
    u->error = error;
    return error;
}

static int start_needs(struct unit *u) {
    for (size_t i = 0; i < SERVICE_NEEDS && u->service->needs[i]; i++) {
        struct unit *need = unit_find(u->service->needs[i]);
        int status = need ? unit_start(need) : -ENOENT;
        if (status != 0) {
            log_error("SYS", "Service %s does not start: it needs %s (%d)", u->service->name, u->service->needs[i], status);
            return status;
        }
    }
    return 0;
}

int unit_start(struct unit *u) {
    const struct service *s = u->service;
    if (u->starting)
        return -ELOOP;
    if (runs(u) || (s->kind == SERVICE_ONESHOT && u->state == SERVICE_DONE)) {
        u->wanted = true;
        u->state = s->kind == SERVICE_ONESHOT ? SERVICE_DONE : SERVICE_RUNNING;
        return 0;
    }
    u->starting = true;
    int status = start_needs(u);
    if (status == 0)
        status = s->start();
    u->starting = false;
    u->wanted = true;
    u->since = uptime_ms();
    u->error = 0;
    u->due = s->kind == SERVICE_PERIODIC ? u->since + s->period_ms : 0;
    if (status != 0)
        return fail(u, status);
    u->state = s->kind == SERVICE_ONESHOT ? SERVICE_DONE : SERVICE_RUNNING;
    return 0;
}

static bool needed(const struct unit *u) {
    for (const struct unit *other = units; other; other = other->next)
        for (size_t i = 0; i < SERVICE_NEEDS && other->service->needs[i]; i++)
            if (strcmp(other->service->needs[i], u->service->name) == 0 && runs(other)) {
                log_info("SYS", "Service %s is needed by %s", u->service->name, other->service->name);
                return true;
            }
    return false;
}

int unit_stop(struct unit *u) {
    const struct service *s = u->service;
    int status = 0;
    if (runs(u)) {
        if (s->kind == SERVICE_DAEMON && !s->stop)
            return -EOPNOTSUPP;
        if (needed(u))
            return -EBUSY;
        if (s->kind == SERVICE_DAEMON)
            status = s->stop();
    }
    if (status != 0)
        return status;
    u->wanted = false;
    u->due = 0;
    u->row = 0;
    u->state = SERVICE_STOPPED;
    return 0;
}

int service_register(const struct service *service) {
    services_lock();
    int status = add(service);
    services_unlock();
    return status;
}

int service_unregister(const char *name) {
    services_lock();
    struct unit **link = &units;
    while (*link && strcmp((*link)->service->name, name) != 0)
        link = &(*link)->next;
    struct unit *u = *link;
    int status = !u ? -ENOENT : runs(u) ? -EBUSY : 0;
    if (status == 0) {
        *link = u->next;
        kfree(u);
    }
    services_unlock();
    return status;
}

int service_start(const char *name) {
    services_lock();
    struct unit *u = unit_find(name);
    if (u)
        u->row = 0;
    int status = u ? unit_start(u) : -ENOENT;
    services_unlock();
    return status;
}

int service_stop(const char *name) {
    services_lock();
    struct unit *u = unit_find(name);
    int status = u ? unit_stop(u) : -ENOENT;
    services_unlock();
    return status;
}

static void tell(const struct unit *u, struct service_info *out) {
    enum service_state state = u->state;
    if (u->service->kind == SERVICE_DAEMON && u->service->alive)
        state = runs(u) ? SERVICE_RUNNING : state == SERVICE_RUNNING ? SERVICE_STOPPED : state;
    *out = (struct service_info){.service = u->service, .state = state, .restarts = u->restarts,
                                 .error = state == SERVICE_FAILED ? u->error : 0};
}

bool service_info(const char *name, struct service_info *out) {
    services_lock();
    const struct unit *u = unit_find(name);
    if (u)
        tell(u, out);
    services_unlock();
    return u != NULL;
}

bool service_at(size_t index, struct service_info *out) {
    services_lock();
    const struct unit *u = units;
    while (u && index-- > 0)
        u = u->next;
    if (u)
        tell(u, out);
    services_unlock();
    return u != NULL;
}
