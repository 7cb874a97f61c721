/* Self-test of device memory that arch_io_*() maps when it is first touched. */
#include <auton/arch.h>
#include <auton/selftest.h>
#include "../machine.h"

/* The priority of the last source of the interrupt controller, which boot has not touched: written, it keeps it. */
SELFTEST(mmio_on_demand, "mm") {
    phys_addr_t phys, address = machine.plic.base + 4 * (phys_addr_t)machine.plic.sources;
    CHECK(machine.plic.base);
    uint32_t old = arch_io_read32(address);
    arch_io_write32(address, 1);
    uint32_t written = arch_io_read32(address);
    arch_io_write32(address, old);
    CHECK(written == 1 && arch_io_read32(address) == old);
    CHECK(arch_get_physical((virt_addr_t)phys_to_virt(address), &phys) && phys == address);
    return NULL;
}
