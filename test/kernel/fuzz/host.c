/* What the parsers need of a kernel, on the host. */
#include "fuzz.h"
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sync.h>

extern int printf(const char *format, ...);
extern void abort(void) NORETURN;
extern void *calloc(size_t count, size_t size);
extern void free(void *p);

boot_info_t boot_info;
volatile bool preempt_pending;
void (*preempt_hook)(void);

void broken_promise(const char *file, int line, const char *condition) {
    printf("BROKEN PROMISE %s:%d: %s\n", file, line, condition);
    abort();
}

void panic(const char *fmt, ...) {
    printf("PANIC: %s\n", fmt);
    abort();
}

static volatile uint8_t sink;

void touch(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        sink = sink ^ ((const uint8_t *)bytes)[i];
}

/* Lines are formatted as in the kernel, and thrown away. */
void klog(enum klog_level level, const char *tag, const char *fmt, ...) {
    char line[256];
    va_list args;
    va_start(args, fmt);
    kvsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    (void)level;
    (void)tag;
}

void *kzalloc(size_t bytes) {
    return calloc(1, bytes);
}

void kfree(void *p) {
    free(p);
}

uint64_t arch_save_irq_state(void) {
    return 0;
}

void arch_restore_irq_state(uint64_t state) {
    (void)state;
}

bool arch_irq_state_enabled(uint64_t state) {
    (void)state;
    return false;
}
