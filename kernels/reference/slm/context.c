/* The table of conversations. */
#include "context.h"
#include <auton/string.h>

static struct session sessions[SLM_MAX_SESSIONS];
static uint64_t clock;

struct session *context_get(uint32_t id) {
    struct session *oldest = &sessions[0];
    for (size_t i = 0; i < SLM_MAX_SESSIONS; i++) {
        struct session *s = &sessions[i];
        if (s->used && s->id == id) {
            s->used = ++clock;
            return s;
        }
        if (s->used < oldest->used)
            oldest = s;
    }
    memset(oldest, 0, sizeof *oldest);
    oldest->id = id;
    oldest->used = ++clock;
    return oldest;
}

void context_add_step(struct session *session, enum slm_intent intent, const char *question) {
    struct step *step = &session->steps[session->step_count++ % SLM_SESSION_STEPS];
    step->intent = intent;
    strlcpy(step->question, question, sizeof step->question);
}

const struct step *context_step(const struct session *session, uint32_t n) {
    uint32_t kept = session->step_count < SLM_SESSION_STEPS ? session->step_count : SLM_SESSION_STEPS;
    if (n < 1 || n > kept)
        return NULL;
    return &session->steps[(session->step_count - n) % SLM_SESSION_STEPS];
}
