/* One that takes bytes and one that gives them, as fast as TCP lets them. */
#include "bench.h"
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/string.h>

#define CHUNK KB(64)
#define BACKLOG 4
#define STOP_MS 2000

struct server {
    const char *name;
    void (*serve)(socket_t *peer, uint8_t *chunk);
    socket_t *listener; /* its thread's, which closes it at its end */
    tid_t thread;
};

static void take(socket_t *peer, uint8_t *chunk) {
    char told[32];
    uint64_t bytes = 0;
    int n;
    while ((n = net_receive(peer, chunk, CHUNK)) > 0)
        bytes += (uint64_t)n;
    net_send(peer, told, (size_t)ksnprintf(told, sizeof told, "%lu\n", bytes));
}

static void give(socket_t *peer, uint8_t *chunk) {
    while (net_send(peer, chunk, CHUNK) > 0)
        ;
}

static struct server sink = {"bench sink", take, NULL, 0}, source = {"bench source", give, NULL, 0};

static void serve_one_by_one(void *arg) {
    struct server *s = arg;
    uint8_t *chunk = kzalloc(CHUNK);
    socket_t *peer;
    while (chunk && net_accept(s->listener, &peer, NULL, NULL) == 0) {
        s->serve(peer, chunk);
        net_close(peer);
    }
    net_close(s->listener);
    kfree(chunk);
}

static int start(struct server *s, uint16_t port) {
    if (s->thread && thread_alive(s->thread))
        return -EALREADY;
    int status = (s->listener = net_socket(SOCKET_TCP)) ? net_bind(s->listener, 0, port) : -ENOMEM;
    if (status == 0)
        status = net_listen(s->listener, BACKLOG);
    if (status == 0 && !(s->thread = thread_create(s->name, PRIO_SYSTEM, serve_one_by_one, s)))
        status = -ENOMEM;
    if (status != 0)
        net_close(s->listener);
    return status;
}

static int stop(struct server *s) {
    if (!s->thread || !thread_alive(s->thread))
        return 0;
    net_cancel(s->listener);
    return thread_join(s->thread, STOP_MS) == 0 ? 0 : -EBUSY;
}

int bench_tcp_start(uint16_t sink_port, uint16_t source_port) {
    int status = start(&sink, sink_port);
    if (status != 0)
        return status;
    status = start(&source, source_port);
    if (status != 0)
        stop(&sink);
    return status;
}

int bench_tcp_stop(void) {
    int first = stop(&sink), second = stop(&source);
    return first ? first : second;
}
