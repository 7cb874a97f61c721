/* A machine whose drivers bring no clock; a clock driver's rtc_read() takes the place of this one. */
#include <auton/dev.h>

__attribute__((weak)) bool rtc_read(struct rtc_time *out) {
    (void)out;
    return false;
}
