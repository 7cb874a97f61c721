; Thread switch: the registers that a C function preserves, and the stack.
bits 64
section .text

; void arch_context_switch(uint64_t *old_sp, uint64_t new_sp), interrupts off
global arch_context_switch:function
arch_context_switch:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi], rsp
    mov rsp, rsi
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; A new thread's first instructions: r12 holds the function, r13 its argument (context.c).
global thread_first_code:function
thread_first_code:
    mov rdi, r13
    sti
    call r12
    ud2
