/* SATA controllers (AHCI): finds the ports that have a drive and passes interrupts on to them. */
#include "ahci.h"
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>

static bool interrupt(device_t *dev) {
    struct controller *hba = dev->driver_data;
    uint32_t ports = in(hba->regs, INTERRUPT_STATUS);
    if (!ports || ports == UINT32_MAX)
        return false;
    for (unsigned i = 0; i < PORTS; i++)
        if ((ports & 1u << i) && hba->ports[i])
            ahci_port_look(hba->ports[i]);
        else if (ports & 1u << i)
            out(hba->regs, PORT_BASE + i * PORT_SIZE + PORT_INTERRUPT_ENABLE, 0); /* nobody's */
    out(hba->regs, INTERRUPT_STATUS, ports);
    return true;
}

static void add_port(struct controller *hba, unsigned index) {
    volatile uint32_t *regs = hba->regs + (PORT_BASE + index * PORT_SIZE) / 4;
    out(regs, PORT_INTERRUPT_ENABLE, 0);
    if ((in(regs, SATA_STATUS) & DETECTION_MASK) != DETECTION_ESTABLISHED)
        return;
    struct port *p = kzalloc(sizeof *p);
    if (!p) {
        log_error("DRV", "SATA port %u: out of memory", index);
        return;
    }
    p->owner = hba;
    p->index = index;
    p->regs = regs;
    hba->ports[index] = p;
    int result = ahci_port_start(p);
    if (result == 0)
        return;
    if (result != -ENODEV)
        log_error("DRV", "SATA port %u: its disk cannot be used (%d)", index, result);
    hba->ports[index] = NULL;
    ahci_port_remove(p);
}

static void remove(device_t *dev) {
    struct controller *hba = dev->driver_data;
    for (unsigned i = 0; i < PORTS; i++)
        if (hba->ports[i])
            ahci_port_remove(hba->ports[i]);
    out(hba->regs, GLOBAL_CONTROL, in(hba->regs, GLOBAL_CONTROL) & ~CONTROL_INTERRUPTS);
    irq_detach(dev);
    pci_set_master(dev, false);
    dev->driver_data = NULL;
    kfree(hba);
}

static int init(device_t *dev) {
    pci_enable(dev);
    volatile uint32_t *regs = pci_map_bar(dev, AHCI_BAR);
    if (!regs || in(regs, VERSION) == 0 || in(regs, VERSION) == UINT32_MAX)
        return -ENODEV;
    struct controller *hba = kzalloc(sizeof *hba);
    if (!hba)
        return -ENOMEM;
    hba->dev = dev;
    hba->regs = regs;
    dev->driver_data = hba;
    out(regs, GLOBAL_CONTROL, CONTROL_AHCI);
    pci_set_master(dev, true);
    int result = irq_attach(dev, interrupt);
    if (result) {
        remove(dev);
        return result;
    }
    out(regs, INTERRUPT_STATUS, UINT32_MAX);
    out(regs, GLOBAL_CONTROL, CONTROL_AHCI | CONTROL_INTERRUPTS);
    uint32_t ports = in(regs, PORTS_IMPLEMENTED);
    for (unsigned i = 0; i < PORTS; i++)
        if ((ports & 1u << i) && PORT_BASE + (i + 1) * PORT_SIZE <= dev->bars[AHCI_BAR].size)
            add_port(hba, i);
    return 0;
}

static int suspend(device_t *dev) {
    struct controller *hba = dev->driver_data;
    int result = 0;
    out(hba->regs, GLOBAL_CONTROL, CONTROL_AHCI);
    for (unsigned i = 0; i < PORTS; i++)
        if (hba->ports[i] && !ahci_port_stop(hba->ports[i]))
            result = -EIO;
    return result;
}

static int resume(device_t *dev) {
    struct controller *hba = dev->driver_data;
    out(hba->regs, GLOBAL_CONTROL, CONTROL_AHCI | CONTROL_INTERRUPTS);
    int result = 0;
    for (unsigned i = 0; i < PORTS; i++)
        if (hba->ports[i] && (hba->ports[i]->dead = !ahci_port_restart(hba->ports[i])))
            result = -EIO;
    return result;
}

static const struct driver_match match = {BUS_PCI, MATCH_ANY16, MATCH_ANY16, 0x01, 0x06, NULL};
static driver_t driver = {.name = "ahci", .matches = &match, .match_count = 1, .init = init, .remove = remove,
                          .suspend = suspend, .resume = resume};

static void ahci_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, ahci_register);
