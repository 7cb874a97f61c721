/* What a screen does with the characters it gets: lines, wrapping, and the escape sequences that a line editor needs.
 * Any screen of character cells is a terminal by three functions. */
#pragma once
#include <auton/types.h>

struct terminal;
struct terminal_ops {
    void (*draw)(struct terminal *t, unsigned row, unsigned column, char c);
    void (*blank)(struct terminal *t, unsigned row, unsigned from, unsigned end); /* columns from..end-1 */
    void (*scroll)(struct terminal *t);         /* every row one up, the last one blank */
};

/* Part of the screen's own struct; zero but for these three fields when the screen is blank. */
struct terminal {
    const struct terminal_ops *ops;
    unsigned columns, rows;
    unsigned row, column;                       /* of the cursor; column == columns: the next character wraps */
    enum { TERMINAL_TEXT, TERMINAL_ESCAPE, TERMINAL_CONTROL } state;
    unsigned argument;                          /* number of the control sequence being read */
};

void terminal_put(struct terminal *t, char c);
void terminal_clear(struct terminal *t);        /* all blank, the cursor in the first row and column */
unsigned terminal_cursor_column(const struct terminal *t); /* where it shows */
