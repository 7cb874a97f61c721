/* Host tool: packs a pci.ids file into the knowledge base blob of slm/kb_format.h.
 *   kbgen pci.ids kb.bin */
#include "../slm/kb_format.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *detail) {
    fprintf(stderr, "kbgen: %s: %s\n", what, detail);
    exit(1);
}

static void *checked(void *p) {
    if (!p)
        die("out of memory", "packing");
    return p;
}

/* --- reading pci.ids ---------------------------------------------------------------------------------------------- */
enum { MAX_VENDORS = 8192, MAX_DEVICES = 65536, MAX_TOKENS = 1 << 20, HASH_SLOTS = 1 << 17 };
struct entry {
    uint32_t key; /* vendor id, or vendor << 16 | device */
    char *name;
};
static struct entry vendors[MAX_VENDORS], devices[MAX_DEVICES];
static uint32_t vendor_count, device_count;

static int compare_entries(const void *a, const void *b) {
    uint32_t x = ((const struct entry *)a)->key, y = ((const struct entry *)b)->key;
    return x < y ? -1 : x > y;
}

/* Vendors stand at the line's start, devices after one tab, subsystems after two; device classes ("C 00") follow. */
static void read_ids(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read", path);
    char line[1024];
    unsigned vendor = 0x10000;
    while (fgets(line, sizeof line, file)) {
        size_t length = strcspn(line, "\r\n");
        while (length && line[length - 1] == ' ')
            length--;
        line[length] = '\0';
        char *s = line + (line[0] == '\t');
        if (!*s || *s == '#' || *s == '\t')
            continue;
        if (s == line && strncmp(s, "C ", 2) == 0)
            break;
        char *end;
        unsigned id = (unsigned)strtoul(s, &end, 16);
        if (end != s + 4 || (*end != ' ' && *end != '\t'))
            die("not an entry of a pci.ids file", line);
        char *name = end + strspn(end, " \t");
        if (s == line) {
            vendor = id;
            if (vendor_count == MAX_VENDORS)
                die("too many vendors", path);
            vendors[vendor_count++] = (struct entry){id, checked(strdup(name))};
        } else {
            if (vendor > 0xFFFF)
                die("device without a vendor", line);
            if (device_count == MAX_DEVICES)
                die("too many devices", path);
            devices[device_count++] = (struct entry){(uint32_t)vendor << 16 | id, checked(strdup(name))};
        }
    }
    fclose(file);
    if (!vendor_count)
        die("no vendors in", path);
    qsort(vendors, vendor_count, sizeof vendors[0], compare_entries);
    qsort(devices, device_count, sizeof devices[0], compare_entries);
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */
struct token {
    char *text;
    uint32_t uses, rank; /* rank: place in the order of the symbol code */
    uint8_t bits;
    uint32_t code;
};
static struct token tokens[MAX_TOKENS / 8];
static uint32_t token_count = KB_FIRST_WORD, slots[HASH_SLOTS];
static uint32_t stream[MAX_TOKENS], stream_length; /* token numbers of all names */

static bool is_word_byte(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80; }

static uint32_t intern(const char *text, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    uint32_t at = hash % HASH_SLOTS;
    for (; slots[at]; at = (at + 1) % HASH_SLOTS)
        if (strlen(tokens[slots[at]].text) == length && memcmp(tokens[slots[at]].text, text, length) == 0)
            return slots[at];
    if (token_count == MAX_TOKENS / 8)
        die("too many different words", text);
    tokens[token_count].text = checked(strndup(text, length));
    return slots[at] = token_count++;
}

static void emit(uint32_t token) {
    if (stream_length == MAX_TOKENS)
        die("too much text", "names");
    stream[stream_length++] = token;
    tokens[token].uses++;
}

static void tokenise(const char *name) {
    bool after_word = false;
    while (*name) {
        size_t n = 1;
        bool word = is_word_byte(name[0]);
        while (name[n] && is_word_byte(name[n]) == word)
            n++;
        bool understood = !word && n == 1 && name[0] == ' ' && after_word && is_word_byte(name[1]);
        if (!understood)
            emit(intern(name, n));
        after_word = word;
        name += n;
    }
    emit(KB_END);
}

/* --- canonical Huffman codes -------------------------------------------------------------------------------------- */
static const uint64_t *heap_weights;
static bool heavier(uint32_t a, uint32_t b) {
    return heap_weights[a] != heap_weights[b] ? heap_weights[a] > heap_weights[b] : a > b;
}

static void sift(uint32_t *heap, uint32_t size, uint32_t at) {
    for (;;) {
        uint32_t child = 2 * at + 1, value = heap[at];
        if (child >= size)
            return;
        if (child + 1 < size && heavier(heap[child], heap[child + 1]))
            child++;
        if (!heavier(value, heap[child]))
            return;
        heap[at] = heap[child];
        heap[child] = value;
        at = child;
    }
}

/* Code length of each of `n` symbols with the given number of uses; unused symbols get 0. */
static void huffman_lengths(const uint32_t *uses, uint32_t n, uint8_t *bits) {
    uint64_t *weights = checked(calloc(2 * n, sizeof *weights));
    uint32_t *parent = checked(calloc(2 * n, sizeof *parent)), *heap = checked(calloc(n, sizeof *heap));
    uint32_t size = 0, next = n;
    for (uint32_t i = 0; i < n; i++) {
        weights[i] = uses[i];
        if (uses[i])
            heap[size++] = i;
    }
    heap_weights = weights;
    for (uint32_t i = size; i-- > 0;)
        sift(heap, size, i);
    while (size > 1) {
        uint32_t a = heap[0];
        heap[0] = heap[--size];
        sift(heap, size, 0);
        uint32_t b = heap[0];
        weights[next] = weights[a] + weights[b];
        parent[a] = parent[b] = next;
        heap[0] = next++;
        sift(heap, size, 0);
    }
    for (uint32_t i = 0; i < n; i++) {
        bits[i] = 0;
        for (uint32_t at = i; uses[i] && parent[at]; at = parent[at])
            bits[i]++;
        if (bits[i] > KB_MAX_CODE)
            die("code too long", "Huffman");
    }
    free(weights), free(parent), free(heap);
}

/* --- bits --------------------------------------------------------------------------------------------------------- */
static uint8_t *bit_bytes;
static uint32_t bit_count, bit_room;

static void put_bits(uint32_t code, uint8_t bits) {
    if (bit_count + 64 > bit_room) {
        bit_bytes = checked(realloc(bit_bytes, (bit_room + (1 << 20)) / 8));
        memset(bit_bytes + bit_room / 8, 0, (1 << 20) / 8);
        bit_room += 1 << 20;
    }
    for (int i = bits - 1; i >= 0; i--, bit_count++)
        if (code >> i & 1)
            bit_bytes[bit_count / 8] |= (uint8_t)(0x80 >> bit_count % 8);
}

/* --- the blob ----------------------------------------------------------------------------------------------------- */
static uint8_t *blob;
static uint32_t blob_size;

static uint32_t put(const void *data, size_t bytes) {
    uint32_t at = (blob_size + 3) & ~3u;
    blob = checked(realloc(blob, at + bytes));
    memset(blob + blob_size, 0, at - blob_size);
    if (bytes)
        memcpy(blob + at, data, bytes);
    blob_size = at + (uint32_t)bytes;
    return at;
}

/* Codes in canonical order: by length, then by the order given; `rank` receives each symbol's place. */
static void assign_codes(const uint32_t *symbols, uint32_t n, const uint8_t *bits, uint32_t *codes, uint32_t *rank,
                         struct kb_code *out) {
    uint32_t code = 0, place = 0;
    for (uint8_t length = 1; length <= KB_MAX_CODE; length++, code <<= 1)
        for (uint32_t i = 0; i < n; i++)
            if (bits[symbols[i]] == length) {
                codes[symbols[i]] = code++;
                rank[symbols[i]] = place++;
                out->count[length]++;
            }
}

static void write_blob(const char *path) {
    struct kb_header header = {.magic = KB_MAGIC, .vendor_count = vendor_count, .device_count = device_count};
    put(&header, sizeof header);

    uint32_t vendor_first[MAX_VENDORS + 1], at = 0;
    uint16_t *ids = checked(calloc(MAX_DEVICES, sizeof *ids));
    for (uint32_t v = 0; v < vendor_count; v++) {
        ids[v] = (uint16_t)vendors[v].key;
        while (at < device_count && devices[at].key >> 16 < vendors[v].key)
            at++;
        vendor_first[v] = at;
    }
    vendor_first[vendor_count] = device_count;
    header.vendor_ids = put(ids, vendor_count * sizeof *ids);
    header.vendor_first = put(vendor_first, (vendor_count + 1) * sizeof *vendor_first);
    for (uint32_t d = 0; d < device_count; d++)
        ids[d] = (uint16_t)devices[d].key;
    header.device_ids = put(ids, device_count * sizeof *ids);

    /* Words that occur once are cheaper spelled out. */
    uint32_t byte_uses[256] = {0};
    for (uint32_t t = KB_FIRST_WORD; t < token_count; t++)
        if (tokens[t].uses == 1) {
            for (const char *s = tokens[t].text;; s++) {
                byte_uses[(uint8_t)*s]++;
                if (!*s)
                    break;
            }
            tokens[KB_LITERAL].uses++;
        }
    uint32_t *uses = checked(calloc(token_count, sizeof *uses)), *order = checked(calloc(token_count, sizeof *order));
    uint32_t *codes = checked(calloc(token_count, sizeof *codes)), *rank = checked(calloc(token_count, sizeof *rank));
    uint8_t *bits = checked(calloc(token_count, 1));
    for (uint32_t t = 0; t < token_count; t++) {
        uses[t] = t >= KB_FIRST_WORD && tokens[t].uses == 1 ? 0 : tokens[t].uses;
        order[t] = t;
    }
    huffman_lengths(uses, token_count, bits);
    assign_codes(order, token_count, bits, codes, rank, &header.symbol_code);

    uint8_t byte_bits[256], byte_order[256] = {0};
    uint32_t byte_codes[256] = {0}, byte_rank[256] = {0}, bytes[256];
    for (uint32_t i = 0; i < 256; i++)
        bytes[i] = i;
    huffman_lengths(byte_uses, 256, byte_bits);
    assign_codes(bytes, 256, byte_bits, byte_codes, byte_rank, &header.byte_code);
    for (uint32_t i = 0; i < 256; i++)
        if (byte_bits[i])
            byte_order[byte_rank[i]] = (uint8_t)i;

    /* The dictionary holds the coded words by rank; the two special symbols are skipped when ranks are counted. */
    uint32_t coded = 0, *by_rank = checked(calloc(token_count, sizeof *by_rank));
    for (uint32_t t = 0; t < token_count; t++)
        if (bits[t]) {
            by_rank[rank[t]] = t;
            coded++;
        }
    header.end_rank = bits[KB_END] ? rank[KB_END] : UINT32_MAX;
    header.literal_rank = bits[KB_LITERAL] ? rank[KB_LITERAL] : UINT32_MAX;
    uint32_t *word_blocks = checked(calloc(token_count, sizeof *word_blocks)), text_size = 0;
    char *text = checked(calloc(1, 1 << 20));
    for (uint32_t r = 0; r < coded; r++) {
        const char *word = by_rank[r] < KB_FIRST_WORD ? "" : tokens[by_rank[r]].text;
        if (r % KB_DICTIONARY_BLOCK == 0)
            word_blocks[r / KB_DICTIONARY_BLOCK] = text_size;
        if (text_size + strlen(word) + 1 > 1 << 20)
            die("dictionary too big", path);
        strcpy(text + text_size, word);
        text_size += (uint32_t)strlen(word) + 1;
    }
    header.word_count = coded;
    header.words = put(text, text_size);
    header.word_blocks = put(word_blocks, (coded / KB_DICTIONARY_BLOCK + 1) * sizeof *word_blocks);
    header.byte_order = put(byte_order, sizeof byte_order);

    uint32_t *name_blocks = checked(calloc((vendor_count + device_count) / KB_BLOCK + 1, sizeof *name_blocks));
    for (uint32_t i = 0, name = 0; i < stream_length; name++) {
        if (name % KB_BLOCK == 0)
            name_blocks[name / KB_BLOCK] = bit_count;
        for (bool end = false; !end; i++) {
            uint32_t t = stream[i];
            end = t == KB_END;
            if (bits[t]) {
                put_bits(codes[t], bits[t]);
                continue;
            }
            put_bits(codes[KB_LITERAL], bits[KB_LITERAL]);
            for (const char *s = tokens[t].text;; s++) {
                put_bits(byte_codes[(uint8_t)*s], byte_bits[(uint8_t)*s]);
                if (!*s)
                    break;
            }
        }
    }
    header.name_blocks = put(name_blocks, ((vendor_count + device_count) / KB_BLOCK + 1) * sizeof *name_blocks);
    header.names = put(bit_bytes, bit_count / 8 + 8);
    header.bytes = blob_size;
    memcpy(blob, &header, sizeof header);

    FILE *file = fopen(path, "wb");
    if (!file || fwrite(blob, 1, blob_size, file) != blob_size || fclose(file))
        die("cannot write", path);
}

int main(int argc, char **argv) {
    if (argc != 3)
        die("usage", "kbgen pci.ids kb.bin");
    read_ids(argv[1]);
    for (uint32_t v = 0; v < vendor_count; v++)
        tokenise(vendors[v].name);
    for (uint32_t d = 0; d < device_count; d++)
        tokenise(devices[d].name);
    write_blob(argv[2]);
    return 0;
}
