/* Shared by the shell commands about files. */
#pragma once
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/shell.h>

/* The path that a word on the command line means, in a buffer for kfree(); NULL without memory or when it is too long.
 * Relative ones start in the shell's directory (`cd`). */
char *command_path(const char *word);
/* `directory` and `name` with a slash between, for kfree(). */
char *command_join(const char *directory, const char *name);
/* Prints "ls: /nowhere: No such file or directory"; returns 1, a command's status. */
int command_error(const char *command, const char *what, int error);
/* Do the words look like a sentence to the SLM ("write me a poem"), no name among them being a path or a file? */
bool command_is_sentence(int argc, char **argv);
const char *command_base(const char *path); /* its last name */
