/* Where a lock's release asks the scheduler, which hangs itself on the hook. */
#include <auton/sync.h>

static void nobody_to_run(void) {
    preempt_pending = false;
}

volatile bool preempt_pending;
void (*preempt_hook)(void) = nobody_to_run;
