/* The actions that a model of this kernel may choose (SLM/GRAMMAR.md), and what the kernel does for each. */
#pragma once
#include "runtime.h"

struct action {
    unsigned char label;  /* an enum slm_intent, or LABEL_OTHER */
    const char *words;    /* "lookup pci <pci>", "list kind [kind]": the grammar's */
    const char *text;     /* the grammar's short sentence to it */
    const char *plain;    /* the same wish as the rules understand it best: %s is the slot or the kind, %l the whole line;
                           * NULL when they have no part in it */
    const char *refusal;  /* why this kernel cannot, where it cannot; else NULL */
};
extern const struct action actions[];
extern const size_t action_count;

/* Values of [kind]: by its name in the grammar, and as people call such a device. */
struct action_kind {
    const char *name, *device;
};
extern const struct action_kind action_kinds[];
extern const size_t action_kind_count;

/* plain.c: words that are no name */
extern const char *const plain_words[];
extern const size_t plain_word_count;
bool is_plain(const char *word);

/* shapes.c */
bool shape_fits(const char *slot, const char *word);
/* Marks the words of a line that the slot takes: those of its shape; of a name, plain ones only where there is no other. */
void slot_takes(const char *slot, const char *const *words, size_t count, bool *takes);
unsigned shape_words(const char *slot); /* how many words in a row it takes at most */

#define CHOICE_SLOT_MAX 128
struct choice {
    const struct action *action;
    const struct action_kind *kind; /* NULL: the action has none */
    char slot[CHOICE_SLOT_MAX];     /* words of the line; "" for an action without one */
};
/* The likeliest action of those that the label allows for the prompt that speak_prompt() evaluated last. False when the
 * line has too many words to tell. */
bool decode_action(unsigned label, const char *prompt, struct choice *out);
/* "install package nginx" */
void choice_words(const struct choice *choice, char *out, size_t size);

/* What the model makes of a line: the shares of the labels in 1/10000, the likeliest, and its action. False: nothing. */
struct model_reading {
    uint32_t shares[LABEL_COUNT];
    unsigned label;
    struct choice choice;
};
bool read_by_model(const char *line, struct model_reading *out);
/* Puts both readings together. True when the model's action is what is answered: the line then holds plain words for the
 * rules, or the answer is there. */
bool weigh(struct slm_reading *reading, const struct model_reading *model);
