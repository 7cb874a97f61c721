/* The rule engine: from a line to an answer. */
#include "engine.h"
#include "intent.h"
#include <auton/klog.h>
#include <auton/string.h>

static void vsay(slm_result_t *out, const char *fmt, va_list args) {
    size_t used = strlen(out->response), room = sizeof out->response - used;
    if ((size_t)kvsnprintf(out->response + used, room, fmt, args) >= room)
        strlcpy(out->response + sizeof out->response - sizeof "...\n", "...\n", sizeof "...\n");
}

void say(slm_result_t *out, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsay(out, fmt, args);
    va_end(args);
}

void say_unsupported(slm_result_t *out, const char *fmt, ...) {
    va_list args;
    out->status = SLM_UNSUPPORTED;
    va_start(args, fmt);
    vsay(out, fmt, args);
    va_end(args);
}

/* Not sure enough to answer as if it were certain. A question that names something the rules know, or gives an id,
 * needs less: the rules check it once more. */
static bool is_unsure(const struct query *q) {
    concepts_t subjects = q->concepts & (C(POINTS_BACK) - 1) & ~(C(ABOUT_SYSTEM) | C(ABOUT_TIME) | C(ABOUT_MAKER));
    bool backed = subjects || q->slots.has_slot || (q->slots.has_vendor && q->slots.has_device) || q->slots.driver;
    return q->confidence < (backed ? INTENT_SURE_PERCENT / 2 : INTENT_SURE_PERCENT);
}

/* "and the second one?", "what about 00:03.0": a short question that goes on from the last one. */
static bool goes_on(const struct query *q) {
    bool refers = q->slots.has_ordinal || q->slots.has_slot || q->slots.has_device;
    return refers && q->session->step_count > 0 && q->text.count <= 6;
}

void engine_answer(uint32_t session, const char *line, slm_result_t *out) {
    static struct query q; /* one question at a time, see the header */
    memset(out, 0, sizeof *out);
    memset(&q, 0, sizeof q);
    q.line = line;
    q.session = context_get(session);
    text_parse(line, &q.text);
    intent_correct(&q.text);
    q.concepts = concepts_of(&q.text);
    slots_of(&q.text, &q.slots);
    q.intent = intent_of(&q.text, &q.confidence);
    out->intent = INTENT_TROUBLESHOOT;
    if (converse(&q, out))
        return;

    struct session *s = q.session;
    if (s->plan.kind != PLAN_BIND)
        s->plan.kind = PLAN_NONE; /* what destroys something is confirmed at once or not at all */
    bool unsure = is_unsure(&q);
    if (unsure && goes_on(&q)) {
        enum slm_intent last = context_step(s, 1)->intent;
        q.intent = last == INTENT_DRIVER_SELECT ? last : INTENT_HARDWARE_IDENTIFY;
        unsure = false;
    }
    if (unsure)
        q.intent = INTENT_TROUBLESHOOT;
    out->intent = q.intent;
    (unsure ? answer_unsure : rule_for(&q))(&q, out);
    context_add_step(s, q.intent, line);
}
