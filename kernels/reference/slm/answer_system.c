/* Answers on the running system: memory, threads, time, log. */
#include "engine.h"
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/string.h>

#define MAX_THREADS 64
static struct thread_info threads[MAX_THREADS];

static const char *const STATES[] = {"created", "ready", "running", "blocked", "sleeping", "ended"};
static const char *const CLASSES[] = {"kernel", "SLM", "system", "user", "background"};

void answer_memory(struct query *q, slm_result_t *out) {
    (void)q;
    struct mm_stats m;
    mm_get_stats(&m);
    say(out, "%lu MB of %lu MB are free (%lu %%). ", m.free_bytes >> 20, m.total_bytes >> 20,
        m.free_bytes * 100 / (m.total_bytes ? m.total_bytes : 1));
    say(out, "Of the rest the SLM pool holds %lu MB (%lu KB of it in use) and small objects %lu KB.\n",
        m.slm_pool_bytes >> 20, m.slm_pool_used_bytes >> 10, m.slab_bytes >> 10);
}

static size_t read_threads(void) { return sched_list(threads, MAX_THREADS); }

static bool is_idle(const struct thread_info *t) { return strncmp(t->name, "idle", 4) == 0; }

void answer_threads(struct query *q, slm_result_t *out) {
    size_t count = read_threads();
    if (q->concepts & C(ASK_COUNT)) {
        say(out, "%zu threads. This kernel has no user programs yet, so all are its own.\n", count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        say(out, "%3u %-16s %-10s %-8s %lu.%02lu s of CPU\n", threads[i].tid, threads[i].name,
            CLASSES[threads[i].prio], STATES[threads[i].state], threads[i].cpu_ticks / TICK_HZ,
            threads[i].cpu_ticks % TICK_HZ);
    say(out, "These %zu threads are the kernel's own; it runs no user programs yet.\n", count);
}

void answer_cpu_usage(struct query *q, slm_result_t *out) {
    (void)q;
    uint64_t idle = sched_idle_ticks(), total = timer_ticks();
    uint64_t busy = total > idle ? total - idle : 0;
    size_t count = read_threads();
    const struct thread_info *top = NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_idle(&threads[i]) && (!top || threads[i].cpu_ticks > top->cpu_ticks))
            top = &threads[i];
    say(out, "Since boot the CPU was busy for %lu.%02lu of %lu.%02lu s (%lu %%).", busy / TICK_HZ, busy % TICK_HZ,
        total / TICK_HZ, total % TICK_HZ, busy * 100 / (total ? total : 1));
    if (top && top->cpu_ticks)
        say(out, " Most of it went to thread %u, %s: %lu.%02lu s.\n", top->tid, top->name, top->cpu_ticks / TICK_HZ,
            top->cpu_ticks % TICK_HZ);
    else
        say(out, " No thread has used a whole tick of it.\n");
}

void answer_kill(struct query *q, slm_result_t *out) {
    size_t count = read_threads();
    const struct thread_info *victim = NULL;
    for (size_t i = 0; i < count; i++)
        if (q->slots.has_number ? threads[i].tid == q->slots.number
                                : q->slots.name[0] && strcasecmp(threads[i].name, q->slots.name) == 0)
            victim = &threads[i];
    if (!victim && q->slots.has_number) {
        say(out, "There is no thread %lu. `ps` shows those that are there.\n", q->slots.number);
        out->status = SLM_ERROR;
    } else if (!victim) {
        say(out, "Which thread? Say its number, as in \"kill thread 5\". `ps` shows them.\n");
    } else {
        say(out, "Thread %u is \"%s\" (%s, %s). ", victim->tid, victim->name, CLASSES[victim->prio],
            STATES[victim->state]);
        if (strcmp(victim->name, "shell") == 0)
            say(out, "It reads what you type: without it nobody does until the next boot. ");
        else if (strcmp(victim->name, "slm") == 0)
            say(out, "That is me: without it nobody answers until the next boot. ");
        plan_propose(q->session, (struct plan){.kind = PLAN_KILL, .intent = q->intent, .tid = victim->tid}, out);
    }
}

void answer_time(struct query *q, slm_result_t *out) {
    struct rtc_time t;
    (void)q;
    if (!rtc_read(&t)) {
        say_unsupported(out, "This machine has no clock that I can read.\n");
        return;
    }
    say(out, "It is %04u-%02u-%02u %02u:%02u:%02u UTC.\n", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

void answer_uptime(struct query *q, slm_result_t *out) {
    (void)q;
    uint64_t s = uptime_ms() / 1000;
    say(out, "The system has been up for ");
    if (s >= 86400)
        say(out, "%lu d ", s / 86400);
    if (s >= 3600)
        say(out, "%lu h ", s / 3600 % 24);
    if (s >= 60)
        say(out, "%lu min ", s / 60 % 60);
    say(out, "%lu s.\n", s % 60);
}

/* "the log of http": the word behind "of", as it was typed; NULL when the question is about the whole log. */
static const struct word *log_subject(const struct text *text) {
    for (size_t i = 0; i + 1 < text->count; i++) {
        const char *stem = text->words[i].stem;
        if (strcmp(stem, "of") != 0 && strcmp(stem, "about") != 0 && strcmp(stem, "from") != 0)
            continue;
        while (++i + 1 < text->count && (strcmp(text->words[i].stem, "the") == 0 || strcmp(text->words[i].stem, "servic") == 0)) {
        }
        if (strcmp(text->words[i].stem, "log") == 0) /* "the last lines of the log about http" */
            continue;
        static const char *const ALL[] = {"kernel", "system", "it", "its"};
        bool whole = false;
        for (size_t w = 0; w < ARRAY_SIZE(ALL); w++)
            whole |= strcmp(text->words[i].stem, ALL[w]) == 0;
        return whole || text->words[i].kind != WORD_PLAIN ? NULL : &text->words[i];
    }
    return NULL;
}

static bool contains(const char *line, const char *part, size_t length) {
    for (; *line; line++) {
        size_t n = 0;
        while (n < length && line[n] && (line[n] | 0x20) == (part[n] | 0x20))
            n++;
        if (n == length)
            return true;
    }
    return false;
}

#define LOG_LINES 1024
#define LOG_SHOWN 16

void answer_log(struct query *q, slm_result_t *out) {
    const struct word *subject = log_subject(&q->text);
    size_t want = q->slots.has_number && q->slots.number >= 1 && q->slots.number <= LOG_SHOWN ? (size_t)q->slots.number : 12;
    struct klog_line *lines = kmalloc(LOG_LINES * sizeof *lines);
    size_t n = lines ? klog_read(lines, LOG_LINES) : 0, fitting = 0, skip;
    for (size_t i = 0; i < n; i++)
        fitting += !subject || contains(lines[i].text, subject->start, subject->length);
    if (!fitting && subject)
        say(out, "The log has no line about %.*s.\n", (int)subject->length, subject->start);
    else if (subject)
        say(out, "The last lines of the log about %.*s:\n", (int)subject->length, subject->start);
    else
        say(out, "The last lines of the log (`log` shows all):\n");
    skip = fitting > want ? fitting - want : 0;
    for (size_t i = 0; i < n; i++) {
        if (subject && !contains(lines[i].text, subject->start, subject->length))
            continue;
        if (skip) {
            skip--;
            continue;
        }
        say(out, "%lu.%02lu %.100s\n", lines[i].ticks / TICK_HZ, lines[i].ticks % TICK_HZ, lines[i].text);
    }
    kfree(lines);
}

void answer_reboot(struct query *q, slm_result_t *out) {
    plan_propose(q->session, (struct plan){.kind = PLAN_REBOOT, .intent = q->intent}, out);
}

void answer_poweroff(struct query *q, slm_result_t *out) {
    plan_propose(q->session, (struct plan){.kind = PLAN_POWEROFF, .intent = q->intent}, out);
}

void answer_version(struct query *q, slm_result_t *out) {
    (void)q;
    say(out, "AUTON, a kernel with a small language component: here a rule engine with %zu PCI devices of %zu vendors "
             "in its table.\n", kb_pci_device_count(), kb_pci_vendor_count());
}

void answer_status(struct query *q, slm_result_t *out) {
    size_t bound = 0;
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        bound += dev->driver != NULL;
    answer_uptime(q, out);
    answer_memory(q, out);
    answer_cpu_usage(q, out);
    say(out, "%zu threads; %zu devices, %zu with a driver.\n", read_threads(), device_count(), bound);
}

void answer_tests(struct query *q, slm_result_t *out) {
    (void)q;
    say(out, "Type `test` to run all self-tests, or `test mm`, `test slm` and so on for those of one subsystem.\n");
}

void answer_users(struct query *q, slm_result_t *out) {
    (void)q;
    say(out, "You are at the console. This kernel has no user accounts and no log-in.\n");
}

void answer_priority(struct query *q, slm_result_t *out) {
    (void)q;
    say_unsupported(out, "A thread keeps the class it was created with (kernel, SLM, system, user or background); this "
                         "kernel cannot change it later. `ps` shows the classes.\n");
}

void answer_services(struct query *q, slm_result_t *out) {
    size_t count = read_threads();
    const char *name = q->slots.service[0] ? q->slots.service : q->slots.name;
    say_unsupported(out, "This kernel has no services yet: they need user programs%s.",
                    vfs_ready() ? "" : " and a file system to start them from");
    if (name[0])
        say(out, " So there is no %s to start, stop or ask.", name);
    say(out, " What runs are %zu threads of the kernel; `ps` lists them.\n", count);
}

static void say_mounts(slm_result_t *out) {
    struct mount_info m;
    for (size_t i = 0; vfs_mount_at(i, &m); i++) {
        say(out, "%s at %s (%s%s)", m.source, m.target, m.type, m.read_only ? ", read-only" : "");
        if (m.usage.bytes_total)
            say(out, ": %lu of %lu KB free", m.usage.bytes_free / 1024, m.usage.bytes_total / 1024);
        say(out, "\n");
    }
}

void answer_files(struct query *q, slm_result_t *out) {
    if (vfs_ready()) {
        say(out, "Mounted are:\n");
        say_mounts(out);
        say(out, "`ls`, `cat`, `write`, `cp`, `mv` and `rm` work with files, `df` and `disks` show the room.\n");
        return;
    }
    say_unsupported(out, "This kernel has no file system yet, so there are no files, directories or mounted disks%s. "
                         "It would take a block driver with reading and writing, and a file system on top.\n",
                    q->concepts & C(ABOUT_SPACE) ? ", and no disk space to count" : "");
}
