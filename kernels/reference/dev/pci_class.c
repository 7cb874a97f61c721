/* Names of the PCI device classes, for people. */
#include <auton/dev.h>

struct class_name {
    uint8_t class_code, subclass; /* MATCH_ANY8: the class as a whole */
    const char *name;
};

static const struct class_name names[] = {
    {0x00, 0x01, "VGA-compatible device"},
    {0x00, MATCH_ANY8, "Unclassified device"},
    {0x01, 0x00, "SCSI controller"},
    {0x01, 0x01, "IDE controller"},
    {0x01, 0x02, "Floppy controller"},
    {0x01, 0x04, "RAID controller"},
    {0x01, 0x05, "ATA controller"},
    {0x01, 0x06, "SATA controller"},
    {0x01, 0x07, "SAS controller"},
    {0x01, 0x08, "NVMe controller"},
    {0x01, MATCH_ANY8, "Storage controller"},
    {0x02, 0x00, "Ethernet controller"},
    {0x02, 0x80, "Network controller"},
    {0x02, MATCH_ANY8, "Network controller"},
    {0x03, 0x00, "VGA controller"},
    {0x03, 0x02, "3D controller"},
    {0x03, MATCH_ANY8, "Display controller"},
    {0x04, 0x00, "Video device"},
    {0x04, 0x01, "Audio device"},
    {0x04, 0x03, "HD audio controller"},
    {0x04, MATCH_ANY8, "Multimedia device"},
    {0x05, 0x00, "RAM controller"},
    {0x05, 0x01, "Flash memory"},
    {0x05, MATCH_ANY8, "Memory controller"},
    {0x06, 0x00, "Host bridge"},
    {0x06, 0x01, "ISA bridge"},
    {0x06, 0x04, "PCI bridge"},
    {0x06, 0x07, "CardBus bridge"},
    {0x06, MATCH_ANY8, "Bridge"},
    {0x07, 0x00, "Serial controller"},
    {0x07, 0x01, "Parallel controller"},
    {0x07, MATCH_ANY8, "Communication controller"},
    {0x08, 0x00, "Interrupt controller"},
    {0x08, 0x02, "Timer"},
    {0x08, 0x03, "Real-time clock"},
    {0x08, 0x05, "SD host controller"},
    {0x08, 0x06, "IOMMU"},
    {0x08, MATCH_ANY8, "System peripheral"},
    {0x09, 0x00, "Keyboard controller"},
    {0x09, 0x02, "Mouse controller"},
    {0x09, MATCH_ANY8, "Input device"},
    {0x0A, MATCH_ANY8, "Docking station"},
    {0x0B, MATCH_ANY8, "Processor"},
    {0x0C, 0x00, "FireWire controller"},
    {0x0C, 0x03, "USB controller"},
    {0x0C, 0x05, "SMBus controller"},
    {0x0C, MATCH_ANY8, "Serial bus controller"},
    {0x0D, 0x11, "Bluetooth controller"},
    {0x0D, MATCH_ANY8, "Wireless controller"},
    {0x0E, MATCH_ANY8, "Intelligent I/O controller"},
    {0x0F, MATCH_ANY8, "Satellite controller"},
    {0x10, MATCH_ANY8, "Encryption controller"},
    {0x11, MATCH_ANY8, "Signal processing controller"},
    {0x12, MATCH_ANY8, "Processing accelerator"},
    {0x13, MATCH_ANY8, "Instrumentation"},
    {0x40, MATCH_ANY8, "Co-processor"},
};

const char *pci_class_name(uint8_t class_code, uint8_t subclass) {
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].class_code == class_code &&
            (names[i].subclass == subclass || names[i].subclass == MATCH_ANY8))
            return names[i].name;
    return "Unknown device";
}
