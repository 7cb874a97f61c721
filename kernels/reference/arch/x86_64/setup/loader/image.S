/* The boot code and the loader as read-only data for the installer; BOOT_CODE and LOADER are their file names. */
        .section .rodata, "a"
        .globl boot_code, loader_start, loader_end
boot_code:
        .incbin BOOT_CODE
        .balign 512
loader_start:
        .incbin LOADER
        .balign 512, 0
loader_end:
        .section .note.GNU-stack, "", @progbits
