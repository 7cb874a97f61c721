/* Loading: from a file's keys and tensors to a model, its memory laid out twice: once to count, once for real. */
#include "model.h"
#include <auton/string.h>

#define MAX_LAYERS 1024
#define MAX_EXTENT 1048576

static const struct gguf_key key_names[KEY_COUNT + 1] = {
    [KEY_ALIGNMENT] = {.name = "general.alignment"},
    [KEY_ARCHITECTURE] = {.name = "general.architecture"},
    [KEY_NAME] = {.name = "general.name"},
    [KEY_CONTEXT] = {.name = "llama.context_length"},
    [KEY_DIMENSION] = {.name = "llama.embedding_length"},
    [KEY_LAYERS] = {.name = "llama.block_count"},
    [KEY_FEED_FORWARD] = {.name = "llama.feed_forward_length"},
    [KEY_HEADS] = {.name = "llama.attention.head_count"},
    [KEY_KV_HEADS] = {.name = "llama.attention.head_count_kv"},
    [KEY_HEAD_SIZE] = {.name = "llama.attention.key_length"},
    [KEY_VALUE_SIZE] = {.name = "llama.attention.value_length"},
    [KEY_ROTARY] = {.name = "llama.rope.dimension_count"},
    [KEY_ROPE_BASE] = {.name = "llama.rope.freq_base"},
    [KEY_ROPE_SCALING] = {.name = "llama.rope.scaling.type"},
    [KEY_EXPERTS] = {.name = "llama.expert_count"},
    [KEY_EPSILON] = {.name = "llama.attention.layer_norm_rms_epsilon"},
    [KEY_TOKENIZER] = {.name = "tokenizer.ggml.model"},
    [KEY_TOKENS] = {.name = "tokenizer.ggml.tokens"},
    [KEY_SCORES] = {.name = "tokenizer.ggml.scores"},
    [KEY_KINDS] = {.name = "tokenizer.ggml.token_type"},
    [KEY_BOS] = {.name = "tokenizer.ggml.bos_token_id"},
    [KEY_EOS] = {.name = "tokenizer.ggml.eos_token_id"},
    [KEY_UNKNOWN] = {.name = "tokenizer.ggml.unknown_token_id"},
    [KEY_SPACE_PREFIX] = {.name = "tokenizer.ggml.add_space_prefix"},
};

void *arena_take(struct arena *a, uint64_t count, uint64_t bytes_each) {
    uint64_t bytes;
    if (__builtin_mul_overflow(count, bytes_each, &bytes) || bytes > SIZE_MAX / 4 || a->used > SIZE_MAX / 4) {
        a->used = SIZE_MAX / 2;
        return NULL;
    }
    size_t start = a->used;
    a->used += ALIGN_UP(bytes, 64);
    return a->base && a->used <= a->size ? a->base + start : NULL;
}

/* A whole number from 1 to MAX_EXTENT; `otherwise` when the file has none, and 0 there means that it must. */
static int read_extent(const struct gguf_key *k, uint32_t otherwise, uint32_t *out, neural_reason_t reason) {
    if (!k->value.found) {
        *out = otherwise;
        return otherwise ? 0 : refuse(reason, "key %s is missing", k->name);
    }
    if (k->value.is_array)
        return refuse(reason, "key %s has a value for each layer, which is not supported", k->name);
    uint64_t value = gguf_is_integer(&k->value) ? gguf_integer(&k->value, 0) : 0;
    if (value < 1 || value > MAX_EXTENT)
        return refuse(reason, "key %s is no whole number from 1 to %u", k->name, MAX_EXTENT);
    *out = (uint32_t)value;
    return 0;
}

static int read_float(const struct gguf_key *k, float otherwise, float *out, neural_reason_t reason) {
    const struct gguf_value *v = &k->value;
    *out = otherwise;
    if (!v->found)
        return otherwise > 0 ? 0 : refuse(reason, "key %s is missing", k->name);
    if (v->is_array || (v->type != GGUF_F32 && v->type != GGUF_F64))
        return refuse(reason, "key %s is no floating-point number", k->name);
    *out = gguf_float(v, 0);
    return *out > 0 && *out < 1e30f ? 0 : refuse(reason, "key %s is out of range", k->name);
}

