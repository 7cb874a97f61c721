/* Shell commands register themselves, each in the subsystem it shows: `ps` lives in sched/, `mem` in mm/. */
#pragma once
#include <auton/types.h>

#define SHELL_MAX_ARGS 16
#define SHELL_LINE_MAX 512 /* bytes of a line, with its end */

/* What run() returns when the line only looks like this command ("test my sound card"): it goes to the fallback. */
#define SHELL_NOT_A_COMMAND (-1000)

struct shell_command {
    const char *name;
    const char *usage; /* "log [lines|errors]": one word for each argument, "..." when there may be more */
    const char *help;  /* one line */
    int (*run)(int argc, char **argv); /* 0, or a status that the shell shows */
};

#define SHELL_COMMAND(cmd, usage_text, help_text, func)                                            \
    static const struct shell_command shell_command_##cmd                                          \
        __attribute__((used, section(".shellcmds"), aligned(8))) = {#cmd, (usage_text),            \
                                                                    (help_text), (func)}

/* Runs one line: a registered command, else the text goes to the handler below (the SLM). A line with more words than
 * the command's usage has is taken for a sentence. Returns the command's status; `line` stays as it is. */
int shell_execute(char *line);
/* Where a line that is no command goes; set by the SLM. `session` tells conversations apart. */
extern void (*shell_fallback)(const char *line, uint32_t session);
/* Set by what starts in the background and tells about it: called before the first prompt, may wait a few ms. */
extern void (*shell_settle_hook)(void);
