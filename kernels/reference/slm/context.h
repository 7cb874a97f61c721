/* Conversations: what each session has been told and asked, so that "it", "the second one" and "go" mean something. */
#pragma once
#include "slots.h"
#include <auton/dev.h>
#include <auton/slm.h>
#include <auton/slm_skill.h>

#define CONTEXT_LIST_MAX 32

enum plan_kind { PLAN_NONE, PLAN_BIND, PLAN_KILL, PLAN_REBOOT, PLAN_POWEROFF, PLAN_SKILL };

/* Something that waits for "go"; carried out step by step. */
struct plan {
    enum plan_kind kind;
    enum slm_intent intent;
    uint32_t step, steps; /* the next one, from 1, and how many there are */
    char device[32];      /* by name, for the device may have gone */
    uint32_t tid;
    const struct slm_skill *skill; /* PLAN_SKILL: what carries it out */
};

struct step {
    enum slm_intent intent;
    char question[96]; /* its beginning */
};

struct session {
    uint32_t id;
    uint64_t used; /* order of use; 0 for a free one */
    struct step steps[SLM_SESSION_STEPS];
    uint32_t step_count; /* ever; the last SLM_SESSION_STEPS are there */
    struct plan plan;
    char plan_line[160]; /* PLAN_SKILL: the question it came from, and what that names */
    struct slots plan_slots;
    uint32_t focus_id;   /* vendor << 16 | device that "it" means; 0 none */
    char focus[32];      /* name of the device that "it" means; "" none */
    const char *driver;  /* driver that was talked of */
    char list[CONTEXT_LIST_MAX][32]; /* names of the devices that the last answer counted */
    uint32_t list_count;
};

/* The session of that id. With SLM_MAX_SESSIONS in use the one that was silent longest gives way. */
struct session *context_get(uint32_t id);
void context_add_step(struct session *session, enum slm_intent intent, const char *question);
/* The n-th last question, from 1; NULL when there were not so many. */
const struct step *context_step(const struct session *session, uint32_t n);
