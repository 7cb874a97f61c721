/* The 16550 UART. */
#include "serial.h"
#include <arch_uart.h>
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/selftest.h>

enum reg { DATA = 0, DIVISOR_LOW = 0, INT_ENABLE = 1, DIVISOR_HIGH = 1, INT_ID = 2, FIFO_CONTROL = 2,
           LINE_CONTROL = 3, MODEM_CONTROL = 4, LINE_STATUS = 5, MODEM_STATUS = 6 };
#define INT_RECEIVED 0x01
#define INT_TRANSMIT_EMPTY 0x02
#define ID_NONE 0x01
#define ID_FIFO_WORKS 0xC0
#define FIFO_ENABLE_AND_CLEAR 0x07 /* interrupt at every byte: a typed character must not wait for a time-out */
#define LINE_8N1 0x03
#define LINE_DIVISOR_ACCESS 0x80
#define MODEM_READY_INTERRUPTS 0x0B /* DTR, RTS, and OUT2, which connects the interrupt line on a PC */
#define MODEM_LOOPBACK 0x10
#define STATUS_RECEIVED 0x01
#define STATUS_TRANSMIT_EMPTY 0x20
#define STATUS_IDLE 0x40

#define FIFO_SIZE 16

static bool present;
static uint8_t int_enable;

static uint8_t in(enum reg reg) {
    return arch_io_read8(ARCH_UART_BASE + (uint64_t)reg * ARCH_UART_STRIDE);
}

static void out(enum reg reg, uint8_t value) {
    arch_io_write8(ARCH_UART_BASE + (uint64_t)reg * ARCH_UART_STRIDE, value);
}

static unsigned room(void) { /* as long as it is empty: how much more it could take it does not tell */
    return in(LINE_STATUS) & STATUS_TRANSMIT_EMPTY ? FIFO_SIZE : 0;
}

static void send(uint8_t byte) {
    out(DATA, byte);
}

static bool idle(void) {
    return in(LINE_STATUS) & STATUS_IDLE;
}

static void want(bool transmit) {
    uint8_t wanted = transmit ? INT_RECEIVED | INT_TRANSMIT_EMPTY : INT_RECEIVED;
    if (wanted != int_enable)
        out(INT_ENABLE, int_enable = wanted);
}

/* The line to the interrupt controller shows edges: every cause must be gone before this returns. The bound is for
 * hardware that never stops asking. */
static void on_interrupt(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    for (int i = 0; i < 64 && !(in(INT_ID) & ID_NONE); i++) {
        uint8_t status = in(LINE_STATUS); /* also settles a line error */
        for (int left = FIFO_SIZE; left > 0 && (status & STATUS_RECEIVED); left--) {
            console_input((char)in(DATA));
            status = in(LINE_STATUS);
        }
        if (status & STATUS_TRANSMIT_EMPTY)
            serial_pump();
        in(MODEM_STATUS);
    }
}

static const struct uart uart = {"ns16550", room, send, idle, want};

static void uart_init(void) {
    if (!ARCH_UART_BASE)
        return;
    if (in(LINE_CONTROL) == LINE_8N1) /* set up by the early console: clearing the FIFO would lose its last words */
        while (!idle()) {
        }
    out(INT_ENABLE, 0);
    out(LINE_CONTROL, LINE_DIVISOR_ACCESS | LINE_8N1);
    out(DIVISOR_LOW, ARCH_UART_DIVISOR & 0xFF);
    out(DIVISOR_HIGH, ARCH_UART_DIVISOR >> 8);
    out(LINE_CONTROL, LINE_8N1);
    out(FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
    out(MODEM_CONTROL, MODEM_READY_INTERRUPTS);
    present = in(LINE_CONTROL) == LINE_8N1 && (in(INT_ID) & ID_FIFO_WORKS) == ID_FIFO_WORKS;
    if (!present)
        return;
    serial_device.irq = (uint8_t)ARCH_UART_IRQ;
    serial_device.bars[0] = (struct pci_bar){.base = ARCH_UART_BASE, .size = 8 * ARCH_UART_STRIDE,
                                             .is_mmio = ARCH_UART_BASE >= 0x10000};
    serial_start(&uart);
    arch_set_interrupt_handler(ARCH_IRQ_BASE + ARCH_UART_IRQ, on_interrupt, NULL);
    want(false);
    log_info("DRV", "Serial %s initialized: 0x%lX, IRQ %u", ARCH_UART_NAME, (uint64_t)ARCH_UART_BASE, ARCH_UART_IRQ);
    log_info("DRV", "ns16550 initialized: FIFO of %u bytes", FIFO_SIZE);
}
INITCALL(INIT_CORE_DRIVERS, uart_init);

#define TEST_BYTE ((char)0xA5) /* not a character that anybody types */

/* Sends one byte to itself, and has it come back the way a typed one does: FIFO, interrupt, console. What somebody
 * typed meanwhile goes back into the queue. */
SELFTEST(serial_receive_interrupt, "drivers") {
    CHECK(present);
    serial_flush();
    uint64_t irq = arch_save_irq_state();
    out(MODEM_CONTROL, MODEM_LOOPBACK | MODEM_READY_INTERRUPTS);
    out(DATA, (uint8_t)TEST_BYTE);
    uint64_t start = arch_time_ns();
    while (!(in(LINE_STATUS) & STATUS_RECEIVED) && arch_time_ns() - start < 10000000) {
    }
    out(MODEM_CONTROL, MODEM_READY_INTERRUPTS);
    arch_restore_irq_state(irq);

    char typed[64];
    size_t kept = 0;
    bool arrived = false;
    start = arch_time_ns();
    while (!arrived && arch_time_ns() - start < 100000000) {
        int c = console_poll();
        arrived = c == (uint8_t)TEST_BYTE;
        if (!arrived && c >= 0 && kept < sizeof typed)
            typed[kept++] = (char)c;
    }
    for (size_t i = 0; i < kept; i++)
        console_input(typed[i]);
    CHECK(arrived);
    return NULL;
}

/* More than the ring holds goes through without a byte left behind; by loopback, so that nobody has to see it. */
SELFTEST(serial_transmit_drains, "drivers") {
    static const char block[64] = {TEST_BYTE};
    CHECK(present);
    serial_flush();
    uint64_t irq = arch_save_irq_state();
    out(MODEM_CONTROL, MODEM_LOOPBACK | MODEM_READY_INTERRUPTS);
    uint32_t before = serial_accepted();
    for (unsigned sent = 0; sent <= SERIAL_RING; sent += sizeof block)
        serial_write(block, sizeof block);
    serial_flush();
    uint32_t sent = serial_accepted() - before;
    bool drained = serial_drained();
    while (in(LINE_STATUS) & STATUS_RECEIVED) {
        char c = (char)in(DATA);
        if (c != TEST_BYTE && c != 0) /* typed meanwhile */
            console_input(c);
    }
    out(MODEM_CONTROL, MODEM_READY_INTERRUPTS);
    arch_restore_irq_state(irq);
    CHECK(sent == SERIAL_RING + sizeof block);
    CHECK(drained);
    return NULL;
}
