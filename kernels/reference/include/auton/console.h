/* The console joins output sinks (serial, VGA text) and input sources (serial, keyboard). */
#pragma once
#include <auton/types.h>

struct console_sink {
    void (*write)(const char *text, size_t len); /* may be called with interrupts off */
    struct console_sink *next;
    void (*flush)(void); /* optional: puts out by polling what write() has queued; before a panic or power-off */
};
void console_register_sink(struct console_sink *sink);
/* Takes the place of the polled serial port that boot started with: for the serial driver. */
void console_replace_early_sink(struct console_sink *sink);
void console_flush(void);
/* From here on output goes out at once and takes no locks: the machine is going down. */
void console_panic_mode(void);
void console_write(const char *text, size_t len);

/* Called by input drivers from interrupt context: one byte of input. */
void console_input(char c);
/* Next byte of input, or -1 when there is none. Never blocks. */
int console_poll(void);
/* Was Ctrl-C typed? Takes it, and what was typed before it, from the input. For commands that take their time. */
bool console_interrupted(void);
/* Next byte of input; sleeps (or halts, before the scheduler runs) until there is one. */
char console_getchar(void);
/* Set by the scheduler's side so that console_input() can wake a sleeping reader without depending on it. */
extern void (*console_wake_hook)(void);
extern void (*console_wait_hook)(void); /* blocks until input may be there */
