/* One line of input being edited on a terminal that knows printable bytes, backspace and newline only. */
#pragma once
#include <auton/shell.h>
#include <auton/types.h>

#define LINE_HISTORY 32

enum line_event { LINE_EDITING, LINE_DONE, LINE_CANCELLED, LINE_TOO_LONG };

struct line_editor {
    char text[SHELL_LINE_MAX]; /* terminated when line_feed() says LINE_DONE */
    size_t length, cursor;
    bool too_long, after_cr;
    int escape;                /* how far into an escape sequence; its parameter below */
    int parameter;
    char history[LINE_HISTORY][SHELL_LINE_MAX];
    uint32_t history_count;    /* lines ever remembered; the last LINE_HISTORY are there */
    uint32_t history_at;       /* which one is shown; history_count for the line being written */
    char draft[SHELL_LINE_MAX];
    void (*write)(const char *text, size_t length);
};

void line_begin(struct line_editor *line);
/* Takes one byte. After anything but LINE_EDITING the caller uses `text` and begins again. */
enum line_event line_feed(struct line_editor *line, char c);
void line_remember(struct line_editor *line, const char *text);
