/* What a loaded model is made of. Shared by the files of the engine. Shapes are written (rows, columns), the last one
 * contiguous; `stride` is a length rounded up to 16 values, so that a vector may be stored whole. */
#pragma once
#include "gguf.h"
#include "isa.h"
#include "neural.h"

#define STRIDE(n) ALIGN_UP((n), 16)

/* Memory that is handed out upwards. With no base it only counts. */
struct arena {
    uint8_t *base;
    size_t size, used;
};
/* Aligned to 64 bytes; NULL while counting and, when `used` has gone beyond `size`, for want of memory. */
void *arena_take(struct arena *a, uint64_t count, uint64_t bytes_each);

struct layer {
    struct tensor attention_norm, feed_norm;            /* (dim) */
    struct matrix q, k, v, o;                           /* (heads*head, dim) (kv*head, dim) twice (dim, heads*head) */
    struct matrix gate, up, down;                       /* (ffn, dim) twice (dim, ffn) */
};

struct vocabulary {
    uint32_t size, bos, eos, unknown;
    bool add_space_prefix;
    const char **text;     /* (size), not terminated */
    uint32_t *length;      /* (size) */
    float *score;          /* (size) */
    uint8_t *kind;         /* (size), enum neural_token_kind */
    uint32_t *slots;       /* hash table of the tokens that a text can give: token + 1, 0 free */
    uint32_t slot_mask;
    uint32_t byte[256];    /* token of a byte, NEURAL_NO_TOKEN without */
    char *escaped;         /* from here on: scratch of neural_tokenize() */
    struct symbol *symbols;
    struct pair *pairs;
};

struct neural {
    struct neural_info info;
    const struct isa *isa;
    uint32_t dim, heads, kv_heads, head, ffn, context, batch, position;
    float epsilon, rope_base;
    struct vocabulary vocabulary;
    struct tensor embedding, output_norm; /* (vocabulary, dim) (dim) */
    struct matrix output;                 /* (vocabulary, dim); the embedding's own rows when tied */
    struct layer *layers;

    float *keys;   /* (layers, kv_heads, context/16, head, 16): one vector holds one dimension of 16 positions */
    float *values; /* (layers, kv_heads, context, stride head) */

    /* of the batch in work */
    float *x, *normed, *attended;  /* (batch, stride dim) twice, (batch, stride heads*head) */
    float *query, *key, *value;    /* (batch, stride heads*head), (batch, stride kv*head) twice */
    float *gated, *raised;         /* (batch, stride ffn) */
    float *cosines, *sines;        /* (batch, head/2) */
    float *scores;                 /* (2, context + KEY_TILE): of two queries */
    float *logits;                 /* (stride vocabulary) */
    struct activations input;      /* what the next matrices multiply, rounded to 8 bits for those that want it */
    uint32_t *candidates;          /* (vocabulary): neural_sample() */
    float *weights;                /* (vocabulary) */
};

int vocabulary_check(const struct gguf_key *keys, struct vocabulary *v, neural_reason_t reason);
void vocabulary_layout(struct vocabulary *v, struct arena *a);
void vocabulary_fill(const struct gguf_key *keys, struct vocabulary *v);

/* The keys of the file, by number. */
enum key {
    KEY_ALIGNMENT, KEY_ARCHITECTURE, KEY_NAME, KEY_CONTEXT, KEY_DIMENSION, KEY_LAYERS, KEY_FEED_FORWARD, KEY_HEADS,
    KEY_KV_HEADS, KEY_HEAD_SIZE, KEY_VALUE_SIZE, KEY_ROTARY, KEY_ROPE_BASE, KEY_ROPE_SCALING, KEY_EXPERTS, KEY_EPSILON,
    KEY_TOKENIZER, KEY_TOKENS, KEY_SCORES, KEY_KINDS, KEY_BOS, KEY_EOS, KEY_UNKNOWN, KEY_SPACE_PREFIX, KEY_COUNT
};
