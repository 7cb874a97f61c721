/* Self-tests of the driver catalogue. */
#include "catalogue.h"
#include <auton/dev.h>
#include <auton/selftest.h>
#include <auton/string.h>

static bool is(const struct kb_driver *driver, const char *name) {
    return driver && strcmp(driver->name, name) == 0 && driver->in_kernel == (driver_find(name) != NULL);
}

SELFTEST(slm_driver_select, "slm") {
    CHECK(is(kb_driver_for(0x8086, 0x100E, 0x02, 0x00), "e1000"));
    CHECK(is(kb_driver_for(0x8086, 0x10D3, MATCH_ANY8, MATCH_ANY8), "e1000e"));
    CHECK(is(kb_driver_for(0x1AF4, 0x1000, 0x02, 0x00), "virtio_net"));
    CHECK(is(kb_driver_for(0x10EC, 0x8168, 0x02, 0x00), "r8169"));
    CHECK(is(kb_driver_for(0xFFFE, 0x0001, 0x01, 0x06), "ahci"));     /* by class: any vendor */
    CHECK(!kb_driver_for(0xFFFE, 0x0001, 0x02, 0x00));                /* no driver for every network card */
    CHECK(!kb_driver_for(0x8086, 0xFFFF, MATCH_ANY8, MATCH_ANY8));    /* nor for an unknown device */
    CHECK(is(catalogue_for(0xFFFE, 1, 0x0C, 0x03, 0x30), "xhci_hcd"));
    CHECK(is(catalogue_for(0xFFFE, 1, 0x0C, 0x03, 0x20), "ehci_hcd"));
    CHECK(is(catalogue_find("virtio-net"), "virtio_net"));
    CHECK(is(catalogue_by_keyword("rtl8139", 7), "8139too") && !catalogue_by_keyword("rtl", 3));
    return NULL;
}

SELFTEST(slm_catalogue_sound, "slm") {
    for (size_t i = 0; i < catalogue_row_count; i++) {
        CHECK(catalogue_rows[i].first <= catalogue_rows[i].last);
        CHECK(catalogue_find(catalogue_rows[i].driver));
    }
    return NULL;
}
