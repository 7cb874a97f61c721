# What takes several subsystems together and is asked for in words: a role for the machine, its installation on a disk.
setup_REQUIRES := boot mm sched dev fs net pkg sys slm
-include arch/$(ARCH)/setup/loader.mk
