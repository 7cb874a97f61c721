/* NVMe: a controller works through queues of commands. What nvme_queue.c does with one queue, nvme.c uses for two, one of
 * them for the disks of nvme_disk.c. */
#pragma once
#include <auton/block.h>
#include <auton/dev.h>
#include <auton/sched.h>

#define NVME_QUEUE_SIZE 16u

struct nvme_command {
    uint8_t opcode, flags;
    uint16_t id;
    uint32_t nsid;
    uint64_t reserved, metadata, data, data2; /* data2: the second page, or a list of all but the first */
    uint32_t word10, word11, word12, word13, word14, word15;
};
struct nvme_completion {
    uint32_t result, reserved;
    uint16_t submission_head, submission_queue, id;
    uint16_t status; /* bit 0 changes with each turn of the queue */
};

struct nvme_queue {
    volatile uint32_t *submission_doorbell, *completion_doorbell;
    struct nvme_command *commands;
    struct nvme_completion *completions;
    uint64_t *pages;        /* the list for transfers of more than two pages */
    phys_addr_t commands_phys, completions_phys, pages_phys;
    uint16_t tail, head, phase, next_id;
    struct mutex lock;      /* held by who has a command under way */
    struct completion done;
    uint16_t status;        /* of the command that is done */
    bool waiting;
};

/* 0, -ENOMEM. The rings are empty. */
int nvme_queue_init(struct nvme_queue *q);
void nvme_queue_clear(struct nvme_queue *q);    /* the controller has been disabled */
void nvme_queue_free(struct nvme_queue *q);
/* Puts a buffer of virt_to_phys() memory, aligned to 8 bytes, into a command. -EINVAL: larger than NVME_MOST_BYTES. */
#define NVME_MOST_BYTES (256u * 4096)
int nvme_set_data(struct nvme_queue *q, struct nvme_command *command, const void *buffer, size_t bytes);
/* Sends a command and waits for its end; one at a time, the lock is the caller's. 0; -EIO the controller refused it;
 * -ETIMEDOUT, the controller may still be at work: disable it. */
int nvme_perform(struct nvme_queue *q, struct nvme_command *command, uint32_t timeout_ms);
/* In interrupt context: takes what the controller has completed. False when there was nothing. */
bool nvme_queue_collect(struct nvme_queue *q);

#define NVME_MOST_NAMESPACES 16u
#define NVME_TIMEOUT_MS 10000
struct nvme_controller;
struct nvme_namespace {
    struct nvme_controller *owner;
    uint32_t id;
    block_device_t block;
    bool registered;
};

struct nvme_controller {
    device_t *dev;
    volatile uint8_t *regs;
    struct nvme_queue admin, io;
    struct nvme_namespace disks[NVME_MOST_NAMESPACES];
    uint8_t *page;          /* for identify data */
    char model[41];
    uint32_t most_sectors, namespaces;
    bool write_cache, dead;
};

/* nvme.c. Disables the controller and starts it anew; 0 or -errno. */
int nvme_start(struct nvme_controller *c);
int nvme_admin(struct nvme_controller *c, struct nvme_command command);

/* nvme_disk.c */
int nvme_identify(struct nvme_controller *c); /* model, limits, how many namespaces */
void nvme_add_disks(struct nvme_controller *c);
void nvme_remove_disks(struct nvme_controller *c); /* after which no transfer is under way */
