/* The network of this machine: the stack, its thread, which cards wake by their interrupts, and the cards themselves.
 * The thread is born during boot but runs after it: nobody waits for a lease to see the prompt. */
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/netdev.h>
#include <auton/random.h>
#include <auton/service.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "configure.h"

#define FRAMES_AT_ONCE 64 /* of one card, before the others have their turn */

struct net_stack net_stack;
static spinlock_t lock;
static struct wait_queue work;
static volatile bool pending;    /* something for the thread to do */
static bool up;                  /* the stack is there */
static volatile bool wanted;     /* the service runs: interfaces shall have addresses */
static struct net_waiter online; /* who waits for an address */

uint64_t net_lock(void) {
    return spin_lock(&lock);
}

void net_unlock(uint64_t irq) {
    spin_unlock(&lock, irq);
}

bool net_wait(struct net_waiter *waiter, uint64_t deadline) {
    uint64_t now = uptime_ms(), off = arch_save_irq_state(); /* interrupts are off already and stay so */
    if (deadline && now >= deadline)
        return false;
    spin_unlock(&lock, off);
    wait_on(&waiter->queue, deadline ? (uint32_t)(deadline - now) : 0);
    spin_lock(&lock);
    return true;
}

uint64_t net_deadline(uint32_t timeout_ms) {
    return timeout_ms ? uptime_ms() + timeout_ms : 0;
}

/* --- what the stack needs ---------------------------------------------------------------------------------------- */
static uint64_t now_us(void *context) {
    (void)context;
    return arch_time_ns() / 1000;
}

static void random(void *context, void *out, size_t bytes) {
    (void)context;
    random_bytes(out, bytes);
}

static void notify(void *context, void *owner) {
    (void)context;
    wake_all(owner == &net_stack ? &online.queue : &((struct net_waiter *)owner)->queue);
}

static void kick(void *context) {
    (void)context;
    pending = true;
    wake_one(&work);
}

/* --- cards ------------------------------------------------------------------------------------------------------- */
static int transmit(void *card, const void *frame, size_t bytes) {
    net_device_t *device = card;
    return device->ops->transmit(device, frame, bytes);
}

static void on_receive(net_device_t *card) {
    (void)card;
    kick(NULL);
}

static void card_added(net_device_t *card) {
    uint64_t irq = net_lock();
    struct net_if *iface = net_add_if(&net_stack, card->name, card->mac, transmit, card);
    if (iface) {
        card->stack_data = iface;
        card->on_receive = on_receive;
    }
    kick(NULL);
    net_unlock(irq);
    if (!iface)
        log_warn("NET", "%s stays unused: there are %d cards already", card->name, NET_MAX_IFS - 1);
}

static void card_removed(net_device_t *card) {
    uint64_t irq = net_lock();
    card->on_receive = NULL;
    if (card->stack_data)
        net_remove_if(&net_stack, card->stack_data);
    card->stack_data = NULL;
    net_unlock(irq);
}

/* Everything that has come by this card, and what became of its link. False: there is more. */
static bool serve(net_device_t *card) {
    static uint8_t frame[NET_FRAME + 4];
    struct net_if *iface = card->stack_data;
    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        uint64_t irq = net_lock();
        size_t bytes = card->stack_data ? card->ops->receive(card, frame, sizeof frame) : 0;
        if (bytes)
            net_input(iface, frame, bytes);
        net_unlock(irq);
        if (!bytes)
            return true;
    }
    return false;
}

static void watch_link(net_device_t *card) {
    struct net_if *iface = card->stack_data;
    uint64_t irq = net_lock();
    bool changed = card->stack_data && iface->link_up != card->link_up;
    if (changed)
        iface->link_up = card->link_up;
    net_update_time(&net_stack);
    if (card->stack_data)
        net_apply(iface, wanted, changed);
    net_unlock(irq);
    if (changed)
        log_info("NET", "%s: link is %s", card->name, card->link_up ? "up" : "down");
}

