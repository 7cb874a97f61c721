/* Leaving the machine without help of the firmware. */
#include <auton/arch.h>
#include "cpu.h"

#define DEBUG_EXIT_PORT 0xF4 /* -device isa-debug-exit,iobase=0xf4,iosize=0x04 */
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_PULSE_RESET 0xFE
#define RESET_CONTROL 0xCF9

void arch_poweroff(int status) {
    outb(DEBUG_EXIT_PORT, (uint8_t)status);
}

void arch_reboot(void) {
    outb(RESET_CONTROL, 0x06);
    outb(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
    /* A fault without an interrupt table resets every processor. */
    struct PACKED {
        uint16_t limit;
        uint64_t base;
    } nothing = {0, 0};
    __asm__ volatile("lidt %0\n\tint3" : : "m"(nothing));
}
