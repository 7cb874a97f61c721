/* A small language model: reads a Llama model from a GGUF file and runs it on one processor. Everything lives in memory
 * that the caller gives; the file must stay where it is for as long as the model is used. Not reentrant: one caller at
 * a time. In the kernel the calling thread must have called thread_use_fpu(). */
#pragma once
#include <auton/types.h>

struct neural;
typedef char neural_reason_t[192]; /* why something was refused: one line, terminated */

struct neural_options {
    uint32_t context; /* positions that the KV cache holds; 0: the model's own context length */
    uint32_t batch;   /* tokens that are evaluated together; 0: NEURAL_BATCH */
    const char *isa;  /* "scalar", "avx2", "dotprod" and others: this instruction set; NULL: the best there is */
};
#define NEURAL_BATCH 64
#define NEURAL_TEXT_MAX 4096 /* bytes that neural_tokenize() takes */

/* The instruction set that is fastest on this machine, by a clock of nanoseconds: takes some ten microseconds. */
const char *neural_fastest_isa(uint64_t (*now)(void));

/* Bytes of memory that neural_load() needs, aligned to 64; 0 with a reason when the file is none that it could load
 * (whether all tensors are there only neural_load() finds out). */
size_t neural_memory(const void *file, size_t bytes, const struct neural_options *options, neural_reason_t reason);
/* The model, which lies in `memory`; NULL with a reason. `file` must be aligned to 4. */
struct neural *neural_load(const void *file, size_t bytes, const struct neural_options *options, void *memory,
                           size_t memory_bytes, neural_reason_t reason);

struct neural_info {
    char name[64]; /* general.name of the file, cut; "" when it has none */
    const char *isa;
    uint32_t context, vocabulary, layers, dimension, heads, kv_heads, head_size, feed_forward;
    uint64_t parameters;
};
void neural_get_info(const struct neural *n, struct neural_info *out);

/* --- tokens --------------------------------------------------------------------------------------------------------- */
enum neural_token_kind { TOKEN_UNDEFINED, TOKEN_NORMAL, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER, TOKEN_UNUSED, TOKEN_BYTE };
#define NEURAL_NO_TOKEN UINT32_MAX

/* Tokens of a text, without BOS; control tokens never come out of a text. Returns how many there are, of which the
 * first `max` were stored; -1 when the text is longer than NEURAL_TEXT_MAX. */
int32_t neural_tokenize(struct neural *n, const char *text, size_t length, uint32_t *out, size_t max);
/* The bytes that a token stands for (none for control tokens), not terminated; returns how many, at most `max` stored. */
size_t neural_token_text(const struct neural *n, uint32_t token, char *out, size_t max);
/* The token that is spelled so in the file's list, control tokens included; NEURAL_NO_TOKEN when there is none. */
uint32_t neural_token_named(const struct neural *n, const char *name);
enum neural_token_kind neural_token_kind(const struct neural *n, uint32_t token);
uint32_t neural_bos(const struct neural *n); /* NEURAL_NO_TOKEN when the file names none */
uint32_t neural_eos(const struct neural *n);

/* --- evaluation ----------------------------------------------------------------------------------------------------- */
/* Appends tokens to what was evaluated; afterwards neural_logits() are those behind the last. 0; -1 when the context is
 * full or a token does not exist, and then nothing was evaluated. */
int neural_eval(struct neural *n, const uint32_t *tokens, size_t count);
uint32_t neural_position(const struct neural *n);
/* Forgets everything behind the first `position` tokens. */
void neural_rewind(struct neural *n, uint32_t position);
const float *neural_logits(const struct neural *n);

/* --- choosing the next token ---------------------------------------------------------------------------------------- */
struct neural_sampling {
    uint32_t temperature_percent; /* 0: the likeliest */
    uint32_t top_k;               /* 0: all */
    uint32_t top_p_percent;       /* 0 or 100: all */
    uint64_t seed;                /* state of the generator; changes with every draw */
    /* Constrained decoding: only tokens for which this is true are chosen. NULL: all. */
    bool (*allowed)(void *context, uint32_t token);
    void *context;
};
/* NEURAL_NO_TOKEN when no token is allowed. */
uint32_t neural_sample(struct neural *n, struct neural_sampling *sampling);
/* The likeliest of these tokens; of equals the first. `count` is 1 or more. */
uint32_t neural_likeliest(const struct neural *n, const uint32_t *tokens, size_t count);
/* How the probability is shared among these tokens, in 1/10000; the sum is about 10000. At most 64 of them. */
void neural_choice(const struct neural *n, const uint32_t *tokens, size_t count, uint32_t *out);
