# Large frames touch each page of the stack in turn, so that none can step over the guard page.
# No vector or floating-point registers in the kernel: interrupts and thread switches do not save them.
ARCH_CFLAGS := -m64 -mgeneral-regs-only -mno-red-zone -fcf-protection=none -mno-omit-leaf-frame-pointer -fstack-clash-protection
ARCH_LDFLAGS := -m elf_x86_64 -z max-page-size=4096
