/* One question to the network, one answer: the address of a name, the echo of a machine. */
#include <auton/errno.h>
#include <auton/mm.h>
#include "dns.h"
#include "net_kernel.h"

/* What the stack holds on to lies on the heap: a thread's stack would be gone with a thread that is killed. */
struct question {
    struct net_waiter waiter;
    struct dns_query dns;
    struct ping ping;
};

int net_resolve(const char *name, ip_addr_t *out, uint32_t timeout_ms) {
    struct question *q = kzalloc(sizeof *q);
    if (!q)
        return -ENOMEM;
    q->dns.owner = &q->waiter;
    uint64_t deadline = net_deadline(timeout_ms), irq = net_lock();
    dns_lookup(&net_stack, &q->dns, name);
    while (q->dns.status == -EINPROGRESS)
        if (!net_wait(&q->waiter, deadline)) {
            dns_cancel(&q->dns);
            q->dns.status = -ETIMEDOUT;
        }
    net_unlock(irq);
    int status = q->dns.status;
    if (status == 0)
        *out = q->dns.ip;
    kfree(q);
    return status;
}

int net_ping(ip_addr_t ip, size_t bytes, uint32_t timeout_ms, uint32_t *rtt_us) {
    struct question *q = kzalloc(sizeof *q);
    if (!q)
        return -ENOMEM;
    q->ping.ip = ip;
    q->ping.owner = &q->waiter;
    uint64_t deadline = net_deadline(timeout_ms), irq = net_lock();
    int status = ping_send(&net_stack, &q->ping, bytes);
    if (status == 0) {
        while (!q->ping.answered && q->ping.error == 0 && status == 0)
            if (!net_wait(&q->waiter, deadline))
                status = -ETIMEDOUT;
        ping_end(&net_stack, &q->ping);
        if (q->ping.error)
            status = q->ping.error;
        *rtt_us = q->ping.rtt_us;
    }
    net_unlock(irq);
    kfree(q);
    return status;
}
