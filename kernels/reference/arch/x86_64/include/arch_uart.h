/* The 16550 that is the console: the first serial port of a PC. */
#pragma once

#define ARCH_UART_NAME "COM1"
#define ARCH_UART_BASE 0x3F8ULL
#define ARCH_UART_STRIDE 1 /* bytes from one register to the next */
#define ARCH_UART_IRQ 4
#define ARCH_UART_DIVISOR 1 /* 115200 baud */
