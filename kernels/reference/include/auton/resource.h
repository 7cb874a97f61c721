/* Resources that can run short. The monitor looks at each every few seconds and logs an alert when one is used above
 * its limit, and once more when it is well again. Memory registers itself; whoever has a disk registers that. */
#pragma once
#include <auton/types.h>

#define RESOURCE_ALERT_PERCENT 90 /* of memory and of disks */

struct resource {
    const char *name;                               /* "memory", "disk /" */
    uint32_t alert_percent;                         /* used above this is an alert */
    bool (*read)(uint64_t *used, uint64_t *total);  /* false when it cannot be told now */
    bool alerted;                                   /* the monitor's own */
    struct resource *next;
};
void resource_register(struct resource *resource);  /* must stay in memory */
uint32_t resource_used_percent(const struct resource *resource); /* 0 when it cannot be told */
