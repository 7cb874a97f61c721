/* What a question names: ids, places, numbers, drivers, packages, services. */
#pragma once
#include "text.h"
#include <auton/types.h>

/* A maker by the name that people use, and its vendor ids. */
struct maker {
    const char *name;
    uint16_t vendors[3]; /* 0 ends them */
};

struct slots {
    bool has_vendor, has_device, has_slot, has_number, has_ordinal;
    uint16_t vendor, device;    /* both valid: one PCI id */
    uint32_t slot;              /* bus << 8 | device << 3 | function */
    uint64_t number;            /* in bytes when a unit followed it */
    int ordinal;                /* "the second one" is 2, "the last one" is -1 */
    const char *driver;         /* a name of the driver catalogue */
    const struct maker *maker;  /* NULL when the question names none */
    char name[32];              /* what is to be installed, removed, started, killed: "nginx", "node.js" */
    char service[24];           /* sshd */
    char interface[16];         /* eth0, enp0s3, wlan0 */
    char address[24];           /* 192.168.1.5/24 */
    char host[64];              /* example.org */
    char paths[2][64];          /* /dev/sda1, /mnt */
};

void slots_of(const struct text *text, struct slots *out);
