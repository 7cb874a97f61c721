; One stub for each vector: a uniform frame (trap.h) on the stack, then trap_dispatch(frame).
bits 64
section .text

%macro stub 1
stub_%1:
  %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21 || %1 == 29 || %1 == 30)
    push qword 0                        ; the processor pushes an error code for the others
  %endif
    push qword %1
    jmp interrupt_common
%endmacro

%assign vector 0
%rep 256
    stub vector
  %assign vector vector + 1
%endrep

global interrupt_common:function
interrupt_common:
    cld
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    mov rdi, rsp
    mov rbx, rsp
    and rsp, -16
    call trap_dispatch
    mov rsp, rbx
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16
    iretq
extern trap_dispatch

; bool arch_probe_read(const void *addr, uint8_t *out); bool arch_probe_write(void *addr, uint8_t value)
; A fault in the one instruction that may fault continues at probe_failed (interrupts.c).
global arch_probe_read:function, arch_probe_write:function
global probe_read_access:function, probe_write_access:function, probe_failed:function
arch_probe_read:
probe_read_access:
    mov al, [rdi]
    mov [rsi], al
    mov eax, 1
    ret
arch_probe_write:
probe_write_access:
    mov [rdi], sil
    mov eax, 1
    ret
probe_failed:
    xor eax, eax
    ret

section .rodata
global interrupt_stubs
interrupt_stubs:
%assign vector 0
%rep 256
    dq stub_%+vector
  %assign vector vector + 1
%endrep
