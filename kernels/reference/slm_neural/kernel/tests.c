/* Self-tests of the neural backend that need the kernel around it: registers that survive other threads, and the model. */
#include "actions.h"
#include "series.h"
#include <auton/arch.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/types.h>

#define THREADS 3
#define TERMS 20000
#define ROUND_MS 150 /* longer than all of them together have a turn */

static const char *failures[THREADS];

static uint32_t undisturbed(uint32_t seed) {
    uint64_t irq = arch_save_irq_state();
    uint32_t result = neural_series(seed, TERMS);
    arch_restore_irq_state(irq);
    return result;
}

static void compute(void *arg) {
    uint32_t self = (uint32_t)(uint64_t)arg;
    if (thread_use_fpu() < 0) {
        failures[self] = "a thread cannot use floating point";
        return;
    }
    uint32_t expected = undisturbed(self + 1);
    for (uint64_t end = uptime_ms() + ROUND_MS; uptime_ms() < end && !failures[self];)
        if (neural_series(self + 1, TERMS) != expected)
            failures[self] = "another thread has changed the registers of this one";
}

/* Three threads of one class compute at once, in the registers that all of them share. */
SELFTEST(slm_neural_fpu_state, "slm_neural") {
    tid_t tids[THREADS];
    if (arch_fpu_state_bytes() == 0)
        return NULL; /* there is nothing to keep */
    for (unsigned i = 0; i < THREADS; i++) {
        failures[i] = NULL;
        tids[i] = thread_create("series", PRIO_SYSTEM, compute, (void *)(uint64_t)i);
        CHECK(tids[i] != 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(thread_join(tids[i], 60000) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        if (failures[i])
            return failures[i];
    return NULL;
}

SELFTEST(slm_neural_normalize, "slm_neural") {
    static const char *const cases[][2] = {
        {"Which driver does 0x8086:0x100E need?", "which driver does 8086:100e need"},
        {"  What is PCI\\VEN_8086&DEV_100E...", "what is 8086:100e"},
        {"I don\xE2\x80\x99t know. 'Quoted' (text), at 10.0.0.5", "i don't know quoted text at 10.0.0.5"},
        {"vendor id 0x8086, device id 0x100e and USB\\VID_046D&PID_C077", "8086:100e and 046d:c077"},
        {"from 2023 2024 to 8086 100e", "from 2023 2024 to 8086:100e"},
        {"mount /dev/sda1!", "mount /dev/sda1"},
        {"", ""},
    };
    char out[128];
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        normalize(cases[i][0], out, sizeof out);
        CHECK(strcmp(out, cases[i][1]) == 0);
    }
    normalize("longer than what it goes into", out, 8);
    CHECK(strcmp(out, "longer") == 0);
    return NULL;
}

SELFTEST(slm_neural_plain, "slm_neural") {
    static const char *const line[] = {"put", "nginx", "on", "00:1f.2"};
    bool takes[ARRAY_SIZE(line)];
    for (size_t i = 0; i < plain_word_count; i++)
        CHECK(is_plain(plain_words[i]));
    CHECK(!is_plain("nginx") && !is_plain("") && !is_plain("zzz"));
    slot_takes("pkg", line, ARRAY_SIZE(line), takes);
    CHECK(!takes[0] && takes[1] && !takes[2] && !takes[3]);
    slot_takes("pkg", line, 1, takes);
    CHECK(takes[0]);
    slot_takes("chip", line, ARRAY_SIZE(line), takes);
    CHECK(takes[0] && takes[1] && takes[2] && !takes[3]);
    return NULL;
}

/* A prompt that begins like the last one is evaluated from where they differ, and gives the same. */
SELFTEST(slm_neural_prefix, "slm_neural") {
    struct neural_sampling likeliest = {0};
    if (!runtime_model)
        return NULL;
    CHECK(thread_use_fpu() == 0);
    CHECK(speak_prompt("which driver does the disk need") == 0);
    uint32_t first = neural_sample(runtime_model, &likeliest);
    CHECK(speak_prompt("which driver does the network card need") == 0);
    CHECK(speak_prompt("which driver does the disk need") == 0);
    CHECK(neural_sample(runtime_model, &likeliest) == first);
    neural_rewind(runtime_model, 0);
    CHECK(speak_prompt("which driver does the disk need") == 0);
    CHECK(neural_sample(runtime_model, &likeliest) == first);
    return NULL;
}

/* Whatever a model is worth, it names nothing that is not in the line. */
SELFTEST(slm_neural_action, "slm_neural") {
    static const char *const LINES[] = {"which driver does 8086:100e need", "install nginx", "who won the world cup", "what's at 00:1f.2"};
    static struct model_reading model;
    char words[CHOICE_SLOT_MAX + 64];
    if (!runtime_model || !control.has_labels)
        return NULL;
    CHECK(thread_use_fpu() == 0);
    for (size_t i = 0; i < ARRAY_SIZE(LINES); i++) {
        CHECK(read_by_model(LINES[i], &model) && model.shares[model.label] <= 10001);
        CHECK(model.choice.action->label == model.label);
        CHECK(!model.choice.slot[0] || strstr(LINES[i], model.choice.slot));
        choice_words(&model.choice, words, sizeof words);
        CHECK(words[0] && !strchr(words, '<') && !strchr(words, '['));
    }
    return NULL;
}
