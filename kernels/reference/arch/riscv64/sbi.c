/* The call into the firmware: an environment call, which runs in M-mode and comes back. */
#include "sbi.h"

struct sbi_result sbi_call(enum sbi_extension extension, uint32_t function, uint64_t arg0, uint64_t arg1) {
    register uint64_t a0 __asm__("a0") = arg0;
    register uint64_t a1 __asm__("a1") = arg1;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(int64_t)a0, (int64_t)a1};
}

bool sbi_has(enum sbi_extension extension) {
    struct sbi_result r = sbi_call(SBI_BASE, SBI_BASE_PROBE, extension, 0);
    return r.error == 0 && r.value != 0;
}
