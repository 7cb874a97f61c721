/* The neural backend: the model helps to understand a line; all facts are the rules'. */
#include "actions.h"
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>
#include <auton/types.h>

#define SURE_PERCENT 45 /* what the rules call sure */
/* Shares of a label in 1/10000, and percent of the classifier, chosen by the held-out sentences (kernel_spec/slm_neural.md). */
#define MODEL_LEAST 4000 /* below it the model guesses */
#define MODEL_SURE 9000
#define MODEL_CERTAIN 9900
#define RULES_SURE 95
#define RULES_SKILLED 80
#define FREE_TOKENS 48
#define FREE_MS 3000 /* whoever asks waits five seconds */
#define PROMPT_BYTES 512

static uint32_t session_in_work;
static char said[512]; /* by the model, in front of the answer */

static void show(const char *piece) {
    if (session_in_work == SLM_CONSOLE_SESSION)
        kputs(piece);
}

/* What was not shown yet goes into the response, before what is there. */
static void prepend(slm_result_t *out, const char *text) {
    size_t length = strlen(text), kept = strlen(out->response);
    if (session_in_work == SLM_CONSOLE_SESSION || length == 0)
        return;
    if (kept + length > sizeof out->response - 2)
        kept = sizeof out->response - 2 - length;
    memmove(out->response + length + 1, out->response, kept);
    out->response[length + 1 + kept] = '\0';
    memcpy(out->response, text, length);
    out->response[length] = '\n';
}

/* "install %s" with the slot, or the whole line for %l. */
static void fill(const char *plain, const struct choice *choice, const char *line, char *out, size_t size) {
    size_t n = 0;
    for (; *plain && n + 1 < size; plain++) {
        if (plain[0] != '%') {
            out[n++] = *plain;
            continue;
        }
        out[n] = '\0';
        strlcat(out, *++plain == 'l' ? line : choice->kind ? choice->kind->device : choice->slot, size);
        n = strlen(out);
    }
    out[n] = '\0';
}

bool read_by_model(const char *line, struct model_reading *out) {
    static char prompt[PROMPT_BYTES];
    uint32_t shares[LABEL_COUNT];
    out->label = 0;
    normalize(line, prompt, sizeof prompt);
    if (!control.has_labels || speak_prompt(prompt) < 0)
        return false;
    neural_choice(runtime_model, control.labels, LABEL_COUNT, shares);
    for (unsigned label = 1; label < LABEL_COUNT; label++)
        if (shares[label] > shares[out->label])
            out->label = label;
    out->share = shares[out->label];
    return decode_action(out->label, prompt, &out->choice);
}

static void take_action(struct slm_reading *reading, const struct model_reading *model) {
    static char line[2 * PROMPT_BYTES];
    const struct action *action = model->choice.action;
    if (action->plain) {
        fill(action->plain, &model->choice, reading->line, line, sizeof line);
        reading->line = line;
    } else {
        reading->answer = action->refusal ? action->refusal : action->text;
        reading->status = action->refusal ? SLM_UNSUPPORTED : SLM_OK;
    }
}

/* Advice on a trouble is the model's to give, and appears before the kernel has looked at anything. */
static void say_first(const struct action *action) {
    if (action->label == INTENT_TROUBLESHOOT && action->plain && strncmp(action->words, "diagnose", 8) == 0) {
        strlcpy(said, action->text, sizeof said);
        show(said);
        show("\n");
    }
}

/* Actions that say no more than their label. */
static bool is_vague(const struct action *action) {
    static const char *const VAGUE[] = {"configure system", "configure mounts", "search purpose", "install category",
                                        "diagnose system"};
    for (size_t i = 0; i < ARRAY_SIZE(VAGUE); i++)
        if (strcmp(action->words, VAGUE[i]) == 0)
            return true;
    return false;
}

/* A reading that leaves out what the line names: "install nginx on debian" is no wish to set up the system. */
static bool leaves_out(const struct slm_reading *rules, const struct model_reading *model) {
    return rules->names_program && rules->intent == INTENT_APP_INSTALL && rules->confidence >= SURE_PERCENT &&
           model->label == INTENT_INSTALL_CONFIGURE;
}

/* Of the two the model is right more often; the rules are where they are sure and it is not, and where they know none of the
 * words. */
static bool rules_win(const struct slm_reading *rules, const struct model_reading *model) {
    uint32_t sure = is_vague(model->choice.action) ? SURE_PERCENT : rules->skilled ? RULES_SKILLED : RULES_SURE;
    uint32_t certain = rules->skilled ? MODEL_CERTAIN : MODEL_SURE;
    if (model->share < MODEL_LEAST || rules->confidence == 0 || (rules->words == 1 && model->share < MODEL_CERTAIN))
        return true;
    if (model->label == (unsigned)rules->intent || model->share >= certain)
        return false;
    return rules->confidence >= sure || is_vague(model->choice.action);
}

static void take_label(struct slm_reading *reading, const struct model_reading *model) {
    bool other = model->label == LABEL_OTHER;
    reading->intent = other ? INTENT_TROUBLESHOOT : (enum slm_intent)model->label;
    reading->confidence = other ? 0 : model->share / 100 > SURE_PERCENT ? model->share / 100 : SURE_PERCENT;
}

bool weigh(struct slm_reading *reading, const struct model_reading *model) {
    bool other = model->label == LABEL_OTHER;
    if (reading->settled || leaves_out(reading, model) || rules_win(reading, model) || (reading->points_back && (other || model->share < MODEL_SURE)))
        return false;
    take_label(reading, model);
    bool lost = reading->points_nowhere && model->label == INTENT_DRIVER_SELECT; /* the rules ask what is meant */
    if (other || lost || reading->points_back || is_vague(model->choice.action)) /* the line itself says more than the action */
        return false;
    take_action(reading, model);
    return true;
}

static void second_opinion(struct slm_reading *reading) {
    static struct model_reading model;
    if (!reading->settled && read_by_model(reading->line, &model) && weigh(reading, &model))
        say_first(model.choice.action);
}

static int query(uint32_t session, const char *text, slm_result_t *out) {
    session_in_work = session;
    said[0] = '\0';
    bool able = thread_use_fpu() == 0;
    slm_answer_by_rules(session, text, out);
    if (able && !control.has_labels && out->status == SLM_UNSURE && speak_prompt(text) == 0) {
        show("The model goes on, unchecked:");
        speak_freely(FREE_TOKENS, uptime_ms() + FREE_MS, show, said, sizeof said);
        show("\n");
    }
    prepend(out, said);
    return 0;
}

static int init(void) {
    if (runtime_load() < 0)
        return -1;
    slm_second_opinion = second_opinion;
    return 0;
}

static const struct slm_backend backend = {.name = "neural", .init = init, .query = query};

static void offer(void) {
    slm_offer_backend(&backend);
}
INITCALL(INIT_DEV, offer);
