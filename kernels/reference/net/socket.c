/* Sockets: the stack's connections and endpoints as threads use them, waiting until something can be done. */
#include <auton/errno.h>
#include <auton/mm.h>
#include "net_kernel.h"
#include "tcp.h"

struct socket {
    struct net_waiter waiter; /* first: the stack's owner of what is below */
    enum socket_type type;
    struct tcp_conn *tcp;     /* NULL: not connected and not listening */
    struct udp_endpoint udp;  /* udp.net NULL: not open */
    ip_addr_t bound_ip;
    uint16_t bound_port;
    bool cancelled, nodelay;
    uint32_t timeout_ms, keepalive_s;
};

socket_t *net_socket(enum socket_type type) {
    socket_t *s = kzalloc(sizeof *s);
    if (s)
        s->type = type;
    return s;
}

void net_close(socket_t *s) {
    if (!s)
        return;
    uint64_t irq = net_lock();
    if (s->tcp)
        tcp_close(s->tcp);
    udp_close(&s->udp);
    net_unlock(irq);
    kfree(s);
}

void net_cancel(socket_t *s) {
    uint64_t irq = net_lock();
    s->cancelled = true;
    wake_all(&s->waiter.queue);
    net_unlock(irq);
}

void net_set_timeout(socket_t *s, uint32_t ms) {
    s->timeout_ms = ms;
}

int net_set_nodelay(socket_t *s, bool on) {
    if (s->type != SOCKET_TCP)
        return -EOPNOTSUPP;
    uint64_t irq = net_lock();
    s->nodelay = on;
    if (s->tcp)
        s->tcp->nodelay = on;
    net_unlock(irq);
    return 0;
}

int net_set_keepalive(socket_t *s, uint32_t idle_s) {
    if (s->type != SOCKET_TCP)
        return -EOPNOTSUPP;
    uint64_t irq = net_lock();
    s->keepalive_s = idle_s;
    net_update_time(&net_stack);
    if (s->tcp && s->tcp->state != TCP_LISTEN)
        tcp_set_keepalive(s->tcp, idle_s);
    net_unlock(irq);
    return 0;
}

/* With the lock held: 0 to try again, or why not. */
static int wait_for(socket_t *s, uint64_t deadline) {
    if (s->cancelled)
        return -ECANCELED;
    if (!net_wait(&s->waiter, deadline))
        return -ETIMEDOUT;
    return s->cancelled ? -ECANCELED : 0;
}

static int open_udp(socket_t *s) {
    if (s->udp.net)
        return 0;
    s->udp.owner = s;
    return udp_open(&net_stack, &s->udp, s->bound_ip, s->bound_port);
}

int net_bind(socket_t *s, ip_addr_t ip, uint16_t port) {
    uint64_t irq = net_lock();
    int status = s->tcp || s->udp.net ? -EINVAL : ip && !ipv4_is_own(&net_stack, ip) ? -EADDRNOTAVAIL : 0;
    if (status == 0) {
        s->bound_ip = ip;
        s->bound_port = port;
        if (s->type == SOCKET_UDP)
            status = open_udp(s);
    }
    net_unlock(irq);
    return status;
}

int net_listen(socket_t *s, unsigned backlog) {
    int status = 0;
    if (s->type != SOCKET_TCP)
        return -EOPNOTSUPP;
    if (s->tcp)
        return -EISCONN;
    uint64_t irq = net_lock();
    s->tcp = tcp_listen(&net_stack, s->bound_ip, s->bound_port, backlog, &status);
    if (s->tcp) {
        s->tcp->owner = s;
        s->tcp->nodelay = s->nodelay;
    }
    net_unlock(irq);
    return status;
}

int net_accept(socket_t *s, socket_t **out, ip_addr_t *ip, uint16_t *port) {
    socket_t *new = net_socket(SOCKET_TCP); /* before, so that a connection is not lost for want of memory */
    int status = new ? 0 : -ENOMEM;
    uint64_t deadline = net_deadline(s->timeout_ms), irq = net_lock();
    if (!s->tcp || s->tcp->state != TCP_LISTEN)
        status = -EINVAL;
    while (status == 0 && !(new->tcp = tcp_accept(s->tcp)))
        status = wait_for(s, deadline);
    if (status == 0) {
        new->tcp->owner = new;
        new->nodelay = new->tcp->nodelay;
        if (ip)
            *ip = new->tcp->remote_ip;
        if (port)
            *port = new->tcp->remote_port;
    }
    net_unlock(irq);
    if (status == 0)
        *out = new;
    else
        net_close(new);
    return status;
}

