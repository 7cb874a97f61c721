/* The time of day: `date`, and what a machine says whose drivers bring no clock. */
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/shell.h>

/* A clock driver's rtc_read() takes the place of this one. */
__attribute__((weak)) bool rtc_read(struct rtc_time *out) {
    (void)out;
    return false;
}

/* Sakamoto's rule; 0 is Sunday. */
static unsigned weekday(const struct rtc_time *t) {
    static const uint8_t shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    unsigned year = t->year - (t->month < 3);
    return (year + year / 4 - year / 100 + year / 400 + shift[t->month - 1] + t->day) % 7;
}

static int date_command(int argc, char **argv) {
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    struct rtc_time t;
    (void)argv;
    if (argc > 1)
        return SHELL_NOT_A_COMMAND;
    if (!rtc_read(&t)) {
        kputs("date: this machine has no clock that this kernel can read\n");
        return 1;
    }
    kprintf("%s %04u-%02u-%02u %02u:%02u:%02u UTC\n", days[weekday(&t)], t.year, t.month, t.day, t.hour, t.minute,
            t.second);
    return 0;
}
SHELL_COMMAND(date, "date", "Show date and time of day", date_command);

SELFTEST(date_weekday, "dev") {
    CHECK(weekday(&(struct rtc_time){.year = 2000, .month = 1, .day = 1}) == 6);
    CHECK(weekday(&(struct rtc_time){.year = 2024, .month = 2, .day = 29}) == 4);
    CHECK(weekday(&(struct rtc_time){.year = 2099, .month = 12, .day = 31}) == 4);
    return NULL;
}
