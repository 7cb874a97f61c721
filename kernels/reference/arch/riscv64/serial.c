/* The firmware's console: the first and the last voice of the kernel, before any device is known. */
#include <auton/arch.h>
#include "sbi.h"

static bool has_debug_console;

void arch_serial_early_init(void) {
    has_debug_console = sbi_has(SBI_DEBUG_CONSOLE);
}

void arch_serial_putchar(char c) {
    if (c == '\r') /* the firmware's console puts one before each newline itself */
        return;
    if (has_debug_console)
        sbi_call(SBI_DEBUG_CONSOLE, SBI_DEBUG_CONSOLE_WRITE_BYTE, (uint8_t)c, 0);
    else
        sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)c, 0);
}
