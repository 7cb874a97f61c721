/* Constrained decoding: which action the model asks for. Of the token sequences of all actions that the label allows for
 * this line, those that begin as chosen so far say which tokens may follow; the model decides where there are several. A
 * slot takes words of the line, so no answer names what the user did not write. */
#include "actions.h"
#include <auton/string.h>

#define LITERALS_MAX 256       /* actions, each value of [kind] counted */
#define CANDIDATES_MAX 1024
#define POOL_TOKENS 16384
#define WORDS_MAX 72
#define PHRASE_MAX 48

/* An action with its kind and the tokens of its words before the slot. */
struct literal {
    const struct action *action;
    const struct action_kind *kind;
    const char *slot; /* "pci>" of "lookup pci <pci>"; NULL: none */
    uint32_t tokens[12];
    uint8_t count;
};
static struct literal literals[LITERALS_MAX];
static size_t literal_count;

static struct candidate {
    const struct literal *literal;
    uint32_t first; /* in the pool; <SAY> ends it */
    uint8_t word, words; /* of the line, in the slot */
} candidates[CANDIDATES_MAX];
static size_t candidate_count;

static uint32_t pool[POOL_TOKENS];
static size_t pool_used;

/* The words of the line and their tokens. Pieces never cross a space: an action's tokens are those of its words. */
static char words[512];
static const char *word_text[WORDS_MAX];
static uint32_t word_first[WORDS_MAX + 1]; /* in word_tokens */
static uint32_t word_tokens[4 * sizeof words];
static size_t word_count;

static void add_literal(const struct action *action, const struct action_kind *kind) {
    char phrase[PHRASE_MAX];
    const char *slot = strchr(action->words, '<'), *placeholder = strchr(action->words, '[');
    struct literal *l = &literals[literal_count];
    strlcpy(phrase, action->words, sizeof phrase);
    if (slot)
        phrase[slot - action->words - 1] = '\0';
    if (placeholder)
        strlcpy(phrase + (placeholder - action->words), kind->name, sizeof phrase - (size_t)(placeholder - action->words));
    int32_t count = neural_tokenize(runtime_model, phrase, strlen(phrase), l->tokens, ARRAY_SIZE(l->tokens));
    if (literal_count == LITERALS_MAX - 1 || count <= 0 || count > (int32_t)ARRAY_SIZE(l->tokens))
        return; /* a vocabulary that spells the grammar letter by letter was not made for it */
    l->action = action;
    l->kind = kind;
    l->slot = slot ? slot + 1 : NULL;
    l->count = (uint8_t)count;
    literal_count++;
}

static void prepare(void) {
    for (size_t a = 0; a < action_count; a++) {
        bool kinds = strchr(actions[a].words, '[') != NULL;
        for (size_t k = 0; k < (kinds ? action_kind_count : 1); k++)
            add_literal(&actions[a], kinds ? &action_kinds[k] : NULL);
    }
}

static bool split(const char *prompt) {
    uint32_t used = 0;
    word_count = 0;
    strlcpy(words, prompt, sizeof words);
    for (char *at = words; *at && word_count < WORDS_MAX; word_count++) {
        char *end = strchr(at, ' ');
        if (end)
            *end = '\0';
        int32_t count = neural_tokenize(runtime_model, at, strlen(at), word_tokens + used, ARRAY_SIZE(word_tokens) - used);
        if (count < 0 || (uint32_t)count > ARRAY_SIZE(word_tokens) - used)
            return false;
        word_text[word_count] = at;
        word_first[word_count] = used;
        used += (uint32_t)count;
        at = end ? end + 1 : at + strlen(at);
    }
    word_first[word_count] = used;
    return true;
}

/* False when there is no room for it. */
static bool add_candidate(const struct literal *l, size_t word, size_t count) {
    const uint32_t *slot = word_tokens + word_first[word];
    size_t slot_tokens = word_first[word + count] - word_first[word];
    if (candidate_count == CANDIDATES_MAX || pool_used + l->count + slot_tokens + 1 > POOL_TOKENS)
        return false;
    candidates[candidate_count++] = (struct candidate){l, (uint32_t)pool_used, (uint8_t)word, (uint8_t)count};
    memcpy(pool + pool_used, l->tokens, l->count * sizeof *pool);
    memcpy(pool + pool_used + l->count, slot, slot_tokens * sizeof *pool);
    pool_used += l->count + slot_tokens;
    pool[pool_used++] = control.say;
    return true;
}

static bool add_spans(const struct literal *l) {
    char shape[16];
    bool takes[WORDS_MAX];
    strlcpy(shape, l->slot, sizeof shape);
    shape[strlen(shape) - 1] = '\0'; /* the ">" */
    slot_takes(shape, word_text, word_count, takes);
    for (size_t word = 0; word < word_count; word++)
        for (size_t count = 1; count <= shape_words(shape) && word + count <= word_count; count++) {
            if (!takes[word + count - 1])
                break;
            if (!add_candidate(l, word, count))
                return false;
        }
    return true;
}

static bool collect(unsigned label) {
    candidate_count = pool_used = 0;
    for (size_t i = 0; i < literal_count; i++)
        if (literals[i].action->label == label &&
            !(literals[i].slot ? add_spans(&literals[i]) : add_candidate(&literals[i], 0, 0)))
            return false;
    return candidate_count > 0;
}

/* Of the tokens that may follow the one that the model takes. */
static uint32_t likeliest(size_t place) {
    static uint32_t following[CANDIDATES_MAX];
    for (size_t i = 0; i < candidate_count; i++)
        following[i] = pool[candidates[i].first + place];
    return neural_likeliest(runtime_model, following, candidate_count);
}

static bool is_forced(size_t place) {
    for (size_t i = 1; i < candidate_count; i++)
        if (pool[candidates[i].first + place] != pool[candidates[0].first + place])
            return false;
    return true;
}

static void keep(size_t place, uint32_t token) {
    size_t kept = 0;
    for (size_t i = 0; i < candidate_count; i++)
        if (pool[candidates[i].first + place] == token)
            candidates[kept++] = candidates[i];
    candidate_count = kept;
}

bool decode_action(unsigned label, const char *prompt, struct choice *out) {
    uint32_t pending[64] = {control.labels[label]}; /* chosen, but not evaluated yet */
    size_t place = 0, waiting = 1;
    if (!literal_count)
        prepare();
    if (!split(prompt) || !collect(label))
        return false;
    for (;; place++) {
        uint32_t token = pool[candidates[0].first + place];
        if (!is_forced(place)) {
            if (neural_eval(runtime_model, pending, waiting) < 0)
                return false;
            waiting = 0;
            token = likeliest(place);
            keep(place, token);
        }
        if (token == control.say)
            break;
        if (waiting == ARRAY_SIZE(pending))
            return false;
        pending[waiting++] = token;
    }
    const struct candidate *chosen = &candidates[0];
    out->action = chosen->literal->action;
    out->kind = chosen->literal->kind;
    out->slot[0] = '\0';
    for (size_t i = 0; i < chosen->words; i++) {
        strlcat(out->slot, i ? " " : "", sizeof out->slot);
        strlcat(out->slot, word_text[chosen->word + i], sizeof out->slot);
    }
    return true;
}

void choice_words(const struct choice *choice, char *out, size_t size) {
    strlcpy(out, choice->action->words, size);
    char *end = strchr(out, choice->kind ? '[' : '<');
    if (end) {
        *end = '\0';
        strlcat(out, choice->kind ? choice->kind->name : choice->slot, size);
    }
}
