/* The measurements. Each works for long enough that the clock's grain does not show, and returns 0 or -errno. */
#pragma once
#include <auton/types.h>

/* Nanoseconds for one of `rounds` handovers of the processor between two threads, each by a wake-up and a wait. */
int bench_context_switch(uint32_t rounds, uint64_t *ns);
/* Nanoseconds for one of `rounds` messages of 64 bytes to another thread and its answer, each on its own channel. */
int bench_ipc(uint32_t rounds, uint64_t *ns);
/* Nanoseconds for one of `pages` page faults that end with a fresh page of zeros in place, and its first byte written. */
int bench_page_fault(uint32_t pages, uint64_t *ns);

struct bench_file {
    uint64_t write_ns; /* until all of it is on the disk */
    uint64_t read_ns;  /* after the file system was mounted anew: nothing of it is in memory */
};
/* A file of `bytes` on the ext2 file system of a disk that is not mounted: written, read, compared and removed. */
int bench_disk_file(const char *disk, uint64_t bytes, struct bench_file *out);

/* Starts two servers, each with one client at a time. What connects to the first port is read to its end, then told how
 * many bytes came; what connects to the second is sent bytes until it goes. -EALREADY: they run. */
int bench_tcp_start(uint16_t sink_port, uint16_t source_port);
int bench_tcp_stop(void); /* -EBUSY: a client does not go */
