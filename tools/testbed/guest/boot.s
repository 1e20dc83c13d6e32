# The boot code of the partitioned disk, for guests with a PC's firmware: reads the second sector and
# says what stands there, up to a NUL, on the first serial line; then switches the machine off.
.code16
.globl _start
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    mov $0x0201, %ax        # int 13h: read one sector,
    mov $0x7e00, %bx        # to behind this one,
    mov $0x0002, %cx        # cylinder 0, sector 2,
    xor %dh, %dh            # head 0 of the drive the firmware booted from
    int $0x13
    jc halt
    mov $0x7e00, %si
next:
    lodsb
    test %al, %al
    jz off
    mov %al, %ah
    mov $0x3fd, %dx
wait:
    in %dx, %al             # until the line takes another byte
    test $0x20, %al
    jz wait
    mov $0x3f8, %dx
    mov %ah, %al
    out %al, %dx
    jmp next
off:
    mov $0xb004, %dx        # ACPI's PM1a control register where Xen's device model has it: S5
    mov $0x2000, %ax
    out %ax, %dx
halt:
    cli
    hlt
    jmp halt
