# The console's drivers need nothing but boot; those of PCI devices come with the registry that finds the devices, and
# the 16550 where the architecture says where it has one.
drivers_REQUIRES := boot
drivers_SRCS = $(filter-out $(if $(wildcard arch/$(ARCH)/include/arch_uart.h),,drivers/ns16550.c), \
	$(wildcard drivers/*.c drivers/$(ARCH)/*.c)) $(if $(filter dev,$(SELECTED)),$(wildcard drivers/pci/*.c))
