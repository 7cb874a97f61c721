/* The kernel log and raw console output. */
#include <auton/console.h>
#include <auton/klog.h>
#include <auton/sched.h>
#include <auton/string.h>
#include <auton/sync.h>

#define KLOG_LINES 1024

static struct klog_line ring[KLOG_LINES];
static uint64_t written; /* lines since boot; the newest is at (written - 1) % KLOG_LINES */
static spinlock_t ring_lock;
void (*klog_write_hook)(const char *line, size_t length);

void klog(enum klog_level level, const char *tag, const char *fmt, ...) {
    struct klog_line line;
    line.ticks = timer_ticks();
    line.level = (uint8_t)level;
    size_t used = (size_t)ksnprintf(line.text, sizeof line.text, "[%s] ", tag);
    if (used > sizeof line.text)
        used = sizeof line.text;
    va_list args;
    va_start(args, fmt);
    kvsnprintf(line.text + used, sizeof line.text - used, fmt, args);
    va_end(args);

    uint64_t irq = spin_lock(&ring_lock);
    ring[written++ % KLOG_LINES] = line;
    spin_unlock(&ring_lock, irq);

    if (level == LOG_DEBUG)
        return;
    char text[sizeof line.text + 1]; /* text and newline in one write, so that lines of two threads do not mix */
    size_t len = strlcpy(text, line.text, sizeof line.text);
    text[len++] = '\n';
    (klog_write_hook ? klog_write_hook : console_write)(text, len);
}

size_t klog_read(struct klog_line *out, size_t max) {
    uint64_t irq = spin_lock(&ring_lock);
    uint64_t kept = written < KLOG_LINES ? written : KLOG_LINES;
    uint64_t count = kept < max ? kept : max;
    for (uint64_t i = 0; i < count; i++)
        out[i] = ring[(written - count + i) % KLOG_LINES];
    spin_unlock(&ring_lock, irq);
    return count;
}

void kputs(const char *text) {
    console_write(text, strlen(text));
}

void kvprintf(const char *fmt, va_list args) {
    char text[2560]; /* longer than the longest answer of the SLM; the rest of a longer text is cut */
    int len = kvsnprintf(text, sizeof text, fmt, args);
    console_write(text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

void kprintf(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
}
