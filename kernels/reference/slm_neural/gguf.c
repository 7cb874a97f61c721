/* The GGUF container. The file is not trusted: every length is checked against what is left before it is used. */
#include "gguf.h"
#include <auton/klog.h>
#include <auton/string.h>

#define VERSION 3
#define DEFAULT_ALIGNMENT 32
#define MAX_ALIGNMENT 65536
#define MAX_NAME 128
#define MIN_PAIR_BYTES (8 + 4 + 1)       /* length of the key, type, value */
#define MIN_INFO_BYTES (8 + 4 + 8 + 4 + 8) /* length of the name, dimensions, one of them, type, offset */

struct reader {
    const uint8_t *bytes;
    size_t size, at;
    bool failed; /* the file ended; everything read since is 0 */
};

int refuse(neural_reason_t reason, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    kvsnprintf(reason, sizeof(neural_reason_t), fmt, args);
    va_end(args);
    return -1;
}

bool string_is(struct gguf_string s, const char *text) {
    return s.length == strlen(text) && memcmp(s.text, text, s.length) == 0;
}

static const uint8_t *take(struct reader *r, uint64_t bytes) {
    if (r->failed || bytes > r->size - r->at) {
        r->failed = true;
        return NULL;
    }
    r->at += bytes;
    return r->bytes + r->at - bytes;
}

static uint64_t number(struct reader *r, unsigned bytes) {
    const uint8_t *p = take(r, bytes);
    uint64_t value = 0;
    uint32_t word;
    switch (p ? bytes : 0) { /* at once what vocabularies have by the thousand */
    case 8: __builtin_memcpy(&value, p, 8); return value;
    case 4: __builtin_memcpy(&word, p, 4); return word;
    }
    for (unsigned i = 0; p && i < bytes; i++)
        value |= (uint64_t)p[i] << 8 * i;
    return value;
}

static struct gguf_string string(struct reader *r) {
    struct gguf_string s = {.length = number(r, 8)};
    s.text = (const char *)take(r, s.length);
    if (!s.text)
        s = (struct gguf_string){"", 0};
    return s;
}

