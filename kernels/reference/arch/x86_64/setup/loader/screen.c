/* Text for people: through the BIOS to the screen, and past it to the first serial port at 115200 baud. */
#include "loader.h"

#define COM1 0x3F8
#define COM_LINE_STATUS 5
#define COM_READY 0x20
#define PATIENCE 100000 /* reads of a port that is never ready */

static void port_write(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t port_read(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void serial_open(void) {
    static const uint8_t set_up[][2] = {{1, 0}, {3, 0x80}, {0, 1}, {1, 0}, {3, 3}, {2, 1}, {4, 3}};
    for (size_t i = 0; i < ARRAY_SIZE(set_up); i++)
        port_write((uint16_t)(COM1 + set_up[i][0]), set_up[i][1]);
}

static void put(char c) {
    struct bios_registers r = {.eax = 0x0E00 | (uint8_t)c, .ebx = 7};
    bios_int(0x10, &r);
    for (uint32_t i = 0; i < PATIENCE && !(port_read(COM1 + COM_LINE_STATUS) & COM_READY); i++)
        ;
    port_write(COM1, (uint8_t)c);
}

void say(const char *text) {
    static bool open;
    if (!open)
        serial_open();
    open = true;
    for (; *text; text++) {
        if (*text == '\n')
            put('\r');
        put(*text);
    }
}

void stop(const char *reason) {
    say("AUTON cannot start from this disk: ");
    say(reason);
    say(".\n");
    for (;;)
        __asm__ volatile("hlt");
}
