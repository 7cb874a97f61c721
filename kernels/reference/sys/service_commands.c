/* The shell commands about services. */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/service.h>
#include <auton/shell.h>
#include <auton/string.h>

static const char *const kinds[] = {"oneshot", "daemon", "periodic"};
static const char *const restarts[] = {"never", "on-failure", "always"};

static int services_command(int argc, char **argv) {
    struct service_info i;
    (void)argc, (void)argv;
    kprintf("%-14s %-8s %-9s %-9s %-11s %s\n", "NAME", "STATE", "KIND", "STAGE", "RESTART", "WHAT");
    for (size_t n = 0; service_at(n, &i); n++) {
        kprintf("%-14s %-8s %-9s %-9s %-11s %s", i.service->name, service_state_name(i.state), kinds[i.service->kind],
                service_stage_name(i.service->stage), restarts[i.service->restart],
                i.service->description ? i.service->description : "");
        if (i.error)
            kprintf(" (error %d)", i.error);
        if (i.restarts)
            kprintf(" (started again %u times)", i.restarts);
        kputs("\n");
    }
    return 0;
}
SHELL_COMMAND(services, "services", "List the services and how they are", services_command);

static int start_command(int argc, char **argv) {
    struct service_info i;
    if (argc < 2 || !service_info(argv[1], &i))
        return SHELL_NOT_A_COMMAND; /* "start nginx": the SLM may know what is meant */
    int status = service_start(argv[1]);
    if (status != 0)
        kprintf("start: %s: error %d; `log errors` may tell more\n", argv[1], status);
    return status == 0 ? 0 : 1;
}
SHELL_COMMAND(start, "start <service>", "Start a service, and what it needs", start_command);

static int stop_command(int argc, char **argv) {
    struct service_info i;
    if (argc < 2 || !service_info(argv[1], &i))
        return SHELL_NOT_A_COMMAND;
    int status = service_stop(argv[1]);
    if (status != 0)
        kprintf("stop: %s: %s\n", argv[1], status == -EBUSY ? "a running service needs it, or it does not end" :
                status == -EOPNOTSUPP ? "it cannot be stopped" : "it does not end");
    return status == 0 ? 0 : 1;
}
SHELL_COMMAND(stop, "stop <service>", "Stop a service", stop_command);