static int check_kind(const struct gguf_key *keys, neural_reason_t reason) {
    const struct gguf_value *a = &keys[KEY_ARCHITECTURE].value, *s = &keys[KEY_ROPE_SCALING].value;
    const uint8_t *at = a->data;
    if (!a->found || a->is_array || a->type != GGUF_STRING)
        return refuse(reason, "key general.architecture is missing");
    struct gguf_string name = gguf_next_string(a, &at);
    if (!string_is(name, "llama"))
        return refuse(reason, "the architecture is %.*s, not llama", (int)(name.length < 32 ? name.length : 32), name.text);
    if (s->found) {
        at = s->data;
        if (s->is_array || s->type != GGUF_STRING || !string_is(gguf_next_string(s, &at), "none"))
            return refuse(reason, "scaled RoPE is not supported");
    }
    const struct gguf_value *e = &keys[KEY_EXPERTS].value;
    if (e->found && !(gguf_is_integer(e) && gguf_integer(e, 0) == 0))
        return refuse(reason, "mixtures of experts are not supported");
    return 0;
}

static int read_shape(struct neural *n, const struct gguf_key *keys, neural_reason_t reason) {
    uint32_t layers, trained, value_size, rotary;
    if (check_kind(keys, reason) < 0 || read_extent(&keys[KEY_CONTEXT], 0, &trained, reason) < 0 ||
        read_extent(&keys[KEY_DIMENSION], 0, &n->dim, reason) < 0 ||
        read_extent(&keys[KEY_LAYERS], 0, &layers, reason) < 0 ||
        read_extent(&keys[KEY_FEED_FORWARD], 0, &n->ffn, reason) < 0 ||
        read_extent(&keys[KEY_HEADS], 0, &n->heads, reason) < 0 ||
        read_extent(&keys[KEY_KV_HEADS], n->heads, &n->kv_heads, reason) < 0 ||
        read_float(&keys[KEY_EPSILON], 0, &n->epsilon, reason) < 0 ||
        read_float(&keys[KEY_ROPE_BASE], 10000, &n->rope_base, reason) < 0)
        return -1;
    if (layers > MAX_LAYERS)
        return refuse(reason, "%u layers are more than the %u that are supported", layers, MAX_LAYERS);
    if (n->heads % n->kv_heads)
        return refuse(reason, "%u heads cannot share %u key-value heads", n->heads, n->kv_heads);
    if (!keys[KEY_HEAD_SIZE].value.found && n->dim % n->heads)
        return refuse(reason, "%u heads do not divide %u dimensions", n->heads, n->dim);
    if (read_extent(&keys[KEY_HEAD_SIZE], n->dim / n->heads, &n->head, reason) < 0 ||
        read_extent(&keys[KEY_VALUE_SIZE], n->head, &value_size, reason) < 0 ||
        read_extent(&keys[KEY_ROTARY], n->head, &rotary, reason) < 0)
        return -1;
    if (value_size != n->head)
        return refuse(reason, "keys of %u and values of %u dimensions differ", n->head, value_size);
    if (rotary != n->head || n->head % 2)
        return refuse(reason, "RoPE over %u of %u dimensions is not supported", rotary, n->head);
    n->info = (struct neural_info){.context = trained, .layers = layers};
    return 0;
}

/* --- tensors -------------------------------------------------------------------------------------------------------- */

