/* Self-tests of the knowledge base: names that every pci.ids has, and ids that none may have. */
#include <auton/selftest.h>
#include <auton/slm.h>
#include <auton/string.h>

SELFTEST(slm_kb_lookup, "slm") {
    char name[128];
    CHECK(kb_pci_vendor(0x8086, name, sizeof name) && strcmp(name, "Intel Corporation") == 0);
    CHECK(kb_pci_device(0x8086, 0x100E, name, sizeof name) && strstr(name, "82540EM"));
    CHECK(kb_pci_device(0x10EC, 0x8139, name, sizeof name) && strstr(name, "8139"));
    CHECK(kb_pci_device(0x1AF4, 0x1000, name, sizeof name) && strstr(name, "Virtio"));
    CHECK(kb_pci_device(0x8086, 0x100E, name, 6) && strlen(name) == 5); /* cut to what fits */
    CHECK(kb_pci_vendor_count() > 20 && kb_pci_device_count() > 200);
    return NULL;
}

SELFTEST(slm_kb_unlisted, "slm") {
    char name[128] = "untouched";
    CHECK(!kb_pci_vendor(0x7777, name, sizeof name));
    CHECK(!kb_pci_device(0x7777, 0x0001, name, sizeof name));
    CHECK(!kb_pci_device(0x8086, 0x7777, name, sizeof name));
    CHECK(strcmp(name, "untouched") == 0);
    return NULL;
}
