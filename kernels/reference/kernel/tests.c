/* Self-tests of what every kernel has: formatting, strings, the command line, symbols, fault recovery, the clock. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/sched.h>
#include <auton/string.h>
#include <auton/symbols.h>

static bool formats(const char *expected, const char *fmt, ...) {
    char text[64];
    va_list args;
    va_start(args, fmt);
    int len = kvsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return strcmp(text, expected) == 0 && len == (int)strlen(expected);
}

SELFTEST(printf_conversions, "boot") {
    CHECK(formats("-5|    7|00042|+3", "%d|%5d|%05d|%+d", -5, 7, 42, 3));
    CHECK(formats("ff|FF|0x1f|17", "%x|%X|%#x|%o", 255, 255, 31, 15));
    CHECK(formats("+0042|0x00ff|-0007", "%+05d|%#06x|%05d", 42, 255, -7));
    CHECK(formats("-9223372036854775808", "%ld", INT64_MIN));
    CHECK(formats("18446744073709551615", "%lu", UINT64_MAX));
    CHECK(formats("ab  |  ab|abc|(null)", "%-4s|%4s|%.3s|%s", "ab", "ab", "abcdef", (const char *)NULL));
    CHECK(formats("   003|-1|200", "%*.*d|%hhd|%hhu", 6, 3, 3, 255, 456));
    char small[4];
    CHECK(ksnprintf(small, sizeof small, "%s", "abcdef") == 6 && strcmp(small, "abc") == 0);
    return NULL;
}

SELFTEST(string_functions, "boot") {
    char text[32] = "0123456789";
    memmove(text + 2, text, 8);
    CHECK(strcmp(text, "0101234567") == 0);
    memmove(text, text + 2, 8);
    CHECK(strncmp(text, "01234567", 8) == 0);
    memset(text + 1, 'x', 19);
    text[20] = '\0';
    CHECK(strlen(text) == 20 && text[0] == '0' && text[1] == 'x' && text[19] == 'x');
    CHECK(strcasecmp("Hello", "hELLO") == 0 && strcmp("a", "b") < 0 && strncmp("abc", "abd", 2) == 0);
    CHECK(strstr("one two", "two") && !strstr("one", "two") && *strchr("abc", 'c') == 'c' && !strchr("abc", 'd'));
    CHECK(strlcpy(text, "longer than four", 5) == 16 && strcmp(text, "long") == 0);
    uint64_t value;
    CHECK(parse_u64("0xFFFFFFFFFFFFFFFF", &value) && value == UINT64_MAX);
    CHECK(!parse_u64("18446744073709551616", &value) && !parse_u64("12a", &value) && !parse_u64("", &value));
    return NULL;
}

/* Every way in which source and destination can lie to a word, overlapping both ways, and not a byte more. */
SELFTEST(memory_copies, "boot") {
    static uint8_t from[96], to[96];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i + 1);
    for (size_t s = 0; s < 8; s++)
        for (size_t d = 0; d < 8; d++)
            for (size_t n = 0; n <= 72; n++) {
                memset(to, 0, sizeof to);
                memcpy(to + d, from + s, n);
                for (size_t i = 0; i < sizeof to; i++)
                    CHECK(to[i] == (i >= d && i < d + n ? from[s + i - d] : 0));
                memcpy(to, from, sizeof to);
                memmove(to + d, to + s, n);
                for (size_t i = 0; i < sizeof to; i++)
                    CHECK(to[i] == (i >= d && i < d + n ? from[s + i - d] : from[i]));
            }
    return NULL;
}

SELFTEST(cmdline_words, "boot") {
    char saved[BOOT_CMDLINE_MAX], value[8];
    memcpy(saved, boot_info.cmdline, sizeof saved);
    strlcpy(boot_info.cmdline, " alpha=1 alphabet  long=0123456789 empty=", sizeof boot_info.cmdline);
    bool ok = cmdline_get("alpha", value, sizeof value) && strcmp(value, "1") == 0 && cmdline_has("alphabet") &&
              !cmdline_has("alp") && cmdline_get("long", value, sizeof value) && strcmp(value, "0123456") == 0 &&
              cmdline_get("empty", value, sizeof value) && value[0] == '\0';
    memcpy(boot_info.cmdline, saved, sizeof saved);
    CHECK(ok);
    return NULL;
}

SELFTEST(symbol_names, "boot") {
    uint64_t offset;
    const char *name = symbol_lookup((uint64_t)kernel_main + 1, &offset);
    CHECK(name && strcmp(name, "kernel_main") == 0 && offset == 1);
    CHECK(!symbol_lookup(ARCH_KERNEL_VBASE, &offset));
    return NULL;
}

SELFTEST(fault_recovery, "boot") {
    uint8_t byte = 7, copy = 0;
    CHECK(arch_probe_read(&byte, &copy) && copy == 7);
    CHECK(!arch_probe_read(NULL, &copy) && !arch_probe_write(NULL, 1));
    CHECK(!arch_probe_read((const void *)0x123456789ABCDEF0ULL, &copy));
    return NULL;
}

/* Five ticks are 50 ms, four whole ones at least 40. An emulator whose host was busy delivers what it has missed all at
 * once: too short is measured again, and a clock that really stands still or races does so every time. */
SELFTEST(clock_advances, "boot") {
    uint64_t ms = 0, begin = arch_time_ns();
    while (ms < 30 && arch_time_ns() - begin < 5000000000) {
        uint64_t ticks = timer_ticks(), start = arch_time_ns();
        while (timer_ticks() < ticks + 5 && arch_time_ns() - start < 2000000000)
            ;
        ms = (arch_time_ns() - start) / 1000000;
        CHECK(timer_ticks() >= ticks + 5);
    }
    CHECK(ms >= 30);
    return NULL;
}
