/* The kernel's side of the neural engine. Shared by the files of slm_neural/kernel/. These are compiled without floating
 * point, as all of the kernel: they reach it through neural.h, in threads that have called thread_use_fpu(). */
#pragma once
#include "neural.h"
#include <auton/slm.h>

/* The embedded model, loaded; NULL when there is none or the rules answer. */
extern struct neural *runtime_model;

/* Tokens by which a model that was trained for this kernel speaks:  <s> prompt <LABEL> action <SAY> text </s> */
#define LABEL_OTHER INTENT_COUNT
#define LABEL_COUNT SLM_LABELS
struct control_tokens {
    uint32_t labels[LABEL_COUNT]; /* by number of the intent; the last is <OTHER> */
    uint32_t say;                 /* ends an action */
    bool has_labels; /* false: some other model, which only continues texts */
};
extern struct control_tokens control;

int runtime_load(void); /* 0; -1 after it has said why not */

/* normalize.c: a line as the model was trained to see it; cut to `size`. */
void normalize(const char *line, char *out, size_t size);

/* speak.c */
/* Evaluates "<s> prompt", as far as it is not what was evaluated last. 0, or -1 when it does not fit. */
int speak_prompt(const char *prompt);
/* Continues the prompt with at most `tokens` tokens or until `deadline_ms` (of uptime_ms()). */
void speak_freely(uint32_t tokens, uint64_t deadline_ms, void (*show)(const char *piece), char *out, size_t size);
