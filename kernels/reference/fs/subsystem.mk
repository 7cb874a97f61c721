# File systems. The initramfs in the image is made of the folders root/ of all selected subsystems and of the trees in
# INITRAMFS_TREES that they generate.
fs_REQUIRES := boot mm sched dev
fs_SRCS := $(wildcard fs/*.c fs/*/*.c)
fs_OBJS := $(O)/fs/initramfs_blob.o
initramfs_trees = $(wildcard $(addsuffix /root,$(SELECTED))) $(foreach s,$(SELECTED),$($s_TREES))

.SECONDEXPANSION:
$(O)/fs/mkcpio: tools/mkcpio.c
	@echo "HOSTCC $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O1 -Wall -Wextra $< -o $@
$(O)/fs/initramfs.cpio: $(O)/fs/mkcpio $$(foreach s,$$(SELECTED),$$($$s_TREES)) $$(shell find $$(wildcard $$(addsuffix /root,$$(SELECTED))) /dev/null) $(O)/objects
	@echo "CPIO $@"
	$(Q)$(O)/fs/mkcpio $@ $(initramfs_trees)
$(O)/fs/initramfs_blob.o: $(O)/fs/initramfs.cpio tools/initramfs.S
	$(Q)$(CC) $(ARCH_TARGET) -DINITRAMFS='"$<"' -c tools/initramfs.S -o $@
