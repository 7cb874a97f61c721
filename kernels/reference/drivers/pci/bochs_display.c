/* The display that QEMU and Bochs have (DISPI): a picture in memory, on which this driver draws the console's text.
 * Scrolling tells the display to start one line of text further down; only at the end of its memory the text is drawn
 * anew at the beginning. A VGA card that shows text already stays with the text screen's driver. */
#include "font.h"
#include <auton/console.h>
#include <auton/dev.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include <auton/terminal.h>

enum { BAR_PICTURE = 0, BAR_REGISTERS = 2 };
#define VGA_PORTS 0x400      /* of BAR 2: ports 0x3C0 to 0x3DF */
#define VGA_ATTRIBUTE (VGA_PORTS + 0x00)
#define VGA_ATTRIBUTE_SHOW 0x20
#define VGA_GRAPHICS_INDEX (VGA_PORTS + 0x0E)
#define VGA_GRAPHICS_DATA (VGA_PORTS + 0x0F)
#define VGA_GRAPHICS_MISC 0x06
#define VGA_MISC_READ (VGA_PORTS + 0x0C)
#define DISPI 0x500          /* of BAR 2: registers of 16 bits */
enum dispi { ID, WIDTH, HEIGHT, BITS, ENABLE, BANK, VIRTUAL_WIDTH, VIRTUAL_HEIGHT, OFFSET_X, OFFSET_Y, MEMORY_64K };
#define ID_LEAST 0xB0C4
#define ID_MASK 0xFFF0
#define ENABLE_LINEAR 0x41
#define SUBCLASS_VGA 0x00

#define PICTURE_WIDTH 1024u
#define PICTURE_HEIGHT 768u
#define DOT 2u               /* pixels, each way */
#define CELL_WIDTH 12u
#define CELL_HEIGHT 16u
#define COLUMNS (PICTURE_WIDTH / CELL_WIDTH)
#define ROWS (PICTURE_HEIGHT / CELL_HEIGHT)
#define FOREGROUND 0x00C8C8C8u
#define BACKGROUND 0x00000000u
#define REPLAYED_LINES 64u   /* of the log, from before the display was there */

static struct display {
    struct terminal terminal;
    volatile uint32_t *picture;
    volatile uint8_t *registers;
    char cells[ROWS][COLUMNS];
    unsigned top, lines;     /* line of text that the display starts with, and how many its memory has */
    bool works;
} display;

static volatile uint16_t *dispi(const struct display *d, enum dispi reg) {
    return (volatile uint16_t *)(d->registers + DISPI) + reg;
}

static volatile uint32_t *pixel_of(const struct display *d, unsigned row, unsigned column) {
    return d->picture + (size_t)(d->top + row) * CELL_HEIGHT * PICTURE_WIDTH + column * CELL_WIDTH;
}

static void draw_glyph(volatile uint32_t *at, char c) {
    unsigned index = (uint8_t)c - (unsigned)FONT_FIRST;
    const uint8_t *glyph = font_glyphs[index < FONT_GLYPHS ? index : '?' - FONT_FIRST];
    for (unsigned y = 0; y < CELL_HEIGHT; y++, at += PICTURE_WIDTH) {
        unsigned line = (y - 1) / DOT; /* a pixel is left free above and to the left */
        uint8_t dots = y >= 1 && line < FONT_HEIGHT ? glyph[line] : 0;
        for (unsigned x = 0; x < CELL_WIDTH; x++) {
            unsigned dot = (x - 1) / DOT;
            bool lit = x >= 1 && dot < FONT_WIDTH && dots >> (FONT_WIDTH - 1 - dot) & 1;
            at[x] = lit ? FOREGROUND : BACKGROUND;
        }
    }
}

static void draw_cursor(const struct display *d, bool on) {
    unsigned row = d->terminal.row, column = terminal_cursor_column(&d->terminal);
    volatile uint32_t *at = pixel_of(d, row, column) + (CELL_HEIGHT - 1) * PICTURE_WIDTH;
    for (unsigned x = 1; x < CELL_WIDTH - 1; x++)
        at[x] = on ? FOREGROUND : BACKGROUND;
}

static void draw(struct terminal *t, unsigned row, unsigned column, char c) {
    struct display *d = container_of(t, struct display, terminal);
    d->cells[row][column] = c;
    draw_glyph(pixel_of(d, row, column), c);
}

static void blank(struct terminal *t, unsigned row, unsigned from, unsigned end) {
    struct display *d = container_of(t, struct display, terminal);
    memset(&d->cells[row][from], ' ', end - from);
    volatile uint32_t *at = pixel_of(d, row, from);
    for (unsigned y = 0; y < CELL_HEIGHT; y++, at += PICTURE_WIDTH)
        for (unsigned x = 0; x < (end - from) * CELL_WIDTH; x++)
            at[x] = BACKGROUND;
}

static void redraw(struct display *d) {
    for (unsigned row = 0; row < ROWS; row++)
        for (unsigned column = 0; column < COLUMNS; column++)
            draw_glyph(pixel_of(d, row, column), d->cells[row][column]);
}

static void scroll(struct terminal *t) {
    struct display *d = container_of(t, struct display, terminal);
    memmove(d->cells[0], d->cells[1], sizeof d->cells - sizeof d->cells[0]);
    if (d->top + ROWS < d->lines) {
        d->top++;
    } else {
        memset(d->cells[ROWS - 1], ' ', COLUMNS);
        d->top = 0;
        redraw(d);
    }
    blank(t, ROWS - 1, 0, COLUMNS);
}

static const struct terminal_ops operations = {draw, blank, scroll};

