/* The rules: which answer fits which question. Read from above; the first that fits is taken. */
#include "engine.h"
#include <auton/types.h>

#define HW (1u << INTENT_HARDWARE_IDENTIFY)
#define DRV (1u << INTENT_DRIVER_SELECT)
#define CFG (1u << INTENT_INSTALL_CONFIGURE)
#define APP (1u << INTENT_APP_INSTALL)
#define SYS (1u << INTENT_SYSTEM_MANAGE)
#define TRB (1u << INTENT_TROUBLESHOOT)
#define ANY (HW | DRV | CFG | APP | SYS | TRB)

#define KINDS                                                                                                          \
    (C(ABOUT_NETWORK) | C(ABOUT_WIRELESS) | C(ABOUT_SOUND) | C(ABOUT_GRAPHICS) | C(ABOUT_STORAGE) | C(ABOUT_USB) |     \
     C(ABOUT_BRIDGE) | C(ABOUT_SERIAL) | C(ABOUT_INPUT) | C(ABOUT_BLUETOOTH) | C(ABOUT_PERIPHERAL))
#define TROUBLES (C(ABOUT_ERRORS) | C(IS_SLOW) | C(IS_CRASHED) | C(IS_BROKEN))

static const struct rule RULES[] = {
    {ANY, C(ASK_HISTORY), 0, 0, answer_history},

    {DRV | CFG | APP, C(ABOUT_DRIVER) | C(DO_UNBIND), 0, C(DO_INSTALL), answer_driver_unload},
    {DRV, C(DO_UNBIND), 0, KINDS | C(DO_BIND), answer_driver_unload},
    {DRV, C(ASK_WITHOUT), 0, KINDS, answer_driverless},
    {CFG | APP, C(ABOUT_DRIVER) | C(DO_BIND), 0, 0, answer_driver_load},
    {DRV, C(DO_BIND) | C(ABOUT_HARDWARE), 0, 0, answer_driver_load},
    {DRV, C(ABOUT_DRIVER) | C(ASK_LIST), 0, KINDS | C(POINTS_BACK) | C(DO_INSTALL), answer_driver_list},
    {DRV, C(DO_BIND), 0, 0, answer_driver_load},
    {DRV, 0, 0, 0, answer_driver},

    {APP, 0, 0, 0, answer_packages},
    {CFG, 0, 0, 0, answer_configure},

    {HW, C(ABOUT_DRIVER) | C(ASK_WITHOUT), 0, 0, answer_driverless},
    {HW, C(ABOUT_DRIVER), 0, 0, answer_driver},
    {HW | SYS | TRB, C(ABOUT_SENSORS), 0, C(ABOUT_DRIVER), answer_sensors},
    {HW, C(ABOUT_CPU), 0, 0, answer_cpu},
    {HW, C(ABOUT_MEMORY), 0, KINDS, answer_memory},
    {HW, C(ABOUT_VIRTUAL), 0, 0, answer_machine},
    {HW, C(ABOUT_RESOURCES), 0, 0, answer_resources},
    {HW, C(DO_SCAN), 0, 0, answer_rescan},
    {HW, C(ASK_COUNT), 0, 0, answer_device_count},
    {HW, C(ABOUT_HARDWARE) | C(ASK_LIST), 0, KINDS, answer_device_list},
    {HW, C(ABOUT_SYSTEM), C(ABOUT_VERSION) | C(ABOUT_SYSTEM), KINDS | C(ABOUT_HARDWARE) | C(ABOUT_MAKER),
     answer_machine},
    {HW, 0, 0, 0, answer_device},

    {SYS, C(ABOUT_TESTS), 0, 0, answer_tests},
    {SYS, C(ABOUT_SERVICE), 0, 0, answer_services},
    {SYS, C(ABOUT_UPTIME), 0, 0, answer_uptime},
    {SYS, C(ABOUT_USERS), 0, 0, answer_users},
    {SYS, C(ABOUT_LOG), 0, 0, answer_log},
    {SYS, C(DO_REBOOT), 0, KINDS | C(ABOUT_THREADS), answer_reboot},
    {SYS, C(DO_POWEROFF), 0, KINDS | C(ABOUT_THREADS), answer_poweroff},
    {SYS, C(ABOUT_PRIORITY), 0, 0, answer_priority},
    {SYS, C(DO_KILL), 0, C(ABOUT_LOG), answer_kill},
    {SYS, 0, C(ABOUT_SPACE) | C(ABOUT_FILES), 0, answer_files},
    {SYS, C(ABOUT_STORAGE) | C(ASK_COUNT), 0, 0, answer_device_count},
    {SYS, C(ABOUT_STORAGE), 0, 0, answer_files},
    {SYS, C(ABOUT_CPU), 0, 0, answer_cpu_usage},
    {SYS, C(ABOUT_MEMORY), 0, 0, answer_memory},
    {SYS, C(ABOUT_THREADS) | C(ABOUT_USAGE), 0, 0, answer_cpu_usage},
    {SYS, C(ABOUT_THREADS), 0, 0, answer_threads},
    {SYS, C(ABOUT_TIME), 0, 0, answer_time},
    {SYS, C(ABOUT_BOOT), 0, 0, answer_uptime},
    {SYS, C(ABOUT_VERSION), 0, 0, answer_version},
    {SYS, 0, C(ABOUT_STATUS) | C(ABOUT_USAGE) | C(ABOUT_SYSTEM), 0, answer_status},

    {TRB, C(IS_SLOW), 0, KINDS, answer_slow},
    {TRB, C(ABOUT_ERRORS), 0, KINDS | C(ASK_HELP) | C(IS_BROKEN), answer_errors},
    {TRB, C(ABOUT_DRIVER), 0, KINDS, answer_driverless},
    {TRB, 0, KINDS | C(ABOUT_FILES), 0, answer_broken},
    {TRB, C(ABOUT_MEMORY), 0, 0, answer_memory},
    {TRB, 0, TROUBLES, 0, answer_trouble},
    {TRB, C(ASK_SELF), 0, 0, answer_self},
    {TRB, C(ASK_HELP), 0, 0, answer_help},
    {TRB, 0, C(SAY_HELLO) | C(SAY_THANKS), 0, answer_hello},
    {TRB, 0, 0, 0, answer_trouble},
};

answer_fn rule_for(const struct query *q) {
    for (size_t i = 0; i < ARRAY_SIZE(RULES); i++) {
        const struct rule *r = &RULES[i];
        if (r->intents & 1u << q->intent && (q->concepts & r->all) == r->all && (!r->any || q->concepts & r->any) &&
            !(q->concepts & r->none))
            return r->answer;
    }
    return answer_unsure;
}
