/* Intent classifier: adds up the trained weights of the words and word pairs of a line, in integers. */
#include "intent.h"
#include "intent_model.h"
#include <auton/string.h>

/* Number of a stem in the vocabulary, or -1. */
static int find_word(const char *stem) {
    int low = 0, high = intent_vocabulary_count - 1;
    while (low <= high) {
        int middle = (low + high) / 2, order = strcmp(stem, intent_vocabulary[middle]);
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return -1;
}

void intent_correct(struct text *text) {
    for (size_t i = 0; i < text->count; i++) {
        struct word *word = &text->words[i];
        if (word->kind != WORD_PLAIN || find_word(word->stem) >= 0)
            continue;
        for (uint16_t v = 0; v < intent_vocabulary_count; v++)
            if (intent_vocabulary[v][0] == word->stem[0] && text_is_typo(word->stem, intent_vocabulary[v])) {
                strlcpy(word->stem, intent_vocabulary[v], sizeof word->stem);
                break;
            }
    }
}

static void add_weights(int32_t scores[INTENT_LABELS], const int8_t weights[INTENT_LABELS]) {
    for (int l = 0; l < INTENT_LABELS; l++)
        scores[l] += weights[l];
}

static void add_pair(int32_t scores[INTENT_LABELS], uint16_t first, uint16_t second) {
    uint32_t key = (uint32_t)first << 16 | second, low = 0, high = intent_pair_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (intent_pairs[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < intent_pair_count && intent_pairs[low].key == key)
        add_weights(scores, intent_pairs[low].weights);
}

/* 2^(score/16) in 1/65536, for score <= 0. */
static uint32_t exp2_units(int32_t score) {
    static const uint32_t FRACTIONS[INTENT_UNITS_PER_BIT] = {65536, 62757, 60097, 57549, 55109, 52772, 50535, 48393,
                                                              46341, 44376, 42495, 40693, 38968, 37316, 35734, 34219};
    uint32_t drop = (uint32_t)-score;
    return drop >= 16 * INTENT_UNITS_PER_BIT ? 0 : FRACTIONS[drop % INTENT_UNITS_PER_BIT] >> drop / INTENT_UNITS_PER_BIT;
}

enum slm_intent intent_of(const struct text *text, uint32_t *confidence_percent) {
    int32_t scores[INTENT_LABELS] = {0};
    uint16_t unknown = (uint16_t)find_word("#unknown"), previous = (uint16_t)find_word("^");
    size_t known = 0;
    add_weights(scores, intent_bias);
    for (size_t i = 0; i < text->count; i++) {
        int found = find_word(text->words[i].stem);
        uint16_t word = found < 0 ? unknown : (uint16_t)found;
        known += found >= 0;
        add_weights(scores, intent_word_weights[word]);
        add_pair(scores, previous, word);
        previous = word;
    }
    add_pair(scores, previous, (uint16_t)find_word("$"));

    int best = 0;
    for (int l = 1; l < INTENT_COUNT; l++)
        if (scores[l] > scores[best])
            best = l;
    bool none = scores[INTENT_NONE] >= scores[best];
    int32_t top = none ? scores[INTENT_NONE] : scores[best];
    uint32_t sum = 0;
    for (int l = 0; l < INTENT_LABELS; l++)
        sum += exp2_units(scores[l] - top);
    *confidence_percent = known ? exp2_units(scores[best] - top) * 100 / sum : 0;
    if (none && *confidence_percent >= INTENT_SURE_PERCENT)
        *confidence_percent = INTENT_SURE_PERCENT - 1;
    return (enum slm_intent)best;
}

enum slm_intent slm_classify(const char *text, uint32_t *confidence_percent) {
    struct text parsed;
    uint32_t confidence;
    text_parse(text, &parsed);
    intent_correct(&parsed);
    enum slm_intent intent = intent_of(&parsed, &confidence);
    if (confidence_percent)
        *confidence_percent = confidence;
    return confidence < INTENT_SURE_PERCENT ? INTENT_TROUBLESHOOT : intent;
}

const char *slm_intent_name(enum slm_intent intent) {
    static const char *const NAMES[INTENT_COUNT] = {"HARDWARE_IDENTIFY", "DRIVER_SELECT", "INSTALL_CONFIGURE",
                                                    "APP_INSTALL",       "SYSTEM_MANAGE", "TROUBLESHOOT"};
    return (unsigned)intent < INTENT_COUNT ? NAMES[intent] : "?";
}