int net_connect(socket_t *s, ip_addr_t ip, uint16_t port) {
    int status = 0;
    uint64_t deadline = net_deadline(s->timeout_ms), irq = net_lock();
    if (s->type == SOCKET_UDP) {
        status = open_udp(s);
        s->udp.peer_ip = ip;
        s->udp.peer_port = port;
        net_unlock(irq);
        return status;
    }
    if (s->tcp) {
        net_unlock(irq);
        return -EISCONN;
    }
    s->tcp = tcp_connect(&net_stack, s->bound_ip, s->bound_port, ip, port, &status);
    if (s->tcp) {
        s->tcp->owner = s;
        s->tcp->nodelay = s->nodelay;
        s->tcp->keepalive_idle_s = s->keepalive_s;
    }
    int wait = status;
    while (status == 0 && wait == 0 && (status = tcp_connected(s->tcp)) == -EAGAIN) {
        wait = wait_for(s, deadline);
        status = wait;
    }
    if (status != 0 && s->tcp) { /* the socket may try once more */
        tcp_close(s->tcp);
        s->tcp = NULL;
    }
    net_unlock(irq);
    return status;
}

int net_send(socket_t *s, const void *data, size_t bytes) {
    const uint8_t *p = data;
    if (s->type == SOCKET_UDP)
        return net_send_to(s, data, bytes, s->udp.peer_ip, s->udp.peer_port);
    uint64_t deadline = net_deadline(s->timeout_ms), irq = net_lock();
    size_t sent = 0;
    int status = s->tcp ? 0 : -ENOTCONN;
    while (status == 0 && sent < bytes) {
        int n = s->cancelled ? -ECANCELED : tcp_write(s->tcp, p + sent, bytes - sent);
        if (n > 0) {
            sent += (size_t)n;
            deadline = net_deadline(s->timeout_ms); /* it is about the peer that does nothing */
        } else {
            status = n == -EAGAIN ? wait_for(s, deadline) : n;
        }
    }
    net_unlock(irq);
    return status == 0 ? (int)sent : status;
}

int net_receive(socket_t *s, void *data, size_t room) {
    if (s->type == SOCKET_UDP)
        return net_receive_from(s, data, room, NULL, NULL);
    uint64_t deadline = net_deadline(s->timeout_ms), irq = net_lock();
    int status = s->tcp ? 0 : -ENOTCONN, n = 0;
    while (status == 0 && (n = s->cancelled ? -ECANCELED : tcp_read(s->tcp, data, room)) == -EAGAIN)
        status = wait_for(s, deadline);
    net_unlock(irq);
    return status == 0 ? n : status;
}

int net_send_to(socket_t *s, const void *data, size_t bytes, ip_addr_t ip, uint16_t port) {
    if (s->type != SOCKET_UDP)
        return -EOPNOTSUPP;
    if (!ip || !port)
        return -EDESTADDRREQ;
    uint64_t irq = net_lock();
    net_update_time(&net_stack);
    int status = open_udp(s);
    if (status == 0)
        status = udp_send(&s->udp, ip, port, data, bytes);
    net_unlock(irq);
    return status == 0 ? (int)bytes : status;
}

int net_receive_from(socket_t *s, void *data, size_t room, ip_addr_t *ip, uint16_t *port) {
    if (s->type != SOCKET_UDP)
        return -EOPNOTSUPP;
    uint64_t deadline = net_deadline(s->timeout_ms), irq = net_lock();
    int status = s->udp.net ? 0 : -ENOTCONN, n = 0;
    while (status == 0 && (n = s->cancelled ? -ECANCELED : udp_receive(&s->udp, data, room, ip, port)) == -EAGAIN)
        status = wait_for(s, deadline);
    net_unlock(irq);
    return status == 0 ? n : status;
}

int net_shutdown(socket_t *s) {
    uint64_t irq = net_lock();
    int status = s->tcp ? tcp_shutdown(s->tcp) : -ENOTCONN;
    net_unlock(irq);
    return status;
}

int net_local(socket_t *s, ip_addr_t *ip, uint16_t *port) {
    uint64_t irq = net_lock();
    int status = s->tcp || s->udp.net ? 0 : -ENOTCONN;
    if (status == 0) {
        *ip = s->tcp ? s->tcp->local_ip : s->udp.ip;
        *port = s->tcp ? s->tcp->local_port : s->udp.port;
    }
    net_unlock(irq);
    return status;
}

size_t net_connections(struct net_connection *out, size_t max) {
    size_t n = 0;
    uint64_t irq = net_lock();
    for (struct udp_endpoint *ep = net_stack.udp; ep && n < max; ep = ep->next)
        out[n++] = (struct net_connection){.state = "", .local_ip = ep->ip, .local_port = ep->port,
                                           .remote_ip = ep->peer_ip, .remote_port = ep->peer_port,
                                           .receive_queue = (uint32_t)ep->queued};
    for (struct tcp_conn *c = tcp_next(&net_stack, NULL); c && n < max; c = tcp_next(&net_stack, c))
        out[n++] = (struct net_connection){.tcp = true, .state = tcp_state_name(c->state), .local_ip = c->local_ip,
                                           .local_port = c->local_port, .remote_ip = c->remote_ip,
                                           .remote_port = c->remote_port, .receive_queue = c->rx.used,
                                           .send_queue = c->tx.used};
    net_unlock(irq);
    return n;
}
