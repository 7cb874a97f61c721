/* A machine for the SLM to talk about when it runs as an ordinary program: QEMU's default PC with a second network card
 * that has no driver, and the kernel functions that the SLM calls. */
#include <auton/arch.h>
#include <auton/block.h>
#include <auton/boot.h>
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/string.h>

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
void *malloc(size_t bytes);
void free(void *p);
void abort(void) NORETURN;

static const driver_t e1000 = {.name = "e1000"}, ide = {.name = "ide"}, serial = {.name = "ns16550"};

#define PCI(place, dev_no, fn_no, v, d, c, s, drv)                                                                     \
    {.bus = BUS_PCI, .name = place, .pci_dev = dev_no, .pci_fn = fn_no, .vendor = v, .device_id = d, .class_code = c,  \
     .subclass = s, .driver = drv}
static device_t devices[] = {
    {.bus = BUS_PLATFORM, .name = "serial0", .driver = &serial},
    PCI("00:00.0", 0, 0, 0x8086, 0x1237, 0x06, 0x00, NULL),
    PCI("00:01.0", 1, 0, 0x8086, 0x7000, 0x06, 0x01, NULL),
    PCI("00:01.1", 1, 1, 0x8086, 0x7010, 0x01, 0x01, &ide),
    PCI("00:02.0", 2, 0, 0x1234, 0x1111, 0x03, 0x00, NULL),
    PCI("00:03.0", 3, 0, 0x8086, 0x100E, 0x02, 0x00, &e1000),
    PCI("00:04.0", 4, 0, 0x10EC, 0x8139, 0x02, 0x00, NULL),
};

device_t *device_first(void) {
    for (size_t i = 0; i + 1 < ARRAY_SIZE(devices); i++)
        devices[i].next = &devices[i + 1];
    return devices;
}
device_t *device_find(const char *name) {
    for (device_t *dev = device_first(); dev; dev = dev->next)
        if (strcmp(dev->name, name) == 0)
            return dev;
    return NULL;
}
size_t device_count(void) { return ARRAY_SIZE(devices); }
size_t pci_device_count(void) { return ARRAY_SIZE(devices) - 1; }
int device_summary(const device_t *dev, char *out, size_t size) {
    return ksnprintf(out, size, "PCI %04X:%04X", dev->vendor, dev->device_id);
}
const driver_t *driver_find(const char *name) {
    const driver_t *all[] = {&e1000, &ide, &serial};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}
block_device_t *block_first(void) {
    static block_device_t disk = {.name = "vda", .sectors = 131072};
    return &disk;
}
int driver_bind_all(void) { return 0; }
const struct acpi_info *acpi_get_info(void) {
    static const struct acpi_info info = {.present = true, .oem = "BOCHS", .cpu_count = 1};
    return &info;
}
bool rtc_read(struct rtc_time *out) {
    *out = (struct rtc_time){.year = 2031, .month = 2, .day = 3, .hour = 4, .minute = 5, .second = 6};
    return true;
}

void arch_get_hw_summary(struct hw_summary *out) {
    *out = (struct hw_summary){.cpu = "QEMU Virtual CPU", .cpu_count = 1, .ram_bytes = MB(256)};
}
bool cmdline_get(const char *key, char *out, size_t size) { return (void)key, (void)out, (void)size, false; }
void kernel_reboot(void) { abort(); }
void kernel_poweroff(int status) { (void)status, abort(); }

void *kmalloc(size_t bytes) { return malloc(bytes); }
void kfree(void *p) { free(p); }
void mm_get_stats(struct mm_stats *out) {
    *out = (struct mm_stats){.total_bytes = MB(256), .free_bytes = MB(200), .slab_bytes = KB(64)};
}

void klog(enum klog_level level, const char *tag, const char *fmt, ...) { (void)level, (void)tag, (void)fmt; }
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args) { return vsnprintf(buf, size, fmt, args); }
int ksnprintf(char *buf, size_t size, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(buf, size, fmt, args);
    va_end(args);
    return length;
}
size_t klog_read(struct klog_line *out, size_t max) {
    static const struct klog_line lines[] = {{1, LOG_INFO, "[BOOT] OK"}, {2, LOG_ERR, "[DRV] the planted error"}};
    size_t n = max < ARRAY_SIZE(lines) ? max : ARRAY_SIZE(lines);
    memcpy(out, lines + ARRAY_SIZE(lines) - n, n * sizeof lines[0]);
    return n;
}

size_t sched_list(struct thread_info *out, size_t max) {
    static const struct thread_info threads[] = {{1, "idle", PRIO_BACKGROUND, THREAD_READY, 900},
                                                 {5, "worker", PRIO_USER, THREAD_RUNNING, 90}};
    size_t n = max < ARRAY_SIZE(threads) ? max : ARRAY_SIZE(threads);
    memcpy(out, threads, n * sizeof threads[0]);
    return n;
}
uint64_t sched_idle_ticks(void) { return 900; }
uint64_t timer_ticks(void) { return 1000; }
uint64_t uptime_ms(void) { return 3725000; }
int thread_kill(tid_t tid) { return tid == 5 ? 0 : -1; }
void thread_yield(void) {}

size_t strlcpy(char *dst, const char *src, size_t size) {
    size_t length = strlen(src);
    if (size) {
        size_t n = length < size - 1 ? length : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return length;
}

/* No other subsystem is here to have skills. */
__asm__(".section .rodata\n.globl __slmskills_start, __slmskills_end\n__slmskills_start:\n__slmskills_end:\n.text\n");
