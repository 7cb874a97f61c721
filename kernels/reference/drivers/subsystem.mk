# The console's drivers need nothing but boot; those of PCI devices come with the registry that finds the devices.
drivers_REQUIRES := boot
drivers_SRCS = $(wildcard drivers/*.c drivers/$(ARCH)/*.c) \
	$(if $(filter dev,$(SELECTED)),$(wildcard drivers/pci/*.c))
