/* From the embedded file to a model that can be asked, or to the reason why the rules have to do. */
#include "runtime.h"
#include "sum.h"
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>

#define LEAST_RAM MB(128)
#define CONTEXT 512 /* tokens: a question and its answer */

extern const uint8_t slm_model_start[], slm_model_end[];
extern const uint64_t slm_model_sum; /* what model_sum() must give */

struct neural *runtime_model;
struct control_tokens control;

static int fall_back(const char *why) {
    log_warn("SLM", "Neural backend: %s; the rules answer", why);
    return -1;
}

static void find_control_tokens(void) {
    char name[32];
    control.has_labels = neural_bos(runtime_model) != NEURAL_NO_TOKEN && neural_eos(runtime_model) != NEURAL_NO_TOKEN;
    control.say = neural_token_named(runtime_model, "<SAY>");
    if (neural_token_kind(runtime_model, control.say) != TOKEN_CONTROL)
        control.has_labels = false;
    for (int label = 0; label < LABEL_COUNT && control.has_labels; label++) {
        ksnprintf(name, sizeof name, "<%s>", label == LABEL_OTHER ? "OTHER" : slm_intent_name((enum slm_intent)label));
        control.labels[label] = neural_token_named(runtime_model, name);
        if (neural_token_kind(runtime_model, control.labels[label]) != TOKEN_CONTROL)
            control.has_labels = false;
    }
}

static int load_into_pool(size_t file_bytes) {
    static neural_reason_t reason;
    struct neural_options options = {.context = CONTEXT, .isa = neural_fastest_isa(arch_time_ns)};
    size_t bytes = neural_memory(slm_model_start, file_bytes, &options, reason);
    if (!bytes)
        return fall_back(reason);
    slm_pool_reset();
    void *memory = slm_pool_require(bytes) == 0 ? slm_pool_alloc(bytes, 64) : NULL;
    if (!memory) {
        ksnprintf(reason, sizeof reason, "the model needs %zu KB of memory, which are not there", bytes >> 10);
        return fall_back(reason);
    }
    runtime_model = neural_load(slm_model_start, file_bytes, &options, memory, bytes, reason);
    if (!runtime_model)
        slm_pool_reset();
    return runtime_model ? 0 : fall_back(reason);
}

int runtime_load(void) {
    size_t file_bytes = (size_t)(slm_model_end - slm_model_start);
    char wish[16] = "";
    if (file_bytes == 0) {
        if (cmdline_get("slm", wish, sizeof wish)) /* nobody misses it who has not asked for it */
            fall_back("no model is embedded in this kernel");
        return -1;
    }
    kputs("SLM: Loading embedded neural model\n");
    if (boot_ram_bytes() < LEAST_RAM)
        return fall_back("this machine has less than 128 MB of memory");
    if (thread_use_fpu() < 0)
        return fall_back("this kernel has no floating point on this machine");
    uint64_t start = arch_time_ns();
    if (model_sum(slm_model_start, file_bytes) != slm_model_sum)
        return fall_back("the embedded model is damaged, its bytes do not have the sum they were built with");
    if (load_into_pool(file_bytes) < 0)
        return -1;
    find_control_tokens();
    struct neural_info info;
    neural_get_info(runtime_model, &info);
    log_info("SLM", "Model of %lu parameters loaded in %lu us (%s)", info.parameters, (arch_time_ns() - start) / 1000,
             info.isa);
    kputs("SLM: Neural backend ready\n");
    log_info("SLM", "Loaded model: %s", info.name[0] ? info.name : "without a name");
    if (!control.has_labels)
        log_info("SLM", "The model has no labels of this kernel: it continues texts, the rules tell intents");
    kputs("SLM: Runtime initialized successfully\n");
    return 0;
}
