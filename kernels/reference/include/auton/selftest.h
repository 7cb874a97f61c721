/* Self-tests: each really exercises its subsystem and prints one `[TEST] name: PASS` or
 * `[TEST] name: FAIL - reason` line. Selected on the command line: test=all or test=<subsystem>[,<subsystem>]. */
#pragma once
#include <auton/types.h>

/* Returns NULL on success, else a short reason in static storage. */
typedef const char *(*selftest_fn)(void);

struct selftest {
    const char *name;
    const char *subsystem;
    selftest_fn fn;
};

/* SELFTEST(pmm_alloc_free, "mm") { ...; return NULL; } */
#define SELFTEST(test_name, subsys)                                                                \
    static const char *selftest_##test_name(void);                                                 \
    static const struct selftest selftest_desc_##test_name                                         \
        __attribute__((used, section(".selftests"), aligned(8))) = {#test_name, (subsys),          \
                                                                    selftest_##test_name};         \
    static const char *selftest_##test_name(void)

#define SELFTEST_STR2(x) #x
#define SELFTEST_STR(x) SELFTEST_STR2(x)
/* Fails the running self-test with the text of the condition that did not hold. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond))                                                                               \
            return __FILE__ ":" SELFTEST_STR(__LINE__) ": " #cond;                                 \
    } while (0)

/* Runs every test of `subsystem` ("all" for every one); returns the number that failed. */
unsigned selftests_run(const char *subsystem);
