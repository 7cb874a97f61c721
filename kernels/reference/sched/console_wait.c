/* Lets a reader of the console sleep until an input driver has something for it. */
#include <auton/console.h>
#include <auton/init.h>
#include "sched_internal.h"

static struct wait_queue readers;

static void wait_for_input(void) {
    wait_on(&readers, 0);
}

static void input_came(void) {
    wake_all(&readers);
}

static void console_wait_init(void) {
    console_wait_hook = wait_for_input;
    console_wake_hook = input_came;
}
INITCALL(INIT_SCHED, console_wait_init);
