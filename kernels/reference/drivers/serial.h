/* A serial line, whatever UART drives it: text to send goes into a ring that the UART's FIFO is filled from, at once while
 * it has room and by interrupt after that, so that nobody waits for a slow line. Received bytes go to the console. */
#pragma once
#include <auton/dev.h>

/* What a UART can do. */
struct uart {
    const char *name;
    unsigned (*room)(void);      /* bytes that the FIFO takes now */
    void (*send)(uint8_t byte);  /* into a FIFO that has room */
    bool (*idle)(void);          /* the last bit has left */
    void (*want)(bool transmit); /* interrupts for what is received, and with `transmit` for room in the FIFO too */
};

extern device_t serial_device; /* "serial0": the UART fills in its registers and its interrupt */

void serial_start(const struct uart *uart); /* takes the console over from the early one, and its device is there */
void serial_pump(void);                     /* fills the FIFO; interrupts are off */
void serial_write(const char *text, size_t len);
void serial_flush(void);                    /* until everything has left */
bool serial_drained(void);
uint32_t serial_accepted(void);             /* bytes ever put into the ring */
#define SERIAL_RING 4096u                   /* bytes that wait at most; a power of two */
