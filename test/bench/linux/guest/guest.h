/* The same measurements as the reference kernel's `bench` (kernels/reference/bench/), as Linux does them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define FAIL_IF(condition)                                                                                             \
    do {                                                                                                               \
        if (condition)                                                                                                 \
            fail(#condition);                                                                                          \
    } while (0)
void fail(const char *condition) __attribute__((noreturn)); /* says so, with errno, and ends the process */
uint64_t now_ns(void);

uint64_t context_switch_ns(uint32_t rounds);
uint64_t round_trip_ns(uint32_t rounds);
uint64_t page_fault_ns(uint32_t pages);
void disk_file_ns(const char *disk, uint64_t bytes, uint64_t *write_ns, uint64_t *read_ns);

/* Each leaves processes behind that serve for ever. */
void serve_bytes(uint16_t sink_port, uint16_t source_port);
void serve_http(uint16_t port, const char *file);

void bring_up_network(const char *interface, const char *address);
void load_modules(const char *list); /* a file that names one a line */
