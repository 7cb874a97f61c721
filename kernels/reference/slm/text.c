/* Words, stems and the entities that are told by their spelling alone: ids, slots, numbers, addresses. */
#include "text.h"

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
static bool is_word_char(char c) { return is_letter(c) || is_digit(c) || c == '_' || (uint8_t)c >= 0x80; }

static int hex_digit(char c) {
    c = lower(c);
    if (is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Value of exactly `digits` hexadecimal digits at `s`; -1 when there are fewer. */
static int64_t read_hex(const char *s, int digits) {
    int64_t value = 0;
    for (int i = 0; i < digits; i++) {
        int digit = hex_digit(s[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void copy_stem(char out[TEXT_STEM_MAX], const char *s, size_t length) {
    if (length > TEXT_STEM_MAX - 1)
        length = TEXT_STEM_MAX - 1;
    for (size_t i = 0; i < length; i++)
        out[i] = lower(s[i]);
    out[length] = '\0';
}

static size_t length_of(const char *s) {
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

static bool same(const char *a, size_t length, const char *b) {
    for (size_t i = 0; i < length; i++)
        if (!b[i] || lower(a[i]) != b[i])
            return false;
    return !b[length];
}

static bool ends(const char *s, size_t length, const char *tail) {
    size_t n = length_of(tail);
    return length > n && same(s + length - n, n, tail);
}

static bool has_vowel(const char *s, size_t length) {
    for (size_t i = 0; i < length; i++)
        for (const char *v = "aeiouy"; *v; v++)
            if (s[i] == *v)
                return true;
    return false;
}

void text_stem(const char *word, size_t length, char out[TEXT_STEM_MAX]) {
    copy_stem(out, word, length);
    size_t n = length_of(out);
    if (n > 4 && ends(out, n, "ies")) {
        n -= 3;
        out[n++] = 'y';
    } else if (ends(out, n, "sses") || ends(out, n, "xes") || ends(out, n, "ches") || ends(out, n, "shes"))
        n -= 2;
    else if (n > 3 && ends(out, n, "s") && !ends(out, n, "ss") && !ends(out, n, "us") && !ends(out, n, "is"))
        n--;
    size_t cut = 0;
    if (n > 5 && ends(out, n, "ing"))
        cut = 3;
    else if (n > 4 && ends(out, n, "ed") && !ends(out, n, "eed"))
        cut = 2;
    else if (n > 8 && ends(out, n, "ation"))
        cut = 5;
    if (cut && has_vowel(out, n - cut)) {
        n -= cut;
        if (n > 3 && out[n - 1] == out[n - 2] && out[n - 1] != 'l' && out[n - 1] != 's')
            n--; /* running -> runn -> run */
    }
    if (n > 3 && out[n - 1] == 'e')
        n--; /* so that "remove" and "removing" meet */
    out[n] = '\0';
}

bool text_is_typo(const char *a, const char *b) {
    size_t la = length_of(a), lb = length_of(b);
    if (la > lb) {
        const char *s = a;
        size_t n = la;
        a = b, la = lb;
        b = s, lb = n;
    }
    if (la < 4 || lb < 5 || lb - la > 1 || a[0] != b[0])
        return false;
    size_t i = 1;
    while (i < la && a[i] == b[i])
        i++;
    const char *rest_a = a + i, *rest_b = b + i;
    if (la < lb)
        return same(rest_a, la - i, rest_b + 1); /* one letter more in b */
    if (i == la)
        return true;
    if (same(rest_a + 1, la - i - 1, rest_b + 1))
        return true; /* one letter changed */
    return la - i >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] &&
           same(rest_a + 2, la - i - 2, rest_b + 2);
}

/* Spellings that no stemming joins. The right side is already a stem; "" drops the word. */
static const struct {
    const char *from, *to;
} ALIASES[] = {
    {"whats", "what"}, {"wat", "what"},     {"wots", "what"},     {"wich", "which"},     {"plz", "pleas"},
    {"pls", "pleas"},  {"hw", "hardwar"},   {"mem", "memory"},    {"using", "use"},      {"used", "use"},
    {"uses", "use"},   {"dont", "not"},     {"doesnt", "not"},    {"isnt", "not"},       {"wont", "not"},
    {"cant", "cannot"},{"im", "i"},         {"proc", "process"},  {"procs", "process"},  {"pc", "computer"},
    {"gonna", "will"}, {"bc", "because"},   {"dev", "devic"},     {"devs", "devic"},     {"info", "inform"},
    {"nics", "nic"},   {"gfx", "graphic"},  {"grafics", "graphic"}, {"config", "configur"}, {"pkg", "packag"},
    {"pkgs", "packag"},{"drv", "driver"},   {"msgs", "messag"},   {"setup", "setup"},    {"ok", "ok"},
};

static void plain_stem(struct word *w) {
    for (size_t i = 0; i < sizeof(ALIASES) / sizeof(ALIASES[0]); i++)
        if (same(w->start, w->length, ALIASES[i].from)) {
            copy_stem(w->stem, ALIASES[i].to, length_of(ALIASES[i].to));
            return;
        }
    text_stem(w->start, w->length, w->stem);
}

static void set_entity(struct word *w, enum word_kind kind, uint32_t value) {
    static const char *const STEMS[] = {"", "#num", "#id", "#vendor", "#device", "#slot", "#ip", "#path"};
    w->kind = kind;
    w->value = value;
    copy_stem(w->stem, STEMS[kind], length_of(STEMS[kind]));
}

static struct word *add_word(struct text *out, const char *start, const char *end) {
    if (out->count == TEXT_MAX_WORDS)
        return NULL;
    struct word *w = &out->words[out->count++];
    size_t length = (size_t)(end - start);
    w->start = start;
    w->length = length > 255 ? 255 : (uint8_t)length;
    w->kind = WORD_PLAIN;
    w->hex4 = false;
    w->value = 0;
    w->stem[0] = '\0';
    return w;
}

/* 00:1f.2, also with a domain (0000:00:1f.2). Returns the end, NULL when it is none. */
static const char *read_slot(const char *s, uint32_t *value) {
    if (read_hex(s, 4) >= 0 && s[4] == ':' && read_hex(s + 5, 2) >= 0 && s[7] == ':')
        s += 5;
    int64_t bus = read_hex(s, 2), dev = bus < 0 || s[2] != ':' ? -1 : read_hex(s + 3, 2);
    if (dev < 0 || dev > 31 || s[5] != '.' || s[6] < '0' || s[6] > '7' || is_word_char(s[7]))
        return NULL;
    *value = (uint32_t)(bus << 8 | dev << 3 | (s[6] - '0'));
    return s + 7;
}

static const char *skip_0x(const char *s) { return s[0] == '0' && lower(s[1]) == 'x' ? s + 2 : s; }

/* Ids written as one: 8086:100e 0x8086:0x100e 8086/100e pci8086,100e ven_8086&dev_100e v00008086d0000100e */
static const char *read_joined_id(const char *s, uint32_t *value) {
    if (same(s, 3, "pci") && is_digit(s[3]))
        s += 3;
    int64_t vendor, device;
    if (same(s, 4, "ven_")) {
        vendor = read_hex(s + 4, 4);
        if (vendor < 0 || s[8] != '&' || !same(s + 9, 4, "dev_") || (device = read_hex(s + 13, 4)) < 0)
            return NULL;
        *value = (uint32_t)(vendor << 16 | device);
        return s + 17;
    }
    if (same(s, 5, "v0000")) {
        vendor = read_hex(s + 5, 4);
        if (vendor < 0 || !same(s + 9, 5, "d0000") || (device = read_hex(s + 14, 4)) < 0)
            return NULL;
        s += 18;
        *value = (uint32_t)(vendor << 16 | device);
        while (is_word_char(*s))
            s++; /* the rest of a module alias */
        return s;
    }
    s = skip_0x(s);
    vendor = read_hex(s, 4);
    if (vendor < 0)
        return NULL;
    char sep = s[4];
    if (sep != ':' && sep != '/' && sep != ',' && sep != '-')
        return NULL;
    s = skip_0x(s + 5);
    device = read_hex(s, 4);
    if (device < 0 || is_word_char(s[4]))
        return NULL;
    *value = (uint32_t)(vendor << 16 | device);
    return s + 4;
}

static const char *read_ip(const char *s) {
    for (int part = 0; part < 4; part++) {
        int digits = 0;
        while (is_digit(*s))
            s++, digits++;
        if (digits < 1 || digits > 3)
            return NULL;
        if (part < 3 && *s++ != '.')
            return NULL;
    }
    if (*s == '/')
        for (s++; is_digit(*s);)
            s++;
    return is_word_char(*s) ? NULL : s;
}

/* Numbers and halves of ids. */
static void number_or_plain(struct word *w) {
    const char *digits = skip_0x(w->start), *end = w->start + w->length;
    bool prefixed = digits != w->start, all_decimal = true, all_hex = true, any_digit = false;
    uint32_t decimal = 0, hex = 0;
    for (const char *s = digits; s < end; s++) {
        all_decimal = all_decimal && is_digit(*s);
        all_hex = all_hex && hex_digit(*s) >= 0;
        any_digit = any_digit || is_digit(*s);
        decimal = decimal * 10 + (uint32_t)(*s - '0');
        hex = hex << 4 | (uint32_t)(hex_digit(*s) & 15);
    }
    size_t count = (size_t)(end - digits);
    bool hex4 = all_hex && count == 4 && (any_digit || prefixed);
    if (count && count <= 9 && all_decimal && !prefixed)
        set_entity(w, WORD_NUMBER, decimal);
    else if (count && count <= 8 && all_hex && prefixed)
        set_entity(w, WORD_NUMBER, hex);
    else
        plain_stem(w);
    w->hex4 = hex4;
    if (hex4 && w->kind == WORD_PLAIN)
        set_entity(w, WORD_DEVICE, hex); /* 100e alone: half of an id, read as a device until more is known */
}

static uint32_t hex_value(const struct word *w) { return (uint32_t)read_hex(skip_0x(w->start), 4); }

static bool is_stem(const struct word *w, const char *stem) { return same(w->stem, length_of(w->stem), stem); }

static void drop_words(struct text *t, size_t at, size_t n) {
    for (size_t i = at; i + n < t->count; i++)
        t->words[i] = t->words[i + n];
    t->count -= n;
}

/* Index of the four-digit half that follows `at`, over words like "id" and "number"; 0 when there is none. */
static size_t half_after(const struct text *t, size_t at) {
    for (size_t i = at + 1; i < t->count && i <= at + 3; i++) {
        if (t->words[i].hex4)
            return i;
        if (!is_stem(&t->words[i], "id") && !is_stem(&t->words[i], "number") && !is_stem(&t->words[i], "is"))
            return 0;
    }
    return 0;
}

/* "vendor 8086 device 100e", "0x8086 0x100e" and "8086 100e" become one id. */
static void join_halves(struct text *t) {
    for (size_t i = 0; i < t->count; i++) {
        bool vendor_word = is_stem(&t->words[i], "vendor") || is_stem(&t->words[i], "ven");
        bool device_word = is_stem(&t->words[i], "devic");
        size_t half;
        if ((vendor_word || device_word) && (half = half_after(t, i)) != 0)
            set_entity(&t->words[half], vendor_word ? WORD_VENDOR : WORD_DEVICE, hex_value(&t->words[half]));
    }
    for (size_t i = 0; i + 1 < t->count; i++) {
        struct word *w = &t->words[i];
        if (!w->hex4)
            continue;
        size_t next = i + 1;
        while (next < t->count && w->kind == WORD_VENDOR && next <= i + 4 && !t->words[next].hex4)
            next++; /* "vendor 8086, device id 100e" */
        if (next >= t->count || !t->words[next].hex4 || t->words[next].kind == WORD_VENDOR)
            continue;
        if (w->kind == WORD_VENDOR || next == i + 1) {
            uint32_t id = hex_value(w) << 16 | hex_value(&t->words[next]);
            w->hex4 = false;
            w->length = (uint8_t)(t->words[next].start + t->words[next].length - w->start);
            set_entity(w, WORD_PCI_ID, id);
            drop_words(t, i + 1, next - i);
        }
    }
}

/* What is cut off a word at its apostrophe, as a word of its own. */
static void add_contraction(struct text *out, const char *start, const char *end) {
    struct word *w = add_word(out, start, end);
    if (!w)
        return;
    size_t n = (size_t)(end - start);
    const char *stem = same(start, n, "s")    ? "is"
                       : same(start, n, "re") ? "are"
                       : same(start, n, "d")  ? "would"
                       : same(start, n, "ll") ? "will"
                       : same(start, n, "ve") ? "hav"
                       : same(start, n, "t")  ? "not"
                                              : "am";
    copy_stem(w->stem, stem, length_of(stem));
}

void text_parse(const char *line, struct text *out) {
    out->count = 0;
    const char *s = line;
    while (*s) {
        uint32_t value = 0;
        const char *end;
        bool at_start = s == line || !is_word_char(s[-1]);
        struct word *w;
        if (at_start && (end = read_slot(s, &value))) {
            if ((w = add_word(out, s, end)))
                set_entity(w, WORD_SLOT, value);
        } else if (at_start && (end = read_joined_id(s, &value))) {
            if ((w = add_word(out, s, end)))
                set_entity(w, WORD_PCI_ID, value);
        } else if (is_digit(*s) && at_start && (end = read_ip(s))) {
            if ((w = add_word(out, s, end)))
                set_entity(w, WORD_IP, 0);
        } else if (*s == '/' && at_start && is_letter(s[1])) {
            for (end = s + 1; is_word_char(*end) || *end == '/' || *end == '.' || *end == '-';)
                end++;
            if ((w = add_word(out, s, end)))
                set_entity(w, WORD_PATH, 0);
        } else if (is_word_char(*s)) {
            for (end = s + 1; is_word_char(*end);)
                end++;
            bool negated = end[0] == '\'' && lower(end[1]) == 't' && lower(end[-1]) == 'n' && end - s > 2;
            if ((w = add_word(out, s, negated ? end - 1 : end)))
                number_or_plain(w);
            if (*end == '\'' && is_letter(end[1])) {
                const char *tail = end + 1;
                for (end = tail; is_letter(*end);)
                    end++;
                add_contraction(out, tail, end);
            }
        } else {
            end = s + 1;
        }
        s = end;
    }
    join_halves(out);
}
