/* Runs what INITCALL() has put into the initcall section, level by level. */
#include <auton/init.h>

extern const struct initcall __initcalls_start[], __initcalls_end[];

void initcalls_run(enum init_level first, enum init_level last) {
    for (enum init_level level = first; level <= last; level++)
        for (const struct initcall *call = __initcalls_start; call < __initcalls_end; call++)
            if (call->level == level)
                call->fn();
}
