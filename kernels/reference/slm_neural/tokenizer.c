/* SentencePiece BPE: a text starts as its characters; of all neighbours that together are a token, the pair with the
 * highest score is joined, the leftmost of equals, until none is left. What is no token then is spelled in bytes. */
#include "model.h"
#include <auton/string.h>

#define NONE UINT32_MAX
#define SPACE "\xE2\x96\x81" /* U+2581 stands for a space in tokens */
#define MAX_SYMBOLS (NEURAL_TEXT_MAX + 1)
#define MAX_BYTES (3 * MAX_SYMBOLS) /* all spaces */

struct symbol { /* a part of the text; the parts are a list */
    uint32_t at, length; /* bytes; a length of 0 was joined to the one before */
    uint32_t previous, next;
};
struct pair { /* neighbours that could be joined; a heap, best first */
    float score;
    uint32_t left, right, length;
};

/* --- the vocabulary ------------------------------------------------------------------------------------------------- */

static bool is_array_of(const struct gguf_value *v, enum gguf_type type, uint64_t count) {
    return v->found && v->is_array && v->type == type && v->count == count;
}

static int read_token(const struct gguf_key *k, uint32_t size, uint32_t *out, neural_reason_t reason) {
    *out = NEURAL_NO_TOKEN;
    if (!k->value.found)
        return 0;
    uint64_t value = gguf_is_integer(&k->value) ? gguf_integer(&k->value, 0) : UINT64_MAX;
    if (value == UINT32_MAX) /* some writers say "none" so */
        return 0;
    if (value >= size)
        return refuse(reason, "key %s is no token of this vocabulary", k->name);
    *out = (uint32_t)value;
    return 0;
}

int vocabulary_check(const struct gguf_key *keys, struct vocabulary *v, neural_reason_t reason) {
    const struct gguf_value *model = &keys[KEY_TOKENIZER].value, *tokens = &keys[KEY_TOKENS].value;
    const struct gguf_value *prefix = &keys[KEY_SPACE_PREFIX].value;
    const uint8_t *at = model->data;
    if (!model->found || model->is_array || model->type != GGUF_STRING)
        return refuse(reason, "key tokenizer.ggml.model is missing");
    if (!string_is(gguf_next_string(model, &at), "llama"))
        return refuse(reason, "the tokenizer is not SentencePiece (\"llama\")");
    if (!tokens->found || !tokens->is_array || tokens->type != GGUF_STRING || tokens->count == 0)
        return refuse(reason, "key tokenizer.ggml.tokens is missing");
    if (tokens->count > 1048576)
        return refuse(reason, "a vocabulary of %lu tokens is too large", tokens->count);
    if (!is_array_of(&keys[KEY_SCORES].value, GGUF_F32, tokens->count))
        return refuse(reason, "key tokenizer.ggml.scores does not have one number for each of %lu tokens", tokens->count);
    if (!is_array_of(&keys[KEY_KINDS].value, GGUF_I32, tokens->count) &&
        !is_array_of(&keys[KEY_KINDS].value, GGUF_U32, tokens->count))
        return refuse(reason, "key tokenizer.ggml.token_type does not have one for each of %lu tokens", tokens->count);
    v->size = (uint32_t)tokens->count;
    v->add_space_prefix = true;
    if (prefix->found && (prefix->is_array || prefix->type != GGUF_BOOL))
        return refuse(reason, "key tokenizer.ggml.add_space_prefix is neither true nor false");
    if (prefix->found)
        v->add_space_prefix = prefix->data[0] != 0;
    return read_token(&keys[KEY_BOS], v->size, &v->bos, reason) < 0 ||
                   read_token(&keys[KEY_EOS], v->size, &v->eos, reason) < 0 ||
                   read_token(&keys[KEY_UNKNOWN], v->size, &v->unknown, reason) < 0
               ? -1
               : 0;
}

