/* Shared by the files of sys/. */
#pragma once
#include <auton/shell.h>

#define SHELL_SESSION 1 /* the conversation that lines from the console belong to */

/* Cuts a line into words: spaces part them, '...' and "..." keep them together, a backslash takes the next byte as it
 * is. The words lie in `store`. Returns their number, -1 for an open quote, -2 for more than `max`. */
int shell_split(const char *line, char *store, size_t size, char **words, int max);
/* False when `line` has more words than the command's usage tells, so that it is a sentence and no command. */
bool shell_usage_allows(const struct shell_command *command, int argc);

extern const struct shell_command __shellcmds_start[], __shellcmds_end[]; /* from the linker script */
