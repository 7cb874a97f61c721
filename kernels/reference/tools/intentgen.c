/* Host tool: trains the intent classifier from slm/data/intents.tsv and prints it as C for slm/intent.c.
 *   intentgen intents.tsv > intent_model.c
 * The model is multinomial logistic regression over stems and pairs of neighbouring stems. Training is the same at
 * every run: the only randomness is a fixed generator. Weights are printed in 1/16 bits of log-odds, so that the
 * kernel needs integers only. */
#include "../slm/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 7, MAX_ALTERNATIVES = 4096, MAX_SEGMENTS = 32, SAMPLES_PER_TEMPLATE = 48, EPOCHS = 14 };
static const char *const LABEL_NAMES[LABELS] = {"hardware", "driver", "configure", "app",
                                                "system",   "trouble", "other"};
#define UNITS_PER_BIT 16.0
static const double LEARNING_RATE = 0.12, DECAY = 2e-5, WORD_DROPOUT = 0.12;

static void die(const char *what, const char *detail) {
    fprintf(stderr, "intentgen: %s: %s\n", what, detail);
    exit(1);
}

static void *checked(void *p) {
    if (!p)
        die("out of memory", "training");
    return p;
}

static uint32_t random_state = 12345;
static uint32_t random_below(uint32_t n) {
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * n) >> 32);
}

/* --- templates ---------------------------------------------------------------------------------------------------- */
struct choices {
    char *text[MAX_ALTERNATIVES];
    int count;
};
static struct macro {
    char name[24];
    struct choices values;
} macros[16];
static int macro_count;

static void add_choice(struct choices *c, const char *text) {
    if (c->count == MAX_ALTERNATIVES)
        die("too many alternatives", text);
    c->text[c->count++] = checked(strdup(text));
}

static const struct macro *macro_at(const char *dollar, size_t *length) {
    const struct macro *best = NULL;
    for (int i = 0; i < macro_count; i++) {
        size_t n = strlen(macros[i].name);
        if (strncmp(dollar + 1, macros[i].name, n) == 0 && (!best || n > strlen(best->name)))
            best = &macros[i];
    }
    if (!best)
        die("unknown $name", dollar);
    *length = strlen(best->name) + 1;
    return best;
}

/* Adds `text` with every $name in it replaced by each of its values. */
static void add_expanded(struct choices *c, const char *text) {
    const char *dollar = strchr(text, '$');
    if (!dollar) {
        add_choice(c, text);
        return;
    }
    size_t length;
    const struct macro *m = macro_at(dollar, &length);
    for (int i = 0; i < m->values.count; i++) {
        char line[512];
        if (snprintf(line, sizeof line, "%.*s%s%s", (int)(dollar - text), text, m->values.text[i], dollar + length) >=
            (int)sizeof line)
            die("alternative too long", text);
        add_expanded(c, line);
    }
}

static void add_alternatives(struct choices *c, const char *text, size_t length, void (*add)(struct choices *, const char *)) {
    char part[256];
    const char *end = text + length;
    for (;;) {
        const char *bar = memchr(text, '|', (size_t)(end - text));
        size_t n = (size_t)((bar ? bar : end) - text);
        if (n >= sizeof part)
            die("alternative too long", text);
        memcpy(part, text, n);
        part[n] = '\0';
        add(c, part);
        if (!bar)
            return;
        text = bar + 1;
    }
}

/* --- samples and vocabulary --------------------------------------------------------------------------------------- */
struct sample {
    struct text text;
    uint16_t words[TEXT_MAX_WORDS + 2]; /* vocabulary numbers between the two line ends */
    int count, label;
    double weight;
    char *line;
};
static struct sample *samples;
static size_t sample_count, sample_room;

static char (*vocabulary)[TEXT_STEM_MAX];
static size_t vocabulary_count;

static void add_sample(const char *line, int label, double weight) {
    if (sample_count == sample_room) {
        sample_room = sample_room ? 2 * sample_room : 4096;
        samples = checked(realloc(samples, sample_room * sizeof *samples));
    }
    struct sample *s = &samples[sample_count++];
    s->line = checked(strdup(line));
    s->label = label;
    s->weight = weight;
    text_parse(s->line, &s->text);
}

