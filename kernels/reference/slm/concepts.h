/* What the words of a question are about, as a set of concepts. Rules are written over concepts, so that "RAM",
 * "memory" and "meminfo" are one thing to them. */
#pragma once
#include "text.h"

enum concept {
    /* kinds of devices, in the order of device_kinds[] in devices.c */
    ABOUT_NETWORK, ABOUT_WIRELESS, ABOUT_SOUND, ABOUT_GRAPHICS, ABOUT_STORAGE, ABOUT_USB, ABOUT_BRIDGE, ABOUT_SERIAL,
    ABOUT_INPUT, ABOUT_BLUETOOTH, ABOUT_PERIPHERAL,
    ABOUT_HARDWARE, ABOUT_CPU, ABOUT_MEMORY, ABOUT_THREADS, ABOUT_DRIVER, ABOUT_LOG, ABOUT_ERRORS, ABOUT_TIME,
    ABOUT_UPTIME, ABOUT_BOOT, ABOUT_SERVICE, ABOUT_SPACE, ABOUT_FILES, ABOUT_PACKAGES, ABOUT_VERSION, ABOUT_MAKER,
    ABOUT_TESTS, ABOUT_USERS, ABOUT_VIRTUAL, ABOUT_RESOURCES, ABOUT_PRIORITY, ABOUT_USAGE, ABOUT_STATUS, ABOUT_SYSTEM,
    ABOUT_SENSORS,
    /* what is to be done, or is wrong */
    DO_KILL, DO_REBOOT, DO_POWEROFF, DO_INSTALL, DO_REMOVE, DO_BIND, DO_UNBIND, DO_SCAN, DO_SEARCH, ASK_LIST,
    ASK_COUNT, ASK_WHY, ASK_HELP, ASK_SPEED, ASK_HISTORY, ASK_WITHOUT, ASK_SELF, IS_SLOW, IS_CRASHED, IS_BROKEN,
    SAY_HELLO, SAY_THANKS, POINTS_BACK, CONCEPT_COUNT
};
_Static_assert(CONCEPT_COUNT <= 64, "a set of concepts is one 64-bit word");

typedef uint64_t concepts_t;
#define C(concept) (1ull << (concept))

concepts_t concepts_of(const struct text *text);
