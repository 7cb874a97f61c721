/* The PS/2 keyboard behind the 8042 controller: key strokes by interrupt, as characters of the US layout. */
#include "keymap_us.h"
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/dev.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define DATA 0x60
#define STATUS 0x64
#define COMMAND 0x64
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_INPUT_FULL 0x02
#define STATUS_FROM_MOUSE 0x20
enum command { READ_CONFIG = 0x20, WRITE_CONFIG = 0x60, DISABLE_MOUSE = 0xA7, DISABLE_KEYBOARD = 0xAD,
               ENABLE_KEYBOARD = 0xAE };
#define CONFIG_KEYBOARD_INTERRUPT 0x01
#define CONFIG_MOUSE_INTERRUPT 0x02
#define CONFIG_KEYBOARD_OFF 0x10
#define CONFIG_TRANSLATE 0x40 /* set 2, which keyboards send, to set 1 */
#define KEYBOARD_IRQ 1
#define POLLS 20000 /* about 20 ms on a real port */

struct keyboard {
    bool left_shift, right_shift, left_ctrl, right_ctrl, caps_lock, num_lock;
    bool extended;  /* 0xE0 came */
    uint8_t skip;   /* scancodes to come that belong to Pause */
};

static struct keyboard keyboard;
static bool present;

static const char *translate(struct keyboard *k, uint8_t scancode, char text[2]);
static void on_interrupt(uint32_t vector, void *data);

static bool wait_status(uint8_t mask, uint8_t want) {
    for (int i = 0; i < POLLS; i++)
        if ((arch_io_read8(STATUS) & mask) == want)
            return true;
    return false;
}

static bool send_command(enum command command) {
    if (!wait_status(STATUS_INPUT_FULL, 0))
        return false;
    arch_io_write8(COMMAND, command);
    return true;
}

static void drain(void) {
    for (int i = 0; i < 32 && (arch_io_read8(STATUS) & STATUS_OUTPUT_FULL); i++)
        arch_io_read8(DATA);
}

static bool controller_init(void) {
    if (arch_io_read8(STATUS) == 0xFF) /* no controller answers there */
        return false;
    if (!send_command(DISABLE_KEYBOARD) || !send_command(DISABLE_MOUSE))
        return false;
    drain();
    if (!send_command(READ_CONFIG) || !wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL))
        return false;
    uint8_t config = arch_io_read8(DATA);
    config |= CONFIG_KEYBOARD_INTERRUPT | CONFIG_TRANSLATE;
    config &= (uint8_t) ~(CONFIG_KEYBOARD_OFF | CONFIG_MOUSE_INTERRUPT);
    if (!send_command(WRITE_CONFIG) || !wait_status(STATUS_INPUT_FULL, 0))
        return false;
    arch_io_write8(DATA, config);
    return send_command(ENABLE_KEYBOARD);
}

static void keyboard_init(void) {
    uint64_t irq = arch_save_irq_state();
    present = controller_init();
    if (present)
        arch_set_interrupt_handler(ARCH_IRQ_BASE + KEYBOARD_IRQ, on_interrupt, NULL);
    arch_restore_irq_state(irq);
    if (present)
        log_info("DRV", "PS/2 keyboard initialized: US layout, IRQ %u", KEYBOARD_IRQ);
}
INITCALL(INIT_CORE_DRIVERS, keyboard_init);

static void on_interrupt(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    for (int i = 0; i < 32; i++) {
        uint8_t status = arch_io_read8(STATUS);
        if (!(status & STATUS_OUTPUT_FULL))
            return;
        uint8_t scancode = arch_io_read8(DATA);
        char text[2];
        if (status & STATUS_FROM_MOUSE)
            continue;
        for (const char *c = translate(&keyboard, scancode, text); *c; c++)
            console_input(*c);
    }
}

/* Shift, Ctrl and the locks. True when the scancode was one of them; `down` tells press from release. */
static bool modifier(struct keyboard *k, uint8_t key, bool down, bool extended) {
    switch (key) {
    case 0x2A:
        if (!extended) /* with 0xE0 it is a shift that the keyboard makes up around a navigation key */
            k->left_shift = down;
        return true;
    case 0x36:
        if (!extended)
            k->right_shift = down;
        return true;
    case 0x1D:
        *(extended ? &k->right_ctrl : &k->left_ctrl) = down;
        return true;
    case 0x38: /* Alt */
        return true;
    case 0x3A:
        k->caps_lock ^= down;
        return true;
    case 0x45:
        k->num_lock ^= down;
        return true;
    }
    return false;
}

static const char *navigation(uint8_t key) {
    for (size_t i = 0; i < ARRAY_SIZE(keymap_navigation); i++)
        if (keymap_navigation[i].scancode == key)
            return keymap_navigation[i].sequence;
    return "";
}