/* Where the tensor of that name belongs and the shape it must have; NULL when Llama has none of that name. */
static struct tensor *slot_of(struct neural *n, struct gguf_string name, uint32_t *rows, uint32_t *columns) {
    uint32_t attention = n->heads * n->head, kv = n->kv_heads * n->head, index = 0;
    char text[64];
    if (name.length >= sizeof text)
        return NULL;
    memcpy(text, name.text, name.length);
    text[name.length] = '\0';
    const char *p = text;
    *rows = 1;
    *columns = n->dim;
    if (strcmp(text, "output_norm.weight") == 0)
        return &n->output_norm;
    bool is_embedding = strcmp(text, "token_embd.weight") == 0;
    if (is_embedding || strcmp(text, "output.weight") == 0) {
        *rows = n->vocabulary.size;
        return is_embedding ? &n->embedding : &n->output.tensor;
    }
    if (strncmp(p, "blk.", 4) != 0)
        return NULL;
    for (p += 4; *p >= '0' && *p <= '9' && index < MAX_LAYERS; p++)
        index = index * 10 + (uint32_t)(*p - '0');
    if (p == text + 4 || index >= n->info.layers)
        return NULL;
    struct layer *l = &n->layers[index];
    const struct {
        const char *name;
        struct tensor *slot;
        uint32_t rows, columns;
    } parts[] = {
        {".attn_norm.weight", &l->attention_norm, 1, n->dim},
        {".ffn_norm.weight", &l->feed_norm, 1, n->dim},
        {".attn_q.weight", &l->q.tensor, attention, n->dim},
        {".attn_k.weight", &l->k.tensor, kv, n->dim},
        {".attn_v.weight", &l->v.tensor, kv, n->dim},
        {".attn_output.weight", &l->o.tensor, n->dim, attention},
        {".ffn_gate.weight", &l->gate.tensor, n->ffn, n->dim},
        {".ffn_up.weight", &l->up.tensor, n->ffn, n->dim},
        {".ffn_down.weight", &l->down.tensor, n->dim, n->ffn},
    };
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (strcmp(p, parts[i].name) == 0) {
            *rows = parts[i].rows;
            *columns = parts[i].columns;
            return parts[i].slot;
        }
    }
    return NULL;
}

static int bind_tensors(struct neural *n, const struct gguf *g, neural_reason_t reason) {
    struct gguf_cursor cursor = {0};
    struct gguf_string name;
    struct tensor t;
    while (gguf_next_tensor(g, &cursor, &name, &t)) {
        uint32_t rows, columns;
        struct tensor *slot = slot_of(n, name, &rows, &columns);
        if (!slot)
            return refuse(reason, "tensor %.*s is none of a Llama model's", (int)name.length, name.text);
        if (t.rows != rows || t.columns != columns)
            return refuse(reason, "tensor %.*s is %u x %u, not %u x %u", (int)name.length, name.text, t.columns, t.rows,
                          columns, rows);
        if (slot->data)
            return refuse(reason, "tensor %.*s is there twice", (int)name.length, name.text);
        if (rows == 1 && t.type != TYPE_F32 && slot != &n->embedding && slot != &n->output.tensor)
            return refuse(reason, "tensor %.*s is not F32", (int)name.length, name.text);
        *slot = t;
        n->info.parameters += (uint64_t)rows * columns;
    }
    return 0;
}

static int check_complete(struct neural *n, neural_reason_t reason) {
    if (!n->embedding.data)
        return refuse(reason, "tensor token_embd.weight is missing");
    if (!n->output_norm.data)
        return refuse(reason, "tensor output_norm.weight is missing");
    for (uint32_t i = 0; i < n->info.layers; i++) {
        const struct layer *l = &n->layers[i];
        const struct {
            const char *name;
            const struct tensor *slot;
        } parts[] = {
            {"attn_norm", &l->attention_norm}, {"ffn_norm", &l->feed_norm},   {"attn_q", &l->q.tensor},
            {"attn_k", &l->k.tensor},          {"attn_v", &l->v.tensor},      {"attn_output", &l->o.tensor},
            {"ffn_gate", &l->gate.tensor},     {"ffn_up", &l->up.tensor},     {"ffn_down", &l->down.tensor},
        };
        for (size_t p = 0; p < ARRAY_SIZE(parts); p++)
            if (!parts[p].slot->data)
                return refuse(reason, "tensor blk.%u.%s.weight is missing", i, parts[p].name);
    }
    return 0;
}

/* --- memory --------------------------------------------------------------------------------------------------------- */

