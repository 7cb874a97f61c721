/* What the model says, token by token. Of hardware it says nothing of its own: where the rules have the facts, it only
 * chooses the sentence before them among those that are true of every machine. */
#include "runtime.h"
#include <auton/sched.h>
#include <auton/string.h>

#define PROMPT_TOKENS 72 /* as many as training saw */
#define PIECE_MAX 64
#define SENTENCE_TOKENS 48

static const struct {
    enum slm_intent intent;
    const char *text;
} sentences[] = {
    {INTENT_HARDWARE_IDENTIFY, "Looking that id up in the device table."},
    {INTENT_HARDWARE_IDENTIFY, "These devices were found."},
    {INTENT_HARDWARE_IDENTIFY, "Searching the device table for that name."},
    {INTENT_HARDWARE_IDENTIFY, "This is the machine I run on."},
    {INTENT_DRIVER_SELECT, "Looking for the driver of that id."},
    {INTENT_DRIVER_SELECT, "Looking for a driver for that device."},
    {INTENT_DRIVER_SELECT, "These drivers are here."},
    {INTENT_INSTALL_CONFIGURE, "This is what that setting needs."},
    {INTENT_APP_INSTALL, "Searching the packages."},
    {INTENT_APP_INSTALL, "This is what I know of that package."},
    {INTENT_SYSTEM_MANAGE, "This is how memory is used."},
    {INTENT_SYSTEM_MANAGE, "These are running."},
    {INTENT_SYSTEM_MANAGE, "This is how the system does."},
    {INTENT_TROUBLESHOOT, "Looking for what may be wrong."},
    {INTENT_TROUBLESHOOT, "Looking at the last errors."},
};

/* The tokens in the context, so that a question that begins alike is not evaluated again. */
static uint32_t evaluated[PROMPT_TOKENS + 2];
static size_t evaluated_count;

int speak_prompt(const char *prompt) {
    uint32_t tokens[PROMPT_TOKENS + 1];
    size_t count = 0, same = 0;
    if (neural_bos(runtime_model) != NEURAL_NO_TOKEN)
        tokens[count++] = neural_bos(runtime_model);
    int32_t words = neural_tokenize(runtime_model, prompt, strlen(prompt), tokens + count, PROMPT_TOKENS);
    if (words <= 0)
        return -1;
    count += (size_t)(words < PROMPT_TOKENS ? words : PROMPT_TOKENS);
    /* The last token is evaluated anew in any case, for its logits. */
    size_t kept = evaluated_count < neural_position(runtime_model) ? evaluated_count : neural_position(runtime_model);
    while (same + 1 < count && same < kept && tokens[same] == evaluated[same])
        same++;
    neural_rewind(runtime_model, (uint32_t)same);
    memcpy(evaluated, tokens, count * sizeof *tokens);
    evaluated_count = neural_eval(runtime_model, tokens + same, count - same) == 0 ? count : 0;
    return evaluated_count ? 0 : -1;
}

/* Everything behind the prompt; what was said is no part of the next question. */
static size_t append(char *out, size_t size, size_t length, const char *piece, size_t bytes) {
    size_t room = size - 1 - length, taken = bytes < room ? bytes : room;
    memcpy(out + length, piece, taken);
    out[length + taken] = '\0';
    return length + taken;
}

/* Which tokens go on towards one of the sentences, of which `said` is the beginning. */
struct constraint {
    enum slm_intent intent;
    const char *said;
    size_t length;
    bool first; /* the model's pieces begin with a space at the beginning of a text */
};

static bool leads_on(const struct constraint *c, const char *piece, size_t bytes) {
    if (c->first && bytes > 0 && piece[0] == ' ') {
        piece++;
        bytes--;
    }
    for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
        const char *s = sentences[i].text;
        if (sentences[i].intent == c->intent && strncmp(s, c->said, c->length) == 0 && bytes > 0 &&
            strncmp(s + c->length, piece, bytes) == 0)
            return true;
    }
    return false;
}

static bool is_allowed(void *context, uint32_t token) {
    char piece[PIECE_MAX];
    size_t bytes = neural_token_text(runtime_model, token, piece, sizeof piece);
    return bytes <= sizeof piece && leads_on(context, piece, bytes);
}

static bool is_whole(const struct constraint *c) {
    for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
        if (sentences[i].intent == c->intent && strcmp(sentences[i].text, c->said) == 0)
            return true;
    return false;
}

void speak_sentence(enum slm_intent intent, void (*show)(const char *piece), char *out, size_t size) {
    struct constraint c = {.intent = intent, .said = out, .first = true};
    struct neural_sampling s = {.allowed = is_allowed, .context = &c};
    uint32_t lead[] = {control.labels[intent], control.say};
    out[0] = '\0';
    if (!control.has_labels || control.say == NEURAL_NO_TOKEN || neural_eval(runtime_model, lead, ARRAY_SIZE(lead)) < 0)
        return;
    for (unsigned i = 0; i < SENTENCE_TOKENS && !is_whole(&c); i++) {
        char piece[PIECE_MAX + 1];
        uint32_t token = neural_sample(runtime_model, &s);
        if (token == NEURAL_NO_TOKEN)
            break;
        size_t bytes = neural_token_text(runtime_model, token, piece, PIECE_MAX), skip = c.first && piece[0] == ' ';
        piece[bytes] = '\0';
        c.length = append(out, size, c.length, piece + skip, bytes - skip);
        c.first = c.first && c.length == 0;
        show(piece + skip);
        if (neural_eval(runtime_model, &token, 1) < 0)
            break;
    }
}

/* Text only: a control token ends it. */
static bool is_text(void *unused, uint32_t token) {
    (void)unused;
    return neural_token_kind(runtime_model, token) != TOKEN_CONTROL || token == neural_eos(runtime_model);
}

void speak_freely(uint32_t tokens, uint64_t deadline_ms, void (*show)(const char *piece), char *out, size_t size) {
    struct neural_sampling s = {.allowed = is_text};
    size_t length = 0;
    out[0] = '\0';
    while (tokens-- > 0 && uptime_ms() < deadline_ms) {
        char piece[PIECE_MAX + 1];
        uint32_t token = neural_sample(runtime_model, &s);
        if (token == NEURAL_NO_TOKEN || token == neural_eos(runtime_model))
            break;
        size_t bytes = neural_token_text(runtime_model, token, piece, PIECE_MAX);
        bytes = bytes < PIECE_MAX ? bytes : PIECE_MAX;
        for (size_t i = 0; i < bytes; i++) /* what a model writes must not steer a terminal */
            if ((unsigned char)piece[i] < ' ' && piece[i] != '\n')
                piece[i] = '?';
        piece[bytes] = '\0';
        length = append(out, size, length, piece, bytes);
        show(piece);
        if (neural_eval(runtime_model, &token, 1) < 0)
            break;
    }
}
