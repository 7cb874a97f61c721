/* The SLM as a service: it looks at the hardware at boot, then its thread answers what comes over the SLM channel. */
#include "backend.h"
#include <auton/dev.h>
#include <auton/fs.h>
#include <auton/init.h>
#include <auton/ipc.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/service.h>

static void scan_hardware(void) {
    log_info("SLM", "Hardware scan complete: %zu devices", device_count());
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        if (dev->driver)
            log_info("SLM", "Loaded driver: %s (%s)", dev->driver->name, dev->name);
}

static void service_thread(void *unused) {
    static ipc_message_t request;
    static slm_result_t result;
    (void)unused;
    for (;;) {
        if (ipc_slm_next(&request, 0) != IPC_OK)
            continue;
        slm_query(ipc_slm_session(&request), ipc_slm_text(&request), &result);
        ipc_slm_reply(&request, result.response);
    }
}

static void slm_start(void) {
    backend_select();
    scan_hardware();
    if (thread_create("slm", PRIO_SLM, service_thread, NULL))
        log_info("SLM", "Ready");
    else
        log_error("SLM", "No memory for the SLM's thread");
}
INITCALL(INIT_SLM, slm_start);

/* All stages are through: drivers are bound, files can be worked with, the network comes up. */
static int tell_ready(void) {
    if (vfs_ready())
        log_info("SLM", "System ready");
    return 0;
}
SERVICE(slm_ready, .name = "slm", .description = "The SLM knows that the system is ready", .stage = STAGE_READY,
        .start = tell_ready);
