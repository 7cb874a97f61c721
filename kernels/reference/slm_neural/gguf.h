/* GGUF version 3: a header, key-value pairs, descriptions of tensors, then their data. Nothing is copied: values and
 * tensors are pointers into the file. */
#pragma once
#include "neural.h"

struct gguf_string {
    const char *text; /* not terminated */
    uint64_t length;
};

enum gguf_type {
    GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_STRING, GGUF_ARRAY, GGUF_U64,
    GGUF_I64, GGUF_F64, GGUF_TYPES
};

struct gguf_value {
    bool found;
    enum gguf_type type;      /* of the value, or of an array's items */
    bool is_array;
    uint64_t count;           /* items; 1 for what is no array */
    const uint8_t *data, *end; /* little endian, aligned to nothing */
};

/* A key that the reader wants, and what the file says. Tables of these end in a NULL name. */
struct gguf_key {
    const char *name;
    struct gguf_value value;
};

enum tensor_type { TYPE_F32 = 0, TYPE_F16 = 1, TYPE_Q4_0 = 2, TYPE_Q8_0 = 8, TYPE_Q4_K = 12, TYPE_Q6_K = 14 };

struct tensor_format {
    const char *name; /* NULL: not supported */
    uint32_t block, block_bytes; /* values, and the bytes that hold them */
};
/* NULL for a type that is not supported. */
const struct tensor_format *tensor_format(uint32_t type);

/* A matrix or, with one row, a vector. Rows lie one after the other. */
struct tensor {
    const uint8_t *data; /* NULL: not there */
    uint32_t type, columns, rows;
};

struct gguf {
    const uint8_t *bytes;
    size_t size;
    uint64_t tensor_count;
    size_t infos, data; /* offsets of the tensors' descriptions and of their data */
};

/* Reads header and key-value pairs and checks every description and the place of every tensor. 0, or -1 and why. */
int gguf_open(struct gguf *g, const void *bytes, size_t size, struct gguf_key *keys, neural_reason_t reason);
/* Next tensor of a file that gguf_open() has accepted; the cursor starts as {0}. False behind the last. */
struct gguf_cursor {
    uint64_t index;
    size_t at;
};
bool gguf_next_tensor(const struct gguf *g, struct gguf_cursor *cursor, struct gguf_string *name, struct tensor *out);

/* Item `index` of a value. Numbers of another type than asked for are converted; the caller checks the type first. */
bool gguf_is_integer(const struct gguf_value *v); /* one whole number that is not negative */
uint64_t gguf_integer(const struct gguf_value *v, uint64_t index);
float gguf_float(const struct gguf_value *v, uint64_t index);
/* Strings of an array, in order: *at starts as v->data. */
struct gguf_string gguf_next_string(const struct gguf_value *v, const uint8_t **at);

bool string_is(struct gguf_string s, const char *text);
/* Writes the reason and returns -1. */
int refuse(neural_reason_t reason, const char *fmt, ...) PRINTF_LIKE(2, 3);
