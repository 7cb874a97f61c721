/* What the SLM tells and does about services. */
#include <auton/errno.h>
#include <auton/service.h>
#include <auton/slm_skill.h>
#include <auton/string.h>

/* The service that a line names, or speaks of in other words; false when there is none. */
static bool meant(const struct slm_ask *ask, struct service_info *out) {
    static const struct { const char *words, *name; } also[] = {{"web+server http+server httpd webserver web", "http"},
                                                                {"network networking dhcp", "network"}};
    if ((ask->service[0] && service_info(ask->service, out)) || (ask->name[0] && service_info(ask->name, out)))
        return true;
    for (size_t i = 0; service_at(i, out); i++)
        if (ask->mentions(out->service->name))
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(also); i++)
        if (ask->mentions(also[i].words) && service_info(also[i].name, out))
            return true;
    return false;
}

static void list(const struct slm_ask *ask, slm_result_t *out) {
    struct service_info i;
    for (size_t n = 0; service_at(n, &i); n++) {
        ask->say(out, "%s: %s", i.service->name, service_state_name(i.state));
        if (i.state == SERVICE_FAILED)
            ask->say(out, " (error %d, started again %u times)", i.error, i.restarts);
        ask->say(out, ". %s.\n", i.service->description ? i.service->description : "");
    }
}
SLM_SKILL(service_list, .name = "service-list", .intent = INTENT_SYSTEM_MANAGE,
          .words = {"service services daemon daemons", "which what list show running run status state failed all are is"},
          .none = "start stop restart install enable disable", .example = "which services are running", .answer = list);

static void plan(const struct slm_ask *ask, slm_result_t *out, const char *verb, enum service_state already) {
    struct service_info i;
    if (!meant(ask, &i)) {
        out->status = SLM_UNSURE;
        ask->say(out, "Which service? There are:\n");
        list(ask, out);
        return;
    }
    if (i.state == already) {
        ask->say(out, "The service %s is %s already.\n", i.service->name, service_state_name(i.state));
        return;
    }
    ask->say(out, "Plan:\n1. %s the service %s.\n", verb, i.service->name);
    out->plan_steps = 1;
}

static void act(const struct slm_ask *ask, slm_result_t *out, int (*change)(const char *), const char *did) {
    struct service_info i;
    int status = meant(ask, &i) ? change(i.service->name) : -ENOENT;
    if (status == 0) {
        ask->say(out, "The service %s %s.\n", i.service->name, did);
        return;
    }
    out->status = SLM_ERROR;
    ask->say(out, "It did not work%s: error %d. The log may tell more.\n",
             status == -EBUSY ? ", another service needs it or it does not end" : "", status);
}

static void plan_start(const struct slm_ask *ask, slm_result_t *out) {
    plan(ask, out, "Start", SERVICE_RUNNING);
}
static void do_start(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    (void)step;
    act(ask, out, service_start, "is started");
}
static void plan_stop(const struct slm_ask *ask, slm_result_t *out) {
    plan(ask, out, "Stop", SERVICE_STOPPED);
}
static void do_stop(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    (void)step;
    act(ask, out, service_stop, "is stopped");
}
#define SERVICES "service daemon http httpd webserver web+server network networking"
SLM_SKILL(service_start, .name = "service-start", .intent = INTENT_SYSTEM_MANAGE, .words = {"start run launch", SERVICES},
          .none = "stop why which what how list running", .example = "start the web server", .answer = plan_start, .act = do_start);
SLM_SKILL(service_stop, .name = "service-stop", .intent = INTENT_SYSTEM_MANAGE, .words = {"stop end halt shut+down", SERVICES},
          .none = "start why which what how list", .answer = plan_stop, .act = do_stop);
