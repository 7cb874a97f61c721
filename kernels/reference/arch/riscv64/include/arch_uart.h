/* The 16550 that is the console: the one that the device tree names for it. */
#pragma once
#include <auton/types.h>

struct arch_uart {
    phys_addr_t base;       /* 0: none */
    uint32_t stride;        /* bytes from one register to the next */
    uint32_t irq;
    uint32_t divisor;       /* for 115200 baud */
};
extern struct arch_uart arch_uart;

#define ARCH_UART_NAME "uart0"
#define ARCH_UART_BASE arch_uart.base
#define ARCH_UART_STRIDE arch_uart.stride
#define ARCH_UART_IRQ arch_uart.irq
#define ARCH_UART_DIVISOR arch_uart.divisor
