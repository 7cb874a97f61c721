/* The next token from the logits: the likeliest, or drawn from the likeliest few, among those that are allowed. */
#include "math.h"
#include "model.h"

static uint64_t draw(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static bool is_allowed(const struct neural_sampling *s, uint32_t token) {
    return !s->allowed || s->allowed(s->context, token);
}

static uint32_t likeliest(const struct neural *n, const struct neural_sampling *s) {
    uint32_t best = NEURAL_NO_TOKEN;
    for (uint32_t t = 0; t < n->vocabulary.size; t++)
        if ((best == NEURAL_NO_TOKEN || n->logits[t] > n->logits[best]) && is_allowed(s, t))
            best = t;
    return best;
}

/* The candidates as a heap, the likeliest at the root; equals by number. */
static bool is_before(const struct neural *n, uint32_t a, uint32_t b) {
    return n->logits[a] > n->logits[b] || (n->logits[a] == n->logits[b] && a < b);
}

static void sink(const struct neural *n, uint32_t *heap, size_t count, size_t i) {
    uint32_t token = heap[i];
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && is_before(n, heap[child + 1], heap[child]))
            child++;
        if (!is_before(n, heap[child], token))
            break;
        heap[i] = heap[child];
    }
    heap[i] = token;
}

/* Takes the `most` likeliest out of the heap: they end up at the end of the array, the likeliest last. */
static void sort_likeliest(struct neural *n, size_t count, size_t most) {
    for (size_t i = count / 2; i-- > 0;)
        sink(n, n->candidates, count, i);
    for (size_t i = 0; i < most; i++) {
        size_t last = count - 1 - i;
        uint32_t best = n->candidates[0];
        n->candidates[0] = n->candidates[last];
        n->candidates[last] = best;
        sink(n, n->candidates, last, 0);
    }
}

uint32_t neural_sample(struct neural *n, struct neural_sampling *s) {
    uint32_t best = likeliest(n, s);
    if (best == NEURAL_NO_TOKEN || s->temperature_percent == 0)
        return best;
    float inverse = 100.0f / (float)s->temperature_percent, sum = 0;
    size_t count = 0;
    for (uint32_t t = 0; t < n->vocabulary.size; t++)
        if (is_allowed(s, t))
            n->candidates[count++] = t;
    size_t chosen = s->top_k && s->top_k < count ? s->top_k : count;
    sort_likeliest(n, count, chosen);
    for (size_t i = 0; i < chosen; i++) {
        n->weights[i] = math_exp((n->logits[n->candidates[count - 1 - i]] - n->logits[best]) * inverse);
        sum += n->weights[i];
    }
    if (s->top_p_percent && s->top_p_percent < 100) { /* a share of what top_k has left */
        float wanted = sum * (float)s->top_p_percent / 100.0f;
        sum = 0;
        for (size_t i = 0; i < chosen; i++) {
            sum += n->weights[i];
            if (sum >= wanted)
                chosen = i + 1;
        }
    }
    float point = (float)(draw(&s->seed) >> 40) / 16777216.0f * sum;
    size_t i = 0;
    while (i + 1 < chosen && (point -= n->weights[i]) >= 0)
        i++;
    return n->candidates[count - 1 - i];
}

uint32_t neural_likeliest(const struct neural *n, const uint32_t *tokens, size_t count) {
    uint32_t best = tokens[0];
    for (size_t i = 1; i < count; i++)
        if (n->logits[tokens[i]] > n->logits[best])
            best = tokens[i];
    return best;
}

void neural_choice(const struct neural *n, const uint32_t *tokens, size_t count, uint32_t *out) {
    float weights[64], largest = n->logits[tokens[0]], sum = 0;
    count = count < ARRAY_SIZE(weights) ? count : ARRAY_SIZE(weights);
    for (size_t i = 1; i < count; i++)
        largest = n->logits[tokens[i]] > largest ? n->logits[tokens[i]] : largest;
    for (size_t i = 0; i < count; i++) {
        weights[i] = math_exp(n->logits[tokens[i]] - largest);
        sum += weights[i];
    }
    for (size_t i = 0; i < count; i++)
        out[i] = (uint32_t)(weights[i] / sum * 10000.0f + 0.5f);
}
