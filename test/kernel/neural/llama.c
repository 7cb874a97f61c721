/* llama.cpp behind the commands of engine.c, so that both can be compared and measured: one thread, and in `logits` and
 * `greedy` the cache in floats, as in `bench` with LLAMA_FLOATS; and `quantize IN OUT Q8_0|Q4_0`. LLAMA_BACKENDS is the
 * folder of its libraries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ggml-backend.h"
#include "llama.h"

static struct llama_model *model;
static const struct llama_vocab *vocab;
static int vocabulary;

/* Processor time: other programs on the machine do not count. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void quiet(enum ggml_log_level level, const char *text, void *unused) {
    (void)unused;
    if (level >= GGML_LOG_LEVEL_ERROR)
        fputs(text, stderr);
}

static struct llama_context *context(bool in_floats) {
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = 2048;
    p.n_threads = p.n_threads_batch = 1;
    p.no_perf = true;
    if (in_floats) {
        p.type_k = p.type_v = GGML_TYPE_F32;
        p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    }
    struct llama_context *c = llama_init_from_model(model, p);
    if (!c)
        exit(1);
    return c;
}

static void evaluate(struct llama_context *c, llama_token *tokens, size_t count) {
    if (llama_decode(c, llama_batch_get_one(tokens, (int)count)) != 0)
        exit(1);
}

static int tokenize(void) {
    static char line[65536], text[32768];
    static llama_token tokens[65536];
    while (fgets(line, sizeof line, stdin)) {
        int n = 0;
        for (unsigned byte; sscanf(line + 2 * n, "%2x", &byte) == 1; n++)
            text[n] = (char)byte;
        int count = llama_tokenize(vocab, text, n, tokens, 65536, false, false);
        for (int i = 0; i < count; i++)
            printf("%s%d", i ? " " : "", tokens[i]);
        printf("\n");
    }
    return 0;
}

static int bench(size_t prompt, size_t count) {
    llama_token *tokens = calloc(prompt + 1, sizeof *tokens);
    struct llama_context *c = context(getenv("LLAMA_FLOATS") != NULL);
    for (size_t i = 0; i < prompt; i++)
        tokens[i] = (llama_token)(i * 7919 % (size_t)vocabulary);
    llama_token first = 0; /* what it does once only */
    evaluate(c, &first, 1);
    llama_memory_clear(llama_get_memory(c), true);
    double start = now();
    if (prompt)
        evaluate(c, tokens, prompt);
    double read = now();
    for (size_t i = 0; i < count; i++) {
        llama_token token = (llama_token)(i * 104729 % (size_t)vocabulary);
        evaluate(c, &token, 1);
    }
    printf("{\"isa\":\"llama.cpp\",\"prompt_us\":%.1f,\"decode_us\":%.1f}\n", read - start, now() - read);
    return 0;
}

/* All matrices to one type, the embedding too, as this project's models have it. */
static int quantize(const char *in, const char *out, const char *type) {
    struct llama_model_quantize_params p = llama_model_quantize_default_params();
    p.ftype = strcmp(type, "Q8_0") == 0 ? LLAMA_FTYPE_MOSTLY_Q8_0 : LLAMA_FTYPE_MOSTLY_Q4_0;
    p.nthread = 1;
    p.pure = true;
    return llama_model_quantize(in, out, &p) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    llama_token tokens[4096];
    if (argc < 3)
        return 2;
    llama_log_set(quiet, NULL);
    ggml_backend_load_all_from_path(getenv("LLAMA_BACKENDS"));
    if (strcmp(argv[1], "quantize") == 0)
        return argc == 5 ? quantize(argv[2], argv[3], argv[4]) : 2;
    struct llama_model_params p = llama_model_default_params();
    p.use_extra_bufts = strcmp(argv[1], "bench") == 0; /* its repacked matrices round inputs in ways of their own */
    model = llama_model_load_from_file(argv[2], p);
    if (!model)
        return 1;
    vocab = llama_model_get_vocab(model);
    vocabulary = llama_vocab_n_tokens(vocab);
    if (strcmp(argv[1], "tokenize") == 0)
        return tokenize();
    if (argc < 5)
        return 2;
    if (strcmp(argv[1], "bench") == 0)
        return bench((size_t)atoi(argv[3]), (size_t)atoi(argv[4]));
    size_t number = (size_t)atoi(argv[3]), count = 0;
    for (; argv[4 + count]; count++)
        tokens[count] = atoi(argv[4 + count]);
    struct llama_context *c = context(true);
    if (strcmp(argv[1], "logits") == 0) {
        for (size_t at = 0; at < count; at += number) {
            evaluate(c, tokens + at, count - at < number ? count - at : number);
            fwrite(llama_get_logits_ith(c, -1), sizeof(float), (size_t)vocabulary, stdout);
        }
        return 0;
    }
    evaluate(c, tokens, count);
    for (size_t i = 0; i < number; i++) {
        const float *logits = llama_get_logits_ith(c, -1);
        llama_token best = 0;
        for (llama_token t = 1; t < vocabulary; t++)
            best = logits[t] > logits[best] ? t : best;
        printf("%s%d", i ? " " : "", best);
        evaluate(c, &best, 1);
    }
    printf("\n");
    return 0;
}
