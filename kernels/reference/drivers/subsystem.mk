# The console's drivers need nothing but boot; the 16550 comes where the architecture says where it has one. Drivers for
# devices that a scan finds come with the registry that finds them and, as their threads wait for interrupts, the scheduler.
drivers_REQUIRES := boot
drivers_FOUND := drivers/pci/*.c drivers/virtio/*.c drivers/tests/*.c
drivers_SRCS = $(filter-out $(if $(wildcard arch/$(ARCH)/include/arch_uart.h),,drivers/ns16550.c), \
	$(wildcard drivers/*.c drivers/$(ARCH)/*.c)) \
	$(if $(and $(filter dev,$(SELECTED)),$(filter sched,$(SELECTED))),$(wildcard $(drivers_FOUND)))
