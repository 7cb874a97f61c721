# No vector or floating-point registers in the kernel: interrupts and thread switches do not save them. Nothing is
# accessed unaligned: device memory does not allow it.
ARCH_CROSS := aarch64-linux-gnu-
ARCH_TARGET := $(if $(findstring clang,$(CC)),--target=aarch64-linux-gnu)
ARCH_CFLAGS := $(ARCH_TARGET) -march=armv8-a -mgeneral-regs-only -mstrict-align -mno-outline-atomics -mno-omit-leaf-frame-pointer
ARCH_LDFLAGS := -m aarch64elf -z max-page-size=4096
# What boot loaders start, and QEMU with the device tree in x0: the same, without ELF around it.
ARCH_IMAGE := Image
