/* Which words of a normalised line may fill a slot: the shapes of SLM/GRAMMAR.md. Slots without a shape take any word but
 * the place of a PCI device; those that are names leave plain words alone. */
#include "actions.h"
#include <auton/string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
static bool is_name(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || (unsigned char)c >= 0x80; }

/* What follows as many characters of a class as there are, at least `least` and at most `most`; NULL when too few. */
static const char *run(const char *s, bool (*is)(char), size_t least, size_t most) {
    size_t n = 0;
    while (s && n < most && is(s[n]))
        n++;
    return s && n >= least ? s + n : NULL;
}

static const char *literal(const char *s, const char *text) {
    return s && strncmp(s, text, strlen(text)) == 0 ? s + strlen(text) : NULL;
}

static bool ends(const char *s) { return s && !*s; }

static bool is_id(const char *s) {
    return ends(run(literal(run(s, is_hex, 4, 4), ":"), is_hex, 4, 4));
}

static bool is_vendor(const char *s) {
    const char *prefixed = literal(s, "0x");
    return ends(run(prefixed ? prefixed : s, is_hex, 4, 4));
}

static bool is_place(const char *s) {
    const char *behind_domain = literal(run(s, is_hex, 4, 4), ":");
    s = literal(run(behind_domain ? behind_domain : s, is_hex, 2, 2), ":");
    if (!s || (*s != '0' && *s != '1'))
        return false;
    s = literal(run(s + 1, is_hex, 1, 1), ".");
    return s && *s >= '0' && *s <= '7' && !s[1];
}

static bool is_address(const char *s) {
    for (int part = 0; part < 4; part++) {
        s = run(s, is_digit, 1, 3);
        if (part < 3)
            s = literal(s, ".");
    }
    const char *mask = literal(s, "/");
    return ends(mask ? run(mask, is_digit, 1, 2) : s);
}

static bool is_number(const char *s) {
    s += *s == '-';
    const char *prefixed = literal(s, "0x");
    return ends(prefixed ? run(prefixed, is_hex, 1, SIZE_MAX) : run(s, is_digit, 1, SIZE_MAX));
}

static bool is_path(const char *s) {
    if (strchr(s, '/') || ends(run(s, is_name, 1, SIZE_MAX)))
        return true;
    size_t stem = 0, rest = 0;
    while (is_name(s[stem]) || s[stem] == '-')
        stem++;
    if (!stem || s[stem] != '.')
        return false;
    for (s += stem + 1; is_name(s[rest]) || s[rest] == '.';)
        rest++;
    return rest && !s[rest];
}

static bool is_disk(const char *s) {
    static const char *const NUMBERED[] = {"nvme", "mmcblk"};
    const char *name = literal(s, "/dev/");
    if (name)
        return ends(run(name, is_name, 1, SIZE_MAX));
    for (size_t i = 0; i < ARRAY_SIZE(NUMBERED); i++)
        if ((name = literal(s, NUMBERED[i])) && is_digit(*name))
            return ends(run(name + 1, is_name, 0, SIZE_MAX));
    return (*s == 's' || *s == 'h' || *s == 'v') && s[1] == 'd' && s[2] >= 'a' && s[2] <= 'z' &&
           ends(run(s + 3, is_digit, 0, SIZE_MAX));
}

bool shape_fits(const char *slot, const char *word) {
    static const struct {
        const char *slot;
        bool (*is)(const char *word);
    } SHAPES[] = {{"pci", is_id},     {"usb", is_id},     {"hex", is_vendor}, {"slot", is_place},
                  {"ip", is_address}, {"num", is_number}, {"path", is_path},  {"disk", is_disk}};
    for (size_t i = 0; i < ARRAY_SIZE(SHAPES); i++)
        if (strcmp(SHAPES[i].slot, slot) == 0)
            return SHAPES[i].is(word);
    return !is_place(word);
}

static bool is_name_slot(const char *slot) {
    static const char *const NAMES[] = {"pkg", "service", "user", "driver", "host", "prog", "word"};
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++)
        if (strcmp(NAMES[i], slot) == 0)
            return true;
    return false;
}

void slot_takes(const char *slot, const char *const *words, size_t count, bool *takes) {
    bool named = false;
    for (size_t i = 0; i < count; i++) {
        takes[i] = shape_fits(slot, words[i]);
        named |= takes[i] && !is_plain(words[i]);
    }
    if (named && is_name_slot(slot))
        for (size_t i = 0; i < count; i++)
            takes[i] &= !is_plain(words[i]);
}

unsigned shape_words(const char *slot) {
    return strcmp(slot, "words") == 0 ? 4 : strcmp(slot, "chip") == 0 ? 3 : 1;
}