static void layout(struct neural *n, struct arena *a) {
    uint64_t layers = n->info.layers, batch = n->batch, kv = (uint64_t)n->kv_heads * n->head;
    uint64_t attention = (uint64_t)n->heads * n->head, widest = n->dim > n->ffn ? n->dim : n->ffn;
    widest = widest > attention ? widest : attention;
    n->keys = arena_take(a, layers * n->kv_heads, (uint64_t)n->context * n->head * sizeof(float));
    n->values = arena_take(a, layers * n->kv_heads, n->context * STRIDE(n->head) * sizeof(float));
    n->x = arena_take(a, batch, STRIDE(n->dim) * sizeof(float));
    n->normed = arena_take(a, batch, STRIDE(n->dim) * sizeof(float));
    n->attended = arena_take(a, batch, STRIDE(attention) * sizeof(float));
    n->query = arena_take(a, batch, STRIDE(attention) * sizeof(float));
    n->key = arena_take(a, batch, STRIDE(kv) * sizeof(float));
    n->value = arena_take(a, batch, STRIDE(kv) * sizeof(float));
    n->gated = arena_take(a, batch, STRIDE(n->ffn) * sizeof(float));
    n->raised = arena_take(a, batch, STRIDE(n->ffn) * sizeof(float));
    n->cosines = arena_take(a, batch, n->head / 2 * sizeof(float));
    n->sines = arena_take(a, batch, n->head / 2 * sizeof(float));
    n->scores = arena_take(a, 2, (n->context + KEY_TILE) * sizeof(float));
    n->logits = arena_take(a, STRIDE(n->vocabulary.size), sizeof(float));
    n->input.quants = arena_take(a, batch, ALIGN_UP(widest, 64));
    n->input.scales = arena_take(a, batch, (widest / 32 + 1) * sizeof(float));
    n->input.sums = arena_take(a, batch, (widest / 16 + 1) * sizeof(int32_t));
    n->input.lanes = arena_take(a, batch, (widest / 4 + 1) * sizeof(uint64_t));
    n->input.offsets = arena_take(a, batch, (widest / 32 + 1) * sizeof(int32_t));
    n->candidates = arena_take(a, n->vocabulary.size, sizeof(uint32_t));
    n->weights = arena_take(a, n->vocabulary.size, sizeof(float));
}

static void layout_packed(struct neural *n, struct arena *a, struct matrix *m) {
    uint64_t bytes = n->isa->packed_bytes(&m->tensor);
    m->packed = bytes ? arena_take(a, bytes, 1) : NULL;
}

static void layout_matrices(struct neural *n, struct arena *a) {
    for (uint32_t i = 0; i < n->info.layers; i++) {
        struct layer *l = &n->layers[i];
        struct matrix *matrices[] = {&l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down};
        for (size_t m = 0; m < ARRAY_SIZE(matrices); m++)
            layout_packed(n, a, matrices[m]);
    }
    layout_packed(n, a, &n->output);
}

static void pack(struct neural *n, struct matrix *m) {
    if (m->packed)
        n->isa->pack(&m->tensor, m->packed);
}

static void pack_matrices(struct neural *n) {
    for (uint32_t i = 0; i < n->info.layers; i++) {
        struct layer *l = &n->layers[i];
        struct matrix *matrices[] = {&l->q, &l->k, &l->v, &l->o, &l->gate, &l->up, &l->down};
        for (size_t m = 0; m < ARRAY_SIZE(matrices); m++)
            pack(n, matrices[m]);
    }
    pack(n, &n->output);
}

/* --- the two passes ------------------------------------------------------------------------------------------------- */

static void copy_name(const struct gguf_value *v, char *out, size_t size) {
    out[0] = '\0';
    if (!v->found || v->is_array || v->type != GGUF_STRING)
        return;
    const uint8_t *at = v->data;
    struct gguf_string s = gguf_next_string(v, &at);
    size_t length = s.length < size ? s.length : size - 1;
    for (size_t i = 0; i < length; i++)
        out[i] = s.text[i] < ' ' ? '?' : s.text[i];
    out[length] = '\0';
}

static int read_file(struct neural *n, const struct neural_options *o, struct gguf *g, struct gguf_key *keys,
                     const void *file, size_t bytes, neural_reason_t reason) {
    memset(n, 0, sizeof *n);
    memcpy(keys, key_names, sizeof key_names);
    if (gguf_open(g, file, bytes, keys, reason) < 0 || read_shape(n, keys, reason) < 0 ||
        vocabulary_check(keys, &n->vocabulary, reason) < 0)
        return -1;
    n->isa = isa_pick(o ? o->isa : NULL);
    if (!n->isa)
        return refuse(reason, "this processor has no instruction set %s", o->isa);
    n->batch = o && o->batch ? o->batch : NEURAL_BATCH;
    uint32_t context = o && o->context ? o->context : n->info.context;
    n->context = (uint32_t)ALIGN_UP(context, KEY_TILE);
    if (context > MAX_EXTENT || n->batch > MAX_EXTENT)
        return refuse(reason, "context or batch is too long");
    copy_name(&keys[KEY_NAME].value, n->info.name, sizeof n->info.name);
    return 0;
}

