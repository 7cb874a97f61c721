/* Loads any bytes as a model, tokenises, evaluates and draws with what loads. A libFuzzer target; with -DSTANDALONE a
 * program that changes a given model in random places: fuzz MODEL ROUNDS SEED. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "neural.h"

#define LARGEST (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct neural *n, const uint8_t *text, size_t length) {
    uint32_t tokens[64];
    char piece[32];
    int32_t count = neural_tokenize(n, (const char *)text, length < 200 ? length : 200, tokens, 64);
    for (int32_t i = 0; i < count && i < 64; i++)
        neural_token_text(n, tokens[i], piece, sizeof piece);
    if (count > 0 && neural_eval(n, tokens, (size_t)(count < 8 ? count : 8)) == 0) {
        struct neural_sampling s = {.temperature_percent = 80, .top_k = 20, .top_p_percent = 90, .seed = 1};
        uint32_t token = neural_sample(n, &s);
        if (token != NEURAL_NO_TOKEN)
            neural_eval(n, &token, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    neural_reason_t reason = "";
    struct neural_options options = {.batch = 4};
    uint8_t *file = aligned_alloc(64, (size + 64) & ~63ul); /* the sanitizer sees reads behind `size` rounded up */
    memcpy(file, data, size);
    size_t bytes = neural_memory(file, size, &options, reason);
    if (bytes && bytes <= LARGEST) {
        void *memory = aligned_alloc(64, bytes);
        if (neural_load(file, size, &options, memory, bytes / 2, reason) || !reason[0])
            abort(); /* half the memory must not be enough, and the reason must be there */
        struct neural *n = neural_load(file, size, &options, memory, bytes, reason);
        if (n)
            use(n, data, size);
        free(memory);
    } else if (!bytes && !reason[0]) {
        abort();
    }
    free(file);
    return 0;
}

#ifdef STANDALONE
static uint32_t state;
static uint32_t below(uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(state >> 8) * n >> 24);
}

int main(int argc, char **argv) {
    static uint8_t seed[1 << 20], file[1 << 20];
    FILE *f = argc > 3 ? fopen(argv[1], "rb") : NULL;
    if (!f)
        return 2;
    size_t size = fread(seed, 1, sizeof seed, f);
    fclose(f);
    state = (uint32_t)atoi(argv[3]);
    for (int round = atoi(argv[2]); round > 0; round--) {
        static const uint64_t odd[] = {0, 1, 255, 0x7FFFFFFF, 0xFFFFFFFF, 1ULL << 32, 1ULL << 61, UINT64_MAX - 7, UINT64_MAX};
        memcpy(file, seed, size);
        /* Most of what can go wrong is in the keys, at the beginning. */
        uint32_t reach = (uint32_t)(below(3) ? (size < 2048 ? size : 2048) : size);
        for (uint32_t changes = 1 + below(3); changes > 0; changes--) {
            uint32_t at = below(reach - 8);
            if (below(2))
                file[at] = (uint8_t)below(256);
            else
                memcpy(file + at, &odd[below(9)], below(2) ? 8 : 4);
        }
        LLVMFuzzerTestOneInput(file, below(8) ? size : below((uint32_t)size));
    }
    return 0;
}
#endif
