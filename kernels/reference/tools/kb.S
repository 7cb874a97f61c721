/* The knowledge base blob as read-only data; KB_BLOB is its file name. */
        .section .rodata, "a"
        .balign 8
        .globl kb_blob
kb_blob:
        .incbin KB_BLOB
        .balign 8
        .section .note.GNU-stack, ""
