/* COM1 by polling: the first and the last voice of the kernel. */
#include <auton/arch.h>
#include "cpu.h"

#define COM1 0x3F8
#define LINE_CONTROL (COM1 + 3)
#define LINE_STATUS (COM1 + 5)
#define LINE_8N1 0x03
#define TRANSMIT_EMPTY 0x20
#define FIFO_SIZE 16

static bool present;

void arch_serial_early_init(void) {
    outb(COM1 + 1, 0x00); /* no interrupts */
    outb(LINE_CONTROL, 0x80); /* divisor: 115200 baud */
    outb(COM1 + 0, 1);
    outb(COM1 + 1, 0);
    outb(LINE_CONTROL, LINE_8N1);
    outb(COM1 + 2, 0xC7); /* FIFO on and cleared */
    outb(COM1 + 4, 0x0B); /* DTR, RTS, OUT2 */
    present = inb(LINE_CONTROL) == LINE_8N1;
}

/* Waits as long as it takes: whoever reads the line may be slow, and what is lost here is lost for good. */
void arch_serial_putchar(char c) {
    static unsigned room; /* bytes that surely fit the FIFO: the status is read once for all of them */
    if (!present)
        return;
    if (room == 0) {
        while (!(inb(LINE_STATUS) & TRANSMIT_EMPTY)) {
        }
        room = FIFO_SIZE;
    }
    room--;
    outb(COM1, (uint8_t)c);
}
