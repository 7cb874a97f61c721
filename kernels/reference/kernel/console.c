/* Output to every sink, input from every source through one ring. */
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/sync.h>
#include "kernel.h"

#define INPUT_SIZE 4096 /* a power of two; a page of pasted lines fits */
#define CTRL_C 3

static void early_write(const char *text, size_t len);

static struct console_sink early_sink = {.write = early_write};
static struct console_sink *sinks;
static spinlock_t output_lock;
static bool panicking;

static char input[INPUT_SIZE];
static uint32_t input_head, input_tail;
void (*console_wake_hook)(void);
void (*console_wait_hook)(void);

void console_early_init(void) {
    sinks = &early_sink;
}

void console_register_sink(struct console_sink *sink) {
    uint64_t irq = spin_lock(&output_lock);
    sink->next = sinks;
    sinks = sink;
    spin_unlock(&output_lock, irq);
}

void console_replace_early_sink(struct console_sink *sink) {
    uint64_t irq = spin_lock(&output_lock);
    struct console_sink **link = &sinks;
    while (*link && *link != &early_sink)
        link = &(*link)->next;
    sink->next = *link ? (*link)->next : NULL;
    *link = sink;
    spin_unlock(&output_lock, irq);
}

void console_write(const char *text, size_t len) {
    if (panicking) {
        for (struct console_sink *s = sinks; s; s = s->next) {
            s->write(text, len);
            if (s->flush)
                s->flush();
        }
        return;
    }
    uint64_t irq = spin_lock(&output_lock);
    for (struct console_sink *s = sinks; s; s = s->next)
        s->write(text, len);
    spin_unlock(&output_lock, irq);
}

void console_flush(void) {
    for (struct console_sink *s = sinks; s; s = s->next)
        if (s->flush)
            s->flush();
}

void console_panic_mode(void) {
    if (!panicking)
        console_flush();
    panicking = true;
}

void console_input(char c) {
    uint64_t irq = arch_save_irq_state();
    if (input_head - input_tail < INPUT_SIZE) /* else nobody reads: the byte is lost, as on any terminal */
        input[input_head++ % INPUT_SIZE] = c;
    arch_restore_irq_state(irq);
    if (console_wake_hook)
        console_wake_hook();
}

int console_poll(void) {
    uint64_t irq = arch_save_irq_state();
    int c = input_head == input_tail ? -1 : (uint8_t)input[input_tail++ % INPUT_SIZE];
    arch_restore_irq_state(irq);
    return c;
}

bool console_interrupted(void) {
    uint64_t irq = arch_save_irq_state();
    bool found = false;
    for (uint32_t i = input_tail; i != input_head && !found; i++)
        if (input[i % INPUT_SIZE] == CTRL_C) {
            found = true;
            input_tail = i + 1;
        }
    arch_restore_irq_state(irq);
    return found;
}

char console_getchar(void) {
    uint64_t irq = arch_save_irq_state();
    int c;
    while ((c = console_poll()) < 0) {
        if (console_wait_hook)
            console_wait_hook();
        else
            arch_halt();
        arch_disable_interrupts();
    }
    arch_restore_irq_state(irq);
    return (char)c;
}

static void early_write(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            arch_serial_putchar('\r');
        arch_serial_putchar(text[i]);
    }
}
