# The package manager, and the repository that comes with the kernel: each folder of pkg/packages/ is packed when the
# kernel is built and lies in the initramfs.
pkg_REQUIRES := boot mm sched fs
pkg_CFLAGS := -O2
pkg_TREES := $(O)/pkg/tree
pkg_REPOSITORY := $(O)/pkg/tree/var/pkg/repo

$(O)/pkg/mkpkg: tools/mkpkg.c pkg/sha256.c include/auton/pkg.h
	@echo "HOSTCC $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O1 -Wall -Wextra -Iinclude -Iarch/$(ARCH)/include $< pkg/sha256.c -o $@
$(O)/pkg/tree: $(O)/pkg/mkpkg $(shell find pkg/packages)
	@echo "PKG $(notdir $(wildcard pkg/packages/*))"
	$(Q)rm -rf $@ && mkdir -p $(pkg_REPOSITORY)
	$(Q)for p in pkg/packages/*; do $(O)/pkg/mkpkg $(pkg_REPOSITORY) $$p || exit 1; done
	$(Q)touch $@
