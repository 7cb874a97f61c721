/* A line as the model was trained to see it: small letters, PCI ids in one spelling, no punctuation of sentences, one
 * space between words. SLM/ does the same to its training data. */
#include "runtime.h"
#include "text.h"
#include <auton/klog.h>
#include <auton/string.h>

struct writer {
    char *out;
    size_t size, length;
};

static void put(struct writer *w, char c) {
    bool space = c == ' ' || (unsigned char)c < ' ';
    if (space && (w->length == 0 || w->out[w->length - 1] == ' '))
        return;
    if (w->length + 1 < w->size)
        w->out[w->length++] = space ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* How many bytes of the typographic apostrophes U+2018 and U+2019 stand there: 3 or 0. */
static size_t apostrophe(const char *p) {
    return strncmp(p, "\xE2\x80\x98", 3) == 0 || strncmp(p, "\xE2\x80\x99", 3) == 0 ? 3 : 0;
}

/* One character; returns what follows it. `before` is the one before. */
static const char *put_next(struct writer *w, const char *p, char before) {
    size_t typographic = apostrophe(p);
    char c = typographic ? '\'' : *p;
    const char *next = p + (typographic ? typographic : 1), *end = p;
    while (*end == '.' || *end == ':')
        end++;
    bool ends_sentence = end > p && (is_word(before) || before == '\'') && (*end == '\0' || *end == ' ' || *end == '\t');
    if (ends_sentence) {
        put(w, ' ');
        return end;
    }
    bool lonely = c == '\'' && !(is_word(before) && is_word(*next)); /* a quote, not the apostrophe of "don't" */
    put(w, lonely || strchr("?!,;\"()<>[]{}*`", c) ? ' ' : c);
    return next;
}

void normalize(const char *line, char *out, size_t size) {
    static struct text text; /* one question at a time */
    struct writer w = {.out = out, .size = size};
    char id[12], before = ' ';
    size_t word = 0;
    text_parse(line, &text);
    for (const char *p = line; *p;) {
        while (word < text.count && text.words[word].start < p)
            word++;
        const struct word *at = word < text.count ? &text.words[word] : NULL;
        if (at && word + 1 < text.count && text.words[word + 1].kind == WORD_PCI_ID && at->start == p && p[at->length] == '\\') {
            p = text.words[word + 1].start; /* PCI\VEN_8086&DEV_100E: the bus belongs to the id */
            continue;
        }
        if (at && at->start == p && at->kind == WORD_PCI_ID) {
            ksnprintf(id, sizeof id, "%04x:%04x", at->value >> 16, at->value & 0xFFFF);
            for (const char *c = id; *c; c++)
                put(&w, *c);
            p += at->length;
            before = '0';
            continue;
        }
        const char *next = put_next(&w, p, before);
        before = apostrophe(p) ? '\'' : next[-1];
        p = next;
    }
    while (w.length > 0 && out[w.length - 1] == ' ')
        w.length--;
    out[w.length] = '\0';
}
