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

static bool ends_with(const struct writer *w, const char *text) {
    size_t n = strlen(text);
    return w->length >= n && memcmp(w->out + w->length - n, text, n) == 0;
}

static void drop(struct writer *w, const char *text) {
    if (ends_with(w, text))
        w->length -= strlen(text);
}

/* Two groups of four digits with nothing but a space or dash between are an id only if they cannot be two years, or
 * after a word that says so. */
static bool is_id(const struct writer *w, const struct word *at) {
    bool letter = false, digit = false;
    if (at->length != 9 || (at->start[4] != ' ' && at->start[4] != '-'))
        return true;
    for (int i = 0; i < 9; i++) {
        digit |= at->start[i] >= '0' && at->start[i] <= '9';
        letter |= (at->start[i] | 32) >= 'a' && (at->start[i] | 32) <= 'f';
    }
    return (letter && digit) || ends_with(w, "id ") || ends_with(w, "device ") || ends_with(w, "card ");
}

/* Writes the id without the words and punctuation around it that belong to its spelling; returns what follows. */
static const char *put_id(struct writer *w, const struct word *at) {
    char id[12];
    const char *end = at->start + at->length;
    bool bus = ends_with(w, "pci\\") || ends_with(w, "pci:");
    drop(w, "pci\\");
    drop(w, "pci:");
    drop(w, "vendor id ");
    drop(w, "vendor number ");
    drop(w, "vendor ");
    ksnprintf(id, sizeof id, "%04x:%04x", at->value >> 16, at->value & 0xFFFF);
    for (const char *c = id; *c; c++)
        put(w, *c);
    while (bus && *end && *end != ' ' && *end != '\t') /* revision and subsystem */
        end++;
    return end;
}

/* USB\VID_046D&PID_C077, which is no PCI id: what follows it, or NULL when it does not stand there. */
static const char *put_usb(struct writer *w, const char *p) {
    static const char shape[] = "usb\\vid_hhhh&pid_hhhh";
    for (size_t i = 0; shape[i]; i++) {
        char c = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : p[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (shape[i] == 'h' ? !hex : c != shape[i])
            return NULL;
    }
    for (int i = 0; i < 4; i++)
        put(w, p[8 + i]);
    put(w, ':');
    for (int i = 0; i < 4; i++)
        put(w, p[17 + i]);
    for (p += sizeof shape - 1; *p && *p != ' ' && *p != '\t';)
        p++;
    return p;
}

void normalize(const char *line, char *out, size_t size) {
    static struct text text; /* one question at a time */
    struct writer w = {.out = out, .size = size};
    char before = ' ';
    size_t word = 0;
    text_parse(line, &text);
    for (const char *p = line; *p;) {
        while (word < text.count && text.words[word].start < p)
            word++;
        const struct word *at = word < text.count && text.words[word].start == p ? &text.words[word] : NULL;
        const char *next = is_word(before) ? NULL : put_usb(&w, p);
        if (!next && at && at->kind == WORD_PCI_ID && is_id(&w, at))
            next = put_id(&w, at);
        before = next ? '0' : before;
        if (!next) {
            next = put_next(&w, p, before);
            before = apostrophe(p) ? '\'' : next[-1];
        }
        p = next;
    }
    while (w.length > 0 && out[w.length - 1] == ' ')
        w.length--;
    out[w.length] = '\0';
}