static void expand_template(char *template, int label) {
    struct choices *segments = checked(calloc(MAX_SEGMENTS, sizeof *segments));
    int n = 0;
    for (char *s = template; *s;) {
        if (n == MAX_SEGMENTS)
            die("too many parts", template);
        if (*s == '{') {
            char *close = strchr(s, '}');
            if (!close)
                die("missing }", template);
            add_alternatives(&segments[n++], s + 1, (size_t)(close - s - 1), add_expanded);
            s = close + 1;
        } else {
            size_t length = strcspn(s, "{");
            char *literal = checked(strndup(s, length));
            add_expanded(&segments[n++], literal);
            s += length;
        }
    }
    uint64_t total = 1;
    for (int i = 0; i < n && total < 1u << 30; i++)
        total *= (uint64_t)segments[i].count;
    uint64_t draws = total < SAMPLES_PER_TEMPLATE ? total : SAMPLES_PER_TEMPLATE;
    for (uint64_t draw = 0; draw < draws; draw++) {
        char line[1024] = "";
        uint64_t pick = draw;
        for (int i = 0; i < n; i++) {
            uint32_t count = (uint32_t)segments[i].count;
            uint32_t at = total == draws ? (uint32_t)(pick % count) : random_below(count);
            pick /= count;
            strncat(line, segments[i].text[at], sizeof line - strlen(line) - 1);
        }
        add_sample(line, label, 1.0 / sqrt((double)draws));
    }
}

static void read_data(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read", path);
    char line[4096];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        if (line[0] == '$') {
            struct macro *m = &macros[macro_count++];
            char *equals = strstr(line, " = ");
            if (macro_count > 16 || !equals || equals - line > 23)
                die("bad $name line", line);
            memcpy(m->name, line + 1, (size_t)(equals - line - 1));
            add_alternatives(&m->values, equals + 3, strlen(equals + 3), add_choice);
            continue;
        }
        char *tab = strchr(line, '\t');
        if (!tab)
            die("no tab", line);
        *tab = '\0';
        int label = 0;
        while (label < LABELS && strcmp(line, LABEL_NAMES[label]))
            label++;
        if (label == LABELS)
            die("unknown label", line);
        expand_template(tab + 1, label);
    }
    fclose(file);
}

static int compare_stems(const void *a, const void *b) { return strcmp(a, b); }

static uint16_t word_number(const char *stem) {
    char(*found)[TEXT_STEM_MAX] =
        bsearch(stem, vocabulary, vocabulary_count, sizeof *vocabulary, compare_stems);
    return (uint16_t)(found - vocabulary);
}

/* "^" and "$" are the ends of the line, "#unknown" stands for every word that is not in the vocabulary. */
static void build_vocabulary(void) {
    size_t total = 3;
    for (size_t i = 0; i < sample_count; i++)
        total += samples[i].text.count;
    vocabulary = checked(calloc(total, sizeof *vocabulary));
    strcpy(vocabulary[0], "^");
    strcpy(vocabulary[1], "$");
    strcpy(vocabulary[2], "#unknown");
    size_t n = 3;
    for (size_t i = 0; i < sample_count; i++)
        for (size_t w = 0; w < samples[i].text.count; w++)
            strcpy(vocabulary[n++], samples[i].text.words[w].stem);
    qsort(vocabulary, n, sizeof *vocabulary, compare_stems);
    for (size_t i = 0; i < n; i++)
        if (!vocabulary_count || strcmp(vocabulary[vocabulary_count - 1], vocabulary[i]))
            memmove(vocabulary[vocabulary_count++], vocabulary[i], sizeof *vocabulary);
    for (size_t i = 0; i < sample_count; i++) {
        struct sample *s = &samples[i];
        s->count = 0;
        s->words[s->count++] = word_number("^");
        for (size_t w = 0; w < s->text.count; w++)
            s->words[s->count++] = word_number(s->text.words[w].stem);
        s->words[s->count++] = word_number("$");
    }
}

/* --- training ----------------------------------------------------------------------------------------------------- */
struct pair {
    uint32_t key; /* first << 16 | second; 0 is free because "#id" sorts first and never pairs with itself */
    double weights[LABELS];
};
#define PAIR_SLOTS (1u << 17)
static struct pair *pairs;
static double (*unigrams)[LABELS], bias[LABELS];

static struct pair *pair_at(uint32_t key) {
    uint32_t at = (key * 2654435761u) >> 15;
    while (pairs[at].key && pairs[at].key != key)
        at = (at + 1) % PAIR_SLOTS;
    pairs[at].key = key;
    return &pairs[at];
}

