/* The random number generator: ChaCha20 whose key is replaced with each answer, so that who learns the key later
 * cannot tell what was answered before. Samples are mixed into the key through the cipher. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/chacha20.h>
#include <auton/dev.h>
#include <auton/random.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/sync.h>

#define KEY_BYTES (CHACHA20_KEY_WORDS * 4)
#define PORTION 256             /* bytes given out between two replacements of the key */
#define RESEED_BYTES (64 * 1024)
#define JITTER_ROUNDS 128

struct generator {
    uint32_t key[CHACHA20_KEY_WORDS];
    unsigned bits;              /* entropy mixed in */
};

static struct generator generator;
static uint64_t moments[KEY_BYTES / 8];
static unsigned moment_count, bytes_since_reseed;
static bool started;
static spinlock_t lock;
void (*random_reseed_hook)(void);

static void mix(struct generator *g, const void *sample, size_t bytes) {
    static const uint32_t nonce[3] = {'m', 'i', 'x'};
    const uint8_t *from = sample;
    uint32_t block[CHACHA20_BLOCK_WORDS];
    while (bytes) {
        size_t n = bytes < KEY_BYTES ? bytes : KEY_BYTES;
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)g->key)[i] ^= from[i];
        chacha20_block(g->key, (uint32_t)n, nonce, block);
        memcpy(g->key, block, KEY_BYTES);
        from += n;
        bytes -= n;
    }
}

/* At most PORTION bytes. The cipher's first block is the next key and nobody sees it. */
static void draw(struct generator *g, uint8_t *out, size_t bytes) {
    static const uint32_t nonce[3] = {'o', 'u', 't'};
    uint32_t next[CHACHA20_BLOCK_WORDS], block[CHACHA20_BLOCK_WORDS];
    chacha20_block(g->key, 0, nonce, next);
    for (uint32_t counter = 1; bytes; counter++) {
        size_t n = bytes < sizeof block ? bytes : sizeof block;
        chacha20_block(g->key, counter, nonce, block);
        memcpy(out, block, n);
        out += n;
        bytes -= n;
    }
    memcpy(g->key, next, KEY_BYTES);
}

/* How long the same work takes varies with caches, interrupts and the host. Only a time that differs from the two
 * before counts, as half a bit. */
static void mix_jitter(struct generator *g) {
    uint64_t sample[4] = {0}, before = 0, before_that = 0;
    unsigned differing = 0;
    for (unsigned i = 0; i < JITTER_ROUNDS; i++) {
        uint64_t start = arch_time_ns();
        mix(g, sample, sizeof sample);
        uint64_t took = arch_time_ns() - start;
        sample[i % ARRAY_SIZE(sample)] ^= took + start;
        differing += took != before && took != before_that;
        before_that = before;
        before = took;
    }
    g->bits += differing / 2;
}

static void start(void) {
    struct rtc_time time = {0};
    started = true;
    rtc_read(&time);
    mix(&generator, &time, sizeof time);
    mix(&generator, &boot_info, sizeof boot_info);
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        mix(&generator, dev, sizeof *dev);
    mix_jitter(&generator);
}

void random_bytes(void *out, size_t bytes) {
    uint8_t *to = out;
    while (bytes) {
        size_t n = bytes < PORTION ? bytes : PORTION;
        uint64_t irq = spin_lock(&lock);
        if (!started)
            start();
        if (moment_count) {
            mix(&generator, moments, sizeof moments);
            generator.bits += moment_count / 4;
            moment_count = 0;
        }
        draw(&generator, to, n);
        bytes_since_reseed += (unsigned)n;
        bool stale = bytes_since_reseed >= RESEED_BYTES;
        if (stale)
            bytes_since_reseed = 0;
        spin_unlock(&lock, irq);
        if (stale && random_reseed_hook)
            random_reseed_hook();
        to += n;
        bytes -= n;
    }
}

uint32_t random_u32(void) {
    uint32_t value;
    random_bytes(&value, sizeof value);
    return value;
}

uint64_t random_u64(void) {
    uint64_t value;
    random_bytes(&value, sizeof value);
    return value;
}

/* Values of the last, incomplete round of `limit` would come up more often than the others: they are drawn again. */
uint32_t random_below(uint32_t limit) {
    if (limit == 0)
        return 0;
    uint32_t incomplete = (uint32_t)(-limit) % limit, value;
    do
        value = random_u32();
    while (value < incomplete);
    return value % limit;
}

void random_add(const void *sample, size_t bytes, unsigned bits) {
    uint64_t irq = spin_lock(&lock);
    mix(&generator, sample, bytes);
    generator.bits += bits < bytes * 8 ? bits : (unsigned)(bytes * 8);
    spin_unlock(&lock, irq);
}

void random_add_moment(void) {
    uint64_t irq = spin_lock(&lock);
    uint64_t *slot = &moments[moment_count++ % ARRAY_SIZE(moments)];
    *slot = (*slot << 13 | *slot >> 51) ^ arch_time_ns();
    spin_unlock(&lock, irq);
}

unsigned random_entropy_bits(void) {
    return generator.bits;
}

SELFTEST(random_bytes_balanced, "dev") {
    static uint8_t data[4096];
    unsigned ones = 0, same = 0;
    memset(data, 0, sizeof data);
    random_bytes(data, sizeof data);
    for (size_t i = 0; i < sizeof data; i++) {
        for (uint8_t b = data[i]; b; b &= (uint8_t)(b - 1))
            ones++;
        same += i > 0 && data[i] == data[i - 1];
    }
    CHECK(ones > 16384 - 550 && ones < 16384 + 550); /* six standard deviations */
    CHECK(same < 50);                                /* 16 are expected */
    CHECK(random_u64() != random_u64() && random_entropy_bits() > 0);
    return NULL;
}

SELFTEST(random_below_uniform, "dev") {
    unsigned seen[6] = {0};
    for (int i = 0; i < 6000; i++) {
        uint32_t value = random_below(6);
        CHECK(value < 6);
        seen[value]++;
    }
    for (unsigned i = 0; i < 6; i++)
        CHECK(seen[i] > 800 && seen[i] < 1200);
    CHECK(random_below(0) == 0 && random_below(1) == 0);
    return NULL;
}

SELFTEST(random_mixing, "dev") {
    static struct generator one, two; /* equal to the last bit */
    uint32_t key[CHACHA20_KEY_WORDS];
    uint8_t a[100], b[100];
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    draw(&one, a, sizeof a);
    draw(&two, b, sizeof b);
    CHECK(memcmp(a, b, sizeof a) == 0);
    memcpy(key, one.key, sizeof key);
    mix(&one, "x", 1);
    draw(&one, a, sizeof a);
    draw(&two, b, sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0 && memcmp(a, b, 16) != 0);
    CHECK(memcmp(key, one.key, sizeof key) != 0); /* the key of the last answer is gone */
    return NULL;
}
