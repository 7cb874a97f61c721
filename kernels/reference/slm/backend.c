/* Which backend answers, and the one way to ask it. */
#include "backend.h"
#include "engine.h"
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>

static int rules_init(void) {
    log_info("SLM", "Knowledge base: %zu PCI vendors, %zu devices", kb_pci_vendor_count(), kb_pci_device_count());
    log_info("SLM", "Rule engine initialized");
    return 0;
}

/* By the rules alone; one question at a time is in work, so nobody misses what is set aside. */
static int rules_query(uint32_t session, const char *text, slm_result_t *out) {
    void (*opinion)(struct slm_reading *) = slm_second_opinion;
    slm_second_opinion = NULL;
    engine_answer(session, text, out);
    slm_second_opinion = opinion;
    return 0;
}

static const struct slm_backend rule_engine = {.name = "rule-engine", .init = rules_init, .query = rules_query};
static const struct slm_backend *backend = &rule_engine, *offered;
static bool busy;

void slm_offer_backend(const struct slm_backend *other) {
    offered = other;
}

void slm_answer_by_rules(uint32_t session, const char *text, slm_result_t *out) {
    engine_answer(session, text, out);
}

/* The rules are always there: facts come from them, and they answer when the other backend cannot. */
void backend_select(void) {
    char wish[16] = "";
    bool asked = cmdline_get("slm", wish, sizeof wish) && wish[0];
    bool neural = asked && strcmp(wish, "neural") == 0, rules = asked && strcmp(wish, "rules") == 0;
    rule_engine.init();
    if (asked && !neural && !rules)
        log_warn("SLM", "slm=%s is not known; it may be rules or neural", wish);
    if (neural && !offered)
        log_warn("SLM", "slm=neural: this kernel has no neural backend, so the rules answer");
    if (offered && !rules && offered->init() == 0)
        backend = offered;
    log_info("SLM", "Backend: %s", backend->name);
}

static int ask(int (*query)(uint32_t, const char *, slm_result_t *), uint32_t session, const char *text, slm_result_t *out) {
    while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        thread_yield();
    int status = query(session, text, out);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    return status;
}

int slm_query(uint32_t session, const char *text, slm_result_t *out) {
    return ask(backend->query, session, text, out);
}

int slm_query_rules(uint32_t session, const char *text, slm_result_t *out) {
    return ask(rules_query, session, text, out);
}
