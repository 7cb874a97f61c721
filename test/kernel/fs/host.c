/* What the file systems need of a kernel, as an ordinary program: memory, one thread, no clock. */
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/sched.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "host.h"

extern int printf(const char *format, ...);
extern void *malloc(size_t bytes);
extern void free(void *p);
extern void abort(void) NORETURN;
extern unsigned long long strtoull(const char *text, char **end, int base);

volatile bool preempt_pending;
void (*preempt_hook)(void);
bool host_verbose;

void *kmalloc(size_t bytes) { return bytes && bytes < MB(64) ? malloc(bytes) : NULL; }
void *kzalloc(size_t bytes) {
    void *p = kmalloc(bytes);
    return p ? memset(p, 0, bytes) : NULL;
}
void kfree(void *p) { free(p); }

/* Page frames of one region: those that were got together are given back one by one. */
#define FRAMES 16384
static uint8_t frames[FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static bool used[FRAMES];
static size_t used_count, hint;

static phys_addr_t take(size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++)
        used[i] = true;
    used_count += count;
    hint = first + count;
    return (phys_addr_t)(uintptr_t)frames[first];
}
phys_addr_t pmm_alloc_pages(size_t count) {
    for (size_t tried = 0, run = 0, i = hint; tried < 2 * FRAMES; tried++, i++) {
        if (i >= FRAMES)
            i = run = 0;
        run = used[i] ? 0 : run + 1;
        if (run == count)
            return take(i + 1 - count, count);
    }
    return 0;
}
phys_addr_t pmm_alloc_page(void) { return pmm_alloc_pages(1); }
void pmm_free_pages(phys_addr_t first, size_t count) {
    for (size_t i = (size_t)(first - (phys_addr_t)(uintptr_t)frames) / PAGE_SIZE; count; count--, i++) {
        if (i >= FRAMES || !used[i])
            abort();
        used[i] = false;
        used_count--;
    }
}
void pmm_free_page(phys_addr_t page) { pmm_free_pages(page, 1); }
uint64_t pmm_total_pages(void) { return FRAMES / 2; }
uint64_t pmm_free_page_count(void) { return FRAMES - used_count; }
size_t host_pages_used(void) { return used_count; }
void *phys_to_virt(phys_addr_t phys) { return (void *)(uintptr_t)phys; }
phys_addr_t virt_to_phys(const void *virt) { return (phys_addr_t)(uintptr_t)virt; }

/* One thread: a lock that is taken twice would wait for ever. */
void mutex_lock(struct mutex *m) {
    if (m->owner)
        abort();
    m->owner = (thread_t *)m;
}
void mutex_unlock(struct mutex *m) {
    if (!m->owner)
        abort();
    m->owner = NULL;
}
uint64_t arch_save_irq_state(void) { return 0; }
void arch_restore_irq_state(uint64_t state) { (void)state; }
bool arch_irq_state_enabled(uint64_t state) { return (void)state, false; }

uint64_t uptime_ms(void) { return 1700000000000; }
bool rtc_read(struct rtc_time *out) { return (void)out, false; }
static uint32_t random_state = 1;
uint32_t random_u32(void) { return random_state = random_state * 1664525 + 1013904223; }
void random_bytes(void *out, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)out)[i] = (uint8_t)(random_u32() >> 24);
}

void klog(enum klog_level level, const char *tag, const char *fmt, ...) {
    char line[256];
    va_list args;
    va_start(args, fmt);
    kvsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    (void)level;
    if (host_verbose)
        printf("[%s] %s\n", tag, line);
}

size_t strlcpy(char *dst, const char *src, size_t size) {
    size_t len = strlen(src);
    if (size) {
        size_t n = len < size - 1 ? len : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}
size_t strlcat(char *dst, const char *src, size_t size) {
    size_t used_bytes = strlen(dst);
    return used_bytes + (used_bytes < size ? strlcpy(dst + used_bytes, src, size - used_bytes) : strlen(src));
}
bool parse_u64(const char *text, uint64_t *out) {
    char *end;
    *out = strtoull(text, &end, 0);
    return *text && !*end;
}

extern struct fs_type ramfs_type, ext2_type;
void host_start(void) {
    fs_register_type(&ramfs_type);
    fs_register_type(&ext2_type);
    if (vfs_mount(NULL, "/", "ramfs", 0) || vfs_mkdir("/mnt", 0755))
        abort();
}
