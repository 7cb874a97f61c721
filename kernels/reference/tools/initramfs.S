/* The initramfs archive as read-only data; INITRAMFS is its file name. */
        .section .rodata, "a"
        .balign 16
        .globl initramfs_start
initramfs_start:
        .incbin INITRAMFS
        .globl initramfs_end
initramfs_end:
        .balign 8
        .section .note.GNU-stack, ""
