/* Services: what the kernel starts in stages at boot, keeps running, and starts and stops when asked. A subsystem leaves
 * a SERVICE() record, or registers one at run time. Functions return 0 or -errno. */
#pragma once
#include <auton/types.h>

enum service_kind {
    SERVICE_ONESHOT,  /* start() does its work and is done */
    SERVICE_DAEMON,   /* start() gets something going, which goes on by itself */
    SERVICE_PERIODIC, /* start() does its work again and again */
};
enum service_restart { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };
enum service_stage {
    STAGE_EARLY, STAGE_HARDWARE, STAGE_DRIVERS, STAGE_STORAGE, STAGE_NETWORK, STAGE_SERVICES, STAGE_READY, STAGE_COUNT
};
enum service_state { SERVICE_STOPPED, SERVICE_RUNNING, SERVICE_DONE, SERVICE_FAILED };

#define SERVICE_NEEDS 4
#define SERVICE_MAX_RESTARTS 5   /* in a row; a minute without a failure begins a new row */

struct service {
    const char *name, *description;
    enum service_kind kind;
    enum service_stage stage;
    enum service_restart restart;
    bool on_demand;              /* not started at boot */
    const char *needs[SERVICE_NEEDS]; /* names of services that must run before; the rest NULL */
    uint32_t period_ms;          /* SERVICE_PERIODIC; in steps of half a second */
    /* Called by one thread at a time. At boot everybody waits for it: what takes long belongs into a thread. */
    int (*start)(void);
    int (*stop)(void);           /* of a daemon; NULL: it cannot be stopped */
    /* Of a daemon: 1 it runs, 0 it has ended, or why it failed. NULL: it runs until it is stopped. Must not wait. */
    int (*alive)(void);
};

#define SERVICE(id, ...)                                                                           \
    static const struct service service_##id                                                       \
        __attribute__((used, section(".services"), aligned(8))) = {__VA_ARGS__}

/* The record must stay until service_unregister(). -EEXIST, -EINVAL, -ENOMEM; -ENOENT, -EBUSY it runs. */
int service_register(const struct service *service);
int service_unregister(const char *name);

/* Starts what it needs first. 0 also when it runs already. -ENOENT no such service, -ELOOP it needs itself, else why it
 * or one of its needs did not start. */
int service_start(const char *name);
/* 0 also when it does not run. -ENOENT, -EBUSY a running service needs it, -EOPNOTSUPP, or why it does not end. */
int service_stop(const char *name);

struct service_info {
    const struct service *service;
    enum service_state state;
    int error;                   /* of SERVICE_FAILED */
    uint32_t restarts;           /* since boot */
};
bool service_info(const char *name, struct service_info *out);
/* In the order of their stages, by name within a stage; false after the last. */
bool service_at(size_t index, struct service_info *out);
const char *service_state_name(enum service_state state);
const char *service_stage_name(enum service_stage stage);
/* The stage that boot has come to; STAGE_COUNT once all are through. */
enum service_stage service_stage_now(void);
