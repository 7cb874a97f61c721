/* The battery clock (MC146818): date and time in UTC from CMOS registers, which it updates once a second while
 * nobody may read. */
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

enum reg { SECOND = 0x00, MINUTE = 0x02, HOUR = 0x04, DAY = 0x07, MONTH = 0x08, YEAR = 0x09, STATUS_A = 0x0A,
           STATUS_B = 0x0B };
#define UPDATE_IN_PROGRESS 0x80
#define FORMAT_24_HOURS 0x02
#define FORMAT_BINARY 0x04
#define HOUR_PM 0x80
#define UPDATE_MAX_NS 200000000 /* an update takes 2 ms; that of an emulated clock, until its host comes to it */

struct registers {
    uint8_t second, minute, hour, day, month, year;
};

static uint8_t cmos(enum reg reg) {
    arch_io_write8(CMOS_INDEX, (uint8_t)reg);
    return arch_io_read8(CMOS_DATA);
}

/* False when the clock is updating and does not stop: it is broken or not there. The time is taken before the look, for
 * a machine that stands still in between has not waited. */
static bool wait_until_stable(void) {
    uint64_t start = arch_time_ns();
    for (;;) {
        uint64_t waited = arch_time_ns() - start;
        if (!(cmos(STATUS_A) & UPDATE_IN_PROGRESS))
            return true;
        if (waited > UPDATE_MAX_NS)
            return false;
    }
}

static bool snapshot(struct registers *out) {
    if (!wait_until_stable())
        return false;
    *out = (struct registers){cmos(SECOND), cmos(MINUTE), cmos(HOUR), cmos(DAY), cmos(MONTH), cmos(YEAR)};
    return true;
}

static uint8_t from_bcd(uint8_t value) {
    return (uint8_t)((value >> 4) * 10 + (value & 0x0F));
}

static unsigned days_in_month(unsigned month, unsigned year) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* False when the registers hold no date and time. */
static bool decode(struct registers r, uint8_t format, struct rtc_time *out) {
    bool pm = !(format & FORMAT_24_HOURS) && (r.hour & HOUR_PM);
    if (!(format & FORMAT_24_HOURS))
        r.hour &= (uint8_t)~HOUR_PM;
    if (!(format & FORMAT_BINARY)) {
        uint8_t *const fields[] = {&r.second, &r.minute, &r.hour, &r.day, &r.month, &r.year};
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
            if ((*fields[i] & 0x0F) > 9 || *fields[i] >> 4 > 9)
                return false;
            *fields[i] = from_bcd(*fields[i]);
        }
    }
    if (!(format & FORMAT_24_HOURS)) {
        if (r.hour < 1 || r.hour > 12)
            return false;
        r.hour = (uint8_t)(r.hour % 12 + (pm ? 12 : 0));
    }
    /* Two digits of the year; the next century is for the next clock. */
    *out = (struct rtc_time){(uint16_t)(2000 + r.year), r.month, r.day, r.hour, r.minute, r.second};
    return r.year <= 99 && r.month >= 1 && r.month <= 12 && r.day >= 1 && r.day <= days_in_month(r.month, out->year) &&
           r.hour < 24 && r.minute < 60 && r.second < 60;
}

bool rtc_read(struct rtc_time *out) {
    struct registers first, second;
    /* An update may begin between two registers: only what reads the same twice is one moment. */
    for (int attempt = 0; attempt < 4; attempt++) {
        uint64_t irq = arch_save_irq_state(); /* index and data port belong together */
        bool stable = snapshot(&first) && snapshot(&second);
        uint8_t format = cmos(STATUS_B);
        arch_restore_irq_state(irq);
        if (!stable)
            return false;
        if (memcmp(&first, &second, sizeof first) == 0)
            return decode(first, format, out);
    }
    return false;
}

static struct rtc_time first; /* what the clock said when it was found, and when that was */
static uint64_t first_ns;

static int probe(device_t *dev) {
    (void)dev;
    if (!rtc_read(&first))
        return -1;
    first_ns = arch_time_ns();
    return 0;
}

static device_t device = {.bus = BUS_PLATFORM, .name = "rtc0", .irq = 8,
                          .bars = {{.base = CMOS_INDEX, .size = 2}}};
static const struct driver_match match = {.bus = BUS_PLATFORM, .name = "rtc0"};
static driver_t driver = {.name = "rtc-cmos", .matches = &match, .match_count = 1, .probe = probe};
PLATFORM_DEVICE(rtc0, &device, &driver);

static uint64_t seconds_of(struct rtc_time t) {
    uint64_t days = 0;
    for (unsigned year = 2000; year < t.year; year++)
        days += days_in_month(2, year) == 29 ? 366 : 365;
    for (unsigned month = 1; month < t.month; month++)
        days += days_in_month(month, t.year);
    return ((days + t.day - 1) * 24 + t.hour) * 3600 + t.minute * 60u + t.second;
}

static bool decodes_to(struct registers r, uint8_t format, struct rtc_time want) {
    struct rtc_time got;
    return decode(r, format, &got) && seconds_of(got) == seconds_of(want);
}

SELFTEST(rtc_decode, "drivers") {
    struct rtc_time unused;
    const struct registers bcd = {0x59, 0x30, 0x23, 0x29, 0x02, 0x24};
    CHECK(decodes_to(bcd, FORMAT_24_HOURS, (struct rtc_time){2024, 2, 29, 23, 30, 59}));
    const struct registers binary = {59, 30, 23, 31, 12, 99};
    CHECK(decodes_to(binary, FORMAT_24_HOURS | FORMAT_BINARY, (struct rtc_time){2099, 12, 31, 23, 30, 59}));
    const struct registers noon = {0, 0, 0x12 | HOUR_PM, 1, 1, 0x25}, midnight = {0, 0, 0x12, 1, 1, 0x25};
    CHECK(decodes_to(noon, 0, (struct rtc_time){2025, 1, 1, 12, 0, 0}));
    CHECK(decodes_to(midnight, 0, (struct rtc_time){2025, 1, 1, 0, 0, 0}));
    const struct registers evening = {0, 0, 11 | HOUR_PM, 1, 1, 25};
    CHECK(decodes_to(evening, FORMAT_BINARY, (struct rtc_time){2025, 1, 1, 23, 0, 0}));

    CHECK(!decode((struct registers){0, 0, 0, 0x29, 0x02, 0x23}, FORMAT_24_HOURS, &unused)); /* no leap year */
    CHECK(!decode((struct registers){0, 0, 0, 1, 0x13, 0x23}, FORMAT_24_HOURS, &unused));
    CHECK(!decode((struct registers){0x1A, 0, 0, 1, 1, 0x23}, FORMAT_24_HOURS, &unused)); /* no BCD digit */
    CHECK(!decode((struct registers){0, 0, 0, 1, 1, 0x23}, 0, &unused)); /* no hour 0 on a 12-hour clock */
    CHECK(!decode((struct registers){0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, FORMAT_BINARY, &unused));
    return NULL;
}

/* The clock goes, and as fast as the kernel's own: the longer the machine is up, the more this shows. */
SELFTEST(rtc_keeps_time, "drivers") {
    struct rtc_time now;
    CHECK(first_ns != 0 || probe(&device) == 0);
    CHECK(first.year >= 2024);
    CHECK(rtc_read(&now));
    uint64_t passed = (arch_time_ns() - first_ns) / 1000000000;
    CHECK(seconds_of(now) >= seconds_of(first));
    uint64_t moved = seconds_of(now) - seconds_of(first);
    CHECK(moved <= passed + 2 && passed <= moved + 2); /* each is cut to whole seconds */
    return NULL;
}
