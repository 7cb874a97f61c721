/* The prompt, and texts that go on from it. */
#include "runtime.h"
#include <auton/sched.h>
#include <auton/string.h>

#define PROMPT_TOKENS 72 /* as many as training saw */
#define PIECE_MAX 64
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

static size_t append(char *out, size_t size, size_t length, const char *piece, size_t bytes) {
    size_t room = size - 1 - length, taken = bytes < room ? bytes : room;
    memcpy(out + length, piece, taken);
    out[length + taken] = '\0';
    return length + taken;
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
