/* Self-test of the SLM pool. It needs the pool for itself: with a model in it, it only looks. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include "mm_internal.h"

SELFTEST(slm_pool, "mm") {
    uint64_t bytes, used;
    slm_pool_get_stats(&bytes, &used);
    CHECK(bytes >= MB(2));
    CHECK(!slm_pool_alloc(bytes - used + 1, 1) && !slm_pool_alloc(0, 1));
    if (used)
        return NULL;
    uint8_t *a = slm_pool_alloc(100, 64), *weights = slm_pool_alloc(2 * PAGE_SIZE, PAGE_SIZE), *c = slm_pool_alloc(8, 8);
    CHECK(a && weights >= a + 100 && c >= weights + 2 * PAGE_SIZE && (uint64_t)weights % PAGE_SIZE == 0);
    CHECK(slm_pool_protect(a + 1, 10) == -1 && slm_pool_protect(&bytes, 8) == -1);
    CHECK(slm_pool_protect(weights, 2 * PAGE_SIZE) == 0);
    CHECK(!arch_probe_write(weights, 1) && !arch_probe_write(weights + 2 * PAGE_SIZE - 1, 1));
    CHECK(arch_probe_write(a, 1) && arch_probe_write(c, 1));
    slm_pool_reset();
    CHECK(arch_probe_write(weights, 1));
    slm_pool_get_stats(&bytes, &used);
    CHECK(used == 0 && slm_pool_alloc(64, 64) == a);
    slm_pool_reset();
    return NULL;
}
