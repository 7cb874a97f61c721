# What takes several subsystems together and is asked for in words: a role for the machine, its installation on a disk.
setup_REQUIRES := boot mm sched dev fs net pkg sys slm
# Where boot loaders take a flat image, U-Boot is what starts a disk.
setup_SRCS := $(filter-out $(if $(ARCH_IMAGE),,setup/u_boot.c),$(wildcard setup/*.c))
-include arch/$(ARCH)/setup/loader.mk