static const uint8_t sizes[GGUF_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

static int read_value(struct reader *r, struct gguf_string key, struct gguf_value *v, neural_reason_t reason) {
    uint64_t type = number(r, 4);
    *v = (struct gguf_value){.found = true, .is_array = type == GGUF_ARRAY, .count = 1};
    if (v->is_array) {
        type = number(r, 4);
        v->count = number(r, 8);
    }
    if (type >= GGUF_TYPES || type == GGUF_ARRAY)
        return refuse(reason, "key %.*s has a value of the unknown type %lu", (int)key.length, key.text, type);
    v->type = (enum gguf_type)type;
    v->data = r->bytes + r->at;
    if (type != GGUF_STRING) {
        if (v->count > r->size / sizes[type])
            r->failed = true;
        else
            take(r, v->count * sizes[type]);
    } else {
        for (uint64_t i = 0; i < v->count && !r->failed; i++)
            string(r);
    }
    v->end = r->bytes + r->at;
    return 0;
}

static int read_pairs(struct reader *r, uint64_t count, struct gguf_key *keys, neural_reason_t reason) {
    if (count > (r->size - r->at) / MIN_PAIR_BYTES)
        return refuse(reason, "the file is truncated: %lu keys do not fit into it", count);
    for (uint64_t i = 0; i < count; i++) {
        struct gguf_value value;
        struct gguf_string key = string(r);
        if (key.length > MAX_NAME)
            return refuse(reason, "key %lu has a name of %lu bytes", i, key.length);
        if (read_value(r, key, &value, reason) < 0)
            return -1;
        if (r->failed)
            return refuse(reason, "the file is truncated: it ends in key %lu of %lu", i + 1, count);
        for (struct gguf_key *k = keys; k->name; k++) {
            if (!string_is(key, k->name))
                continue;
            if (k->value.found)
                return refuse(reason, "key %s is there twice", k->name);
            k->value = value;
        }
    }
    return 0;
}

const struct tensor_format *tensor_format(uint32_t type) {
    static const struct tensor_format formats[] = {
        [TYPE_F32] = {"F32", 1, 4},      [TYPE_F16] = {"F16", 1, 2},       [TYPE_Q4_0] = {"Q4_0", 32, 18},
        [TYPE_Q8_0] = {"Q8_0", 32, 34},  [TYPE_Q4_K] = {"Q4_K", 256, 144}, [TYPE_Q6_K] = {"Q6_K", 256, 210},
    };
    return type < ARRAY_SIZE(formats) && formats[type].name ? &formats[type] : NULL;
}

struct info {
    struct gguf_string name;
    uint64_t dimensions, columns, rows, type, offset;
};

/* False when the dimensions are none that a matrix can have. */
static bool read_info(struct reader *r, struct info *t) {
    *t = (struct info){.name = string(r), .dimensions = number(r, 4), .columns = 1, .rows = 1};
    bool good = t->dimensions >= 1 && t->dimensions <= 4;
    for (uint64_t d = 0; good && d < t->dimensions; d++) {
        uint64_t extent = number(r, 8);
        good = extent > 0 && extent <= INT32_MAX && (d < 2 || extent == 1);
        if (d < 2)
            *(d ? &t->rows : &t->columns) = extent;
    }
    t->type = number(r, 4);
    t->offset = number(r, 8);
    return good;
}

static int check_info(const struct info *t, uint64_t data_bytes, uint64_t alignment, neural_reason_t reason) {
    int length = (int)t->name.length;
    const struct tensor_format *f = tensor_format((uint32_t)t->type);
    if (!f || t->type > UINT32_MAX)
        return refuse(reason, "tensor %.*s has the type %lu, which is not supported", length, t->name.text, t->type);
    if (t->columns % f->block)
        return refuse(reason, "tensor %.*s: rows of %lu values are no multiple of the %u of a block of %s", length,
                      t->name.text, t->columns, f->block, f->name);
    uint64_t bytes = t->columns / f->block * f->block_bytes * t->rows; /* less than 2^64: both are below 2^31 */
    if (t->offset % alignment)
        return refuse(reason, "tensor %.*s is not aligned", length, t->name.text);
    if (t->offset > data_bytes || bytes > data_bytes - t->offset)
        return refuse(reason, "the file is truncated: tensor %.*s lies behind its end", length, t->name.text);
    return 0;
}

static int check_tensors(struct gguf *g, struct reader *r, uint64_t alignment, neural_reason_t reason) {
    struct info t;
    if (g->tensor_count > (r->size - r->at) / MIN_INFO_BYTES)
        return refuse(reason, "the file is truncated: %lu tensors do not fit into it", g->tensor_count);
    for (uint64_t i = 0; i < g->tensor_count; i++) {
        bool good = read_info(r, &t);
        if (t.name.length > MAX_NAME)
            return refuse(reason, "tensor %lu has a name of %lu bytes", i, t.name.length);
        if (r->failed)
            return refuse(reason, "the file is truncated: it ends in the description of tensor %lu of %lu", i + 1,
                          g->tensor_count);
        if (!good)
            return refuse(reason, "tensor %.*s has an impossible shape", (int)t.name.length, t.name.text);
    }
    g->data = (size_t)ALIGN_UP(r->at, alignment);
    uint64_t data_bytes = g->data < g->size ? g->size - g->data : 0;
    r->at = g->infos;
    for (uint64_t i = 0; i < g->tensor_count; i++) {
        read_info(r, &t);
        if (check_info(&t, data_bytes, alignment, reason) < 0)
            return -1;
    }
    return 0;
}

int gguf_open(struct gguf *g, const void *bytes, size_t size, struct gguf_key *keys, neural_reason_t reason) {
    struct reader r = {.bytes = bytes, .size = size};
    *g = (struct gguf){.bytes = bytes, .size = size};
    if (size < 24)
        return refuse(reason, "the file is truncated: %zu bytes are less than a header", size);
    if (memcmp(take(&r, 4), "GGUF", 4) != 0)
        return refuse(reason, "this is no GGUF file");
    uint64_t version = number(&r, 4);
    if (version != VERSION)
        return refuse(reason, "this is version %lu of GGUF, not %u", version, VERSION);
    g->tensor_count = number(&r, 8);
    uint64_t pairs = number(&r, 8), alignment = DEFAULT_ALIGNMENT;
    if (read_pairs(&r, pairs, keys, reason) < 0)
        return -1;
    for (const struct gguf_key *k = keys; k->name; k++) {
        if (!k->value.found || strcmp(k->name, "general.alignment") != 0)
            continue;
        alignment = gguf_is_integer(&k->value) ? gguf_integer(&k->value, 0) : 0;
        if (alignment < 8 || alignment > MAX_ALIGNMENT || alignment & (alignment - 1))
            return refuse(reason, "general.alignment is no power of two from 8 to %u", MAX_ALIGNMENT);
    }
    g->infos = r.at;
    return check_tensors(g, &r, alignment, reason);
}

bool gguf_next_tensor(const struct gguf *g, struct gguf_cursor *cursor, struct gguf_string *name, struct tensor *out) {
    if (cursor->index >= g->tensor_count)
        return false;
    struct reader r = {.bytes = g->bytes, .size = g->size, .at = cursor->index ? cursor->at : g->infos};
    struct info t;
    read_info(&r, &t);
    *name = t.name;
    *out = (struct tensor){g->bytes + g->data + t.offset, (uint32_t)t.type, (uint32_t)t.columns, (uint32_t)t.rows};
    *cursor = (struct gguf_cursor){cursor->index + 1, r.at};
    return true;
}

bool gguf_is_integer(const struct gguf_value *v) {
    bool is_signed = v->type == GGUF_I8 || v->type == GGUF_I16 || v->type == GGUF_I32 || v->type == GGUF_I64;
    bool is_unsigned = v->type == GGUF_U8 || v->type == GGUF_U16 || v->type == GGUF_U32 || v->type == GGUF_U64;
    if (!v->found || v->is_array || !(is_signed || is_unsigned))
        return false;
    return is_unsigned || !(v->end[-1] & 0x80);
}

uint64_t gguf_integer(const struct gguf_value *v, uint64_t index) {
    unsigned bytes = sizes[v->type];
    struct reader r = {.bytes = v->data, .size = (size_t)(v->end - v->data), .at = index * bytes};
    return number(&r, bytes);
}

float gguf_float(const struct gguf_value *v, uint64_t index) {
    uint64_t bits = gguf_integer(v, index);
    float f;
    double d;
    if (v->type == GGUF_F64) {
        __builtin_memcpy(&d, &bits, sizeof d);
        return (float)d;
    }
    __builtin_memcpy(&f, &bits, sizeof f);
    return v->type == GGUF_F32 ? f : (float)bits;
}

struct gguf_string gguf_next_string(const struct gguf_value *v, const uint8_t **at) {
    struct reader r = {.bytes = *at, .size = (size_t)(v->end - *at)};
    struct gguf_string s = string(&r);
    *at += r.at;
    return s;
}
