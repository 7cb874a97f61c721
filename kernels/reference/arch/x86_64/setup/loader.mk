# The boot loader of installed disks, a program of its own for 32 bits, and the code for the first sector. The kernel carries
# both for its installer.
loader_DIR := arch/x86_64/setup/loader
loader_OUT := $(O)/setup/loader
loader_OBJS := $(patsubst $(loader_DIR)/%,$(loader_OUT)/%.o,$(basename $(wildcard $(loader_DIR)/*.c) $(loader_DIR)/start.asm)) \
	$(loader_OUT)/crc32.o $(loader_OUT)/string.o
loader_CC = $(Q)mkdir -p $(@D); echo "CC  $<"; \
	$(CC) $(CFLAGS) -m32 -march=i686 -Os -fno-pie -fomit-frame-pointer -ffunction-sections -MMD -MP -c $< -o $@
setup_OBJS += $(O)/setup/loader/image.o

$(loader_OUT)/%.o: $(loader_DIR)/%.c $(O)/flags
	$(loader_CC)
$(loader_OUT)/%.o: lib/%.c $(O)/flags
	$(loader_CC)
$(loader_OUT)/start.o: $(loader_DIR)/start.asm
	$(Q)mkdir -p $(@D); $(NASM) -f elf32 -w+all -Werror $< -o $@
$(loader_OUT)/mbr.bin: $(loader_DIR)/mbr.asm
	$(Q)mkdir -p $(@D); $(NASM) -f bin -w+all -Werror $< -o $@
$(loader_OUT)/loader.bin: $(loader_OBJS) $(loader_DIR)/loader.ld
	$(Q)$(LD) -m elf_i386 -static -nostdlib --gc-sections -z noexecstack --build-id=none -T $(loader_DIR)/loader.ld $(loader_OBJS) -o $@.elf
	$(Q)$(OBJCOPY) -O binary $@.elf $@
$(loader_OUT)/image.o: $(loader_DIR)/image.S $(loader_OUT)/mbr.bin $(loader_OUT)/loader.bin
	$(Q)$(CC) $(ARCH_TARGET) -DBOOT_CODE='"$(loader_OUT)/mbr.bin"' -DLOADER='"$(loader_OUT)/loader.bin"' -c $< -o $@
-include $(wildcard $(loader_OUT)/*.d)
