/* The two 8259 interrupt controllers: every PC and every QEMU machine for this kernel has them, and PCI's legacy
 * lines reach them without any table from the firmware. */
#include "cpu.h"
#include "trap.h"
#include <auton/arch.h>

#define MASTER 0x20
#define SLAVE 0xA0
#define DATA(pic) ((pic) + 1)
#define COMMAND_EOI 0x20
#define COMMAND_READ_ISR 0x0B
#define CASCADE_LINE 2

void pic_init(void) {
    outb(MASTER, 0x11); /* initialise, four words follow */
    outb(SLAVE, 0x11);
    outb(DATA(MASTER), ARCH_IRQ_BASE);
    outb(DATA(SLAVE), ARCH_IRQ_BASE + 8);
    outb(DATA(MASTER), 1 << CASCADE_LINE);
    outb(DATA(SLAVE), CASCADE_LINE);
    outb(DATA(MASTER), 0x01);
    outb(DATA(SLAVE), 0x01);
    outb(DATA(MASTER), (uint8_t) ~(1 << CASCADE_LINE));
    outb(DATA(SLAVE), 0xFF);
}

void pic_set_masked(unsigned irq, bool masked) {
    uint16_t port = irq < 8 ? DATA(MASTER) : DATA(SLAVE);
    uint8_t bit = (uint8_t)(1u << (irq & 7)), others = inb(port) & (uint8_t)~bit;
    outb(port, masked ? others | bit : others);
}

/* Lines 7 and 15 also stand for "the request went away again". */
bool pic_is_spurious(unsigned irq) {
    if ((irq & 7) != 7)
        return false;
    uint16_t pic = irq < 8 ? MASTER : SLAVE;
    outb(pic, COMMAND_READ_ISR);
    if (inb(pic) & 0x80)
        return false;
    if (pic == SLAVE)
        outb(MASTER, COMMAND_EOI); /* the master saw a real request on the cascade line */
    return true;
}

void pic_end_of_interrupt(unsigned irq) {
    if (irq >= 8)
        outb(SLAVE, COMMAND_EOI);
    outb(MASTER, COMMAND_EOI);
}
