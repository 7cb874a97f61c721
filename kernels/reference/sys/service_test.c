/* Self-tests of services: order, needs, restarts, giving up, periods. */
#include "service.h"
#include <auton/errno.h>
#include <auton/selftest.h>
#include <auton/string.h>

static char order[8];
static int daemon_alive, start_error;
static unsigned starts;

static int note(char who) {
    size_t n = strlen(order);
    if (n + 1 < sizeof order)
        order[n] = who, order[n + 1] = '\0';
    return 0;
}
static int start_a(void) {
    return note('a');
}
static int start_b(void) {
    return note('b');
}
static int start_daemon(void) {
    starts++;
    daemon_alive = start_error ? start_error : 1;
    return start_error;
}
static int stop_daemon(void) {
    daemon_alive = 0;
    return 0;
}
static int is_alive(void) {
    return daemon_alive;
}

static const struct service a = {.name = "test-a", .stage = STAGE_SERVICES, .on_demand = true, .start = start_a};
static const struct service b = {.name = "test-b", .stage = STAGE_SERVICES, .on_demand = true, .needs = {"test-a"}, .start = start_b};
static const struct service x = {.name = "test-x", .stage = STAGE_SERVICES, .on_demand = true, .needs = {"test-y"}, .start = start_a};
static const struct service y = {.name = "test-y", .stage = STAGE_SERVICES, .on_demand = true, .needs = {"test-x"}, .start = start_a};
static const struct service z = {.name = "test-z", .stage = STAGE_EARLY, .on_demand = true, .needs = {"test-none"}, .start = start_a};
static const struct service d = {.name = "test-daemon", .kind = SERVICE_DAEMON, .stage = STAGE_SERVICES, .on_demand = true,
                                 .restart = RESTART_ON_FAILURE, .start = start_daemon, .stop = stop_daemon, .alive = is_alive};
static const struct service u = {.name = "test-user", .kind = SERVICE_DAEMON, .stage = STAGE_SERVICES, .on_demand = true,
                                 .needs = {"test-daemon"}, .start = start_b, .stop = start_b};
static const struct service p = {.name = "test-period", .kind = SERVICE_PERIODIC, .stage = STAGE_SERVICES, .on_demand = true,
                                 .period_ms = 10000, .start = start_b};

static enum service_state state_of(const char *name) {
    struct service_info i;
    return service_info(name, &i) ? i.state : SERVICE_FAILED;
}

/* Lets the supervisor look, as if it were that much later. */
static void look(uint64_t now) {
    services_lock();
    services_supervise(now);
    services_unlock();
}

SELFTEST(sys_service_needs, "sys") {
    order[0] = '\0';
    CHECK(service_register(&b) == 0 && service_start("test-b") == -ENOENT && state_of("test-b") == SERVICE_FAILED);
    CHECK(service_register(&a) == 0 && service_register(&a) == -EEXIST);
    CHECK(service_start("test-b") == 0 && strcmp(order, "ab") == 0 && state_of("test-a") == SERVICE_DONE);
    CHECK(service_start("test-b") == 0 && strcmp(order, "ab") == 0); /* done once */
    CHECK(service_register(&x) == 0 && service_register(&y) == 0 && service_start("test-x") == -ELOOP);
    CHECK(service_register(&z) == 0 && service_start("test-z") == -ENOENT && service_start("test-none") == -ENOENT);
    struct service_info first, i;
    CHECK(service_at(0, &first) && first.service->stage == STAGE_EARLY); /* test-z, or one before it by name */
    CHECK(service_stop("test-x") == 0 && service_stop("test-y") == 0 && service_stop("test-z") == 0);
    for (const struct service *s[] = {&a, &b, &x, &y, &z}, **t = s; t < s + 5; t++)
        CHECK(service_unregister((*t)->name) == 0);
    CHECK(service_unregister("test-a") == -ENOENT && !service_info("test-a", &i) && service_stop("test-a") == -ENOENT);
    CHECK(service_stage_now() == STAGE_COUNT && strcmp(service_stage_name(STAGE_NETWORK), "network") == 0);
    return NULL;
}

SELFTEST(sys_service_daemon, "sys") {
    struct service_info i;
    order[0] = '\0', starts = 0, start_error = 0;
    CHECK(service_register(&d) == 0 && service_register(&u) == 0 && state_of("test-daemon") == SERVICE_STOPPED);
    CHECK(service_start("test-user") == 0 && starts == 1 && state_of("test-daemon") == SERVICE_RUNNING);
    CHECK(service_stop("test-daemon") == -EBUSY && service_unregister("test-daemon") == -EBUSY);
    CHECK(service_stop("test-user") == 0 && service_stop("test-daemon") == 0 && daemon_alive == 0);
    CHECK(state_of("test-daemon") == SERVICE_STOPPED && strcmp(service_state_name(SERVICE_STOPPED), "stopped") == 0);
    look(1000000);
    CHECK(starts == 1); /* what was stopped stays so */
    CHECK(service_start("test-daemon") == 0 && service_info("test-daemon", &i) && i.restarts == 0);
    daemon_alive = 0; /* it ends by itself, and not by a failure */
    look(2000000);
    look(3000000);
    CHECK(starts == 2 && state_of("test-daemon") == SERVICE_STOPPED);
    CHECK(service_unregister("test-daemon") == 0 && service_unregister("test-user") == 0);
    return NULL;
}

SELFTEST(sys_service_restart, "sys") {
    struct service_info i;
    starts = 0, start_error = 0;
    CHECK(service_register(&d) == 0 && service_start("test-daemon") == 0 && starts == 1);
    for (unsigned n = 1; n <= SERVICE_MAX_RESTARTS + 2; n++) {
        services_lock();
        struct unit *unit = unit_find("test-daemon");
        uint64_t now = unit->since + 10; /* it fails soon after each start */
        daemon_alive = -EIO;
        start_error = n == 2 ? -ENOMEM : 0; /* and once does not even start */
        services_supervise(now);
        services_supervise(now + 10);
        services_supervise(now + 2000);
        services_unlock();
    }
    CHECK(starts == 1 + SERVICE_MAX_RESTARTS && state_of("test-daemon") == SERVICE_FAILED);
    CHECK(service_info("test-daemon", &i) && i.restarts == SERVICE_MAX_RESTARTS && i.error == -EIO);
    daemon_alive = start_error = 0;
    CHECK(service_start("test-daemon") == 0 && state_of("test-daemon") == SERVICE_RUNNING); /* by hand it may try again */
    CHECK(service_stop("test-daemon") == 0 && service_unregister("test-daemon") == 0);
    return NULL;
}

SELFTEST(sys_service_period, "sys") {
    order[0] = '\0';
    CHECK(service_register(&p) == 0 && service_start("test-period") == 0 && strcmp(order, "b") == 0);
    services_lock();
    uint64_t began = unit_find("test-period")->since;
    services_supervise(began + 9999);
    bool early = strlen(order) > 1;
    services_supervise(began + 10000);
    services_supervise(began + 10001);
    bool once = strcmp(order, "bb") == 0;
    services_supervise(began + 20000);
    bool twice = strcmp(order, "bbb") == 0;
    services_unlock();
    CHECK(!early && once && twice);
    CHECK(service_stop("test-period") == 0 && state_of("test-period") == SERVICE_STOPPED && service_unregister("test-period") == 0);
    return NULL;
}
