/* The end of the machine when an invariant is broken. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/console.h>
#include <auton/klog.h>
#include <auton/sched.h>

const char *(*thread_name_hook)(void);

void panic(const char *fmt, ...) {
    static bool panicked;
    arch_disable_interrupts();
    console_panic_mode();
    if (!panicked) { /* a panic while panicking prints nothing more */
        panicked = true;
        va_list args;
        va_start(args, fmt);
        kputs("\nKERNEL PANIC: ");
        kvprintf(fmt, args);
        va_end(args);
        kputs("\n");
        if (thread_name_hook)
            kprintf("Thread: %s\n", thread_name_hook());
        arch_backtrace();
    }
    arch_panic();
}
