/* The VGA text screen, 80 x 25. Its memory holds 204 lines, so scrolling is telling the display to start one line
 * further on; only at the end of that memory the picture is copied back to its beginning. (Moving all the text at
 * every line costs milliseconds on an emulated machine.) */
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/dev.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/terminal.h>

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
    struct terminal terminal;
    volatile uint16_t *cells;      /* LINES lines of COLUMNS cells */
    unsigned top;                  /* first line on display */
};

static struct screen display;
static bool present;

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

static struct screen *screen_of(struct terminal *t) {
    return container_of(t, struct screen, terminal);
}

static void draw(struct terminal *t, unsigned row, unsigned column, char c) {
    struct screen *s = screen_of(t);
    s->cells[(s->top + row) * COLUMNS + column] = (uint16_t)(ATTRIBUTE << 8 | (uint8_t)c);
}

static void blank(struct terminal *t, unsigned row, unsigned from, unsigned end) {
    struct screen *s = screen_of(t);
    if (from == 0 && end == COLUMNS) {
        clear_lines(s, s->top + row, 1);
        return;
    }
    for (unsigned x = from; x < end; x++)
        s->cells[(s->top + row) * COLUMNS + x] = BLANK;
}

static void scroll(struct terminal *t) {
    struct screen *s = screen_of(t);
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

static const struct terminal_ops operations = {draw, blank, scroll};

static void start_screen(struct screen *s, volatile void *cells) {
    *s = (struct screen){.terminal = {.ops = &operations, .columns = COLUMNS, .rows = ROWS}, .cells = cells};
    terminal_clear(&s->terminal);
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
    start_screen(&display, display.cells);
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

static unsigned cursor_cell(const struct screen *s) {
    return (s->top + s->terminal.row) * COLUMNS + terminal_cursor_column(&s->terminal);
}

static void vga_write(const char *text, size_t len) {
    unsigned top = display.top;
    for (size_t i = 0; i < len; i++)
        terminal_put(&display.terminal, text[i]);
    if (display.top != top) {
        crtc_write(START_HIGH, display.top * COLUMNS >> 8);
        crtc_write(START_LOW, display.top * COLUMNS & 0xFF);
    }
    unsigned cursor = cursor_cell(&display);
    crtc_write(CURSOR_HIGH, cursor >> 8);
    crtc_write(CURSOR_LOW, cursor & 0xFF);
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
        terminal_put(&s->terminal, *text++);
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
    struct screen s;
    start_screen(&s, test_memory);
    char line[] = "line 000";
    for (unsigned i = 0; i < 2 * LINES; i++) { /* goes round the memory twice */
        line[5] = (char)('0' + i / 100);
        line[6] = (char)('0' + i / 10 % 10);
        line[7] = (char)('0' + i % 10);
        print(&s, line);
        CHECK(shows(&s, s.terminal.row, line));
        CHECK(s.top + ROWS <= LINES);
        print(&s, "\n");
        CHECK(i < ROWS || shows(&s, ROWS - 2, line));
    }
    CHECK(s.terminal.row == ROWS - 1 && s.terminal.column == 0 && shows(&s, ROWS - 1, ""));
    CHECK(shows(&s, 0, "line 384"));
    return NULL;
}

SELFTEST(vga_text_layout, "drivers") {
    struct screen s;
    start_screen(&s, test_memory);
    for (unsigned i = 0; i < COLUMNS; i++)
        print(&s, "x");
    CHECK(s.terminal.row == 0); /* a full line alone does not scroll */
    print(&s, "ab\bc\tz\rA\n1234\x1b[2D\x1b[Kx");
    CHECK(shows(&s, 1, "Ac      z") && shows(&s, 2, "12x"));
    print(&s, "\x1b[2J");
    CHECK(s.terminal.row == 0 && s.terminal.column == 0 && shows(&s, 0, "") && shows(&s, 2, ""));
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
    bool cursor_follows = cursor == (cursor_cell(&display) & 0xFF);
    arch_restore_irq_state(irq);
    CHECK(kept);
    CHECK(cursor_follows);
    return NULL;
}
