/* Look-ups in the driver catalogue. */
#include "catalogue.h"
#include <auton/dev.h>
#include <auton/string.h>

/* One answer for each driver, so that the pointers that callers get stay valid. Each look-up asks the registry anew. */
#define MAX_DRIVERS 128
static struct kb_driver answers[MAX_DRIVERS];

static const struct kb_driver *answer(size_t index) {
    struct kb_driver *out = &answers[index];
    out->name = catalogue_drivers[index].name;
    out->description = catalogue_drivers[index].description;
    out->in_kernel = driver_find(out->name) != NULL;
    return out;
}

static bool fits(const struct catalogue_row *row, uint16_t vendor, uint16_t device, uint8_t class_code,
                 uint8_t subclass, uint16_t prog_if) {
    return (row->vendor == MATCH_ANY16 || row->vendor == vendor) && device >= row->first && device <= row->last &&
           (row->class_code == MATCH_ANY8 || row->class_code == class_code) &&
           (row->subclass == MATCH_ANY8 || row->subclass == subclass) &&
           (row->prog_if == ANY_PROG_IF || row->prog_if == prog_if);
}

const struct kb_driver *catalogue_for(uint16_t vendor, uint16_t device, uint8_t class_code, uint8_t subclass,
                                      uint16_t prog_if) {
    for (size_t i = 0; i < catalogue_row_count; i++)
        if (fits(&catalogue_rows[i], vendor, device, class_code, subclass, prog_if))
            return catalogue_find(catalogue_rows[i].driver);
    return NULL;
}

const struct kb_driver *kb_driver_for(uint16_t vendor, uint16_t device, uint8_t class_code, uint8_t subclass) {
    return catalogue_for(vendor, device, class_code, subclass, ANY_PROG_IF);
}

/* Dash or underscore, capital or small letter: the same. */
static char folded(char c) { return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static bool same_name(const char *a, const char *b) {
    while (*a && folded(*a) == folded(*b))
        a++, b++;
    return !*a && !*b;
}

const struct kb_driver *catalogue_find(const char *name) {
    for (size_t i = 0; i < catalogue_driver_count && i < MAX_DRIVERS; i++)
        if (folded(name[0]) == folded(catalogue_drivers[i].name[0]) && same_name(name, catalogue_drivers[i].name))
            return answer(i);
    return NULL;
}

const struct kb_driver *catalogue_by_keyword(const char *word, size_t length) {
    for (size_t i = 0; i < catalogue_driver_count && i < MAX_DRIVERS; i++) {
        const char *key = catalogue_drivers[i].keywords;
        while (*key) {
            size_t n = 0;
            while (key[n] && key[n] != ' ')
                n++;
            if (n == length && *key == *word && strncmp(key, word, n) == 0)
                return answer(i);
            key += n + (key[n] == ' ');
        }
    }
    return NULL;
}
