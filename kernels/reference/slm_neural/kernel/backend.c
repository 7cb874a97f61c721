/* The neural backend: the model helps to understand a line; all facts are the rules'. */
#include "actions.h"
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>
#include <auton/types.h>

#define SURE_PERCENT 45 /* what the rules call sure */
/* Of the model, in 1/10000: what it takes to contradict a skill, and to know what a line means that goes back to another. */
#define MODEL_CERTAIN 9900
#define MODEL_SURE 9000
#define MODEL_LEAST 4000 /* below it the model guesses, and its action with it */
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
    out->label = 0;
    normalize(line, prompt, sizeof prompt);
    if (!control.has_labels || speak_prompt(prompt) < 0)
        return false;
    neural_choice(runtime_model, control.labels, LABEL_COUNT, out->shares);
    for (unsigned label = 1; label < LABEL_COUNT; label++)
        if (out->shares[label] > out->shares[out->label])
            out->label = label;
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
static bool leaves_out(const struct slm_reading *rules, unsigned label) {
    return rules->names_program && rules->intent == INTENT_APP_INSTALL && rules->confidence >= SURE_PERCENT &&
           label == INTENT_INSTALL_CONFIGURE;
}

/* The likeliest label by both, whose errors have little in common: the product of what each gives it. */
static unsigned likeliest(const struct slm_reading *rules, const struct model_reading *model, uint32_t *percent) {
    uint64_t best = 0, sum = 0;
    unsigned chosen = 0;
    for (unsigned label = 0; label < LABEL_COUNT; label++) {
        uint64_t product = (rules->shares[label] + 1ull) * (model->shares[label] + 1ull); /* nobody excludes a label */
        sum += product;
        if (product > best) {
            best = product;
            chosen = label;
        }
    }
    *percent = (uint32_t)(best * 100 / sum);
    return chosen;
}

/* The rules know none of the words, or a skill is for such lines, or the line goes back to what only they know. */
static bool rules_decide(const struct slm_reading *rules, const struct model_reading *model, unsigned label) {
    if (rules->settled || rules->confidence == 0 || leaves_out(rules, label))
        return true;
    bool contradicts = label != (unsigned)rules->intent;
    return (rules->skilled && contradicts && model->shares[label] < MODEL_CERTAIN) ||
           (rules->points_back && (label == LABEL_OTHER || model->shares[label] < MODEL_SURE));
}

bool weigh(struct slm_reading *reading, const struct model_reading *model) {
    uint32_t percent;
    unsigned label = likeliest(reading, model, &percent);
    if (rules_decide(reading, model, label))
        return false;
    bool other = label == LABEL_OTHER;
    reading->intent = other ? INTENT_TROUBLESHOOT : (enum slm_intent)label;
    reading->confidence = other ? 0 : percent > SURE_PERCENT ? percent : SURE_PERCENT;
    bool lost = reading->points_nowhere && label == INTENT_DRIVER_SELECT; /* the rules ask what is meant */
    /* The model's action is for its own label, and where it is vague or guessed the line itself says more. */
    if (label != model->label || model->shares[label] < MODEL_LEAST || other || lost || reading->points_back ||
        is_vague(model->choice.action))
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
