; The loader's machine part: from the BIOS's real mode into flat protected mode with C, back for each call of the BIOS, and
; on into the kernel. All of the loader lies below 64 KB, so that both modes have the same addresses for it.

STACK           equ 0x7C00
CODE            equ 0x08
DATA            equ 0x10
CODE16          equ 0x18
DATA16          equ 0x20

section .start progbits alloc exec write
bits 16
global _start
_start:                                 ; from mbr.asm, DL is the drive
    cli
    mov [drive], dl
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword CODE:protected

bits 32
protected:
    mov ax, DATA
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, STACK
    cld
    xor eax, eax
    mov edi, __bss_start
    mov ecx, __bss_end
    sub ecx, edi
    rep stosb
    movzx eax, byte [drive]
    push eax
    call loader_main
    jmp $

; void bios_int(uint32_t vector, struct bios_registers *registers): one call of the BIOS in real mode. `registers` lies on
; the stack or in the loader's data. Interrupts are on for its time only.
global bios_int
bios_int:
    push ebp
    push ebx
    push esi
    push edi
    mov al, [esp + 20]
    mov [vector], al
    mov ebp, [esp + 24]
    jmp CODE16:.leave
bits 16
.leave:
    mov ax, DATA16                      ; limits that real mode can live with
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:.real
.real:
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov eax, [bp]
    mov ebx, [bp + 4]
    mov ecx, [bp + 8]
    mov edx, [bp + 12]
    mov esi, [bp + 16]
    mov edi, [bp + 20]
    push bp
    sti
    db 0xCD                             ; int `vector`
vector:
    db 0
    cli
    pop bp
    mov [bp], eax
    mov [bp + 4], ebx
    mov [bp + 8], ecx
    mov [bp + 12], edx
    mov [bp + 16], esi
    mov [bp + 20], edi
    pushf
    pop ax
    mov [bp + 24], ax
    cld
    xor ax, ax
    mov ds, ax
    lgdt [gdt_pointer]                  ; the BIOS may have had its own
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword CODE:.back
bits 32
.back:
    mov ax, DATA
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    pop edi
    pop esi
    pop ebx
    pop ebp
    ret

; void enter_kernel(uint32_t entry, const void *start_info): as the PVH protocol says.
global enter_kernel
enter_kernel:
    mov eax, [esp + 4]
    mov ebx, [esp + 8]
    jmp eax

align 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF, 0x00CF92000000FFFF   ; flat, 32 bits
    dq 0x00009A000000FFFF, 0x000092000000FFFF   ; 64 KB, 16 bits
gdt_pointer:
    dw 5 * 8 - 1
    dd gdt
drive: db 0

extern loader_main, __bss_start, __bss_end
