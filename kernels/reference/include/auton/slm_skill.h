/* Skills: what other subsystems let the SLM tell and do. A subsystem describes in words which questions it answers, and
 * the SLM hands it those, with what they name. A skill that changes something first tells its plan; what it does then
 * is done step by step, when the user says "go". */
#pragma once
#include <auton/slm.h>

#define SLM_SKILL_GROUPS 4

/* A question and what it names; a text is "" where it names none. Valid while the skill runs. */
struct slm_ask {
    const char *line;
    const char *name;        /* what is to be installed, removed, started, ended: "nginx" */
    const char *service;     /* sshd, where the line speaks of a service */
    const char *interface;   /* eth0 */
    const char *host;        /* 10.0.2.2 or example.org */
    const char *paths[2];    /* /dev/vda1 and /mnt, as they come */
    bool has_number;
    uint64_t number;         /* in bytes when a unit followed it */
    bool (*mentions)(const char *words); /* is one of them in the line? written as in struct slm_skill */
    void (*say)(slm_result_t *out, const char *fmt, ...) PRINTF_LIKE(2, 3); /* adds to the answer */
};

struct slm_skill {
    const char *name;        /* "disk-usage"; unique */
    enum slm_intent intent;  /* of the questions that it answers */
    /* A line must have a word of each group; fewer groups end with NULL. Of the skills that fit, the one with the most
     * groups answers, of those the one whose name comes first. Words in any form, parted by blanks; '+' joins words
     * that must follow each other: "full space df how+much". "/x" stands for any path, "10.0.0.1" for any address. */
    const char *words[SLM_SKILL_GROUPS];
    const char *none;        /* and no word of these; NULL */
    bool unmistakable;       /* whoever says these words means this, whatever a model makes of them */
    const char *example;     /* a question for `help`; NULL when others speak for it */
    /* Answers. To propose something it says its plan as a numbered list and sets out->plan_steps. */
    void (*answer)(const struct slm_ask *ask, slm_result_t *out);
    /* Carries out one step of that plan, from 1. What fails sets out->status, and the plan ends there. */
    void (*act)(const struct slm_ask *ask, unsigned step, slm_result_t *out);
};

#define SLM_SKILL(id, ...)                                                                         \
    static const struct slm_skill slm_skill_##id                                                   \
        __attribute__((used, section(".slmskills"), aligned(8))) = {__VA_ARGS__}
