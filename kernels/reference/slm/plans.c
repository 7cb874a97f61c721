/* Plans: what is proposed first and carried out only when the user says so, one step at a time. */
#include "catalogue.h"
#include "engine.h"
#include <auton/boot.h>
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>

static const char *const KIND_NAMES[] = {"none", "bind", "kill", "reboot", "poweroff", "skill"};

static void describe_plan(slm_result_t *out, const struct plan *plan) {
    const device_t *dev = plan->device[0] ? device_find(plan->device) : NULL;
    const struct kb_driver *driver = dev ? device_catalogue_driver(dev) : NULL;
    switch (plan->kind) {
    case PLAN_BIND:
        if (dev) {
            char name[192];
            device_describe(dev, name, sizeof name);
            say(out, "%s %s has no driver. ", dev->name, name);
            if (driver)
                say(out, "It needs %s (%s), which this kernel %s. ", driver->name, driver->description,
                    driver->in_kernel ? "has" : "does not have");
        }
        say(out, "Plan:\n1. Offer %s to every driver of this kernel.\n2. Look again and report what is bound.\n",
            dev ? "it" : "each device without a driver");
        break;
    case PLAN_KILL: say(out, "Plan:\n1. End thread %u at once. What it was doing is lost.\n", plan->tid); break;
    case PLAN_REBOOT: say(out, "Plan:\n1. Restart the machine. Everything in memory is lost.\n"); break;
    case PLAN_POWEROFF: say(out, "Plan:\n1. Switch the machine off. Everything in memory is lost.\n"); break;
    case PLAN_SKILL: break; /* it has told its plan itself */
    case PLAN_NONE: return;
    }
    say(out, "Say \"go\" to carry out step %u, or \"no\" to drop the plan.\n", plan->step);
}

/* The same in a form for programs. */
static void export_plan(slm_result_t *out, const struct plan *plan) {
    out->requires_followup = plan->kind != PLAN_NONE;
    if (plan->kind != PLAN_NONE)
        ksnprintf(out->action_data, sizeof out->action_data, "action=%s;step=%u;steps=%u;device=%s;tid=%u",
                  plan->kind == PLAN_SKILL ? plan->skill->name : KIND_NAMES[plan->kind], plan->step, plan->steps,
                  plan->device, plan->tid);
}

void plan_propose(struct session *session, struct plan plan, slm_result_t *out) {
    plan.step = 1;
    plan.steps = plan.steps ? plan.steps : 1;
    session->plan = plan;
    describe_plan(out, &plan);
    export_plan(out, &plan);
}

static void bind_step(struct session *session, slm_result_t *out) {
    struct plan *plan = &session->plan;
    if (plan->step == 1) {
        int bound = driver_bind_all();
        say(out, "Step 1 done: every driver was asked; %d device%s newly bound.\n", bound, bound == 1 ? "" : "s");
        return;
    }
    const device_t *dev = plan->device[0] ? device_find(plan->device) : NULL;
    const struct kb_driver *driver = dev ? device_catalogue_driver(dev) : NULL;
    if (!dev && plan->device[0]) {
        say(out, "Step 2: %s is no longer there.\n", plan->device);
    } else if (!dev) {
        size_t open = 0;
        for (const device_t *d = device_first(); d; d = d->next)
            open += !d->driver && !device_needs_no_driver(d);
        say(out, "Step 2 done: %zu device%s without a driver.\n", open, open == 1 ? " is" : "s are");
    } else if (dev->driver) {
        say(out, "Step 2 done: %s is run by %s now.\n", dev->name, dev->driver->name);
    } else {
        out->status = SLM_UNSUPPORTED;
        say(out, "Step 2: %s still has no driver. None that is built into this kernel takes it", dev->name);
        if (driver)
            say(out, "; %s would have to be written for it under drivers/", driver->name);
        say(out, ".\n");
    }
}

void plan_go(struct session *session, slm_result_t *out) {
    struct plan *plan = &session->plan;
    out->intent = plan->intent;
    switch (plan->kind) {
    case PLAN_BIND: bind_step(session, out); break;
    case PLAN_KILL:
        switch (thread_kill(plan->tid)) {
        case 0: say(out, "Thread %u has been ended.\n", plan->tid); break;
        case -1:
            out->status = SLM_ERROR;
            say(out, "There is no thread %u any more.\n", plan->tid);
            break;
        default:
            out->status = SLM_UNSUPPORTED;
            say(out, "Thread %u may not be ended: the kernel needs it.\n", plan->tid);
        }
        break;
    case PLAN_SKILL:
        skill_step(session, out);
        if (out->status != SLM_OK) {
            plan->kind = PLAN_NONE;
            say(out, "The plan ends here.\n");
            return;
        }
        break;
    case PLAN_REBOOT: kernel_reboot();
    case PLAN_POWEROFF: kernel_poweroff(0);
    case PLAN_NONE: say(out, "There is no plan that waits for a go.\n"); return;
    }
    if (plan->step++ >= plan->steps)
        plan->kind = PLAN_NONE;
    else
        say(out, "Say \"go\" for step %u of %u.\n", plan->step, plan->steps);
    export_plan(out, plan);
}
