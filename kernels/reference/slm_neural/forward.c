/* The forward pass of a Llama model, a batch of tokens at a time. */
#include "math.h"
#include "model.h"
#include <auton/string.h>

/* Angles of the rotary position embedding: position * base^(-2i/head), the same for every layer. */
static void prepare_rotation(struct neural *n, size_t count) {
    size_t pairs = n->head / 2;
    float step = math_pow(n->rope_base, -2.0f / (float)n->head);
    for (size_t i = 0; i < count; i++) {
        float angle = (float)(n->position + i);
        for (size_t p = 0; p < pairs; p++, angle *= step)
            math_sincos(angle, &n->sines[i * pairs + p], &n->cosines[i * pairs + p]);
    }
}

static void rotate(const struct neural *n, float *x, size_t heads, size_t token) {
    size_t pairs = n->head / 2;
    n->isa->rotate(x, n->cosines + token * pairs, n->sines + token * pairs, heads, n->head);
}

static void set_input(struct neural *n, const float *values, size_t columns, size_t count) {
    n->input.values = values;
    n->input.columns = (uint32_t)columns;
    n->input.count = (uint32_t)count;
    n->input.rounding = ROUND_NONE;
}

static void multiply(struct neural *n, const struct matrix *m, float *out) {
    enum activation_rounding wanted = rounding_for(m->tensor.type);
    if (wanted != ROUND_NONE && n->input.rounding != wanted)
        n->isa->round(&n->input, wanted);
    n->isa->multiply(m, &n->input, out, STRIDE(m->tensor.rows));
}

static void normalise(struct neural *n, const struct tensor *weight, const float *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        n->isa->normalise(n->normed + i * STRIDE(n->dim), x + i * STRIDE(n->dim), (const float *)weight->data, n->dim,
                          n->epsilon);
    set_input(n, n->normed, n->dim, count);
}

/* Puts the keys and values of one token to those of the positions before it. */
static void remember(struct neural *n, size_t layer, size_t token) {
    size_t position = n->position + token, kv_stride = STRIDE((size_t)n->kv_heads * n->head);
    for (size_t h = 0; h < n->kv_heads; h++) {
        size_t index = layer * n->kv_heads + h;
        const float *key = n->key + token * kv_stride + h * n->head, *value = n->value + token * kv_stride + h * n->head;
        float *tile = n->keys + (index * n->context + position / KEY_TILE * KEY_TILE) * n->head + position % KEY_TILE;
        for (size_t d = 0; d < n->head; d++)
            tile[d * KEY_TILE] = key[d];
        memcpy(n->values + (index * n->context + position) * STRIDE(n->head), value, n->head * sizeof(float));
    }
}

static void attention(struct neural *n, size_t layer, size_t count) {
    const struct layer *l = &n->layers[layer];
    size_t width = (size_t)n->heads * n->head, kv_width = (size_t)n->kv_heads * n->head;
    normalise(n, &l->attention_norm, n->x, count);
    multiply(n, &l->q, n->query);
    multiply(n, &l->k, n->key);
    multiply(n, &l->v, n->value);
    size_t first = layer * n->kv_heads * n->context;
    for (size_t i = 0; i < count; i++) {
        rotate(n, n->query + i * STRIDE(width), n->heads, i);
        rotate(n, n->key + i * STRIDE(kv_width), n->kv_heads, i);
        remember(n, layer, i);
    }
    const struct attention a = {
        .query = n->query,
        .keys = n->keys + first * n->head,
        .values = n->values + first * STRIDE(n->head),
        .heads = n->heads,
        .kv_heads = n->kv_heads,
        .head = n->head,
        .context = n->context,
        .tokens = (uint32_t)count,
        .positions = n->position + 1,
        .scores = n->scores,
        .out = n->attended,
    };
    n->isa->attend(&a);
    set_input(n, n->attended, width, count);
    multiply(n, &l->o, n->normed);
    n->isa->add(n->x, n->normed, count * STRIDE(n->dim));
}

static void feed_forward(struct neural *n, size_t layer, size_t count) {
    const struct layer *l = &n->layers[layer];
    normalise(n, &l->feed_norm, n->x, count);
    multiply(n, &l->gate, n->gated);
    multiply(n, &l->up, n->raised);
    n->isa->gate(n->gated, n->raised, count * STRIDE(n->ffn));
    set_input(n, n->gated, n->ffn, count);
    multiply(n, &l->down, n->normed);
    n->isa->add(n->x, n->normed, count * STRIDE(n->dim));
}

static void evaluate_batch(struct neural *n, const uint32_t *tokens, size_t count, bool is_last) {
    for (size_t i = 0; i < count; i++)
        tensor_row(&n->embedding, tokens[i], n->x + i * STRIDE(n->dim));
    prepare_rotation(n, count);
    for (size_t layer = 0; layer < n->info.layers; layer++) {
        attention(n, layer, count);
        feed_forward(n, layer, count);
    }
    if (is_last) {
        normalise(n, &n->output_norm, n->x + (count - 1) * STRIDE(n->dim), 1);
        multiply(n, &n->output, n->logits);
    }
    n->position += (uint32_t)count;
}

int neural_eval(struct neural *n, const uint32_t *tokens, size_t count) {
    if (count > n->context - n->position)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (tokens[i] >= n->vocabulary.size)
            return -1;
    for (size_t done = 0; done < count;) {
        size_t now = count - done < n->batch ? count - done : n->batch;
        evaluate_batch(n, tokens + done, now, done + now == count);
        done += now;
    }
    return 0;
}

uint32_t neural_position(const struct neural *n) { return n->position; }
const float *neural_logits(const struct neural *n) { return n->logits; }

void neural_rewind(struct neural *n, uint32_t position) {
    if (position < n->position)
        n->position = position;
}
