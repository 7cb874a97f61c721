; The first sector of a disk that starts by itself: the BIOS runs these 440 bytes at 0x7C00 with the drive in DL. They read
; the loader from behind the partition table, see that it is whole, and enter it. What the installer fills in is at the end.
bits 16
org 0x7C00

LOADER          equ 0x8000
COM1            equ 0x3F8

    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00                      ; the stack grows down from here
    jmp 0:start                         ; some firmware comes in at 0x07C0:0
start:
    sti
    cld
    mov [drive], dl
    mov si, text_no_lba
    mov ah, 0x41                        ; is the disk read by sector numbers?
    mov bx, 0x55AA
    int 0x13
    jc stop
    cmp bx, 0xAA55
    jne stop

    mov dl, [drive]
    mov ah, 0x42
    mov si, packet
    int 0x13
    mov si, text_unreadable
    jc stop

    mov si, text_damaged
    mov di, LOADER
    mov cx, [packet.sectors]
    shl cx, 7                           ; words of four bytes
    jz stop
    xor ebx, ebx
.sum:
    rol ebx, 1
    add ebx, [di]
    add di, 4
    loop .sum
    cmp ebx, [loader_sum]
    jne stop
    mov dl, [drive]
    jmp LOADER

; Shows the text at SI on the screen and on the first serial port, and stops.
stop:
    lodsb
    test al, al
    jz .halt
    push ax
    mov ah, 0x0E
    mov bx, 7
    int 0x10
    mov cx, 0xFFFF                      ; a port that is never ready does not stop us
.wait:
    mov dx, COM1 + 5
    in al, dx
    test al, 0x20
    loopz .wait
    pop ax
    mov dx, COM1
    out dx, al
    jmp stop
.halt:
    hlt
    jmp .halt

text_no_lba:     db "AUTON: this BIOS cannot read the disk by sector numbers", 13, 10, 0
text_unreadable: db "AUTON: the boot loader cannot be read from the disk", 13, 10, 0
text_damaged:    db "AUTON: the boot loader on this disk is damaged", 13, 10, 0
drive:           db 0

    times 412 - ($ - $$) db 0
partition:       dq 0                   ; first sector of the file system that holds the kernel
loader_sum:      dd 0
packet:          db 16, 0               ; what to read: an INT 13h packet
.sectors:        dw 0
                 dw LOADER, 0
                 dq 0
