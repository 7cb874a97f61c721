/* The trained classifier, as tools/intentgen.c prints it. Weights are in 1/16 bits of log-odds. */
#pragma once
#include <stdint.h>

#define INTENT_LABELS 7 /* the six intents in their order, then "none of them" */
#define INTENT_NONE 6
#define INTENT_UNITS_PER_BIT 16

struct intent_pair {
    uint32_t key; /* first << 16 | second, numbers of the vocabulary */
    int8_t weights[INTENT_LABELS];
};

extern const char *const intent_vocabulary[]; /* stems, sorted; with "^", "$" for the line's ends and "#unknown" */
extern const uint16_t intent_vocabulary_count;
extern const int8_t intent_word_weights[][INTENT_LABELS];
extern const struct intent_pair intent_pairs[]; /* sorted by key */
extern const uint32_t intent_pair_count;
extern const int8_t intent_bias[INTENT_LABELS];
