/* The PL011 UART. Received bytes come by interrupt; text to send goes into a ring that the FIFO is filled from, at
 * once while it has room and by interrupt after that, so that nobody waits for a slow line. */
#include <arch_pl011.h>
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/dev.h>
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

#define RING_SIZE 4096 /* a power of two */
#define RECEIVE_BOUND 256 /* bytes taken by one interrupt: broken hardware may offer them without end */

static device_t device = {.bus = BUS_PLATFORM, .name = "serial0"};
static bool present;
static uint32_t int_mask;
static volatile uint32_t interrupts;
static char ring[RING_SIZE];
static uint32_t head, tail; /* bytes ever put in and taken out */

static void uart_write(const char *text, size_t len);
static void uart_flush(void);
static void on_interrupt(uint32_t vector, void *data);
static struct console_sink sink = {.write = uart_write, .flush = uart_flush};

static uint32_t in(enum reg reg) {
    return arch_io_read32(arch_pl011.base + reg);
}

static void out(enum reg reg, uint32_t value) {
    arch_io_write32(arch_pl011.base + reg, value);
}

static void uart_init(void) {
    if (!arch_pl011.base || (in(ID) & 0xFF) != ID_BYTE0)
        return;
    while (in(FLAGS) & PL011_FLAG_BUSY) { /* changing the line would spoil the last words of the early console */
    }
    out(INT_MASK, 0);
    out(CONTROL, 0);
    out(LINE_CONTROL, LINE_8N1_FIFO); /* the rate stays what the firmware has set: only it knows the clock */
    out(FIFO_LEVELS, LEVELS_LOW);
    out(INT_CLEAR, INT_ALL);
    out(CONTROL, CONTROL_ON);
    present = true;
    console_replace_early_sink(&sink);
    if (arch_pl011.vector) {
        device.irq = (uint8_t)(arch_pl011.vector - ARCH_IRQ_BASE);
        arch_set_interrupt_handler(arch_pl011.vector, on_interrupt, NULL);
        out(INT_MASK, int_mask = INT_RECEIVE);
    }
    device.bars[0] = (struct pci_bar){.base = arch_pl011.base, .size = KB(4), .is_mmio = true};
    log_info("DRV", "Serial %s initialized: 0x%lX, IRQ %u", device.name, arch_pl011.base, device.irq);
    log_info("DRV", "PL011 initialized");
}
INITCALL(INIT_CORE_DRIVERS, uart_init);

/* Fills the FIFO, and asks for an interrupt when something is left. Interrupts are off. */
static void pump(void) {
    while (head != tail && !(in(FLAGS) & PL011_FLAG_TRANSMIT_FULL))
        out(DATA, (uint8_t)ring[tail++ % RING_SIZE]);
    uint32_t wanted = head == tail ? INT_RECEIVE : INT_RECEIVE | INT_TRANSMIT;
    if (wanted != int_mask && arch_pl011.vector)
        out(INT_MASK, int_mask = wanted);
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
    while (in(FLAGS) & PL011_FLAG_BUSY) {
    }
    arch_restore_irq_state(irq);
}

static void on_interrupt(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    interrupts = interrupts + 1;
    out(INT_CLEAR, in(INT_STATUS) & ~INT_RECEIVE); /* these go with the bytes; cleared, those behind the bound would wait */
    for (int i = 0; i < RECEIVE_BOUND && !(in(FLAGS) & PL011_FLAG_RECEIVE_EMPTY); i++)
        console_input((char)in(DATA));
    pump();
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
static driver_t driver = {.name = "pl011", .matches = &match, .match_count = 1, .probe = probe, .suspend = suspend};
PLATFORM_DEVICE(serial0, &device, &driver);

/* What was sent last has left the FIFO and its request standing: it comes through as soon as it may, by the line that
 * the device tree names. Looping a byte back would show more, but emulators do without. */
SELFTEST(serial_interrupt, "drivers") {
    CHECK(present && arch_pl011.vector);
    uart_flush();
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
