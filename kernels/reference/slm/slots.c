/* Slot extraction: entities come marked from text_parse(), names are told by what stands around them. */
#include "slots.h"
#include "catalogue.h"
#include <auton/string.h>

static bool is_one_of(const char *stem, const char *list) {
    size_t n = strlen(stem);
    for (const char *at = list; n && (at = strstr(at, stem)) != NULL; at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static void copy(char *out, size_t size, const char *start, size_t length) {
    strlcpy(out, start, length + 1 < size ? length + 1 : size);
}

/* The word with what hangs on it: "node.js", "mysql-server", "g++". */
static size_t whole_name(const struct word *word) {
    const char *s = word->start + word->length;
    for (;;) {
        bool joins = (*s == '-' || *s == '.' || *s == '_' || *s == '+') &&
                     ((s[1] >= 'a' && s[1] <= 'z') || (s[1] >= '0' && s[1] <= '9') || (*s == '+' && s[1] == '+'));
        bool inside = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
                      (*s == '+' && s[-1] == '+') || *s == '_';
        if (!joins && !inside)
            return (size_t)(s - word->start);
        s++;
    }
}

static int ordinal_of(const char *stem) {
    static const char *const WORDS[] = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"};
    for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
        if (strcmp(stem, WORDS[i]) == 0)
            return (int)i + 1;
    static const char *const DIGITS[] = {"1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th"};
    for (size_t i = 0; i < ARRAY_SIZE(DIGITS); i++)
        if (strcmp(stem, DIGITS[i]) == 0)
            return (int)i + 1;
    return strcmp(stem, "last") == 0 ? -1 : 0;
}

static uint64_t unit_of(const char *stem) {
    if (is_one_of(stem, "kb kib kilobyt"))
        return KB(1);
    if (is_one_of(stem, "mb mib megabyt"))
        return MB(1);
    return is_one_of(stem, "gb gib gigabyt") ? GB(1) : 1;
}

/* Words between "install" and what is to be installed, and words that are never its name. */
#define FILLERS                                                                                                      \
    "a an the some any my me this that these for please pleas new packag program applic app softwar latest newest "  \
    "text servic thread process task job call named of to on in it number no all every old proper right best suitable "   \
    "suitabl own and with is i want need get hav system her now devic card driver driv modul updat up"

static bool is_name_verb(const char *stem) {
    return is_one_of(stem, "install instal add remov uninstall purg delet download upgrad updat need want launch "
                           "run start restart stop enabl disabl packag called call nam get fetch kill depend");
}

static void find_name(const struct text *text, struct slots *out) {
    for (size_t i = 0; i + 1 < text->count; i++) {
        if (!is_name_verb(text->words[i].stem))
            continue;
        for (size_t j = i + 1; j < text->count && j <= i + 5; j++) {
            const struct word *w = &text->words[j];
            if (w->kind != WORD_PLAIN)
                break;
            if (is_one_of(w->stem, FILLERS) || is_name_verb(w->stem))
                continue;
            copy(out->name, sizeof out->name, w->start, whole_name(w));
            return;
        }
    }
}

static bool looks_like_interface(const struct word *w) {
    static const char *const PREFIXES[] = {"eth", "enp", "ens", "eno", "wlan", "wlp", "br", "tap", "usb"};
    char last = w->start[w->length - 1];
    for (size_t i = 0; i < ARRAY_SIZE(PREFIXES); i++)
        if (w->length > strlen(PREFIXES[i]) && strncmp(w->stem, PREFIXES[i], strlen(PREFIXES[i])) == 0)
            return last >= '0' && last <= '9';
    return w->length == 2 && strncmp(w->stem, "lo", 2) == 0;
}

/* "example.org": a dot inside, and letters behind the last one. */
static bool is_host_name(const struct word *w) {
    size_t length = whole_name(w), dot = 0;
    for (size_t i = 1; i < length; i++)
        if (w->start[i] == '.')
            dot = i;
    return dot && length - dot > 2 && w->start[dot + 1] >= 'a' && w->start[dot + 1] <= 'z';
}

static const struct maker MAKERS[] = {
    {"Intel", {0x8086}},           {"NVIDIA", {0x10DE}},          {"AMD", {0x1022, 0x1002}},
    {"ATI", {0x1002}},             {"Realtek", {0x10EC}},         {"Broadcom", {0x14E4}},
    {"VIA", {0x1106}},             {"Mellanox", {0x15B3}},        {"Atheros", {0x168C, 0x1969}},
    {"Qualcomm", {0x17CB, 0x168C}}, {"Marvell", {0x11AB, 0x1B4B}}, {"VMware", {0x15AD}},
    {"virtio", {0x1AF4}},          {"Samsung", {0x144D}},         {"Matrox", {0x102B}},
    {"Creative", {0x1102}},        {"MediaTek", {0x14C3}},        {"Adaptec", {0x9004, 0x9005}},
    {"GeForce", {0x10DE}},         {"Radeon", {0x1002}},
};

static const struct maker *maker_named(const struct word *w) {
    char name[TEXT_STEM_MAX];
    copy(name, sizeof name, w->start, w->length);
    for (size_t i = 0; i < ARRAY_SIZE(MAKERS); i++)
        if (strcasecmp(name, MAKERS[i].name) == 0)
            return &MAKERS[i];
    return NULL;
}

static const char *driver_named(const struct word *w) {
    char name[32];
    size_t length = whole_name(w);
    copy(name, sizeof name, w->start, length);
    for (char *c = name; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    const struct kb_driver *found = catalogue_find(name);
    if (!found)
        found = catalogue_by_keyword(name, strlen(name));
    return found ? found->name : NULL;
}

void slots_of(const struct text *text, struct slots *out) {
    size_t path_count = 0;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < text->count; i++) {
        const struct word *w = &text->words[i];
        switch (w->kind) {
        case WORD_PCI_ID:
            out->has_vendor = out->has_device = true;
            out->vendor = (uint16_t)(w->value >> 16);
            out->device = (uint16_t)w->value;
            break;
        case WORD_VENDOR:
            out->has_vendor = true;
            out->vendor = (uint16_t)w->value;
            break;
        case WORD_DEVICE:
            if (!out->has_device) {
                out->has_device = true;
                out->device = (uint16_t)w->value;
            }
            break;
        case WORD_SLOT:
            out->has_slot = true;
            out->slot = w->value;
            break;
        case WORD_NUMBER:
            out->has_number = true;
            out->number = w->value * (i + 1 < text->count ? unit_of(text->words[i + 1].stem) : 1);
            break;
        case WORD_IP:
            copy(out->address, sizeof out->address, w->start, w->length);
            if (!out->host[0])
                strlcpy(out->host, out->address, sizeof out->host);
            break;
        case WORD_PATH:
            if (path_count < ARRAY_SIZE(out->paths))
                copy(out->paths[path_count++], sizeof out->paths[0], w->start, w->length);
            break;
        case WORD_PLAIN:
            if (ordinal_of(w->stem)) {
                out->has_ordinal = true;
                out->ordinal = ordinal_of(w->stem);
            }
            if (!out->host[0] && is_host_name(w))
                copy(out->host, sizeof out->host, w->start, whole_name(w));
            if (looks_like_interface(w))
                copy(out->interface, sizeof out->interface, w->start, w->length);
            if (!out->maker)
                out->maker = maker_named(w);
            if (!out->driver)
                out->driver = driver_named(w);
            if (i + 1 < text->count && is_one_of(text->words[i + 1].stem, "servic daemon"))
                copy(out->service, sizeof out->service, w->start, whole_name(w));
            break;
        }
    }
    find_name(text, out);
}
