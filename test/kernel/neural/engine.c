/* The kernel's engine as a program, for tests and benchmarks; llama.c answers the same commands.
 *   load MODEL                     "ok" and what it is, or why it was refused
 *   tokenize MODEL                 a text in hex a line from stdin, its tokens a line to stdout
 *   text MODEL ID...               what the tokens stand for
 *   logits MODEL CHUNK ID...       the logits behind each chunk of tokens, as floats
 *   greedy MODEL COUNT ID...       the COUNT likeliest tokens that follow
 *   sample MODEL COUNT TEMPERATURE TOP_K TOP_P SEED ALLOWED ID...   COUNT drawn tokens, of which all are below ALLOWED
 *   bench MODEL PROMPT COUNT       microseconds for a prompt and for COUNT tokens one by one behind it
 * NEURAL_ISA chooses the instruction set, NEURAL_CONTEXT the context, NEURAL_BATCH_SIZE the batch. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "neural.h"

static struct neural *model;
static struct neural_info info;

/* Processor time: other programs on the machine do not count. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static uint32_t number_from(const char *name) {
    const char *text = getenv(name);
    return text ? (uint32_t)atoi(text) : 0;
}

static void load(const char *path) {
    neural_reason_t reason = "";
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        perror(path);
        exit(2);
    }
    /* Exactly as long as the file, with nothing readable behind it, so that reading too far is seen. */
    void *file = aligned_alloc(64, (size_t)st.st_size + 64 & ~63ul);
    for (ssize_t got, at = 0; at < st.st_size; at += got)
        if ((got = read(fd, (char *)file + at, (size_t)(st.st_size - at))) <= 0)
            exit(2);
    close(fd);
    struct neural_options options = {number_from("NEURAL_CONTEXT"), number_from("NEURAL_BATCH_SIZE"), getenv("NEURAL_ISA")};
    double start = now();
    size_t bytes = neural_memory(file, (size_t)st.st_size, &options, reason);
    size_t large = bytes + (2 << 20) & ~((2ul << 20) - 1);
    void *memory = bytes ? aligned_alloc(2 << 20, large) : NULL;
    if (memory) {
        madvise(memory, large, MADV_HUGEPAGE);
        memset(memory, 0xA5, large); /* the engine must not count on zeros */
        start = now();
        model = neural_load(file, (size_t)st.st_size, &options, memory, bytes, reason);
    }
    if (!model) {
        printf("refused: %s\n", reason);
        exit(1);
    }
    neural_get_info(model, &info);
    fprintf(stderr, "loaded in %.0f us, %zu KB\n", now() - start, bytes >> 10);
}

static size_t ids(char **from, uint32_t *out) {
    size_t n = 0;
    for (; from[n]; n++)
        out[n] = (uint32_t)atoi(from[n]);
    return n;
}

static void evaluate(const uint32_t *tokens, size_t count) {
    if (neural_eval(model, tokens, count) < 0) {
        printf("refused: context full or unknown token\n");
        exit(1);
    }
}

static int tokenize(void) {
    static char line[4 * NEURAL_TEXT_MAX], text[2 * NEURAL_TEXT_MAX];
    static uint32_t tokens[4 * NEURAL_TEXT_MAX];
    while (fgets(line, sizeof line, stdin)) {
        size_t n = 0;
        for (unsigned byte; sscanf(line + 2 * n, "%2x", &byte) == 1; n++)
            text[n] = (char)byte;
        int32_t count = neural_tokenize(model, text, n, tokens, sizeof tokens / sizeof *tokens);
        for (int32_t i = 0; i < count; i++)
            printf("%s%u", i ? " " : "", tokens[i]);
        printf(count < 0 ? "too long\n" : "\n");
    }
    return 0;
}

static int bench(size_t prompt, size_t count) {
    uint32_t *tokens = calloc(prompt + 1, sizeof *tokens);
    for (size_t i = 0; i < prompt; i++)
        tokens[i] = (uint32_t)(i * 7919 % info.vocabulary);
    double start = now();
    if (prompt)
        evaluate(tokens, prompt);
    double read = now();
    for (size_t i = 0; i < count; i++) {
        uint32_t token = (uint32_t)(i * 104729 % info.vocabulary);
        evaluate(&token, 1);
    }
    printf("{\"isa\":\"%s\",\"prompt_us\":%.1f,\"decode_us\":%.1f}\n", info.isa, read - start, now() - read);
    return 0;
}

static uint32_t bound;
static bool below_bound(void *context, uint32_t token) {
    (void)context;
    return token < bound;
}

static int generate(struct neural_sampling *sampling, size_t count, char **prompt) {
    uint32_t tokens[4096];
    evaluate(tokens, ids(prompt, tokens));
    for (size_t i = 0; i < count; i++) {
        uint32_t token = neural_sample(model, sampling);
        printf("%s%d", i ? " " : "", (int)token);
        if (token == NEURAL_NO_TOKEN)
            break;
        evaluate(&token, 1);
    }
    printf("\n");
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    const char *command = argv[1];
    uint32_t tokens[4096];
    load(argv[2]);
    if (strcmp(command, "load") == 0) {
        printf("ok: %s\n", info.name);
        printf("{\"isa\":\"%s\",\"vocabulary\":%u,\"layers\":%u,\"parameters\":%lu}\n", info.isa, info.vocabulary, info.layers,
               (unsigned long)info.parameters);
        return 0;
    }
    if (strcmp(command, "tokenize") == 0)
        return tokenize();
    if (strcmp(command, "text") == 0) {
        char text[256];
        for (char **id = argv + 3; *id; id++)
            fwrite(text, 1, neural_token_text(model, (uint32_t)atoi(*id), text, sizeof text), stdout);
        return 0;
    }
    if (strcmp(command, "logits") == 0 && argc > 4) {
        size_t chunk = (size_t)atoi(argv[3]), count = ids(argv + 4, tokens);
        for (size_t at = 0; at < count; at += chunk) {
            evaluate(tokens + at, count - at < chunk ? count - at : chunk);
            fwrite(neural_logits(model), sizeof(float), info.vocabulary, stdout);
        }
        return 0;
    }
    struct neural_sampling sampling = {0};
    if (strcmp(command, "greedy") == 0 && argc > 4)
        return generate(&sampling, (size_t)atoi(argv[3]), argv + 4);
    if (strcmp(command, "sample") == 0 && argc > 9) {
        bound = (uint32_t)atoi(argv[8]);
        sampling = (struct neural_sampling){(uint32_t)atoi(argv[4]), (uint32_t)atoi(argv[5]), (uint32_t)atoi(argv[6]),
                                            (uint64_t)atoi(argv[7]), bound ? below_bound : NULL, NULL};
        return generate(&sampling, (size_t)atoi(argv[3]), argv + 9);
    }
    if (strcmp(command, "bench") == 0 && argc > 4)
        return bench((size_t)atoi(argv[3]), (size_t)atoi(argv[4]));
    return 2;
}
