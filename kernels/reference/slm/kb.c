/* Knowledge base: names of PCI vendors and devices, read in place from the compressed blob (kb_format.h). */
#include "kb_format.h"
#include <auton/slm.h>
#include <auton/types.h>

extern const uint8_t kb_blob[]; /* tools/kb.S */

static const struct kb_header *header(void) { return (const struct kb_header *)kb_blob; }
static const uint16_t *u16_at(uint32_t position) { return (const uint16_t *)(kb_blob + position); }
static const uint32_t *u32_at(uint32_t position) { return (const uint32_t *)(kb_blob + position); }

struct output {
    char *text;
    size_t size, length;
};

static void put(struct output *out, char c) {
    if (out->length + 1 < out->size)
        out->text[out->length++] = c;
}

/* Reads one canonically coded symbol at *bit and returns its place in the code's order. */
static uint32_t next_symbol(const struct kb_code *code, uint32_t *bit) {
    const uint8_t *bits = kb_blob + header()->names;
    uint32_t value = 0, first = 0, place = 0;
    for (int length = 1; length <= KB_MAX_CODE; length++) {
        value = value << 1 | (bits[*bit / 8] >> (7 - *bit % 8) & 1);
        ++*bit;
        uint32_t count = code->count[length];
        if (value - first < count)
            return place + value - first;
        place += count;
        first = (first + count) << 1;
    }
    return UINT32_MAX; /* no code of the blob is that long */
}

static const char *word_text(uint32_t rank) {
    const char *text = (const char *)kb_blob + header()->words;
    text += u32_at(header()->word_blocks)[rank / KB_DICTIONARY_BLOCK];
    for (uint32_t skip = rank % KB_DICTIONARY_BLOCK; skip > 0; skip--)
        while (*text++) {
        }
    return text;
}

static bool is_word_byte(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (uint8_t)c >= 0x80;
}

/* Decodes the name at *bit into `out`, or skips it when out is NULL. False when the blob makes no sense. */
static bool read_name(uint32_t *bit, struct output *out) {
    const struct kb_header *h = header();
    bool after_word = false;
    for (;;) {
        uint32_t symbol = next_symbol(&h->symbol_code, bit);
        if (symbol == h->end_rank)
            return true;
        if (symbol >= h->word_count)
            return false;
        if (symbol != h->literal_rank) {
            if (!out)
                continue;
            const char *word = word_text(symbol);
            bool is_word = is_word_byte(*word);
            if (is_word && after_word)
                put(out, ' ');
            after_word = is_word;
            while (*word)
                put(out, *word++);
            continue;
        }
        for (bool first = true;; first = false) {
            uint32_t place = next_symbol(&h->byte_code, bit);
            char c = place < 256 ? (char)kb_blob[h->byte_order + place] : '\0';
            if (!c)
                break;
            if (!out)
                continue;
            if (first) {
                if (is_word_byte(c) && after_word)
                    put(out, ' ');
                after_word = is_word_byte(c);
            }
            put(out, c);
        }
    }
}

static bool name_number(uint32_t number, char *text, size_t size) {
    struct output out = {text, size, 0};
    uint32_t bit = u32_at(header()->name_blocks)[number / KB_BLOCK];
    for (uint32_t skip = number % KB_BLOCK; skip > 0; skip--)
        if (!read_name(&bit, NULL))
            return false;
    bool found = read_name(&bit, &out);
    if (size > 0)
        text[out.length] = '\0';
    return found;
}

/* Index of `id` in ids[from..to), or -1. */
static int64_t find_id(const uint16_t *ids, uint32_t from, uint32_t to, uint16_t id) {
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (ids[middle] == id)
            return middle;
        if (ids[middle] < id)
            from = middle + 1;
        else
            to = middle;
    }
    return -1;
}

bool kb_pci_vendor(uint16_t vendor, char *out, size_t size) {
    int64_t v = find_id(u16_at(header()->vendor_ids), 0, header()->vendor_count, vendor);
    return v >= 0 && name_number((uint32_t)v, out, size);
}

bool kb_pci_device(uint16_t vendor, uint16_t device, char *out, size_t size) {
    const struct kb_header *h = header();
    int64_t v = find_id(u16_at(h->vendor_ids), 0, h->vendor_count, vendor);
    if (v < 0)
        return false;
    const uint32_t *first = u32_at(h->vendor_first) + v;
    int64_t d = find_id(u16_at(h->device_ids), first[0], first[1], device);
    return d >= 0 && name_number(h->vendor_count + (uint32_t)d, out, size);
}

size_t kb_pci_vendor_count(void) { return header()->vendor_count; }
size_t kb_pci_device_count(void) { return header()->device_count; }
