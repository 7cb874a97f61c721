/* Self-test of device memory that arch_io_*() maps when it is first touched. */
#include <auton/arch.h>
#include <auton/selftest.h>

#define LOCAL_APIC 0xFEE00000
#define APIC_VERSION 0x30

SELFTEST(mmio_on_demand, "mm") {
    phys_addr_t phys;
    uint32_t version = arch_io_read32(LOCAL_APIC + APIC_VERSION);
    CHECK(version != 0 && version != UINT32_MAX && version == arch_io_read32(LOCAL_APIC + APIC_VERSION));
    CHECK(arch_get_physical((virt_addr_t)phys_to_virt(LOCAL_APIC), &phys) && phys == LOCAL_APIC);
    return NULL;
}
