/* The PL011 UART. */
#include "../serial.h"
#include <arch_pl011.h>
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/selftest.h>

enum reg { DATA = PL011_DATA, FLAGS = PL011_FLAGS, LINE_CONTROL = 0x2C, CONTROL = 0x30, FIFO_LEVELS = 0x34,
           INT_MASK = 0x38, INT_STATUS = 0x40, INT_CLEAR = 0x44, ID = 0xFE0 };
#define LINE_8N1_FIFO 0x70u
#define CONTROL_ON 0x301u           /* UART, transmitter, receiver */
#define LEVELS_LOW 0u               /* ask for more when 1/8 of the FIFO is left to send, or 1/8 was received */
#define INT_RECEIVE 0x50u           /* so much, or less and then no more */
#define INT_TRANSMIT 0x20u
#define INT_ALL 0x7FFu
#define ID_BYTE0 0x11u              /* the lowest of the peripheral's number */

#define RECEIVE_BOUND 256 /* bytes taken by one interrupt: broken hardware may offer them without end */

static bool present;
static uint32_t int_mask;
static volatile uint32_t interrupts;

static uint32_t in(enum reg reg) {
    return arch_io_read32(arch_pl011.base + reg);
}

static void out(enum reg reg, uint32_t value) {
    arch_io_write32(arch_pl011.base + reg, value);
}

static unsigned room(void) {
    return !(in(FLAGS) & PL011_FLAG_TRANSMIT_FULL);
}

static void send(uint8_t byte) {
    out(DATA, byte);
}

static bool idle(void) {
    return !(in(FLAGS) & PL011_FLAG_BUSY);
}

static void want(bool transmit) {
    uint32_t wanted = transmit ? INT_RECEIVE | INT_TRANSMIT : INT_RECEIVE;
    if (wanted != int_mask && arch_pl011.vector)
        out(INT_MASK, int_mask = wanted);
}

static void on_interrupt(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    interrupts = interrupts + 1;
    out(INT_CLEAR, in(INT_STATUS) & ~INT_RECEIVE); /* these go with the bytes; cleared, those behind the bound would wait */
    for (int i = 0; i < RECEIVE_BOUND && !(in(FLAGS) & PL011_FLAG_RECEIVE_EMPTY); i++)
        console_input((char)in(DATA));
    serial_pump();
}

static const struct uart uart = {"pl011", room, send, idle, want};

static void uart_init(void) {
    if (!arch_pl011.base || (in(ID) & 0xFF) != ID_BYTE0)
        return;
    while (!idle()) { /* changing the line would spoil the last words of the early console */
    }
    out(INT_MASK, 0);
    out(CONTROL, 0);
    out(LINE_CONTROL, LINE_8N1_FIFO); /* the rate stays what the firmware has set: only it knows the clock */
    out(FIFO_LEVELS, LEVELS_LOW);
    out(INT_CLEAR, INT_ALL);
    out(CONTROL, CONTROL_ON);
    present = true;
    serial_device.bars[0] = (struct pci_bar){.base = arch_pl011.base, .size = KB(4), .is_mmio = true};
    serial_start(&uart);
    if (arch_pl011.vector) {
        serial_device.irq = (uint8_t)(arch_pl011.vector - ARCH_IRQ_BASE);
        arch_set_interrupt_handler(arch_pl011.vector, on_interrupt, NULL);
        want(false);
    }
    log_info("DRV", "Serial %s initialized: 0x%lX, IRQ %u", serial_device.name, arch_pl011.base, serial_device.irq);
    log_info("DRV", "PL011 initialized");
}
INITCALL(INIT_CORE_DRIVERS, uart_init);

/* What was sent last has left the FIFO and its request standing: it comes through as soon as it may, by the line that
 * the device tree names. Looping a byte back would show more, but emulators do without. */
SELFTEST(serial_interrupt, "drivers") {
    CHECK(present && arch_pl011.vector);
    serial_flush();
    uint64_t irq = arch_save_irq_state();
    uint32_t before = interrupts;
    out(INT_MASK, int_mask = INT_RECEIVE | INT_TRANSMIT);
    arch_restore_irq_state(irq);
    for (uint64_t start = arch_time_ns(); interrupts == before && arch_time_ns() - start < 100000000;) {
    }
    CHECK(interrupts > before);
    CHECK(int_mask == INT_RECEIVE); /* nothing was left to send */
    return NULL;
}
