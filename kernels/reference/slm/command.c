/* The SLM at the prompt: `slm query "..."`, and every line that is no command. */
#include "backend.h"
#include "intent.h"
#include <auton/arch.h>
#include <auton/init.h>
#include <auton/ipc.h>
#include <auton/klog.h>
#include <auton/shell.h>
#include <auton/string.h>

#define TIMEOUT_MS 5000
#define COMMAND_SESSION SLM_CONSOLE_SESSION /* so that `slm query` goes on with the same conversation */

/* Defined by the shell as well; this one is for a kernel without a shell. */
__attribute__((weak)) void (*shell_fallback)(const char *line, uint32_t session);

static void ask(const char *text, uint32_t session) {
    static char reply[sizeof((slm_result_t *)0)->response];
    int status = ipc_slm_request(text, session, 0, reply, sizeof reply, TIMEOUT_MS);
    if (status == IPC_ETIMEOUT)
        kputs("The SLM gave no answer in time. `ps` shows whether its thread is alive.\n");
    else if (status < 0)
        kprintf("The SLM could not be asked (error %d).\n", status);
    else
        kputs(reply);
}

/* The words of a question, joined again. */
static void join(int argc, char **argv, char *out, size_t size) {
    out[0] = '\0';
    for (int i = 0; i < argc; i++) {
        if (i)
            strlcat(out, " ", size);
        strlcat(out, argv[i], size);
    }
}

static void show_time(const char *text) {
    static slm_result_t result;
    uint32_t confidence;
    uint64_t start = arch_time_ns();
    slm_classify(text, &confidence);
    uint64_t classified = arch_time_ns();
    slm_query(COMMAND_SESSION, text, &result);
    uint64_t answered = arch_time_ns();
    kprintf("%s, %u %% sure: classified in %lu us, answered in %lu us\n", slm_intent_name(result.intent), confidence,
            (classified - start) / 1000, (answered - classified) / 1000);
}

static int slm_command(int argc, char **argv) {
    char text[SHELL_LINE_MAX];
    bool query = argc > 2 && strcmp(argv[1], "query") == 0, time = argc > 2 && strcmp(argv[1], "time") == 0;
    if (!query && !time)
        return SHELL_NOT_A_COMMAND;
    join(argc - 2, argv + 2, text, sizeof text);
    if (query)
        ask(text, COMMAND_SESSION);
    else
        show_time(text);
    return 0;
}
SHELL_COMMAND(slm, "slm query|time <text>...", "Ask the SLM, or measure how long an answer takes", slm_command);

static void take_over_lines(void) { shell_fallback = ask; }
INITCALL(INIT_SLM, take_over_lines);
