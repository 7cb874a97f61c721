/* The rules, the model and both together, as an ordinary program: reads label <tab> line, prints for each
 * label <tab> by the rules <tab> by the model <tab> by both <tab> the model's action <tab> line. */
#include "actions.h"
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/slm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t strlcpy(char *dst, const char *src, size_t size);

uint64_t boot_ram_bytes(void) { return MB(512); }
int thread_use_fpu(void) { return 0; }
void slm_pool_reset(void) {}
int slm_pool_require(size_t bytes) { return bytes < MB(64) ? 0 : -1; }
void *slm_pool_alloc(size_t bytes, size_t align) { return aligned_alloc(align, ALIGN_UP(bytes, align)); }
uint64_t arch_time_ns(void) {
    static uint64_t now; /* any clock that goes on: which instruction set computes makes no difference here */
    return ++now;
}
size_t strlcat(char *dst, const char *src, size_t size) {
    size_t length = strnlen(dst, size);
    return length + strlcpy(dst + length, src, size - length);
}
void kputs(const char *text) { fputs(text, stderr); }

static const char *intent_of_label(unsigned label) {
    return label == LABEL_OTHER ? "OTHER" : slm_intent_name((enum slm_intent)label);
}
static const char *intent_read(const struct slm_reading *r) { return r->confidence < 45 ? "OTHER" : slm_intent_name(r->intent); }

int main(void) {
    static struct model_reading model;
    char line[512], action[192];
    if (runtime_load() < 0)
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *text = strchr(line, '\t');
        if (line[0] == '#' || !text)
            continue;
        *text++ = '\0';
        struct slm_reading reading = {.line = text};
        slm_read_by_rules(1, &reading);
        const char *rules = intent_read(&reading);
        bool read = read_by_model(text, &model);
        if (read) {
            choice_words(&model.choice, action, sizeof action);
            weigh(&reading, &model);
        }
        printf("%s\t%s\t%s\t%s\t%s\t%s\n", line, rules, read ? intent_of_label(model.label) : "NOTHING", intent_read(&reading),
               read ? action : "", text);
    }
    return 0;
}
