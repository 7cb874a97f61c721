/* Shared by the files about services. All but the list's functions are called with the manager's lock held. */
#pragma once
#include <auton/service.h>

struct unit {
    const struct service *service;
    enum service_state state;
    int error;
    bool wanted;                 /* was started and has not been stopped */
    bool starting;               /* to notice a service that needs itself */
    unsigned row;                /* restarts in a row */
    uint32_t restarts;
    uint64_t due;                /* uptime in ms: of the next period, or of a restart; 0: none */
    uint64_t since;              /* it was started last */
    struct unit *next;           /* by stage, then by name */
};

void services_lock(void);
void services_unlock(void);
struct unit *unit_first(void);
struct unit *unit_find(const char *name);
int unit_start(struct unit *u);
int unit_stop(struct unit *u);
void services_supervise(uint64_t now); /* one look at everything that runs */