void vocabulary_layout(struct vocabulary *v, struct arena *a) {
    uint32_t slots = 16;
    while (slots < 2 * v->size)
        slots *= 2;
    v->slot_mask = slots - 1;
    v->text = arena_take(a, v->size, sizeof *v->text);
    v->length = arena_take(a, v->size, sizeof *v->length);
    v->score = arena_take(a, v->size, sizeof *v->score);
    v->kind = arena_take(a, v->size, sizeof *v->kind);
    v->slots = arena_take(a, slots, sizeof *v->slots);
    v->escaped = arena_take(a, MAX_BYTES, 1);
    v->symbols = arena_take(a, MAX_SYMBOLS, sizeof *v->symbols);
    v->pairs = arena_take(a, 3 * MAX_SYMBOLS, sizeof *v->pairs); /* a joining removes a symbol and offers two pairs */
}

static uint32_t hash(const char *text, size_t length) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < length; i++)
        h = (h ^ (uint8_t)text[i]) * 16777619u;
    return h ^ h >> 15;
}

/* Where a token of this text is, or belongs. */
static uint32_t *slot_of(const struct vocabulary *v, const char *text, size_t length) {
    for (uint32_t i = hash(text, length);; i++) {
        uint32_t *slot = &v->slots[i & v->slot_mask], token = *slot - 1;
        if (*slot == 0 || (v->length[token] == length && memcmp(v->text[token], text, length) == 0))
            return slot;
    }
}

static uint32_t lookup(const struct vocabulary *v, const char *text, size_t length) {
    return *slot_of(v, text, length) - 1; /* NONE for a free slot */
}

