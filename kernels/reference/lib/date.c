/* From seconds to a date, for clocks that count. */
#include <auton/dev.h>
#include <auton/selftest.h>

#define DAY_SECONDS 86400
#define CYCLE_DAYS 146097 /* of 400 years, after which the calendar repeats */

static bool is_leap(unsigned year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_month(unsigned month, unsigned year) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

struct rtc_time rtc_time_of(uint64_t unix_seconds) {
    uint64_t days = unix_seconds / DAY_SECONDS;
    unsigned second = (unsigned)(unix_seconds % DAY_SECONDS), month = 1;
    unsigned year = 1970 + (unsigned)(days / CYCLE_DAYS) * 400;
    for (days %= CYCLE_DAYS; days >= 365u + is_leap(year); year++)
        days -= 365u + is_leap(year);
    for (; days >= days_in_month(month, year); month++)
        days -= days_in_month(month, year);
    return (struct rtc_time){(uint16_t)year, (uint8_t)month, (uint8_t)(days + 1), (uint8_t)(second / 3600),
                             (uint8_t)(second / 60 % 60), (uint8_t)(second % 60)};
}

static bool is(uint64_t unix_seconds, struct rtc_time want) {
    struct rtc_time t = rtc_time_of(unix_seconds);
    return t.year == want.year && t.month == want.month && t.day == want.day && t.hour == want.hour &&
           t.minute == want.minute && t.second == want.second;
}

SELFTEST(date_of_seconds, "boot") {
    CHECK(is(0, (struct rtc_time){1970, 1, 1, 0, 0, 0}));
    CHECK(is(951782399, (struct rtc_time){2000, 2, 28, 23, 59, 59}));
    CHECK(is(951868800, (struct rtc_time){2000, 3, 1, 0, 0, 0})); /* 2000 is a leap year, */
    CHECK(is(4107542400, (struct rtc_time){2100, 3, 1, 0, 0, 0})); /* 2100 is none */
    CHECK(is(1798761599, (struct rtc_time){2026, 12, 31, 23, 59, 59}));
    CHECK(is(16725225600, (struct rtc_time){2500, 1, 1, 0, 0, 0}));
    return NULL;
}
