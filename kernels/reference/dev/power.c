/* Before the machine goes off or starts again, whoever does that, its devices are made quiet. */
#include "dev_internal.h"
#include <auton/boot.h>

static void (*switch_off)(void), (*restart)(void);

static void power_off(void) {
    driver_suspend_all();
    if (switch_off)
        switch_off();
}

static void reset(void) {
    driver_suspend_all();
    if (restart)
        restart();
}

void power_init(void) {
    switch_off = poweroff_hook;
    restart = reboot_hook;
    poweroff_hook = power_off;
    reboot_hook = reset;
}
