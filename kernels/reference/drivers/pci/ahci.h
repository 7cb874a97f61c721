/* SATA controllers (AHCI): registers, and what a controller and its ports have to do with each other. */
#pragma once
#include <auton/block.h>
#include <auton/dev.h>
#include <auton/sched.h>

enum reg { CAPABILITIES = 0x00, GLOBAL_CONTROL = 0x04, INTERRUPT_STATUS = 0x08, PORTS_IMPLEMENTED = 0x0C, VERSION = 0x10,
           PORT_BASE = 0x100, PORT_SIZE = 0x80 };
enum port_reg { LIST = 0x00, LIST_HIGH = 0x04, RECEIVED = 0x08, RECEIVED_HIGH = 0x0C, PORT_INTERRUPT = 0x10,
                PORT_INTERRUPT_ENABLE = 0x14, COMMAND = 0x18, TASK_FILE = 0x20, SIGNATURE = 0x24, SATA_STATUS = 0x28,
                SATA_CONTROL = 0x2C, SATA_ERROR = 0x30, ISSUE = 0x38 };
#define CAPABILITY_64_BIT (1u << 31)
#define CONTROL_AHCI (1u << 31)
#define CONTROL_INTERRUPTS (1u << 1)
#define COMMAND_START (1u << 0)
#define COMMAND_SPIN_UP (1u << 1)
#define COMMAND_POWER (1u << 2)
#define COMMAND_RECEIVE (1u << 4)
#define COMMAND_RECEIVING (1u << 14)
#define COMMAND_RUNNING (1u << 15)
#define TASK_BUSY 0x88u  /* busy, or in the middle of a transfer */
#define TASK_ERROR 0x01u
#define INTERRUPT_DONE 0x0Fu /* the four kinds of a command's end */
#define INTERRUPT_ERRORS (1u << 30 | 1u << 29 | 1u << 28 | 1u << 27)
#define DETECTION_MASK 0xFu
#define DETECTION_ESTABLISHED 3u
#define SIGNATURE_DISK 0x00000101u
#define SIGNATURE_PACKET 0xEB140101u
#define AHCI_BAR 5
#define PORTS 32u

struct port_memory; /* what the controller reads and writes by itself */

struct port {
    struct controller *owner;
    unsigned index;
    volatile uint32_t *regs;
    struct port_memory *memory;
    block_device_t block;
    struct mutex lock;
    struct completion done;
    uint32_t errors;            /* of the command under way, interrupt bits */
    bool wide, registered, dead;
};

struct controller {
    device_t *dev;
    volatile uint32_t *regs;
    struct port *ports[PORTS];
};

static inline uint32_t in(const volatile uint32_t *regs, uint32_t reg) {
    return regs[reg / 4];
}
static inline void out(volatile uint32_t *regs, uint32_t reg, uint32_t value) {
    regs[reg / 4] = value;
}
static inline void out64(volatile uint32_t *regs, uint32_t reg, uint64_t value) {
    out(regs, reg, (uint32_t)value);
    out(regs, reg + 4, (uint32_t)(value >> 32));
}

/* 0 when there is a disk that works, -ENODEV another kind of drive, or another -errno. */
int ahci_port_start(struct port *p);
bool ahci_port_stop(struct port *p);    /* no more commands and no more memory accesses; false when it does not obey */
bool ahci_port_restart(struct port *p); /* after an error, a time-out or a suspend */
void ahci_port_remove(struct port *p);  /* takes the disk away and frees all, the struct too */
void ahci_port_look(void *port);        /* ends the command under way if the drive is done */
