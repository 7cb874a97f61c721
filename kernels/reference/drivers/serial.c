/* The ring of a serial line, and its device. */
#include "serial.h"
#include <auton/arch.h>
#include <auton/console.h>

device_t serial_device = {.bus = BUS_PLATFORM, .name = "serial0"};
static const struct uart *uart; /* NULL before there is one */
static char ring[SERIAL_RING];
static uint32_t head, tail; /* bytes ever put in and taken out */

void serial_pump(void) {
    for (unsigned room; head != tail && (room = uart->room());)
        for (; room > 0 && head != tail; room--)
            uart->send((uint8_t)ring[tail++ % SERIAL_RING]);
    uart->want(head != tail);
}

static void put(char c) {
    while (head - tail == SERIAL_RING) /* nothing is ever dropped: a full ring waits for the line */
        serial_pump();
    ring[head++ % SERIAL_RING] = c;
}

void serial_write(const char *text, size_t len) {
    uint64_t irq = arch_save_irq_state();
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            put('\r');
        put(text[i]);
    }
    serial_pump();
    arch_restore_irq_state(irq);
}

void serial_flush(void) {
    uint64_t irq = arch_save_irq_state();
    while (head != tail)
        serial_pump();
    while (!uart->idle()) {
    }
    arch_restore_irq_state(irq);
}

bool serial_drained(void) {
    return head == tail && uart->idle();
}

uint32_t serial_accepted(void) {
    return head;
}

static int probe(device_t *dev) {
    (void)dev;
    return uart ? 0 : -1;
}

static int suspend(device_t *dev) {
    (void)dev;
    serial_flush();
    return 0;
}

static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "serial0"};
static driver_t driver = {.matches = &match, .match_count = 1, .probe = probe, .suspend = suspend};
PLATFORM_DEVICE(serial0, &serial_device, &driver);

void serial_start(const struct uart *started) {
    static struct console_sink sink = {.write = serial_write, .flush = serial_flush};
    uart = started;
    driver.name = uart->name;
    console_replace_early_sink(&sink);
}
