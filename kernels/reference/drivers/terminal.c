/* Text on a screen of character cells. */
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/terminal.h>

void terminal_clear(struct terminal *t) {
    t->row = t->column = 0;
    for (unsigned row = 0; row < t->rows; row++)
        t->ops->blank(t, row, 0, t->columns);
}

unsigned terminal_cursor_column(const struct terminal *t) {
    return t->column < t->columns ? t->column : t->columns - 1;
}

static void new_line(struct terminal *t) {
    t->column = 0;
    if (t->row + 1 < t->rows)
        t->row++;
    else
        t->ops->scroll(t);
}

static void put_visible(struct terminal *t, char c) {
    if (t->column == t->columns)
        new_line(t);
    t->ops->draw(t, t->row, t->column++, c);
}

/* The end of "ESC [ number letter"; what is not here, colours among it, has no effect. */
static void control(struct terminal *t, char c) {
    unsigned count = t->argument ? t->argument : 1;
    switch (c) {
    case 'C':
        t->column = t->column + count < t->columns ? t->column + count : t->columns - 1;
        break;
    case 'D':
        t->column = t->column > count ? t->column - count : 0;
        break;
    case 'H':
        t->row = t->column = 0;
        break;
    case 'J':
        if (t->argument == 2)
            terminal_clear(t);
        break;
    case 'K':
        if (t->column < t->columns)
            t->ops->blank(t, t->row, t->column, t->columns);
        break;
    }
}

static void put_text(struct terminal *t, char c) {
    switch (c) {
    case '\n':
        new_line(t);
        break;
    case '\r':
        t->column = 0;
        break;
    case '\b':
        if (t->column > 0)
            t->column--;
        break;
    case '\t':
        do
            put_visible(t, ' ');
        while (t->column % 8 != 0);
        break;
    case '\x1b':
        t->state = TERMINAL_ESCAPE;
        break;
    default:
        if ((uint8_t)c >= ' ')
            put_visible(t, c);
    }
}

void terminal_put(struct terminal *t, char c) {
    if (t->state == TERMINAL_TEXT) {
        put_text(t, c);
    } else if (t->state == TERMINAL_ESCAPE) {
        t->state = c == '[' ? TERMINAL_CONTROL : TERMINAL_TEXT;
        t->argument = 0;
    } else if (c >= '0' && c <= '9') {
        t->argument = (t->argument * 10 + (unsigned)(c - '0')) % 1000;
    } else if (c == ';') {
        t->argument = 0;
    } else {
        t->state = TERMINAL_TEXT;
        control(t, c);
    }
}

/* A terminal on a page of text. */
#define PAGE_ROWS 4u
#define PAGE_COLUMNS 10u
static char page[PAGE_ROWS][PAGE_COLUMNS + 1];
static void page_draw(struct terminal *t, unsigned row, unsigned column, char c) {
    (void)t;
    page[row][column] = c;
}
static void page_blank(struct terminal *t, unsigned row, unsigned from, unsigned end) {
    (void)t;
    memset(&page[row][from], ' ', end - from);
}
static void page_scroll(struct terminal *t) {
    memmove(page[0], page[1], sizeof page - sizeof page[0]);
    page_blank(t, PAGE_ROWS - 1, 0, PAGE_COLUMNS);
}

static bool page_after(struct terminal *t, const char *text, const char *want) {
    while (*text)
        terminal_put(t, *text++);
    for (unsigned row = 0; row < PAGE_ROWS; row++)
        if (memcmp(page[row], want + row * PAGE_COLUMNS, PAGE_COLUMNS) != 0)
            return false;
    return true;
}

SELFTEST(terminal_layout, "drivers") {
    static const struct terminal_ops ops = {page_draw, page_blank, page_scroll};
    struct terminal t = {.ops = &ops, .columns = PAGE_COLUMNS, .rows = PAGE_ROWS};
    terminal_clear(&t);
    CHECK(page_after(&t, "0123456789", "0123456789                              "));
    CHECK(t.row == 0 && terminal_cursor_column(&t) == 9); /* a full line alone does not wrap */
    CHECK(page_after(&t, "ab\bc\tz\rA", "0123456789Ac      z                     "));
    CHECK(page_after(&t, "\x1b[31;1m\x1b[K\n1234\x1b[2D\x1b[Kx", "0123456789A         12x                 "));
    CHECK(page_after(&t, "\nthree\nfour\nfive", "12x       three     four      five      "));
    CHECK(page_after(&t, "\x1b[H\x1b[3C!\x1b[99C?\x1b[99D\x1b", "12x!     ?three     four      five      "));
    CHECK(page_after(&t, "[2J", "                                        ") && t.row == 0 && t.column == 0);
    return NULL;
}
