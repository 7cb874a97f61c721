; From the boot loader's 32-bit protected mode to kernel_main in long mode at the kernel's high addresses.
; Two ways in: a PVH note (QEMU -kernel, EBX = start info) and a Multiboot2 header (GRUB, EAX = magic, EBX = info).

VBASE           equ 0xFFFF800000000000
PVH_MARK        equ 0x336EC578          ; start-info magic; stands for "PVH" where Multiboot2 has its magic
MB2_MAGIC       equ 0xE85250D6
CR0_BITS        equ (1 << 31) | (1 << 16) | 1  ; paging, write protection in ring 0, protected mode
CR4_PAE         equ 1 << 5
MSR_EFER        equ 0xC0000080
PAGE_TABLE      equ 3                   ; present, writable
PAGE_LARGE      equ 0x83

section .multiboot2 progbits alloc noexec nowrite align=8
header:
    dd MB2_MAGIC, 0, header_end - header, -(MB2_MAGIC + (header_end - header))
    dw 0, 0
    dd 8
header_end:

section .note.pvh note alloc noexec nowrite align=4
    dd 4, 8, 18                         ; name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dq pvh_entry

section .boot.bss nobits alloc noexec write align=4096
pml4:   resb 4096
pdpt:   resb 4096
pd:     resb 4 * 4096                   ; 4 GB in 2 MB pages
early_stack:
        resb 512
early_stack_top:

section .boot.text progbits alloc exec nowrite align=16
bits 32
global multiboot2_entry
pvh_entry:
    mov eax, PVH_MARK
multiboot2_entry:
    cli
    cld
    mov esp, early_stack_top
    mov esi, eax
    mov edi, ebx

    mov eax, 0x80000001                 ; long mode, or nothing works
    cpuid
    test edx, 1 << 29
    jz no_long_mode
    mov ebp, edx

    mov eax, pd + PAGE_TABLE            ; four page directories
    mov ecx, 0
.directory:
    mov [pdpt + ecx * 8], eax
    add eax, 4096
    inc ecx
    cmp ecx, 4
    jb .directory
    mov eax, PAGE_LARGE
    mov ecx, 0
    mov edx, 0
.large_page:
    mov [pd + ecx * 8], eax
    add eax, 0x200000
    inc ecx
    cmp ecx, 4 * 512
    jb .large_page
    mov dword [pml4], pdpt + PAGE_TABLE             ; where we run now
    mov dword [pml4 + 256 * 8], pdpt + PAGE_TABLE   ; where the kernel lives

    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax
    mov eax, pml4
    mov cr3, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, 1 << 8                      ; long mode
    test ebp, 1 << 20
    jz .no_nx
    or eax, 1 << 11                     ; no-execute pages
.no_nx:
    wrmsr
    mov eax, CR0_BITS
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    jmp 0x08:long_mode

no_long_mode:                           ; too early for anything but the raw serial port
    mov esi, no_long_mode_text
.next:
    mov dx, 0x3F8
    lodsb
    test al, al
    jz .stop
    out dx, al
    jmp .next
.stop:
    hlt
    jmp .stop
no_long_mode_text: db "FATAL: This processor has no 64-bit mode", 13, 10, 0

align 8
boot_gdt:
    dq 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF    ; marked as accessed, else the processor would write to them
boot_gdt_pointer:
    dw 3 * 8 - 1
    dd boot_gdt

bits 64
long_mode:
    mov ax, 0x10
    mov ds, ax
    mov es, ax
    mov ss, ax
    xor eax, eax
    mov fs, ax
    mov gs, ax
    mov rsp, qword __boot_stack_top
    mov rax, qword boot_magic
    mov [rax], esi
    mov rax, qword boot_info_phys
    mov [rax], rdi
    mov rsi, qword __data_start         ; kept as it was loaded, for an image of this kernel (setup)
    mov rdi, qword __data_copy
    mov rcx, qword __data_end
    sub rcx, rsi
    rep movsb
    xor ebp, ebp                        ; ends every backtrace
    mov rax, qword kernel_main
    push qword 0                        ; as if called from nowhere, with the stack as C expects it
    jmp rax
extern kernel_main, boot_magic, boot_info_phys, __boot_stack_top, __data_start, __data_end, __data_copy
