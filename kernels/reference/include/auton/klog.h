/* Kernel log: every line goes to the console sinks and to a ring of 1024 lines of 256 bytes.
 * Serial markers of the acceptance tests are ordinary log lines. Safe from interrupt context. */
#pragma once
#include <auton/types.h>

enum klog_level { LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* Prints "[TAG] text\n". LOG_DEBUG lines reach the ring only. */
void klog(enum klog_level level, const char *tag, const char *fmt, ...) PRINTF_LIKE(3, 4);
#define log_info(tag, ...) klog(LOG_INFO, (tag), __VA_ARGS__)
#define log_warn(tag, ...) klog(LOG_WARN, (tag), __VA_ARGS__)
#define log_error(tag, ...) klog(LOG_ERR, (tag), __VA_ARGS__)
#define log_debug(tag, ...) klog(LOG_DEBUG, (tag), __VA_ARGS__)

/* Where lines go in place of console_write(): set by the shell, which puts them above its prompt. Any context. */
extern void (*klog_write_hook)(const char *line, size_t length);

/* Raw text (at most 2559 bytes a call) to the console, not kept in the ring: prompts, command output. */
void kprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
void kputs(const char *text); /* no newline is added */
void kvprintf(const char *fmt, va_list args);

/* Like the C library's: returns the length the whole text would have; always terminates when size > 0.
 * Conversions: d i u x X o c s p %, flags - 0 + space #, width and precision (also *), hh h l ll z. */
int ksnprintf(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args);

struct klog_line {
    uint64_t ticks; /* 10 ms units since boot */
    uint8_t level;
    char text[247];
};
/* Copies up to `max` newest lines, oldest first; returns how many. */
size_t klog_read(struct klog_line *out, size_t max);