static void step(const struct sample *s, double rate) {
    double *active[2 * TEXT_MAX_WORDS + 4];
    int n = 0;
    uint16_t unknown = word_number("#unknown"), previous = s->words[0];
    active[n++] = bias;
    for (int i = 1; i < s->count; i++) {
        uint16_t word = s->words[i];
        bool last = i == s->count - 1;
        if (!last && random_below(1000) < WORD_DROPOUT * 1000)
            word = unknown;
        if (!last)
            active[n++] = unigrams[word];
        active[n++] = pair_at((uint32_t)previous << 16 | word)->weights;
        previous = word;
    }
    double p[LABELS], sum = 0;
    for (int l = 0; l < LABELS; l++) {
        double score = 0;
        for (int i = 0; i < n; i++)
            score += active[i][l];
        sum += p[l] = exp2(score);
    }
    for (int l = 0; l < LABELS; l++) {
        double gradient = (l == s->label) - p[l] / sum;
        for (int i = 0; i < n; i++)
            active[i][l] += rate * s->weight * 6 * gradient - DECAY * active[i][l];
    }
}

static void train(void) {
    pairs = checked(calloc(PAIR_SLOTS, sizeof *pairs));
    unigrams = checked(calloc(vocabulary_count, sizeof *unigrams));
    size_t *order = checked(calloc(sample_count, sizeof *order));
    for (size_t i = 0; i < sample_count; i++)
        order[i] = i;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        for (size_t i = sample_count; i > 1; i--) {
            size_t j = random_below((uint32_t)i), other = order[j];
            order[j] = order[i - 1];
            order[i - 1] = other;
        }
        for (size_t i = 0; i < sample_count; i++)
            step(&samples[order[i]], LEARNING_RATE * (1.0 - 0.9 * epoch / EPOCHS));
    }
    free(order);
}

/* --- output ------------------------------------------------------------------------------------------------------- */
static int quantise(double weight) {
    double units = round(weight * UNITS_PER_BIT);
    return units > 127 ? 127 : units < -127 ? -127 : (int)units;
}

static void print_weights(const double weights[LABELS]) {
    for (int l = 0; l < LABELS; l++)
        printf("%s%d", l ? "," : "{", quantise(weights[l]));
    printf("}");
}

static bool worth_keeping(const double weights[LABELS]) {
    for (int l = 0; l < LABELS; l++)
        if (abs(quantise(weights[l])) >= 8)
            return true;
    return false;
}

static int compare_pairs(const void *a, const void *b) {
    uint32_t x = ((const struct pair *)a)->key, y = ((const struct pair *)b)->key;
    return x < y ? -1 : x > y;
}

static void print_model(void) {
    printf("/* Generated by tools/intentgen.c from slm/data/intents.tsv. */\n#include \"intent_model.h\"\n");
    printf("const char *const intent_vocabulary[] = {\n");
    for (size_t i = 0; i < vocabulary_count; i++)
        printf("\"%s\",\n", vocabulary[i]);
    printf("};\nconst uint16_t intent_vocabulary_count = %zu;\n", vocabulary_count);
    printf("const int8_t intent_word_weights[][INTENT_LABELS] = {\n");
    for (size_t i = 0; i < vocabulary_count; i++) {
        print_weights(unigrams[i]);
        printf(",\n");
    }
    printf("};\nconst struct intent_pair intent_pairs[] = {\n");
    qsort(pairs, PAIR_SLOTS, sizeof *pairs, compare_pairs);
    size_t kept = 0;
    for (size_t i = 0; i < PAIR_SLOTS; i++)
        if (pairs[i].key && worth_keeping(pairs[i].weights)) {
            printf("{%u,", pairs[i].key);
            print_weights(pairs[i].weights);
            printf("},\n");
            kept++;
        }
    printf("};\nconst uint32_t intent_pair_count = %zu;\nconst int8_t intent_bias[INTENT_LABELS] = ", kept);
    print_weights(bias);
    printf(";\n");
}

int main(int argc, char **argv) {
    if (argc != 2)
        die("usage", "intentgen intents.tsv > intent_model.c");
    read_data(argv[1]);
    build_vocabulary();
    train();
    print_model();
    return 0;
}