/* Reads the file's head into `n` and gives it memory for all but its matrices, from an arena that may only count. */
static int lay_out(struct neural *n, struct arena *a, const struct neural_options *o, struct gguf *g, struct gguf_key *keys,
                   const void *file, size_t bytes, neural_reason_t reason) {
    if (read_file(n, o, g, keys, file, bytes, reason) < 0)
        return -1;
    n->layers = arena_take(a, n->info.layers, sizeof(struct layer));
    vocabulary_layout(&n->vocabulary, a);
    layout(n, a);
    return 0;
}

/* What packed copies take, by the file alone: a tensor that is used twice is packed once. */
static uint64_t count_packed(const struct neural *n, const struct gguf *g) {
    struct gguf_cursor cursor = {0};
    struct gguf_string name;
    struct tensor t;
    uint64_t sum = 0;
    bool tied = true;
    while (gguf_next_tensor(g, &cursor, &name, &t))
        tied = tied && !string_is(name, "output.weight");
    for (cursor = (struct gguf_cursor){0}; gguf_next_tensor(g, &cursor, &name, &t);)
        if (tied || !string_is(name, "token_embd.weight"))
            sum += ALIGN_UP(n->isa->packed_bytes(&t), 64);
    return sum;
}

size_t neural_memory(const void *file, size_t bytes, const struct neural_options *options, neural_reason_t reason) {
    struct neural n;
    struct gguf g;
    struct gguf_key keys[KEY_COUNT + 1];
    struct arena counting = {0};
    arena_take(&counting, 1, sizeof n);
    if (lay_out(&n, &counting, options, &g, keys, file, bytes, reason) < 0)
        return 0;
    uint64_t total = counting.used + count_packed(&n, &g);
    if (total >= SIZE_MAX / 2) {
        refuse(reason, "the model needs more memory than can be counted");
        return 0;
    }
    return total;
}

static int fits(const struct arena *a, neural_reason_t reason) {
    return a->used <= a->size ? 0
                              : refuse(reason, "%zu KB of memory are too few: the model needs more than %zu KB",
                                       a->size >> 10, a->used >> 10);
}

struct neural *neural_load(const void *file, size_t bytes, const struct neural_options *options, void *memory,
                           size_t memory_bytes, neural_reason_t reason) {
    struct gguf g;
    struct gguf_key keys[KEY_COUNT + 1];
    struct arena a = {.base = memory, .size = memory_bytes};
    struct neural *n = arena_take(&a, 1, sizeof *n);
    if (!n || (uint64_t)memory % 64) {
        refuse(reason, n ? "the memory is not aligned to 64 bytes" : "%zu bytes of memory are too few", memory_bytes);
        return NULL;
    }
    if (lay_out(n, &a, options, &g, keys, file, bytes, reason) < 0 || fits(&a, reason) < 0)
        return NULL;
    memset(n->layers, 0, n->info.layers * sizeof(struct layer));
    if (bind_tensors(n, &g, reason) < 0 || check_complete(n, reason) < 0)
        return NULL;
    if (!n->output.tensor.data)
        n->output.tensor = n->embedding;
    layout_matrices(n, &a);
    if (fits(&a, reason) < 0)
        return NULL;
    vocabulary_fill(keys, &n->vocabulary);
    pack_matrices(n); /* nothing else is read before it is written */
    return n;
}

void neural_get_info(const struct neural *n, struct neural_info *out) {
    *out = n->info;
    out->isa = n->isa->name;
    out->context = n->context;
    out->vocabulary = n->vocabulary.size;
    out->dimension = n->dim;
    out->heads = n->heads;
    out->kv_heads = n->kv_heads;
    out->head_size = n->head;
    out->feed_forward = n->ffn;
}
