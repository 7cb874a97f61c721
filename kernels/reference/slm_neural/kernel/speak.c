/* What the model says. Of hardware it says nothing of its own: where the rules have the facts, it only chooses an action,
 * and with it the sentence before them, among those that are true of every machine. */
#include "runtime.h"
#include <auton/sched.h>
#include <auton/string.h>

#define PROMPT_TOKENS 72 /* as many as training saw */
#define PIECE_MAX 64
#define ACTION_TOKENS 16

/* Actions as training knew them, without their slots: the model foretells these words behind a label, and knows them
 * better than a sentence without them. */
static const struct {
    enum slm_intent intent;
    const char *action, *text;
} sentences[] = {
    {INTENT_HARDWARE_IDENTIFY, "lookup", "Looking that up in the device table."},
    {INTENT_HARDWARE_IDENTIFY, "list", "Looking through the devices of this machine."},
    {INTENT_HARDWARE_IDENTIFY, "count", "Counting the devices of this machine."},
    {INTENT_HARDWARE_IDENTIFY, "show", "Looking at what this machine is made of."},
    {INTENT_DRIVER_SELECT, "driver", "Looking for the driver."},
    {INTENT_DRIVER_SELECT, "load", "Looking for a driver that fits."},
    {INTENT_DRIVER_SELECT, "info", "Looking up what I know of that driver."},
    {INTENT_DRIVER_SELECT, "list", "Looking through the drivers."},
    {INTENT_INSTALL_CONFIGURE, "configure", "Looking at what that setting needs."},
    {INTENT_APP_INSTALL, "install", "Looking for that package."},
    {INTENT_APP_INSTALL, "search", "Searching the packages."},
    {INTENT_APP_INSTALL, "info", "Looking up what I know of that package."},
    {INTENT_SYSTEM_MANAGE, "show memory", "Looking at the memory."},
    {INTENT_SYSTEM_MANAGE, "show processes", "Looking at what is running."},
    {INTENT_SYSTEM_MANAGE, "show disk", "Looking at the disks."},
    {INTENT_SYSTEM_MANAGE, "show log", "Looking into the log."},
    {INTENT_SYSTEM_MANAGE, "show network", "Looking at the network."},
    {INTENT_SYSTEM_MANAGE, "show status", "Looking at how the system is doing."},
    {INTENT_TROUBLESHOOT, "diagnose", "Looking for what may be wrong."},
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

/* Which tokens go on towards one of the actions, of which `said` is the beginning. */
struct constraint {
    enum slm_intent intent;
    const char *said;
    size_t length;
    bool first; /* the model's pieces begin with a space at the beginning of a text */
};

static bool begins_so(const struct constraint *c, size_t i) {
    return sentences[i].intent == c->intent && strncmp(sentences[i].action, c->said, c->length) == 0;
}

static bool is_allowed(void *context, uint32_t token) {
    const struct constraint *c = context;
    char text[PIECE_MAX], *piece = text;
    size_t bytes = neural_token_text(runtime_model, token, text, sizeof text);
    if (bytes > sizeof text)
        return false;
    if (c->first && bytes > 0 && piece[0] == ' ') {
        piece++;
        bytes--;
    }
    for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
        if (begins_so(c, i) && bytes > 0 && strncmp(sentences[i].action + c->length, piece, bytes) == 0)
            return true;
    return false;
}

/* The sentence of the only action that begins so; NULL while there are several. */
static const char *decided(const struct constraint *c) {
    const char *only = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
        if (!begins_so(c, i))
            continue;
        if (only)
            return NULL;
        only = sentences[i].text;
    }
    return only;
}

void speak_sentence(enum slm_intent intent, void (*show)(const char *piece), char *out, size_t size) {
    char action[PIECE_MAX] = "";
    struct constraint c = {.intent = intent, .said = action, .first = true};
    struct neural_sampling s = {.allowed = is_allowed, .context = &c};
    const char *sentence = decided(&c);
    uint32_t next = control.labels[intent];
    out[0] = '\0';
    if (!control.has_labels)
        return;
    for (unsigned i = 0; i < ACTION_TOKENS && !sentence; i++) {
        char piece[PIECE_MAX];
        if (neural_eval(runtime_model, &next, 1) < 0)
            return;
        next = neural_sample(runtime_model, &s);
        if (next == NEURAL_NO_TOKEN)
            return;
        size_t bytes = neural_token_text(runtime_model, next, piece, sizeof piece), skip = c.first && piece[0] == ' ';
        c.length = append(action, sizeof action, c.length, piece + skip, bytes - skip);
        c.first = c.first && c.length == 0;
        sentence = decided(&c);
    }
    if (sentence) {
        append(out, size, 0, sentence, strlen(sentence));
        show(out);
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
