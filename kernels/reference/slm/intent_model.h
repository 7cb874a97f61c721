/* The table of the classifier, as tools/intentgen.c prints it. Weights are in 1/16 bits of log-odds. */
#pragma once
#include <stdint.h>

#define INTENT_LABELS 7 /* the six intents in their order, then "none of them" */
#define INTENT_NONE 6
#define INTENT_UNITS_PER_BIT 16
#define INTENT_WORDS_MAX (1u << 15)

/* Of two words of the vocabulary by number: side by side, or `apart` with one between them. */
#define INTENT_PAIR_KEY(first, second, apart) ((uint32_t)(apart) << 30 | (uint32_t)(first) << 15 | (uint32_t)(second))

struct intent_word {
    const char *stem;
    int8_t weights[INTENT_LABELS];
};
struct intent_pair {
    uint32_t key;
    int8_t weights[INTENT_LABELS];
};

extern const struct intent_word intent_words[]; /* sorted; with "^" and "$" for the line's ends and "#unknown" */
extern const uint16_t intent_word_count;
extern const struct intent_pair intent_pairs[]; /* sorted */
extern const uint32_t intent_pair_count;
