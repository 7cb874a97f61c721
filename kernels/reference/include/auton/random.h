/* Random numbers that nobody outside this machine can guess: for sequence numbers, ports, identifiers. */
#pragma once
#include <auton/types.h>

/* Never blocks, works in any context. The first call seeds from clocks and their jitter. */
void random_bytes(void *out, size_t bytes);
uint32_t random_u32(void);
uint64_t random_u64(void);
uint32_t random_below(uint32_t limit);      /* 0..limit-1, each as likely; 0 when limit is 0 */

/* Mixes in something that may be hard to guess; it can do no harm. `bits`: how much of it surely is, 0 when unknown. */
void random_add(const void *sample, size_t bytes, unsigned bits);
/* Mixes in the moment at which it is called: for interrupt handlers, cheap. */
void random_add_moment(void);
unsigned random_entropy_bits(void);         /* mixed in so far; from RANDOM_SEEDED_BITS on, all that is needed */
#define RANDOM_SEEDED_BITS 128

/* Set by a driver of a random source: asks for fresh bytes, which come by random_add() later. May be called with
 * interrupts off. */
extern void (*random_reseed_hook)(void);
