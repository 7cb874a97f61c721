/* The intent classifier over a parsed line. */
#pragma once
#include "text.h"
#include <auton/slm.h>

/* Mends slips of the pen: a stem the classifier does not know becomes the known one that it is a typo of. */
void intent_correct(struct text *text);

/* What the line is about, in 1/10000: the six intents in their order, then none of them. */
void intent_shares(const struct text *text, uint16_t shares[SLM_LABELS]);

/* The likeliest intent and how sure that is, 0..100. Fewer than INTENT_SURE_PERCENT means "ask again". */
#define INTENT_SURE_PERCENT 45
enum slm_intent intent_likeliest(const uint16_t shares[SLM_LABELS], uint32_t *confidence_percent);