/* With interrupts off and the console's lock held. */
static void display_text(const char *text, size_t len) {
    struct display *d = &display;
    if (!d->works)
        return;
    draw_cursor(d, false);
    for (size_t i = 0; i < len; i++)
        terminal_put(&d->terminal, text[i]);
    draw_cursor(d, true);
    *dispi(d, OFFSET_Y) = (uint16_t)(d->top * CELL_HEIGHT);
}
static struct console_sink sink = {.write = display_text};

static int set_mode(struct display *d, bool is_vga) {
    *dispi(d, ENABLE) = 0;
    *dispi(d, WIDTH) = PICTURE_WIDTH;
    *dispi(d, HEIGHT) = PICTURE_HEIGHT;
    *dispi(d, BITS) = 32;
    *dispi(d, ENABLE) = ENABLE_LINEAR;
    *dispi(d, VIRTUAL_WIDTH) = PICTURE_WIDTH;
    *dispi(d, VIRTUAL_HEIGHT) = (uint16_t)(d->lines * CELL_HEIGHT);
    *dispi(d, OFFSET_X) = 0;
    *dispi(d, OFFSET_Y) = (uint16_t)(d->top * CELL_HEIGHT);
    if (is_vga)
        d->registers[VGA_ATTRIBUTE] = VGA_ATTRIBUTE_SHOW;
    return *dispi(d, WIDTH) == PICTURE_WIDTH && *dispi(d, HEIGHT) == PICTURE_HEIGHT ? 0 : -EIO;
}

static bool shows_text(volatile uint8_t *registers) {
    registers[VGA_GRAPHICS_INDEX] = VGA_GRAPHICS_MISC;
    return registers[VGA_MISC_READ] & 1 && (registers[VGA_GRAPHICS_DATA] & 0x0D) == 0x0C;
}

/* What was logged before there was a display. */
static void replay_log(void) {
    struct klog_line *lines = kmalloc(REPLAYED_LINES * sizeof *lines);
    size_t count = lines ? klog_read(lines, REPLAYED_LINES) : 0;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].level == LOG_DEBUG)
            continue;
        display_text(lines[i].text, strnlen(lines[i].text, sizeof lines[i].text));
        display_text("\n", 1);
    }
    kfree(lines);
}

static int probe(device_t *dev) {
    pci_enable(dev);
    volatile uint8_t *registers = pci_map_bar(dev, BAR_REGISTERS);
    if (display.works || !registers || dev->bars[BAR_REGISTERS].size < DISPI + 2 * (MEMORY_64K + 1))
        return -ENODEV;
    return dev->subclass == SUBCLASS_VGA && shows_text(registers) ? -EBUSY : 0;
}

static int init(device_t *dev) {
    static bool registered;
    struct display *d = &display;
    d->registers = pci_map_bar(dev, BAR_REGISTERS);
    d->picture = pci_map_bar(dev, BAR_PICTURE);
    if (!d->picture || (*dispi(d, ID) & ID_MASK) != (ID_LEAST & ID_MASK) || *dispi(d, ID) < ID_LEAST)
        return -ENODEV;
    uint64_t memory = (uint64_t)*dispi(d, MEMORY_64K) * KB(64), window = dev->bars[BAR_PICTURE].size;
    d->lines = (unsigned)((memory < window ? memory : window) / (PICTURE_WIDTH * CELL_HEIGHT * sizeof(uint32_t)));
    if (d->lines < ROWS)
        return -ENOMEM;
    d->terminal = (struct terminal){.ops = &operations, .columns = COLUMNS, .rows = ROWS};
    d->top = 0;
    int result = set_mode(d, dev->subclass == SUBCLASS_VGA);
    if (result)
        return result;
    terminal_clear(&d->terminal);
    d->works = true;
    replay_log();
    if (!registered)
        console_register_sink(&sink);
    registered = true; /* sinks stay: without a display this one does nothing */
    log_info("DRV", "Framebuffer console initialized: %ux%u, %ux%u characters", PICTURE_WIDTH, PICTURE_HEIGHT, COLUMNS, ROWS);
    return 0;
}

static void remove(device_t *dev) {
    (void)dev;
    display.works = false;
    *dispi(&display, ENABLE) = 0;
}

static int suspend(device_t *dev) {
    (void)dev;
    display.works = false;
    return 0;
}

static int resume(device_t *dev) {
    int result = set_mode(&display, dev->subclass == SUBCLASS_VGA);
    if (result == 0)
        redraw(&display);
    display.works = result == 0;
    return result;
}

static const struct driver_match match = {BUS_PCI, 0x1234, 0x1111, MATCH_ANY8, MATCH_ANY8, NULL};
static driver_t driver = {.name = "bochs-display", .matches = &match, .match_count = 1, .probe = probe, .init = init,
                          .remove = remove, .suspend = suspend, .resume = resume};

static void bochs_display_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, bochs_display_register);

/* On a picture in ordinary memory: two lines of text are enough. */
SELFTEST(display_glyphs, "drivers") {
    static uint32_t picture[CELL_HEIGHT * PICTURE_WIDTH];
    unsigned lit = 0, dots = 0;
    for (char c = '!'; c <= '~'; c++) {
        draw_glyph(picture + CELL_WIDTH, c);
        lit = dots = 0;
        for (unsigned y = 0; y < FONT_HEIGHT; y++)
            for (uint8_t row = font_glyphs[c - FONT_FIRST][y]; row; row &= (uint8_t)(row - 1))
                dots++;
        for (size_t i = 0; i < ARRAY_SIZE(picture); i++)
            lit += picture[i] == FOREGROUND;
        CHECK(dots > 0 && lit == dots * DOT * DOT);
    }
    CHECK(picture[CELL_WIDTH - 1] == 0 && picture[2 * CELL_WIDTH] == 0); /* the neighbours stay as they are */
    return NULL;
}
