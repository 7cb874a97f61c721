/* Calls into the firmware (Supervisor Binary Interface); private to arch/riscv64. */
#pragma once
#include <auton/types.h>

enum sbi_extension {
    SBI_BASE = 0x10, SBI_TIME = 0x54494D45, SBI_RESET = 0x53525354, SBI_DEBUG_CONSOLE = 0x4442434E,
    SBI_LEGACY_PUTCHAR = 1, SBI_LEGACY_SET_TIMER = 0,
};
enum { SBI_BASE_SPEC_VERSION = 0, SBI_BASE_IMPLEMENTATION = 1, SBI_BASE_IMPLEMENTATION_VERSION = 2, SBI_BASE_PROBE = 3 };
enum { SBI_TIME_SET = 0 };
enum { SBI_RESET_SYSTEM = 0 };
enum { SBI_DEBUG_CONSOLE_WRITE_BYTE = 2 };
enum { SBI_SHUTDOWN = 0, SBI_COLD_REBOOT = 1 };       /* types of reset */
enum { SBI_NO_REASON = 0, SBI_SYSTEM_FAILURE = 1 };

struct sbi_result {
    int64_t error; /* 0, or negative */
    int64_t value;
};
struct sbi_result sbi_call(enum sbi_extension extension, uint32_t function, uint64_t arg0, uint64_t arg1);
bool sbi_has(enum sbi_extension extension);
