/* The VGA text screen, 80 x 25. Its memory holds 204 lines, so scrolling is telling the display to start one line
 * further on; only at the end of that memory the picture is copied back to its beginning. (Moving all the text at
 * every line costs milliseconds on an emulated machine.) */
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/dev.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/selftest.h>

#define COLUMNS 80u
#define ROWS 25u
#define LINES (0x8000u / 2 / COLUMNS)
#define MEMORY 0xB8000
#define ATTRIBUTE 0x07 /* light grey on black */
#define BLANK (ATTRIBUTE << 8 | ' ')

#define MISC_OUTPUT_READ 0x3CC
#define MISC_COLOR_PORTS 0x01
#define GRAPHICS_INDEX 0x3CE
#define GRAPHICS_MISC 0x06
#define GRAPHICS_MISC_MASK 0x0D
#define GRAPHICS_MISC_TEXT 0x0C /* memory at 0xB8000, no graphics */
#define CRTC_INDEX 0x3D4
enum crtc { CURSOR_START = 0x0A, CURSOR_END = 0x0B, START_HIGH = 0x0C, START_LOW = 0x0D, CURSOR_HIGH = 0x0E,
            CURSOR_LOW = 0x0F };

struct screen {
    volatile uint16_t *cells;      /* LINES lines of COLUMNS cells */
    unsigned top;                  /* first line on display */
    unsigned row, column;          /* of the cursor; column COLUMNS: the next character goes to the next line */
    enum { TEXT, ESCAPE, CONTROL } state;
    unsigned argument;             /* number of the control sequence being read */
};

static struct screen display;
static bool present;

static void put(struct screen *s, char c);
static void vga_write(const char *text, size_t len);
static struct console_sink sink = {.write = vga_write};

static void crtc_write(enum crtc reg, unsigned value) {
    arch_io_write16(CRTC_INDEX, (uint16_t)(value << 8 | reg)); /* index and data port at once */
}

/* Cells come in fours: the start of each line lies on 8 bytes. */
static void clear_lines(struct screen *s, unsigned line, unsigned count) {
    const uint64_t four = 0x0001000100010001ull * BLANK;
    volatile uint64_t *at = (volatile uint64_t *)(s->cells + line * COLUMNS);
    for (unsigned i = 0; i < count * COLUMNS / 4; i++)
        at[i] = four;
}

static void clear_screen(struct screen *s) {
    s->top = s->row = s->column = 0;
    clear_lines(s, 0, ROWS);
}

static bool in_text_mode(void) {
    if (!(arch_io_read8(MISC_OUTPUT_READ) & MISC_COLOR_PORTS))
        return false;
    arch_io_write8(GRAPHICS_INDEX, GRAPHICS_MISC);
    return (arch_io_read8(GRAPHICS_INDEX + 1) & GRAPHICS_MISC_MASK) == GRAPHICS_MISC_TEXT;
}

/* Early, so that what goes wrong early shows on the screen too. */
static void vga_start(void) {
    display.cells = phys_to_virt(MEMORY);
    if (!in_text_mode())
        return;
    display.cells[0] = 0x1234;
    if (display.cells[0] != 0x1234)
        return;
    present = true;
    clear_screen(&display);
    crtc_write(CURSOR_START, 14); /* an underline */
    crtc_write(CURSOR_END, 15);
    console_register_sink(&sink);
}
INITCALL(INIT_EARLY, vga_start);

static void vga_report(void) {
    if (present)
        log_info("DRV", "VGA text initialized: %ux%u", COLUMNS, ROWS);
}
INITCALL(INIT_CORE_DRIVERS, vga_report);

static void vga_write(const char *text, size_t len) {
    unsigned top = display.top;
    for (size_t i = 0; i < len; i++)
        put(&display, text[i]);
    if (display.top != top) {
        crtc_write(START_HIGH, display.top * COLUMNS >> 8);
        crtc_write(START_LOW, display.top * COLUMNS & 0xFF);
    }
    unsigned column = display.column < COLUMNS ? display.column : COLUMNS - 1;
    unsigned cursor = (display.top + display.row) * COLUMNS + column;
    crtc_write(CURSOR_HIGH, cursor >> 8);
    crtc_write(CURSOR_LOW, cursor & 0xFF);
}

static void scroll(struct screen *s) {
    if (s->top + ROWS == LINES) {
        const volatile uint64_t *from = (const volatile uint64_t *)(s->cells + (s->top + 1) * COLUMNS);
        volatile uint64_t *to = (volatile uint64_t *)s->cells;
        for (unsigned i = 0; i < (ROWS - 1) * COLUMNS / 4; i++)
            to[i] = from[i];
        s->top = 0;
    } else {
        s->top++;
    }
    clear_lines(s, s->top + ROWS - 1, 1);
}

static void new_line(struct screen *s) {
    s->column = 0;
    if (s->row + 1 < ROWS)
        s->row++;
    else
        scroll(s);
}

static void put_visible(struct screen *s, char c) {
    if (s->column == COLUMNS)
        new_line(s);
    s->cells[(s->top + s->row) * COLUMNS + s->column++] = (uint16_t)(ATTRIBUTE << 8 | (uint8_t)c);
}