static char character(const struct keyboard *k, uint8_t key) {
    if (key >= ARRAY_SIZE(keymap_plain))
        return 0;
    char plain = keymap_plain[key];
    bool is_letter = plain >= 'a' && plain <= 'z';
    bool shift = k->left_shift || k->right_shift;
    if (is_letter && k->caps_lock)
        shift = !shift;
    char c = shift ? keymap_shifted[key] : plain;
    if (k->left_ctrl || k->right_ctrl)
        return is_letter ? (char)(plain & 0x1F) : 0;
    return c;
}

/* What one scancode types: "" for nothing. A single character is built in `text`. */
static const char *translate(struct keyboard *k, uint8_t scancode, char text[2]) {
    if (k->skip) {
        k->skip--;
        return "";
    }
    if (scancode == 0xE1) { /* Pause: two more make it whole, and it has no release */
        k->skip = 2;
        return "";
    }
    if (scancode == 0xE0) {
        k->extended = true;
        return "";
    }
    bool extended = k->extended, down = !(scancode & 0x80);
    uint8_t key = scancode & 0x7F;
    k->extended = false;
    if (modifier(k, key, down, extended) || !down)
        return "";
    bool on_numpad = key >= 0x47 && key <= 0x53 && key != 0x4A && key != 0x4E;
    if (on_numpad && (extended || !k->num_lock))
        return navigation(key);
    if (extended && key != 0x1C && key != 0x35) /* of these only Enter and / type something */
        return "";
    text[0] = on_numpad ? keymap_numpad[key - 0x47] : character(k, key);
    text[1] = '\0';
    return text;
}

static int probe(device_t *dev) {
    (void)dev;
    return present ? 0 : -1;
}

static device_t device = {.bus = BUS_PLATFORM, .name = "keyboard0", .irq = KEYBOARD_IRQ,
                          .bars = {{.base = DATA, .size = 1}}};
static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "keyboard0"};
static driver_t driver = {.name = "ps2-keyboard", .matches = &match, .match_count = 1, .probe = probe};
PLATFORM_DEVICE(keyboard0, &device, &driver);

static bool types(struct keyboard *k, const char *scancodes, size_t count, const char *want) {
    char typed[32] = "", text[2];
    for (size_t i = 0; i < count; i++)
        strlcat(typed, translate(k, (uint8_t)scancodes[i], text), sizeof typed);
    return strcmp(typed, want) == 0;
}
#define TYPES(keyboard, scancodes, want) types(&(keyboard), (scancodes), sizeof(scancodes) - 1, (want))

SELFTEST(keyboard_translate, "drivers") {
    struct keyboard k = {0};
    CHECK(TYPES(k, "\x23\xA3\x17\x97\x02\x82\x1C\x9C", "hi1\n"));
    CHECK(TYPES(k, "\x2A\x23\xA3\x02\x82\xAA\x23\xA3", "H!h"));            /* Shift */
    CHECK(TYPES(k, "\x36\x2A\xAA\x1E\xB6\x1E", "Aa"));                     /* one of two Shifts is enough */
    CHECK(TYPES(k, "\x3A\xBA\x1E\x02\x2A\x1E\xAA\x3A\xBA\x1E", "A1aa"));   /* Caps Lock: letters only */
    CHECK(TYPES(k, "\x1D\x2E\x9D\x2E", "\x03" "c"));                       /* Ctrl-C */
    CHECK(TYPES(k, "\xE0\x1D\x16\xE0\x9D\x16", "\x15u"));                  /* right Ctrl */
    CHECK(TYPES(k, "\xE0\x48\xE0\xC8\xE0\x53\xE0\xD3", "\x1b[A\x1b[3~"));
    CHECK(TYPES(k, "\xE0\x2A\xE0\x4B\xE0\xCB\xE0\xAA\x1E", "\x1b[Da"));    /* made-up Shift */
    CHECK(TYPES(k, "\xE0\x35\xE0\x1C\x48", "/\n\x1b[A"));                  /* number pad */
    CHECK(TYPES(k, "\x45\xC5\x48\x4A\x53", "8-."));                        /* Num Lock */
    CHECK(TYPES(k, "\xE1\x1D\x45\xE1\x9D\xC5\x1E", "a"));                  /* Pause types nothing */
    CHECK(TYPES(k, "\x3B\x57\x7F\x54\x00", ""));                           /* F keys, unknown codes */
    return NULL;
}

/* The controller holds what it was told, or no key would ever come. */
SELFTEST(keyboard_controller, "drivers") {
    if (!present) /* a machine without one; the test above has tried the rest */
        return NULL;
    uint64_t irq = arch_save_irq_state();
    bool answered = send_command(DISABLE_KEYBOARD);
    drain();
    answered = answered && send_command(READ_CONFIG) && wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL);
    uint8_t config = answered ? arch_io_read8(DATA) : 0;
    send_command(ENABLE_KEYBOARD);
    arch_restore_irq_state(irq);
    CHECK(answered);
    CHECK(config & CONFIG_KEYBOARD_INTERRUPT);
    CHECK(config & CONFIG_TRANSLATE);
    return NULL;
}