/* The value of "<0x4A>", or -1. */
static int byte_value(const char *text, size_t length) {
    int value = 0;
    if (length != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>')
        return -1;
    for (int i = 3; i < 5; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

void vocabulary_fill(const struct gguf_key *keys, struct vocabulary *v) {
    const struct gguf_value *tokens = &keys[KEY_TOKENS].value;
    const uint8_t *at = tokens->data;
    memset(v->slots, 0, ((size_t)v->slot_mask + 1) * sizeof *v->slots);
    for (size_t b = 0; b < 256; b++)
        v->byte[b] = NEURAL_NO_TOKEN;
    for (uint32_t t = 0; t < v->size; t++) {
        struct gguf_string s = gguf_next_string(tokens, &at);
        uint64_t kind = gguf_integer(&keys[KEY_KINDS].value, t);
        v->text[t] = s.text;
        v->length[t] = (uint32_t)(s.length < UINT32_MAX ? s.length : UINT32_MAX);
        v->score[t] = gguf_float(&keys[KEY_SCORES].value, t);
        v->kind[t] = kind <= TOKEN_BYTE ? (uint8_t)kind : TOKEN_UNDEFINED;
        int byte = kind == TOKEN_BYTE ? byte_value(s.text, s.length) : -1;
        if (byte >= 0)
            v->byte[byte] = t;
        if (kind == TOKEN_UNKNOWN && v->unknown == NEURAL_NO_TOKEN)
            v->unknown = t;
        /* What a text may turn into: no control tokens, and bytes only where nothing else fits. */
        if (kind != TOKEN_NORMAL && kind != TOKEN_USER)
            continue;
        uint32_t *slot = slot_of(v, s.text, s.length);
        if (*slot == 0)
            *slot = t + 1;
    }
}

/* --- from a text to tokens ------------------------------------------------------------------------------------------ */

static bool is_better(const struct pair *a, const struct pair *b) {
    return a->score > b->score || (a->score == b->score && a->left < b->left);
}

static void heap_push(struct pair *heap, size_t *count, struct pair p) {
    size_t i = (*count)++;
    for (; i > 0 && is_better(&p, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = p;
}

static struct pair heap_pop(struct pair *heap, size_t *count) {
    struct pair best = heap[0], last = heap[--*count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < *count; i = child) {
        if (child + 1 < *count && is_better(&heap[child + 1], &heap[child]))
            child++;
        if (!is_better(&heap[child], &last))
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return best;
}

struct work {
    struct vocabulary *v;
    char *text; /* with U+2581 for spaces */
    size_t pairs;
};

static void offer(struct work *w, uint32_t left, uint32_t right) {
    const struct symbol *s = w->v->symbols;
    if (left == NONE || right == NONE)
        return;
    uint32_t length = s[left].length + s[right].length, token = lookup(w->v, w->text + s[left].at, length);
    if (token != NONE)
        heap_push(w->v->pairs, &w->pairs, (struct pair){w->v->score[token], left, right, length});
}

static void join(struct work *w, const struct pair *p) {
    struct symbol *s = w->v->symbols, *left = &s[p->left], *right = &s[p->right];
    if (left->length == 0 || right->length == 0 || left->length + right->length != p->length)
        return; /* one of them has been joined to another since */
    left->length += right->length;
    right->length = 0;
    left->next = right->next;
    if (right->next != NONE)
        s[right->next].previous = p->left;
    offer(w, left->previous, p->left);
    offer(w, p->left, left->next);
}

static uint32_t character_length(uint8_t first) {
    static const uint8_t lengths[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
    return lengths[first >> 4];
}

static uint32_t split(struct work *w, uint32_t bytes) {
    uint32_t count = 0;
    for (uint32_t at = 0; at < bytes; count++) {
        uint32_t length = character_length((uint8_t)w->text[at]);
        length = length < bytes - at ? length : bytes - at;
        w->v->symbols[count] = (struct symbol){at, length, count - 1, count + 1};
        at += length;
    }
    if (count)
        w->v->symbols[count - 1].next = NONE;
    return count;
}

static uint32_t escape(const char *text, size_t length, bool prefix, char *out) {
    uint32_t n = 0;
    if (prefix) {
        memcpy(out, SPACE, 3);
        n = 3;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ' ') {
            memcpy(out + n, SPACE, 3);
            n += 3;
        } else {
            out[n++] = text[i];
        }
    }
    return n;
}

int32_t neural_tokenize(struct neural *n, const char *text, size_t length, uint32_t *out, size_t max) {
    struct vocabulary *v = &n->vocabulary;
    struct work w = {.v = v, .text = v->escaped};
    size_t written = 0;
    if (length > NEURAL_TEXT_MAX)
        return -1;
    if (length == 0)
        return 0;
    uint32_t count = split(&w, escape(text, length, v->add_space_prefix, w.text));
    for (uint32_t i = 1; i < count; i++)
        offer(&w, i - 1, i);
    while (w.pairs > 0) {
        struct pair best = heap_pop(v->pairs, &w.pairs);
        join(&w, &best);
    }
    for (uint32_t i = 0; i != NONE; i = v->symbols[i].next) {
        const struct symbol *s = &v->symbols[i];
        uint32_t token = lookup(v, w.text + s->at, s->length), pieces = token == NONE ? s->length : 1;
        for (uint32_t b = 0; b < pieces; b++, written++) {
            uint32_t id = token != NONE ? token : v->byte[(uint8_t)w.text[s->at + b]];
            if (written < max)
                out[written] = id == NEURAL_NO_TOKEN ? (v->unknown == NEURAL_NO_TOKEN ? 0 : v->unknown) : id;
        }
    }
    return (int32_t)written;
}

/* --- and back ------------------------------------------------------------------------------------------------------- */

size_t neural_token_text(const struct neural *n, uint32_t token, char *out, size_t max) {
    const struct vocabulary *v = &n->vocabulary;
    if (token >= v->size || v->kind[token] == TOKEN_CONTROL || v->kind[token] == TOKEN_UNKNOWN)
        return 0;
    const char *text = v->text[token];
    size_t length = v->length[token], written = 0;
    int byte = v->kind[token] == TOKEN_BYTE ? byte_value(text, length) : -1;
    if (byte >= 0) {
        if (max)
            out[0] = (char)byte;
        return 1;
    }
    for (size_t i = 0; i < length; written++) {
        bool space = length - i >= 3 && memcmp(text + i, SPACE, 3) == 0;
        if (written < max)
            out[written] = space ? ' ' : text[i];
        i += space ? 3 : 1;
    }
    return written;
}

uint32_t neural_token_named(const struct neural *n, const char *name) {
    const struct vocabulary *v = &n->vocabulary;
    size_t length = strlen(name);
    for (uint32_t t = 0; t < v->size; t++)
        if (v->length[t] == length && memcmp(v->text[t], name, length) == 0)
            return t;
    return NEURAL_NO_TOKEN;
}

enum neural_token_kind neural_token_kind(const struct neural *n, uint32_t token) {
    return token < n->vocabulary.size ? (enum neural_token_kind)n->vocabulary.kind[token] : TOKEN_UNDEFINED;
}

uint32_t neural_bos(const struct neural *n) { return n->vocabulary.bos; }
uint32_t neural_eos(const struct neural *n) { return n->vocabulary.eos; }
