/* The shell: a thread that reads lines from the console and runs them. */
#include "shell.h"
#include "line.h"
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>

#define MAX_WORDS 128 /* of a sentence; a command takes SHELL_MAX_ARGS */

void (*shell_fallback)(const char *line, uint32_t session);

void (*shell_settle_hook)(void);

static const char prompt[] = "auton> ";
static struct line_editor editor;
static volatile bool reading;

/* A line of the log that comes while somebody may be typing: it takes the prompt's place, which follows anew. */
static void log_above_prompt(const char *line, size_t length) {
    if (!reading) {
        console_write(line, length);
        return;
    }
    uint64_t irq = arch_save_irq_state();
    size_t shown = sizeof prompt - 1 + editor.length;
    console_write("\r", 1);
    console_write(line, length - 1);
    for (size_t i = length - 1; i < shown; i++)
        console_write(" ", 1);
    console_write("\n", 1);
    console_write(prompt, sizeof prompt - 1);
    console_write(editor.text, editor.length);
    for (size_t i = editor.cursor; i < editor.length; i++)
        if ((editor.text[i] & 0xC0) != 0x80) /* a UTF-8 character is one column */
            console_write("\b", 1);
    arch_restore_irq_state(irq);
}

static void shell_thread(void *unused) {
    (void)unused;
    editor.write = console_write;
    klog_write_hook = log_above_prompt;
    if (shell_settle_hook)
        shell_settle_hook();
    for (;;) {
        line_begin(&editor);
        kputs(prompt);
        reading = true;
        enum line_event event;
        do
            event = line_feed(&editor, console_getchar());
        while (event == LINE_EDITING);
        reading = false;
        if (event == LINE_TOO_LONG)
            kprintf("Line too long: nothing was run. A line may have %d bytes.\n", SHELL_LINE_MAX - 1);
        if (event != LINE_DONE)
            continue;
        line_remember(&editor, editor.text);
        shell_execute(editor.text);
    }
}

static void shell_start(void) {
    if (!thread_create("shell", PRIO_USER, shell_thread, NULL))
        log_error("SYS", "No memory for the shell");
}
INITCALL(INIT_LATE, shell_start);

static const struct shell_command *find_command(const char *name) {
    for (const struct shell_command *c = __shellcmds_start; c < __shellcmds_end; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

bool shell_usage_allows(const struct shell_command *command, int argc) {
    if (strstr(command->usage, "..."))
        return true;
    int words = 1;
    for (const char *s = command->usage; *s; s++)
        words += *s == ' ';
    return argc <= words;
}

int shell_split(const char *line, char *store, size_t size, char **words, int max) {
    int count = 0;
    size_t used = 0;
    for (;;) {
        while (*line == ' ')
            line++;
        if (!*line)
            return count;
        if (count == max)
            return -2;
        words[count++] = store + used;
        char quote = '\0';
        for (; *line && (quote || *line != ' '); line++) {
            char c = *line;
            if (c == quote) {
                quote = '\0';
                continue;
            }
            if (!quote && (c == '"' || c == '\'')) {
                quote = c;
                continue;
            }
            if (c == '\\' && quote != '\'' && line[1])
                c = *++line;
            if (used + 1 < size)
                store[used++] = c;
        }
        if (quote)
            return -1;
        if (used < size)
            store[used++] = '\0';
    }
}

int shell_execute(char *line) {
    char store[SHELL_LINE_MAX + 1], *argv[MAX_WORDS + 1];
    const struct shell_command *command = NULL;
    size_t name_length = 0;
    while (*line == ' ')
        line++;
    if (!*line)
        return 0;

    int argc = shell_split(line, store, sizeof store, argv, MAX_WORDS);
    if (argc > 0 && (command = find_command(argv[0])) && argc <= SHELL_MAX_ARGS) {
        argv[argc] = NULL;
        int status = SHELL_NOT_A_COMMAND;
        bool allowed = shell_usage_allows(command, argc);
        if (allowed || !shell_fallback)
            status = allowed ? command->run(argc, argv) : SHELL_NOT_A_COMMAND;
        if (status != SHELL_NOT_A_COMMAND) {
            if (status != 0)
                kprintf("%s: status %d\n", command->name, status);
            return status;
        }
    }
    if (shell_fallback) {
        shell_fallback(line, SHELL_SESSION);
        return 0;
    }
    if (command) {
        kprintf("usage: %s\n", command->usage);
        return 1;
    }
    if (argc == -1) {
        kputs("A quote is not closed.\n");
        return 1;
    }
    while (line[name_length] && line[name_length] != ' ')
        name_length++;
    kprintf("%.*s: unknown command. `help` lists the commands.\n", (int)name_length, line);
    return 1;
}
