/* The neural backend: the model helps to understand a line and says the first words; all facts are the rules'. */
#include "runtime.h"
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>

#define SURE_PERCENT 45         /* what the rules call sure */
#define LABEL_SURE 9000         /* in 1/10000: a label that stands against the classifier must be this likely */
#define FREE_TOKENS 48
#define FREE_MS 3000            /* whoever asks waits five seconds */
#define PROMPT_BYTES 512

static char prompt[PROMPT_BYTES];
static uint32_t session_in_work;
static bool is_question; /* the line in work was put to the model, as "go" and the like are not */

/* Agreement makes sure what was not; where the two differ, the classifier keeps its word if it was sure, for it has won
 * on unseen phrasings so far. */
static enum slm_intent second_opinion(const char *line, enum slm_intent first, uint32_t *confidence) {
    uint32_t shares[LABEL_COUNT];
    int best = 0;
    (void)line;
    is_question = control.has_labels && speak_prompt(prompt) == 0;
    if (!is_question)
        return first;
    neural_choice(runtime_model, control.labels, LABEL_COUNT, shares);
    for (int label = 1; label < LABEL_COUNT; label++)
        if (shares[label] > shares[best])
            best = label;
    if (best == LABEL_OTHER || shares[best] < LABEL_SURE)
        return first;
    if ((enum slm_intent)best == first) {
        *confidence = *confidence < shares[best] / 100 ? shares[best] / 100 : *confidence;
    } else if (*confidence < SURE_PERCENT) {
        *confidence = SURE_PERCENT;
        return (enum slm_intent)best;
    }
    return first;
}

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

static void say_first(slm_result_t *out) {
    static char text[512];
    text[0] = '\0';
    if (is_question && out->status == SLM_OK) {
        speak_sentence(out->intent, show, text, 128);
    } else if (!control.has_labels && out->status == SLM_UNSURE && speak_prompt(prompt) == 0) {
        show("The model goes on, unchecked:");
        speak_freely(FREE_TOKENS, uptime_ms() + FREE_MS, show, text, sizeof text);
    }
    if (text[0])
        show("\n");
    prepend(out, text);
}

static int query(uint32_t session, const char *text, slm_result_t *out) {
    if (thread_use_fpu() < 0) {
        slm_answer_by_rules(session, text, out);
        return 0;
    }
    session_in_work = session;
    is_question = false;
    normalize(text, prompt, sizeof prompt);
    slm_answer_by_rules(session, text, out);
    say_first(out);
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