static void network_thread(void *unused) {
    (void)unused;
    for (;;) {
        pending = false;
        bool done = true;
        for (net_device_t *card = netdev_first(); card; card = card->next) {
            if (!card->stack_data)
                continue;
            watch_link(card);
            done &= serve(card);
        }
        uint64_t irq = net_lock();
        uint32_t wait_ms = net_poll(&net_stack);
        net_unlock(irq);
        irq = arch_save_irq_state();
        if (!pending && done && wait_ms)
            wait_on(&work, wait_ms);
        arch_restore_irq_state(irq);
    }
}

static void network_start(void) {
    static const struct net_env env = {.now_us = now_us, .random = random, .notify = notify, .kick = kick};
    if (net_stack_init(&net_stack, &env) != 0 || !thread_create("network", PRIO_SYSTEM, network_thread, NULL)) {
        log_error("NET", "No memory for the network stack");
        return;
    }
    up = true;
    log_info("NET", "Stack initialized");
    netdev_added_hook = card_added;
    netdev_removed_hook = card_removed;
    for (net_device_t *card = netdev_first(); card; card = card->next)
        card_added(card);
}
INITCALL(INIT_SYS, network_start);

static int set_wanted(bool on) {
    if (!up)
        return -ENOMEM;
    wanted = on;
    kick(NULL);
    return 0;
}
static int service_up(void) {
    net_settings_load();
    return set_wanted(true);
}
static int service_down(void) {
    return set_wanted(false);
}
SERVICE(network, .name = "network", .description = "Addresses for the network cards, by DHCP or as they were set", .kind = SERVICE_DAEMON,
        .stage = STAGE_NETWORK, .restart = RESTART_ON_FAILURE, .start = service_up, .stop = service_down);

/* --- for those who ask ------------------------------------------------------------------------------------------- */
size_t net_interfaces(struct net_interface *out, size_t max) {
    size_t n = 0;
    uint64_t irq = net_lock();
    for (size_t i = 0; i < net_stack.if_count && n < max; i++) {
        const struct net_if *iface = &net_stack.ifs[i];
        if (!iface->net)
            continue;
        net_update_time(&net_stack);
        struct net_interface *o = &out[n++];
        *o = (struct net_interface){.link_up = iface->link_up, .dhcp = iface->dhcp != NULL, .ip = iface->ip,
                                    .mask = iface->mask, .gateway = iface->gateway,
                                    .dns = iface->loopback ? 0 : net_stack.dns, .lease_left_s = dhcp_lease_left(iface)};
        strlcpy(o->name, iface->name, sizeof o->name);
        memcpy(o->mac, iface->mac, sizeof o->mac);
        const net_device_t *card = iface->card;
        if (card) {
            o->rx_frames = card->counters.rx_frames, o->tx_frames = card->counters.tx_frames;
            o->rx_bytes = card->counters.rx_bytes, o->tx_bytes = card->counters.tx_bytes;
            o->rx_dropped = card->counters.rx_dropped, o->tx_dropped = card->counters.tx_dropped;
        }
    }
    net_unlock(irq);
    return n;
}

int net_configure(const char *interface, const struct net_settings *s) {
    int status = -ENODEV;
    uint64_t irq = net_lock();
    for (size_t i = 1; i < net_stack.if_count && status == -ENODEV; i++) {
        struct net_if *iface = &net_stack.ifs[i];
        if (!iface->net || strcmp(iface->name, interface) != 0)
            continue;
        net_update_time(&net_stack);
        status = net_settings_remember(interface, s);
        if (status == 0)
            net_apply(iface, wanted, false);
        if (status == 0 && !wanted)
            status = -EAGAIN;
    }
    net_unlock(irq);
    return status;
}

int net_wait_online(uint32_t timeout_ms) {
    uint64_t deadline = net_deadline(timeout_ms), irq = net_lock();
    int status = -EAGAIN;
    while (status == -EAGAIN) {
        bool link = false;
        for (size_t i = 1; i < net_stack.if_count; i++) {
            const struct net_if *iface = &net_stack.ifs[i];
            if (iface->net && iface->ip)
                status = 0;
            link |= iface->net && ((const net_device_t *)iface->card)->link_up;
        }
        if (status == -EAGAIN && !link)
            status = -ENODEV;
        else if (status == -EAGAIN && !net_wait(&online, deadline))
            status = -ETIMEDOUT;
    }
    net_unlock(irq);
    return up ? status : -ENODEV;
}
