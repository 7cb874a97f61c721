/* The SLM: understands a line of English, knows the hardware tables, answers and acts. */
#pragma once
#include <auton/types.h>

enum slm_intent {
    INTENT_HARDWARE_IDENTIFY, INTENT_DRIVER_SELECT, INTENT_INSTALL_CONFIGURE,
    INTENT_APP_INSTALL, INTENT_SYSTEM_MANAGE, INTENT_TROUBLESHOOT, INTENT_COUNT
};
/* What a line may be: one of the six, or none of them, which comes last. */
#define SLM_LABELS (INTENT_COUNT + 1)
enum slm_status { SLM_OK = 0, SLM_UNSURE = 1, SLM_UNSUPPORTED = 2, SLM_ERROR = -1 };

typedef struct slm_result {
    enum slm_intent intent;
    enum slm_status status;
    char response[2048];
    char action_data[1024]; /* "key=value;..." that a follow-up carries out */
    bool requires_followup; /* "go" continues */
    unsigned plan_steps;    /* of the plan that the answer proposes; 0 for none */
} slm_result_t;

#define SLM_MAX_SESSIONS 16
#define SLM_SESSION_STEPS 32

/* A backend answers queries; the rule engine is one, a neural one may come beside it. */
struct slm_backend {
    const char *name; /* "rule-engine", "neural" */
    int (*init)(void); /* 0; -1 when it cannot work here, after it has said why */
    int (*query)(uint32_t session, const char *text, slm_result_t *out);
};
/* Before INIT_SLM: takes the rules' place, unless the command line says slm=rules or its init() fails. */
void slm_offer_backend(const struct slm_backend *backend);
/* What the rule engine answers, whichever backend was chosen; for a backend, from its query(). */
void slm_answer_by_rules(uint32_t session, const char *text, slm_result_t *out);
/* How a line is understood before it is answered. */
struct slm_reading {
    const char *line;       /* what is answered: the line as typed, or the same wish in plainer words */
    enum slm_intent intent;
    uint32_t confidence;    /* percent; less than 45 is "not sure" */
    uint16_t shares[SLM_LABELS]; /* what the rules give each label, in 1/10000 */
    bool points_back;       /* to what was talked of before */
    bool points_nowhere;    /* to something, and nothing was talked of yet */
    bool names_program;     /* that is to be installed */
    bool skilled;           /* a subsystem's skill answers it, and is for that intent */
    bool settled;           /* there is nothing to doubt */
    const char *answer;     /* of the backend, instead of the rules' own; NULL: none */
    enum slm_status status; /* that goes with it */
};
/* Set by a backend: it may change how a line is read. The texts must last until the answer is there. */
extern void (*slm_second_opinion)(struct slm_reading *reading);
/* How the rules read `reading->line` by themselves; the address of what would answer. Not while a question is answered. */
const void *slm_read_by_rules(uint32_t session, struct slm_reading *reading);
/* The session of the person at the prompt: what a backend writes bit by bit appears there at once. */
#define SLM_CONSOLE_SESSION 1

int slm_query(uint32_t session, const char *text, slm_result_t *out);
/* The same, always by the rule engine: in no time, and alike with any model. */
int slm_query_rules(uint32_t session, const char *text, slm_result_t *out);
enum slm_intent slm_classify(const char *text, uint32_t *confidence_percent);
const char *slm_intent_name(enum slm_intent intent);

/* Knowledge base, generated at build time. Names are copied to `out`; false when the id is not listed. */
bool kb_pci_vendor(uint16_t vendor, char *out, size_t size);
bool kb_pci_device(uint16_t vendor, uint16_t device, char *out, size_t size);
size_t kb_pci_vendor_count(void);
size_t kb_pci_device_count(void);

/* Driver catalogue: the best driver for a device, and whether this kernel has it. NULL when none is known. */
struct kb_driver {
    const char *name;        /* "e1000" */
    const char *description;
    bool in_kernel;
};
const struct kb_driver *kb_driver_for(uint16_t vendor, uint16_t device, uint8_t class_code, uint8_t subclass);
