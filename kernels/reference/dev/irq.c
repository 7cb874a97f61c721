/* Interrupt lines that several devices share: each handler on the line is asked whether its device wants attention. */
#include <auton/arch.h>
#include <auton/dev.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/selftest.h>

#define LINES 256
#define UNCLAIMED_LIMIT 10000   /* in a row: nobody can silence the line, and it would never let anything else run */

struct user {
    device_t *dev;
    irq_handler_t handler;
    struct user *next;
};

static struct line {
    struct user *users;
    uint32_t unclaimed;
} lines[LINES];

static void on_interrupt(uint32_t vector, void *data) {
    struct line *line = data;
    bool claimed = false;
    for (struct user *user = line->users; user; user = user->next)
        claimed |= user->handler(user->dev);
    random_add_moment();
    if (claimed) {
        line->unclaimed = 0;
    } else if (++line->unclaimed == UNCLAIMED_LIMIT) {
        arch_set_interrupt_handler(vector, NULL, NULL);
        log_error("DEV", "IRQ %u is asserted and no driver knows why: switched off", vector - ARCH_IRQ_BASE);
    }
}

static struct user **find(const device_t *dev) {
    struct user **link = &lines[dev->irq].users;
    while (*link && (*link)->dev != dev)
        link = &(*link)->next;
    return link;
}

int irq_attach(device_t *dev, irq_handler_t handler) {
    if (!dev->irq)
        return -ENXIO;
    struct user *user = kmalloc(sizeof *user);
    if (!user)
        return -ENOMEM;
    uint64_t irq = arch_save_irq_state();
    struct line *line = &lines[dev->irq];
    struct user **end = find(dev);
    bool taken = *end != NULL, first = !line->users;
    if (!taken) {
        *user = (struct user){dev, handler, NULL};
        *end = user;
        line->unclaimed = 0;
    }
    arch_restore_irq_state(irq);
    if (taken) {
        kfree(user);
        return -EBUSY;
    }
    if (first)
        arch_set_interrupt_handler(ARCH_IRQ_BASE + dev->irq, on_interrupt, line);
    return 0;
}

void irq_detach(device_t *dev) {
    uint64_t irq = arch_save_irq_state();
    struct user **link = find(dev), *user = *link;
    if (user)
        *link = user->next;
    if (user && !lines[dev->irq].users)
        arch_set_interrupt_handler(ARCH_IRQ_BASE + dev->irq, NULL, NULL);
    arch_restore_irq_state(irq);
    kfree(user);
}

/* On a line of its own, behind those of any machine, "interrupts" come by call. */
static unsigned asked[2];
static bool first_wants;
static bool first_handler(device_t *dev) {
    (void)dev;
    asked[0]++;
    return first_wants;
}
static bool second_handler(device_t *dev) {
    (void)dev;
    asked[1]++;
    return !first_wants;
}

SELFTEST(irq_shared_line, "dev") {
    static device_t one = {.irq = LINES - 1}, two = {.irq = LINES - 1}, none;
    struct line *line = &lines[LINES - 1];
    CHECK(!line->users);
    asked[0] = asked[1] = 0;
    first_wants = true;
    int first = irq_attach(&one, first_handler), second = irq_attach(&two, second_handler);
    int again = irq_attach(&one, first_handler), lineless = irq_attach(&none, first_handler);
    on_interrupt(ARCH_IRQ_BASE + LINES - 1, line);
    bool both = asked[0] == 1 && asked[1] == 1 && line->unclaimed == 0;
    irq_detach(&one);
    on_interrupt(ARCH_IRQ_BASE + LINES - 1, line); /* the one that wants it is gone */
    bool rest = asked[0] == 1 && asked[1] == 2 && line->unclaimed == 1;
    irq_detach(&two);
    irq_detach(&two);
    irq_detach(&none);
    CHECK(first == 0 && second == 0 && again == -EBUSY && lineless == -ENXIO);
    CHECK(both && rest && !line->users);
    return NULL;
}
