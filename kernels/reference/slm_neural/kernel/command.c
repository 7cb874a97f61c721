/* `model` at the prompt: what runs here, and what it makes of a text. */
#include "actions.h"
#include <auton/arch.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/shell.h>
#include <auton/string.h>
#include <auton/symbols.h>

#define CONTINUED 16
#define PHRASE_MAX 192
#define SURE_PERCENT 45

static void show_model(void) {
    struct neural_info i;
    neural_get_info(runtime_model, &i);
    kprintf("%s: %lu parameters, %u layers of %u dimensions, %u heads on %u, vocabulary %u, context %u, %s\n",
            i.name[0] ? i.name : "without a name", i.parameters, i.layers, i.dimension, i.heads, i.kv_heads, i.vocabulary,
            i.context, i.isa);
}

/* Tokens of the text, then the likeliest that follow: what tests compare with the same file on another machine. */
static int continue_text(const char *text) {
    struct neural_sampling likeliest = {0};
    char line[16 * CONTINUED] = "tokens:";
    size_t length = strlen(line);
    uint64_t start = arch_time_ns();
    if (speak_prompt(text) < 0)
        return -1;
    uint64_t read = arch_time_ns();
    for (unsigned i = 0; i < CONTINUED; i++) {
        uint32_t token = neural_sample(runtime_model, &likeliest);
        length += (size_t)ksnprintf(line + length, sizeof line - length, " %u", token);
        if (neural_eval(runtime_model, &token, 1) < 0)
            break;
    }
    kprintf("%s\nprompt %lu us, %lu us a token\n", line, (read - start) / 1000, (arch_time_ns() - read) / 1000 / CONTINUED);
    return 0;
}

static const char *intent_name(unsigned label) {
    return label == LABEL_OTHER ? "OTHER" : slm_intent_name((enum slm_intent)label);
}

static const char *name_of(const void *function) {
    uint64_t offset;
    const char *name = symbol_lookup((uint64_t)function, &offset);
    return name ? name : "?";
}

/* How the rules and how the model read a line, and what comes of it. */
static int read_line(const char *text) {
    static struct model_reading model;
    struct slm_reading reading = {.line = text};
    char words[PHRASE_MAX];
    const void *by = slm_read_by_rules(SLM_CONSOLE_SESSION, &reading);
    kprintf("rules: %s, %u %%, %s\n", reading.confidence < SURE_PERCENT ? "OTHER" : slm_intent_name(reading.intent),
            reading.confidence, name_of(by));
    uint64_t start = arch_time_ns();
    if (!read_by_model(text, &model)) {
        kputs("model: nothing\n");
        return 0;
    }
    uint64_t taken = arch_time_ns() - start;
    uint32_t share = model.shares[model.label];
    choice_words(&model.choice, words, sizeof words);
    kprintf("model: %s, %u.%02u %%, %s, %lu us\n", intent_name(model.label), share / 100, share % 100, words,
            taken / 1000);
    bool acts = weigh(&reading, &model);
    const char *intent = reading.confidence < SURE_PERCENT ? "OTHER" : slm_intent_name(reading.intent);
    if (reading.answer)
        kprintf("together: %s, \"%s\"\n", intent, reading.answer);
    else
        kprintf("together: %s, %s%s%s\n", intent, acts ? "\"" : "as it stands", acts ? reading.line : "", acts ? "\"" : "");
    return 0;
}

static int model_command(int argc, char **argv) {
    char text[SHELL_LINE_MAX] = "";
    bool reads = argc > 2 && strcmp(argv[1], "read") == 0;
    if (argc > 1 && !reads && (argc < 3 || strcmp(argv[1], "continue") != 0))
        return SHELL_NOT_A_COMMAND;
    if (!runtime_model) {
        kputs("No model runs in this kernel; the rules answer.\n");
        return -1;
    }
    if (thread_use_fpu() < 0)
        return -1;
    for (int i = 2; i < argc; i++) {
        if (i > 2)
            strlcat(text, " ", sizeof text);
        strlcat(text, argv[i], sizeof text);
    }
    if (argc > 1)
        return reads ? read_line(text) : continue_text(text);
    show_model();
    return 0;
}
SHELL_COMMAND(model, "model [continue|read] [text]...", "The neural model, how it continues a text, or how it reads one", model_command);
