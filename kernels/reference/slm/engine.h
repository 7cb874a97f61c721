/* The rule engine: a question with all that was understood of it, and the functions that answer. */
#pragma once
#include "concepts.h"
#include "context.h"
#include "slots.h"
#include <auton/slm.h>

struct query {
    const char *line;
    struct text text;
    concepts_t concepts;
    struct slots slots;
    enum slm_intent intent;
    uint32_t confidence;         /* percent */
    uint16_t shares[SLM_LABELS]; /* 1/10000 */
    struct session *session;
};

/* Understands and answers one line. The caller sees to it that only one is answered at a time. */
void engine_answer(uint32_t session, const char *line, slm_result_t *out);

typedef void (*answer_fn)(struct query *q, slm_result_t *out);

/* A question that is about all of `all`, one of `any` (0: no matter) and nothing of `none`, whose intent is among
 * `intents`, is answered by `answer`. The first rule that fits is taken. */
struct rule {
    uint8_t intents; /* one bit for each enum slm_intent */
    concepts_t all, any, none;
    answer_fn answer;
};
answer_fn rule_for(const struct query *q);

/* Adds to the response; what does not fit is cut and ends in "...". */
void say(slm_result_t *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "it cannot be done, and this is why": sets the status. */
void say_unsupported(slm_result_t *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* devices.c: which device a question means, and words for devices */
struct device_kind {
    const char *name;   /* "network device" */
    uint8_t class_code; /* MATCH_ANY8: no PCI class is this */
};
const struct device_kind *device_kind_of(concepts_t concepts); /* NULL for no particular kind */
/* The PCI subclass of the storage controllers that the question asks for ("SATA"); -1 for any. */
int storage_sort(const struct query *q);
bool device_is_kind(const device_t *dev, const struct device_kind *kind);
/* Devices that the question is about, at most `max`; `kind` may be NULL. Returns how many there are. */
size_t devices_meant(struct query *q, const device_t **out, size_t max);
const device_t *device_by_id(uint16_t vendor, uint16_t device);
/* "Intel Corporation 82540EM ... (8086:100e)"; false when no table names it and its class has to do. */
bool device_describe(const device_t *dev, char *out, size_t size);
const struct kb_driver *device_catalogue_driver(const device_t *dev);
bool device_needs_no_driver(const device_t *dev); /* bridges of the chipset */
void focus_on(struct session *session, const device_t *dev);

/* answers, by the file they are in */
void answer_device_list(struct query *q, slm_result_t *out);
void answer_device(struct query *q, slm_result_t *out);
void answer_device_count(struct query *q, slm_result_t *out);
void answer_resources(struct query *q, slm_result_t *out);
void answer_rescan(struct query *q, slm_result_t *out);
void answer_cpu(struct query *q, slm_result_t *out);
void answer_sensors(struct query *q, slm_result_t *out);
void answer_machine(struct query *q, slm_result_t *out);

void answer_driver(struct query *q, slm_result_t *out);
void answer_driver_list(struct query *q, slm_result_t *out);
void answer_driverless(struct query *q, slm_result_t *out);
void answer_driver_load(struct query *q, slm_result_t *out);
void answer_driver_unload(struct query *q, slm_result_t *out);

void answer_memory(struct query *q, slm_result_t *out);
void answer_threads(struct query *q, slm_result_t *out);
void answer_cpu_usage(struct query *q, slm_result_t *out);
void answer_kill(struct query *q, slm_result_t *out);
void answer_time(struct query *q, slm_result_t *out);
void answer_uptime(struct query *q, slm_result_t *out);
void answer_log(struct query *q, slm_result_t *out);
void answer_reboot(struct query *q, slm_result_t *out);
void answer_poweroff(struct query *q, slm_result_t *out);
void answer_version(struct query *q, slm_result_t *out);
void answer_status(struct query *q, slm_result_t *out);
void answer_tests(struct query *q, slm_result_t *out);
void answer_users(struct query *q, slm_result_t *out);
void answer_priority(struct query *q, slm_result_t *out);
void answer_services(struct query *q, slm_result_t *out);
void answer_files(struct query *q, slm_result_t *out);

void answer_configure(struct query *q, slm_result_t *out);
void answer_packages(struct query *q, slm_result_t *out);

void answer_errors(struct query *q, slm_result_t *out);
void answer_broken(struct query *q, slm_result_t *out);
void answer_slow(struct query *q, slm_result_t *out);
void answer_trouble(struct query *q, slm_result_t *out);

void answer_help(struct query *q, slm_result_t *out);
void answer_hello(struct query *q, slm_result_t *out);
void answer_self(struct query *q, slm_result_t *out);
void answer_history(struct query *q, slm_result_t *out);
void answer_unsure(struct query *q, slm_result_t *out);

/* conversation.c: "go", "no", "again". False when the line is none of these. */
bool converse(struct query *q, slm_result_t *out);
/* skills.c */
const struct slm_skill *skill_for(const struct text *text); /* NULL: none is for such a line */
const struct slm_skill *skill_named(const char *name); /* NULL where its subsystem is not built in */
bool skill_exists(const char *name);
void skill_examples(slm_result_t *out); /* questions that skills answer, a line each */
void skill_answer(const struct slm_skill *skill, struct query *q, slm_result_t *out);
void skill_step(struct session *session, slm_result_t *out); /* the next step of the session's plan */
/* plans.c */
void plan_propose(struct session *session, struct plan plan, slm_result_t *out);
void plan_go(struct session *session, slm_result_t *out);
