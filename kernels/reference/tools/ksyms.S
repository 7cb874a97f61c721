/* The kernel's own symbol table, see ksyms.c. */
    .section .ksyms, "a"
    .incbin KSYMS
    .section .note.GNU-stack, ""
