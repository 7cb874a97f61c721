/* A line of English as words and entities: the common ground of classifier, slots and rules.
 * Also compiled into the host tool that trains the classifier, so it needs nothing but the C headers. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX_WORDS 64 /* further words of a line are ignored */
#define TEXT_STEM_MAX 24

enum word_kind {
    WORD_PLAIN,
    WORD_NUMBER, /* value: decimal, or hexadecimal after 0x */
    WORD_PCI_ID, /* value: vendor << 16 | device */
    WORD_VENDOR, /* value: a vendor id without a device */
    WORD_DEVICE, /* value: a device id without a vendor */
    WORD_SLOT,   /* value: bus << 8 | device << 3 | function */
    WORD_IP,     /* dotted address; no value */
    WORD_PATH,   /* /dev/sda */
};

struct word {
    const char *start; /* in the line that was given; not terminated */
    uint8_t length;
    enum word_kind kind;
    bool hex4; /* four hexadecimal digits with a digit among them: may be half of an id */
    uint32_t value;
    char stem[TEXT_STEM_MAX]; /* lower case, without ending; "#id" and the like for entities */
};

struct text {
    struct word words[TEXT_MAX_WORDS];
    size_t count;
};

/* Takes `line` apart. The words point into it, so it must live as long as `out`. */
void text_parse(const char *line, struct text *out);

/* The stem of one lower-case word: "running" -> "run", "devices" -> "devic". */
void text_stem(const char *word, size_t length, char out[TEXT_STEM_MAX]);

/* True when the two stems differ by one typing slip: a letter added, lost, changed or two swapped.
 * The first letter must agree and both be five letters or longer, or every word would have a neighbour. */
bool text_is_typo(const char *a, const char *b);
