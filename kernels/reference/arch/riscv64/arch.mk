# No floating-point or vector registers in the kernel: interrupts and thread switches do not save them.
# Large frames touch each page of the stack in turn, so that none can step over the guard page; clang cannot do that here.
# lld cannot shorten calls (relax), so code for it does not ask for that.
ARCH_CROSS := riscv64-linux-gnu-
riscv64_CLANG := $(findstring clang,$(CC))
ARCH_TARGET := $(if $(riscv64_CLANG),--target=riscv64-linux-gnu -march=rv64imac,-march=rv64imac_zicsr_zifencei) -mabi=lp64
ARCH_CFLAGS := $(ARCH_TARGET) -mcmodel=medany $(if $(findstring lld,$(LD)),-mno-relax) \
	$(if $(riscv64_CLANG),,-fstack-clash-protection)
ARCH_LDFLAGS := -m elf64lriscv -z max-page-size=4096
# What U-Boot starts: the same, without ELF around it.
ARCH_IMAGE := Image
# For what may use them: threads that asked for it. Functions still pass floats in integer registers.
ARCH_FLOAT_CFLAGS := $(if $(riscv64_CLANG),-march=rv64imafdc,-march=rv64imafdc_zicsr_zifencei)
$(O)/arch/riscv64/sched/fpu_registers.o: FILE_CFLAGS := $(ARCH_FLOAT_CFLAGS)
