/* A stack as a whole: its interfaces, its clock, what goes round the loopback interface, its timers. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "dns.h"
#include "stack.h"
#include "tcp.h"

#define FOREVER UINT64_MAX
#define LONGEST_WAIT_MS 60000

int net_stack_init(struct net_stack *net, const struct net_env *env) {
    memset(net, 0, sizeof *net);
    net->env = *env;
    net->deadline = FOREVER;
    net_update_time(net);
    env->random(env->context, &net->ip_id, sizeof net->ip_id);
    struct net_if *lo = &net->ifs[net->if_count++];
    *lo = (struct net_if){.net = net, .name = "lo", .loopback = true, .link_up = true};
    net_set_address(lo, IP_LOOPBACK, IP(255, 0, 0, 0), 0);
    if (arp_init(net) == 0 && tcp_init(net) == 0 && dns_init(net) == 0)
        return 0;
    net_stack_free(net);
    return -ENOMEM;
}

void net_stack_free(struct net_stack *net) {
    dns_free(net);
    tcp_free(net);
    for (size_t i = 0; i < net->if_count; i++)
        if (net->ifs[i].net && net->arp) {
            dhcp_stop(&net->ifs[i]);
            arp_forget(&net->ifs[i]);
        }
    fragment_free_all(net);
    for (struct packet *p = net->loop_first, *next; p; p = next) {
        next = p->next;
        kfree(p);
    }
    kfree(net->arp);
    memset(net, 0, sizeof *net);
}

struct net_if *net_add_if(struct net_stack *net, const char *name, const uint8_t mac[6],
                          int (*transmit)(void *card, const void *frame, size_t bytes), void *card) {
    struct net_if *iface = NULL; /* the place of one that has gone, or a new one */
    for (size_t i = 1; i < net->if_count && !iface; i++)
        if (!net->ifs[i].net)
            iface = &net->ifs[i];
    if (!iface && net->if_count < NET_MAX_IFS)
        iface = &net->ifs[net->if_count++];
    if (!iface)
        return NULL;
    *iface = (struct net_if){.net = net, .transmit = transmit, .card = card};
    strlcpy(iface->name, name, sizeof iface->name);
    memcpy(iface->mac, mac, sizeof iface->mac);
    return iface;
}

void net_remove_if(struct net_stack *net, struct net_if *iface) {
    dhcp_stop(iface);
    net_set_address(iface, 0, 0, 0);
    arp_forget(iface);
    fragment_free_all(net);
    memset(iface, 0, sizeof *iface);
}

void net_set_address(struct net_if *iface, ip_addr_t ip, ip_addr_t mask, ip_addr_t gateway) {
    ip_addr_t old = iface->ip;
    iface->ip = ip;
    iface->mask = mask;
    iface->gateway = gateway;
    if (old && old != ip)
        tcp_address_gone(iface->net, old);
}

void net_update_time(struct net_stack *net) {
    net->now = net->env.now_us(net->env.context) / 1000;
}

void net_timer(struct net_stack *net, uint64_t at) {
    if (!at || at >= net->deadline)
        return;
    net->deadline = at;
    if (net->env.kick)
        net->env.kick(net->env.context);
}

void net_notify(struct net_stack *net, void *owner) {
    if (owner && net->env.notify)
        net->env.notify(net->env.context, owner);
}

uint32_t net_random32(struct net_stack *net) {
    uint32_t value;
    net->env.random(net->env.context, &value, sizeof value);
    return value;
}

/* At most what was there at the beginning: two ends in one machine could go on for ever. */
static void deliver_loopback(struct net_stack *net) {
    for (size_t left = net->loop_count; left > 0; left--) {
        struct packet *p = net->loop_first;
        net->loop_first = p->next;
        if (!net->loop_first)
            net->loop_last = NULL;
        net->loop_count--;
        ipv4_input(&net->ifs[0], p->data, p->bytes);
        kfree(p);
    }
}

uint32_t net_poll(struct net_stack *net) {
    net_update_time(net);
    deliver_loopback(net);
    tcp_input_done(net);
    if (net->now >= net->deadline) {
        net->deadline = FOREVER; /* each sets its next one by net_timer() */
        arp_timers(net);
        fragment_timers(net);
        tcp_timers(net);
        dhcp_timers(net);
        dns_timers(net);
    }
    if (net->loop_count)
        return 0;
    uint64_t wait = net->deadline > net->now ? net->deadline - net->now : 0;
    return wait < LONGEST_WAIT_MS ? (uint32_t)wait : LONGEST_WAIT_MS;
}