/* The end of "ESC [ number letter": what a line editor needs; the rest, colours among it, has no effect. */
static void control(struct screen *s, char c) {
    unsigned count = s->argument ? s->argument : 1;
    switch (c) {
    case 'C':
        s->column = s->column + count < COLUMNS ? s->column + count : COLUMNS - 1;
        break;
    case 'D':
        s->column = s->column > count ? s->column - count : 0;
        break;
    case 'H':
        s->row = s->column = 0;
        break;
    case 'J':
        if (s->argument == 2)
            clear_screen(s);
        break;
    case 'K':
        for (unsigned x = s->column; x < COLUMNS; x++)
            s->cells[(s->top + s->row) * COLUMNS + x] = BLANK;
        break;
    }
}

static void put_text(struct screen *s, char c) {
    switch (c) {
    case '\n':
        new_line(s);
        break;
    case '\r':
        s->column = 0;
        break;
    case '\b':
        if (s->column > 0)
            s->column--;
        break;
    case '\t':
        do
            put_visible(s, ' ');
        while (s->column % 8 != 0);
        break;
    case '\x1b':
        s->state = ESCAPE;
        break;
    default:
        if ((uint8_t)c >= ' ')
            put_visible(s, c);
    }
}

static void put(struct screen *s, char c) {
    if (s->state == TEXT) {
        put_text(s, c);
    } else if (s->state == ESCAPE) {
        s->state = c == '[' ? CONTROL : TEXT;
        s->argument = 0;
    } else if (c >= '0' && c <= '9') {
        s->argument = (s->argument * 10 + (unsigned)(c - '0')) % 1000;
    } else if (c == ';') {
        s->argument = 0;
    } else {
        s->state = TEXT;
        control(s, c);
    }
}

static int probe(device_t *dev) {
    (void)dev;
    return present ? 0 : -1;
}

static device_t device = {.bus = BUS_PLATFORM, .name = "screen0",
                          .bars = {{.base = MEMORY, .size = 0x8000, .is_mmio = true}}};
static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "screen0"};
static driver_t driver = {.name = "vga-text", .matches = &match, .match_count = 1, .probe = probe};
PLATFORM_DEVICE(screen0, &device, &driver);

static void print(struct screen *s, const char *text) {
    while (*text)
        put(s, *text++);
}

static bool shows(const struct screen *s, unsigned row, const char *text) {
    const volatile uint16_t *cell = s->cells + (s->top + row) * COLUMNS;
    while (*text)
        if ((*cell++ & 0xFF) != (uint8_t)*text++)
            return false;
    return (*cell & 0xFF) == ' ';
}

/* On a screen in ordinary memory, so that nobody sees it. */
static uint64_t test_memory[LINES * COLUMNS / 4];

SELFTEST(vga_scroll, "drivers") {
    struct screen s = {.cells = (volatile uint16_t *)test_memory};
    clear_screen(&s);
    char line[] = "line 000";
    for (unsigned i = 0; i < 2 * LINES; i++) { /* goes round the memory twice */
        line[5] = (char)('0' + i / 100);
        line[6] = (char)('0' + i / 10 % 10);
        line[7] = (char)('0' + i % 10);
        print(&s, line);
        CHECK(shows(&s, s.row, line));
        CHECK(s.top + ROWS <= LINES);
        put(&s, '\n');
        CHECK(i < ROWS || shows(&s, ROWS - 2, line));
    }
    CHECK(s.row == ROWS - 1 && s.column == 0 && shows(&s, s.row, ""));
    CHECK(shows(&s, 0, "line 384"));
    return NULL;
}

SELFTEST(vga_text_layout, "drivers") {
    struct screen s = {.cells = (volatile uint16_t *)test_memory};
    clear_screen(&s);
    for (unsigned i = 0; i < COLUMNS; i++)
        put(&s, 'x');
    CHECK(s.row == 0); /* a full line alone does not scroll */
    print(&s, "ab\bc\tz\rA");
    CHECK(s.row == 1 && shows(&s, 1, "Ac      z"));
    print(&s, "\x1b[31;1m\x1b[K\n1234\x1b[2D\x1b[Kx");
    CHECK(shows(&s, 1, "A") && shows(&s, 2, "12x"));
    print(&s, "\x1b[2J");
    CHECK(s.row == 0 && s.column == 0 && shows(&s, 0, "") && shows(&s, 2, ""));
    return NULL;
}

SELFTEST(vga_memory, "drivers") {
    if (!present) /* nothing to write to; the two above have tried the logic */
        return NULL;
    uint64_t irq = arch_save_irq_state();
    volatile uint16_t *cell = &display.cells[LINES * COLUMNS - 1];
    uint16_t old = *cell;
    *cell = 0x5AA5;
    bool kept = *cell == 0x5AA5;
    *cell = old;
    arch_io_write8(CRTC_INDEX, CURSOR_LOW);
    uint8_t cursor = arch_io_read8(CRTC_INDEX + 1);
    unsigned column = display.column < COLUMNS ? display.column : COLUMNS - 1;
    bool cursor_follows = cursor == (((display.top + display.row) * COLUMNS + column) & 0xFF);
    arch_restore_irq_state(irq);
    CHECK(kept);
    CHECK(cursor_follows);
    return NULL;
}
