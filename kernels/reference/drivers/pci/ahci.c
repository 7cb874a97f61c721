/* SATA controllers (AHCI): finds which ports have a drive, and of which kind. */
#include <auton/dev.h>
#include <auton/init.h>
#include <auton/klog.h>

enum reg { CAPABILITIES = 0x00, PORTS_IMPLEMENTED = 0x0C, VERSION = 0x10, PORT_BASE = 0x100, PORT_SIZE = 0x80,
           PORT_SIGNATURE = 0x24, PORT_SATA_STATUS = 0x28 };
#define DETECTION_MASK 0xFu
#define DETECTION_ESTABLISHED 3u
#define SIGNATURE_DISK 0x00000101u
#define SIGNATURE_PACKET 0xEB140101u
#define AHCI_BAR 5

static uint32_t in(const volatile uint32_t *regs, uint32_t reg) {
    return regs[reg / 4];
}

static const char *kind_of(uint32_t signature) {
    return signature == SIGNATURE_DISK ? "disk" : signature == SIGNATURE_PACKET ? "CD or DVD drive" : "other device";
}

static int init(device_t *dev) {
    pci_enable(dev);
    const volatile uint32_t *regs = pci_map_bar(dev, AHCI_BAR);
    if (!regs || in(regs, VERSION) == 0 || in(regs, VERSION) == 0xFFFFFFFFu)
        return -1;
    uint32_t ports = in(regs, PORTS_IMPLEMENTED);
    for (uint32_t i = 0; i < 32; i++) {
        uint32_t port = PORT_BASE + i * PORT_SIZE;
        if (!(ports & 1u << i) || port + PORT_SIZE > dev->bars[AHCI_BAR].size)
            continue;
        if ((in(regs, port + PORT_SATA_STATUS) & DETECTION_MASK) == DETECTION_ESTABLISHED)
            log_info("DRV", "SATA port %u: %s", i, kind_of(in(regs, port + PORT_SIGNATURE)));
    }
    return 0;
}

static const struct driver_match match = {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x01, 0x06, NULL};
static driver_t driver = {.name = "ahci", .matches = &match, .match_count = 1, .init = init};

static void ahci_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, ahci_register);
