/* The rule engine: from a line to an answer. */
#include "engine.h"
#include "intent.h"
#include <auton/klog.h>
#include <auton/string.h>

void (*slm_second_opinion)(struct slm_reading *reading);

static void vsay(slm_result_t *out, const char *fmt, va_list args) {
    static struct {
        const slm_result_t *out;
        size_t length;
    } last; /* where the last say() ended, so that a long answer is not measured again for each part of it */
    if (last.out != out || last.length >= sizeof out->response || out->response[last.length] != '\0' ||
        (last.length > 0 && out->response[last.length - 1] == '\0'))
        last.length = strlen(out->response);
    last.out = out;
    size_t used = last.length, room = sizeof out->response - used;
    size_t added = (size_t)kvsnprintf(out->response + used, room, fmt, args);
    last.length = added < room ? used + added : sizeof out->response - 1;
    if (added >= room)
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

/* Words that are about a computer wherever they stand. */
#define TECHNICAL                                                                                                      \
    (C(ABOUT_NETWORK) | C(ABOUT_WIRELESS) | C(ABOUT_SOUND) | C(ABOUT_GRAPHICS) | C(ABOUT_STORAGE) | C(ABOUT_USB) |     \
     C(ABOUT_BRIDGE) | C(ABOUT_SERIAL) | C(ABOUT_INPUT) | C(ABOUT_BLUETOOTH) | C(ABOUT_CPU) | C(ABOUT_MEMORY) |        \
     C(ABOUT_THREADS) | C(ABOUT_DRIVER) | C(ABOUT_ERRORS) | C(ABOUT_PACKAGES) | C(ABOUT_VIRTUAL) | C(ABOUT_SERVICE) | \
     C(DO_REBOOT) | C(DO_POWEROFF) | C(IS_SLOW) | C(IS_CRASHED) | C(ASK_SELF) | C(ASK_HELP))

/* Not sure enough to answer as if it were certain. A question with a technical word or an id needs less, for the
 * rules check it once more. */
static bool is_unsure(const struct query *q) {
    bool backed = q->concepts & TECHNICAL || q->slots.has_slot || (q->slots.has_vendor && q->slots.has_device) ||
                  q->slots.driver;
    return q->confidence < (backed ? INTENT_SURE_PERCENT / 5 : INTENT_SURE_PERCENT);
}

/* A question that names a driver and complains of nothing is about that driver. */
static bool is_about_driver(const struct query *q) {
    return q->slots.driver && q->intent == INTENT_TROUBLESHOOT &&
           !(q->concepts & (C(ABOUT_ERRORS) | C(IS_SLOW) | C(IS_CRASHED) | C(IS_BROKEN)));
}

/* "install it", after a driver was the subject. */
static bool installs_the_driver(const struct query *q) {
    const struct step *last = context_step(q->session, 1);
    return last && last->intent == INTENT_DRIVER_SELECT && q->text.count <= 4 && q->session->focus[0] &&
           (q->concepts & (C(DO_BIND) | C(POINTS_BACK))) == (C(DO_BIND) | C(POINTS_BACK));
}

/* "and the second one?", "what about 00:03.0": a short question that goes on from the last one. */
static bool goes_on(const struct query *q) {
    bool refers = q->slots.has_ordinal || q->slots.has_slot || q->slots.has_device;
    return refers && q->session->step_count > 0 && q->text.count <= 6;
}

static void parse(struct query *q, const char *line) {
    q->line = line;
    text_parse(line, &q->text);
    intent_correct(&q->text);
    q->concepts = concepts_of(&q->text);
    slots_of(&q->text, &q->slots);
    intent_shares(&q->text, q->shares);
    q->intent = intent_likeliest(q->shares, &q->confidence);
}

/* "it", "the second one", "the driver?": only the rules know what was talked of. */
static bool points(const struct query *q) {
    bool names = q->slots.has_vendor || q->slots.has_slot || device_kind_of(q->concepts);
    bool refers = q->concepts & C(POINTS_BACK) || q->slots.has_ordinal || (q->text.count <= 2 && q->concepts & C(ABOUT_DRIVER));
    return !names && refers;
}

/* "install nginx", but not "install debian". */
static bool names_program(const struct query *q) {
    static const char *const SYSTEMS[] = {"auton", "debian", "ubuntu", "linux", "system", "os", "yourself"};
    for (size_t i = 0; i < ARRAY_SIZE(SYSTEMS); i++)
        if (strcmp(q->slots.name, SYSTEMS[i]) == 0)
            return false;
    return q->slots.name[0] && q->concepts & C(DO_INSTALL);
}

static struct slm_reading reading_of(const struct query *q) {
    const struct slm_skill *skill = skill_for(&q->text);
    struct slm_reading reading = {.line = q->line, .intent = q->intent, .confidence = q->confidence,
                                  .points_back = points(q) && q->session->step_count > 0,
                                  .points_nowhere = points(q) && q->session->step_count == 0,
                                  .names_program = names_program(q), .skilled = skill && skill->intent == q->intent,
                                  .settled = (skill && skill->unmistakable) || q->concepts & C(ASK_HISTORY)};
    memcpy(reading.shares, q->shares, sizeof reading.shares);
    return reading;
}

/* What would answer: a skill, or a function of the rules. */
static const void *answerer(const struct query *q) {
    const struct slm_skill *skill = skill_for(&q->text);
    return skill ? (const void *)skill->answer : (const void *)rule_for(q);
}

const void *slm_read_by_rules(uint32_t session, struct slm_reading *reading) {
    static struct query q;
    memset(&q, 0, sizeof q);
    q.session = context_get(session);
    parse(&q, reading->line);
    *reading = reading_of(&q);
    return answerer(&q);
}

/* What the backend makes of it; true when that is the answer already. Where its plainer words lead to the same answer as
 * those that were typed, the typed ones are answered, for they say more; where they do not, the plain ones are. */
static bool second_opinion(struct query *q, slm_result_t *out) {
    static struct query plain;
    struct slm_reading reading = reading_of(q);
    slm_second_opinion(&reading);
    q->intent = reading.intent;
    q->confidence = reading.confidence;
    if (reading.answer) {
        out->intent = reading.intent;
        out->status = reading.status;
        say(out, "%s\n", reading.answer);
        return true;
    }
    if (reading.line == q->line)
        return false;
    memset(&plain, 0, sizeof plain);
    plain.session = q->session;
    parse(&plain, reading.line);
    plain.intent = reading.intent;
    plain.confidence = reading.confidence;
    if (answerer(&plain) != answerer(q))
        *q = plain;
    return false;
}

void engine_answer(uint32_t session, const char *line, slm_result_t *out) {
    static struct query q; /* one question at a time, see the header */
    memset(out, 0, sizeof *out);
    memset(&q, 0, sizeof q);
    q.session = context_get(session);
    parse(&q, line);
    out->intent = INTENT_TROUBLESHOOT;
    if (converse(&q, out))
        return;

    struct session *s = q.session;
    if (s->plan.kind != PLAN_NONE && s->plan.kind != PLAN_BIND) {
        s->plan.kind = PLAN_NONE; /* what destroys something is confirmed at once or not at all */
        say(out, "The plan that waited is dropped.\n");
    }
    if (slm_second_opinion && second_opinion(&q, out)) {
        context_add_step(s, q.intent, line);
        return;
    }
    const struct slm_skill *skill = skill_for(&q.text);
    if (skill) {
        skill_answer(skill, &q, out);
        context_add_step(s, skill->intent, line);
        return;
    }
    bool install = installs_the_driver(&q);
    if (install || is_about_driver(&q))
        q.intent = INTENT_DRIVER_SELECT;
    bool unsure = !install && !(q.concepts & C(ASK_HISTORY)) && is_unsure(&q);
    if (unsure && goes_on(&q)) {
        enum slm_intent last = context_step(s, 1)->intent;
        q.intent = last == INTENT_DRIVER_SELECT ? last : INTENT_HARDWARE_IDENTIFY;
        unsure = false;
    }
    if (unsure)
        q.intent = INTENT_TROUBLESHOOT;
    out->intent = q.intent;
    answer_fn answer = !unsure                    ? rule_for(&q)
                       : q.concepts & C(ASK_SELF) ? answer_self
                                                  : answer_unsure;
    answer(&q, out);
    context_add_step(s, q.intent, line);
}
