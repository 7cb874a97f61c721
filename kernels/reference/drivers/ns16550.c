/* The 16550 UART. Received bytes come by interrupt; text to send goes into a ring that the FIFO is filled from, at
 * once while it has room and by interrupt after that, so that nobody waits for a slow line. */
#include <arch_uart.h>
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/dev.h>
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
#define RING_SIZE 4096 /* a power of two */

static device_t device = {.bus = BUS_PLATFORM, .name = "serial0"};
static bool present;
static uint8_t int_enable;
static char ring[RING_SIZE];
static uint32_t head, tail; /* bytes ever put in and taken out */

static void uart_write(const char *text, size_t len);
static void uart_flush(void);
static void on_interrupt(uint32_t vector, void *data);
static struct console_sink sink = {.write = uart_write, .flush = uart_flush};

static uint8_t in(enum reg reg) {
    return arch_io_read8(ARCH_UART_BASE + (uint64_t)reg * ARCH_UART_STRIDE);
}

static void out(enum reg reg, uint8_t value) {
    arch_io_write8(ARCH_UART_BASE + (uint64_t)reg * ARCH_UART_STRIDE, value);
}

static void uart_init(void) {
    if (!ARCH_UART_BASE)
        return;
    device.irq = (uint8_t)ARCH_UART_IRQ;
    device.bars[0] = (struct pci_bar){.base = ARCH_UART_BASE, .size = 8 * ARCH_UART_STRIDE,
                                      .is_mmio = ARCH_UART_BASE >= 0x10000};
    if (in(LINE_CONTROL) == LINE_8N1) /* set up by the early console: clearing the FIFO would lose its last words */
        while (!(in(LINE_STATUS) & STATUS_IDLE)) {
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
    console_replace_early_sink(&sink);
    arch_set_interrupt_handler(ARCH_IRQ_BASE + ARCH_UART_IRQ, on_interrupt, NULL);
    int_enable = INT_RECEIVED;
    out(INT_ENABLE, int_enable);
    log_info("DRV", "Serial %s initialized: 0x%lX, IRQ %u", ARCH_UART_NAME, (uint64_t)ARCH_UART_BASE, ARCH_UART_IRQ);
    log_info("DRV", "ns16550 initialized: FIFO of %u bytes", FIFO_SIZE);
}
INITCALL(INIT_CORE_DRIVERS, uart_init);

/* Fills the FIFO as long as it is empty, and asks for an interrupt when something is left. Interrupts are off. */
static void pump(void) {
    while (head != tail && (in(LINE_STATUS) & STATUS_TRANSMIT_EMPTY))
        for (int room = FIFO_SIZE; room > 0 && head != tail; room--)
            out(DATA, (uint8_t)ring[tail++ % RING_SIZE]);
    uint8_t wanted = head == tail ? INT_RECEIVED : INT_RECEIVED | INT_TRANSMIT_EMPTY;
    if (wanted != int_enable)
        out(INT_ENABLE, int_enable = wanted);
}

static void put(char c) {
    while (head - tail == RING_SIZE) /* nothing is ever dropped: a full ring waits for the line */
        pump();
    ring[head++ % RING_SIZE] = c;
}

static void uart_write(const char *text, size_t len) {
    uint64_t irq = arch_save_irq_state();
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            put('\r');
        put(text[i]);
    }
    pump();
    arch_restore_irq_state(irq);
}

static void uart_flush(void) {
    uint64_t irq = arch_save_irq_state();
    while (head != tail)
        pump();
    while (!(in(LINE_STATUS) & STATUS_IDLE)) {
    }
    arch_restore_irq_state(irq);
}

/* The line to the interrupt controller shows edges: every cause must be gone before this returns. The bound is for
 * hardware that never stops asking. */
static void on_interrupt(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    for (int i = 0; i < 64 && !(in(INT_ID) & ID_NONE); i++) {
        uint8_t status = in(LINE_STATUS); /* also settles a line error */
        for (int room = FIFO_SIZE; room > 0 && (status & STATUS_RECEIVED); room--) {
            console_input((char)in(DATA));
            status = in(LINE_STATUS);
        }
        if (status & STATUS_TRANSMIT_EMPTY)
            pump();
        in(MODEM_STATUS);
    }
}

static int probe(device_t *dev) {
    (void)dev;
    return present ? 0 : -1;
}

static int suspend(device_t *dev) {
    (void)dev;
    uart_flush();
    return 0;
}

static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "serial0"};
static driver_t driver = {.name = "ns16550", .matches = &match, .match_count = 1, .probe = probe, .suspend = suspend};
PLATFORM_DEVICE(serial0, &device, &driver);

#define TEST_BYTE ((char)0xA5) /* not a character that anybody types */

/* Sends one byte to itself, and has it come back the way a typed one does: FIFO, interrupt, console. What somebody
 * typed meanwhile goes back into the queue. */
SELFTEST(serial_receive_interrupt, "drivers") {
    CHECK(present);
    uart_flush();
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
    uart_flush();
    uint64_t irq = arch_save_irq_state();
    out(MODEM_CONTROL, MODEM_LOOPBACK | MODEM_READY_INTERRUPTS);
    uint32_t before = head;
    for (unsigned sent = 0; sent <= RING_SIZE; sent += sizeof block)
        uart_write(block, sizeof block);
    uart_flush();
    uint32_t sent = head - before;
    bool drained = head == tail && (in(LINE_STATUS) & STATUS_IDLE);
    while (in(LINE_STATUS) & STATUS_RECEIVED) {
        char c = (char)in(DATA);
        if (c != TEST_BYTE && c != 0) /* typed meanwhile */
            console_input(c);
    }
    out(MODEM_CONTROL, MODEM_READY_INTERRUPTS);
    arch_restore_irq_state(irq);
    CHECK(sent == RING_SIZE + sizeof block);
    CHECK(drained);
    return NULL;
}
