/* Self-tests of the line editor: what is typed and what must come out, on the line and on the screen. */
#include "line.h"
#include <auton/selftest.h>
#include <auton/string.h>

static struct line_editor editor;
static char screen[256]; /* what a terminal would show */
static size_t column, columns;

static void draw(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\b')
            column -= column > 0;
        else if (text[i] != '\n' && text[i] != '\a' && column < sizeof screen - 1) {
            screen[column++] = text[i];
            columns = column > columns ? column : columns;
        }
    }
}

/* Types `keys` into an empty line; true when `text` is the line and the screen shows it (and blanks behind). */
static bool typed(const char *keys, const char *text) {
    memset(screen, 0, sizeof screen);
    column = columns = 0;
    editor.write = draw;
    line_begin(&editor);
    while (*keys)
        if (line_feed(&editor, *keys++) == LINE_DONE)
            break;
    size_t length = strlen(text);
    while (columns > length && screen[columns - 1] == ' ')
        columns--;
    return strcmp(editor.text, text) == 0 && columns == length && strncmp(screen, text, length) == 0;
}

SELFTEST(sys_line_edit, "sys") {
    memset(&editor, 0, sizeof editor);
    CHECK(typed("mem\r", "mem"));
    CHECK(typed("\rps\r", ""));           /* an empty line ends at once */
    CHECK(typed("mxem\x1b[D\x1b[D\b\r", "mem"));
    CHECK(typed("wrong\x15ps\n", "ps"));
    CHECK(typed("end\x01start \x05!\r", "start end!"));
    CHECK(typed("kill thread\x17" "5\r", "kill 5"));
    CHECK(typed("abc\x1b[H\x1b[3~\r", "bc"));
    CHECK(typed("a\x01\x07\x1b[Z\x1bOCb\r", "ab")); /* unknown keys do nothing */
    return NULL;
}

SELFTEST(sys_line_utf8, "sys") {
    memset(&editor, 0, sizeof editor);
    editor.write = draw;
    line_begin(&editor);
    for (const char *s = "gr\xc3\xbc\xc3\xb6\b\x7f" "un\r"; *s; s++)
        line_feed(&editor, *s);
    CHECK(strcmp(editor.text, "grun") == 0); /* each backspace takes a whole character */
    return NULL;
}

SELFTEST(sys_line_history, "sys") {
    memset(&editor, 0, sizeof editor);
    line_remember(&editor, "first");
    line_remember(&editor, "second");
    line_remember(&editor, "second");
    CHECK(typed("\x1b[A\r", "second"));
    CHECK(typed("\x1b[A\x1b[A\x1b[A\r", "first"));
    CHECK(typed("dra\x1b[A\x1b[Bft\r", "draft"));
    for (int i = 0; i < 2 * LINE_HISTORY; i++)
        line_remember(&editor, i % 2 ? "odd" : "even");
    line_begin(&editor);
    for (int i = 0; i < LINE_HISTORY + 5; i++)
        line_feed(&editor, 'P' - '@');
    CHECK(editor.history_count - editor.history_at == LINE_HISTORY);
    return NULL;
}

SELFTEST(sys_line_too_long, "sys") {
    memset(&editor, 0, sizeof editor);
    editor.write = draw;
    line_begin(&editor);
    for (int i = 0; i < SHELL_LINE_MAX - 1; i++)
        line_feed(&editor, 'x');
    CHECK(!editor.too_long);
    line_feed(&editor, 'y');
    CHECK(line_feed(&editor, '\r') == LINE_TOO_LONG);
    CHECK(editor.length == SHELL_LINE_MAX - 1 && !strchr(editor.text, 'y'));
    return NULL;
}
