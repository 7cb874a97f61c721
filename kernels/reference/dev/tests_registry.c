/* Self-tests of the registry: a device and drivers made up for the occasion, gone when the test is over. */
#include "dev_internal.h"
#include <auton/selftest.h>
#include <auton/string.h>

static device_t fake;
static int probes, inits, removes, init_status;

static int count_probe(device_t *dev) {
    (void)dev;
    probes++;
    return 0;
}

static int count_init(device_t *dev) {
    (void)dev;
    inits++;
    return init_status;
}

static void count_remove(device_t *dev) {
    (void)dev;
    removes++;
}

static int refuse(device_t *dev) {
    (void)dev;
    probes++;
    return -1;
}

/* A class that no real device has, so that the drivers below see the fake only. */
#define FAKE_CLASS 0xEE
static const struct driver_match by_id = {BUS_PCI, 0xFFFE, 0x0001, MATCH_ANY8, MATCH_ANY8, NULL};
static const struct driver_match by_class = {BUS_PCI, MATCH_ANY16, MATCH_ANY16, FAKE_CLASS, 0x01, NULL};
static driver_t specific = {.name = "selftest-specific", .matches = &by_id, .match_count = 1, .probe = count_probe,
                            .init = count_init, .remove = count_remove};
static driver_t generic = {.name = "selftest-generic", .matches = &by_class, .match_count = 1};
/* As much a match as the two above, but for the id that it leaves open. */
static const struct driver_match by_vendor = {BUS_PCI, 0xFFFE, MATCH_ANY16, FAKE_CLASS, 0x01, NULL};
static driver_t family = {.name = "selftest-family", .matches = &by_vendor, .match_count = 1};
static driver_t refusing = {.name = "selftest-refusing", .matches = &by_id, .match_count = 1, .probe = refuse};

static void set_up(void) {
    fake = (device_t){.bus = BUS_PCI, .name = "selftest", .vendor = 0xFFFE, .device_id = 0x0001,
                      .class_code = FAKE_CLASS, .subclass = 0x01};
    probes = inits = removes = init_status = 0;
}

static void tear_down(void) {
    device_unregister(&fake);
    driver_unregister(&specific);
    driver_unregister(&generic);
    driver_unregister(&family);
    driver_unregister(&refusing);
}

static const char *registers_and_binds(void) {
    size_t before = device_count();
    CHECK(driver_register(NULL) == -1);
    CHECK(driver_register(&(driver_t){.name = "selftest-empty"}) == -1);
    CHECK(device_register(&fake) == 0 && device_count() == before + 1);
    CHECK(device_register(&fake) == -1 && device_count() == before + 1);
    CHECK(device_find("selftest") == &fake);

    CHECK(driver_register(&specific) == 0); /* binds at once */
    CHECK(driver_register(&specific) == -1);
    CHECK(driver_find("selftest-specific") == &specific);
    CHECK(fake.driver == &specific && probes == 1 && inits == 1);

    CHECK(driver_unregister(&specific) == 0 && removes == 1);
    CHECK(fake.driver == NULL && !driver_find("selftest-specific"));
    CHECK(driver_unregister(&specific) == -1 && removes == 1);

    CHECK(device_unregister(&fake) == 0 && device_count() == before);
    CHECK(device_unregister(&fake) == -1 && !device_find("selftest"));
    return NULL;
}

static const char *prefers_the_specific(void) {
    CHECK(driver_register(&generic) == 0 && driver_register(&family) == 0);
    CHECK(driver_register(&refusing) == 0 && driver_register(&specific) == 0);
    CHECK(device_register(&fake) == 0 && fake.driver == NULL);
    CHECK(driver_bind_all() == 1);
    CHECK(fake.driver == &specific); /* the refusing one matches as well, and was asked */
    CHECK(probes == 2 && inits == 1);

    CHECK(device_unregister(&fake) == 0 && removes == 1);
    init_status = -5;
    CHECK(device_register(&fake) == 0 && driver_bind_all() == 1);
    CHECK(fake.driver == &family); /* what does not start leaves the device to the next */
    return NULL;
}

SELFTEST(dev_driver_register, "dev") {
    set_up();
    const char *failure = registers_and_binds();
    tear_down();
    return failure;
}

SELFTEST(dev_driver_choice, "dev") {
    set_up();
    const char *failure = prefers_the_specific();
    tear_down();
    return failure;
}

SELFTEST(dev_match_wildcards, "dev") {
    const device_t nic = {.bus = BUS_PCI, .vendor = 0x8086, .device_id = 0x100E, .class_code = 0x02, .subclass = 0x00};
    const device_t uart = {.bus = BUS_PLATFORM, .name = "serial0"};
    const struct driver_match hits[] = {
        {BUS_PCI, 0x8086, 0x100E, 0x02, 0x00, NULL},
        {BUS_PCI, 0x8086, MATCH_ANY16, MATCH_ANY8, MATCH_ANY8, NULL},
        {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x02, MATCH_ANY8, NULL},
        {BUS_PCI, MATCH_ANY16, MATCH_ANY16, MATCH_ANY8, MATCH_ANY8, NULL},
    };
    const struct driver_match misses[] = {
        {BUS_PCI, 0x8087, 0x100E, 0x02, 0x00, NULL},
        {BUS_PCI, 0x8086, 0x100F, MATCH_ANY8, MATCH_ANY8, NULL},
        {BUS_PCI, 0x8086, 0x100E, 0x02, 0x80, NULL},
        {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x03, MATCH_ANY8, NULL},
        {BUS_VIRTIO_MMIO, MATCH_ANY16, MATCH_ANY16, MATCH_ANY8, MATCH_ANY8, NULL},
        {BUS_PLATFORM, MATCH_ANY16, MATCH_ANY16, MATCH_ANY8, MATCH_ANY8, "serial0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(hits); i++)
        CHECK(driver_matches(&hits[i], &nic));
    for (size_t i = 0; i < ARRAY_SIZE(misses); i++)
        CHECK(!driver_matches(&misses[i], &nic));
    CHECK(driver_matches(&misses[5], &uart));
    CHECK(!driver_matches(&(struct driver_match){.bus = BUS_PLATFORM, .name = "serial"}, &uart));
    CHECK(!driver_matches(&(struct driver_match){.bus = BUS_PLATFORM}, &uart));
    return NULL;
}

SELFTEST(dev_summary, "dev") {
    const device_t nic = {.bus = BUS_PCI, .vendor = 0x8086, .device_id = 0x100E, .class_code = 0x02, .irq = 11,
                          .bars = {{.base = 0xFEBC0000, .size = KB(128), .is_mmio = true}}};
    const device_t bare = {.bus = BUS_PCI, .vendor = 0x8086, .device_id = 0x1237, .class_code = 0x06};
    char text[96], small[8];
    device_summary(&nic, text, sizeof text);
    CHECK(strcmp(text, "PCI 8086:100E class=02:00 [MMIO=0xFEBC0000/128KB IRQ=11]") == 0);
    CHECK(device_summary(&nic, small, sizeof small) == (int)strlen(text) && strcmp(small, "PCI 808") == 0);
    device_summary(&bare, text, sizeof text);
    CHECK(strcmp(text, "PCI 8086:1237 class=06:00") == 0);
    return NULL;
}
