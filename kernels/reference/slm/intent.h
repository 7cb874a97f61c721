/* The intent classifier over a parsed line. */
#pragma once
#include "text.h"
#include <auton/slm.h>

/* Mends slips of the pen: a stem the classifier does not know becomes the known one that it is a typo of. */
void intent_correct(struct text *text);

/* What the line is about and how sure that is, 0..100. Fewer than INTENT_SURE_PERCENT means "ask again". */
#define INTENT_SURE_PERCENT 45
enum slm_intent intent_of(const struct text *text, uint32_t *confidence_percent);
