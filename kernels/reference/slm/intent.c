/* Intent classifier: adds up the trained weights of the words and word pairs of a line, in integers. */
#include "intent.h"
#include "intent_model.h"
#include <auton/string.h>

/* Number of a stem in the vocabulary, or -1. */
static int find_word(const char *stem) {
    int low = 0, high = intent_word_count - 1;
    while (low <= high) {
        int middle = (low + high) / 2, order = strcmp(stem, intent_words[middle].stem);
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
        for (uint16_t w = 0; w < intent_word_count; w++)
            if (intent_words[w].stem[0] == word->stem[0] && text_is_typo(word->stem, intent_words[w].stem)) {
                strlcpy(word->stem, intent_words[w].stem, sizeof word->stem);
                break;
            }
    }
}

static void add_weights(int32_t scores[INTENT_LABELS], const int8_t weights[INTENT_LABELS]) {
    for (int l = 0; l < INTENT_LABELS; l++)
        scores[l] += weights[l];
}

static void add_pair(int32_t scores[INTENT_LABELS], uint32_t key) {
    uint32_t low = 0, high = intent_pair_count;
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

void intent_shares(const struct text *text, uint16_t shares[SLM_LABELS]) {
    int32_t scores[INTENT_LABELS] = {0}, top;
    uint16_t line[TEXT_MAX_WORDS + 2], unknown = (uint16_t)find_word("#unknown");
    size_t n = 0, known = 0;
    line[n++] = (uint16_t)find_word("^");
    for (size_t i = 0; i < text->count; i++) {
        int found = find_word(text->words[i].stem);
        known += found >= 0;
        line[n++] = found < 0 ? unknown : (uint16_t)found;
    }
    line[n++] = (uint16_t)find_word("$");
    for (size_t i = 0; i < n; i++) {
        add_weights(scores, intent_words[line[i]].weights);
        if (i >= 1)
            add_pair(scores, INTENT_PAIR_KEY(line[i - 1], line[i], 0));
        if (i >= 2)
            add_pair(scores, INTENT_PAIR_KEY(line[i - 2], line[i], 1));
    }

    top = scores[0];
    for (int l = 1; l < INTENT_LABELS; l++)
        top = scores[l] > top ? scores[l] : top;
    uint32_t sum = 0;
    for (int l = 0; l < INTENT_LABELS; l++)
        sum += exp2_units(scores[l] - top);
    for (int l = 0; l < INTENT_LABELS; l++)
        shares[l] = !known ? (l == INTENT_NONE) * 10000 : (uint16_t)(exp2_units(scores[l] - top) * 10000ull / sum);
}

enum slm_intent intent_likeliest(const uint16_t shares[SLM_LABELS], uint32_t *confidence_percent) {
    int best = 0;
    for (int l = 1; l < INTENT_COUNT; l++)
        if (shares[l] > shares[best])
            best = l;
    *confidence_percent = shares[best] / 100;
    if (shares[INTENT_NONE] >= shares[best] && *confidence_percent >= INTENT_SURE_PERCENT)
        *confidence_percent = INTENT_SURE_PERCENT - 1;
    return (enum slm_intent)best;
}

enum slm_intent slm_classify(const char *text, uint32_t *confidence_percent) {
    struct text parsed;
    uint16_t shares[SLM_LABELS];
    uint32_t confidence;
    text_parse(text, &parsed);
    intent_correct(&parsed);
    intent_shares(&parsed, shares);
    enum slm_intent intent = intent_likeliest(shares, &confidence);
    if (confidence_percent)
        *confidence_percent = confidence;
    return confidence < INTENT_SURE_PERCENT ? INTENT_TROUBLESHOOT : intent;
}

const char *slm_intent_name(enum slm_intent intent) {
    static const char *const NAMES[INTENT_COUNT] = {"HARDWARE_IDENTIFY", "DRIVER_SELECT", "INSTALL_CONFIGURE",
                                                    "APP_INSTALL",       "SYSTEM_MANAGE", "TROUBLESHOOT"};
    return (unsigned)intent < INTENT_COUNT ? NAMES[intent] : "?";
}
