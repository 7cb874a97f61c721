/* Line editing: insertion anywhere, history, and the usual control keys. Characters of more than one byte (UTF-8)
 * are moved over and removed as a whole. */
#include "line.h"
#include <auton/string.h>

enum { CTRL_A = 1, CTRL_B, CTRL_C, CTRL_D, CTRL_E, CTRL_F, CTRL_K = 11, CTRL_L, CTRL_N = 14, CTRL_P = 16,
       CTRL_U = 21, CTRL_W = 23, ESCAPE = 27, DELETE = 127 };

static bool continues(char c) { return ((uint8_t)c & 0xC0) == 0x80; }

static void back(struct line_editor *line, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (!continues(line->text[i]))
            line->write("\b", 1);
}

/* Shows the text behind the cursor, then `blanks` spaces over what stood there, and returns to the cursor. */
static void show_rest(struct line_editor *line, size_t blanks) {
    line->write(line->text + line->cursor, line->length - line->cursor);
    for (size_t i = 0; i < blanks; i++)
        line->write(" ", 1);
    for (size_t i = 0; i < blanks; i++)
        line->write("\b", 1);
    back(line, line->cursor, line->length);
}

static size_t previous(const struct line_editor *line) {
    size_t at = line->cursor;
    while (at > 0 && continues(line->text[--at])) {
    }
    return at;
}

static size_t next(const struct line_editor *line) {
    size_t at = line->cursor;
    if (at < line->length)
        at++;
    while (at < line->length && continues(line->text[at]))
        at++;
    return at;
}

static void move(struct line_editor *line, size_t to) {
    if (to < line->cursor)
        back(line, to, line->cursor);
    else
        line->write(line->text + line->cursor, to - line->cursor);
    line->cursor = to;
}

/* Removes [from, to) and leaves the cursor there. */
static void erase(struct line_editor *line, size_t from, size_t to) {
    size_t columns = 0;
    for (size_t i = from; i < to; i++)
        columns += !continues(line->text[i]);
    move(line, from);
    memmove(line->text + from, line->text + to, line->length - to);
    line->length -= to - from;
    show_rest(line, columns);
}

static void insert(struct line_editor *line, char c) {
    if (line->length == sizeof line->text - 1) {
        line->too_long = true;
        line->write("\a", 1);
        return;
    }
    memmove(line->text + line->cursor + 1, line->text + line->cursor, line->length - line->cursor);
    line->text[line->cursor++] = c;
    line->length++;
    line->write(&c, 1);
    if (line->cursor < line->length && !continues(line->text[line->cursor]))
        show_rest(line, 0);
}

static void replace(struct line_editor *line, const char *text) {
    erase(line, 0, line->length);
    line->length = strlcpy(line->text, text, sizeof line->text);
    line->write(line->text, line->length);
    line->cursor = line->length;
}

static void show_history(struct line_editor *line, int step) {
    uint32_t oldest = line->history_count > LINE_HISTORY ? line->history_count - LINE_HISTORY : 0;
    if ((step < 0 && line->history_at == oldest) || (step > 0 && line->history_at == line->history_count))
        return;
    if (line->history_at == line->history_count) {
        line->text[line->length] = '\0';
        strlcpy(line->draft, line->text, sizeof line->draft);
    }
    line->history_at += (uint32_t)step;
    bool at_draft = line->history_at == line->history_count;
    replace(line, at_draft ? line->draft : line->history[line->history_at % LINE_HISTORY]);
}

static size_t word_start(const struct line_editor *line) {
    size_t at = line->cursor;
    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

/* Arrow, Home, End and Delete keys: ESC [ A, ESC O A, ESC [ 3 ~ */
static void escape_byte(struct line_editor *line, char c) {
    if (line->escape == 1) {
        line->escape = c == '[' || c == 'O' ? 2 : 0;
        line->parameter = 0;
        return;
    }
    if (c >= '0' && c <= '9') {
        line->parameter = line->parameter * 10 % 1000 + (c - '0');
        return;
    }
    if (c == ';')
        return;
    line->escape = 0;
    switch (c) {
    case 'A': show_history(line, -1); break;
    case 'B': show_history(line, 1); break;
    case 'C': move(line, next(line)); break;
    case 'D': move(line, previous(line)); break;
    case 'H': move(line, 0); break;
    case 'F': move(line, line->length); break;
    case '~':
        if (line->parameter == 1 || line->parameter == 7)
            move(line, 0);
        else if (line->parameter == 4 || line->parameter == 8)
            move(line, line->length);
        else if (line->parameter == 3)
            erase(line, line->cursor, next(line));
        break;
    default: break;
    }
}

void line_begin(struct line_editor *line) {
    line->length = line->cursor = 0;
    line->too_long = false;
    line->escape = 0;
    line->history_at = line->history_count;
}

void line_remember(struct line_editor *line, const char *text) {
    if (!text[0])
        return;
    if (line->history_count > 0 && strcmp(line->history[(line->history_count - 1) % LINE_HISTORY], text) == 0)
        return;
    strlcpy(line->history[line->history_count++ % LINE_HISTORY], text, SHELL_LINE_MAX);
}

enum line_event line_feed(struct line_editor *line, char c) {
    bool second_of_crlf = c == '\n' && line->after_cr;
    line->after_cr = c == '\r';
    if (second_of_crlf)
        return LINE_EDITING;
    if (line->escape) {
        escape_byte(line, c);
        return LINE_EDITING;
    }
    switch (c) {
    case '\r':
    case '\n':
        move(line, line->length);
        line->text[line->length] = '\0';
        line->write("\n", 1);
        return line->too_long ? LINE_TOO_LONG : LINE_DONE;
    case CTRL_C:
        move(line, line->length);
        line->write("^C\n", 3);
        return LINE_CANCELLED;
    case '\b':
    case DELETE: erase(line, previous(line), line->cursor); break;
    case CTRL_A: move(line, 0); break;
    case CTRL_B: move(line, previous(line)); break;
    case CTRL_D: erase(line, line->cursor, next(line)); break;
    case CTRL_E: move(line, line->length); break;
    case CTRL_F: move(line, next(line)); break;
    case CTRL_K: erase(line, line->cursor, line->length); break;
    case CTRL_N: show_history(line, 1); break;
    case CTRL_P: show_history(line, -1); break;
    case CTRL_U: erase(line, 0, line->cursor); break;
    case CTRL_W: erase(line, word_start(line), line->cursor); break;
    case ESCAPE: line->escape = 1; break;
    case '\t': insert(line, ' '); break;
    default:
        if ((uint8_t)c >= ' ')
            insert(line, c);
    }
    return LINE_EDITING;
}
