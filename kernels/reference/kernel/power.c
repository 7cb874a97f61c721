/* Ways out of the machine. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/console.h>
#include <auton/klog.h>

void (*poweroff_hook)(void);
void (*reboot_hook)(void);
void (*shutdown_hook)(void);

void kernel_poweroff(int status) {
    if (shutdown_hook)
        shutdown_hook();
    console_flush();
    if (cmdline_has("exit"))
        arch_poweroff(status);
    if (poweroff_hook)
        poweroff_hook();
    kputs("System halted: this machine cannot be switched off by software.\n");
    console_flush();
    arch_disable_interrupts();
    arch_panic();
}

void kernel_reboot(void) {
    if (shutdown_hook)
        shutdown_hook();
    console_flush();
    if (reboot_hook)
        reboot_hook();
    arch_reboot();
    kputs("System halted: the machine did not restart.\n");
    console_flush();
    arch_panic();
}
