/* Shared by the files of mm/ only. */
#pragma once
#include <auton/types.h>

/* Called on a broken promise of a caller (double free, wild pointer): panics, unless a self-test has put itself on
 * the hook to see that the mistake is noticed. The operation is then left undone. */
void mm_fault(const char *what, uint64_t address);
extern void (*mm_fault_hook)(const char *what, uint64_t address);

void slab_get_stats(uint64_t *bytes, uint64_t *used_bytes);
void *slab_alloc(size_t bytes); /* NULL: too large for the classes, or out of memory */
bool slab_free(void *p);        /* false: not an address of a slab */
#define SLAB_MAX_OBJECT 2048

void slm_pool_get_stats(uint64_t *bytes, uint64_t *used_bytes);
