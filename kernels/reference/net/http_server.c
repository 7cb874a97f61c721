/* The HTTP server: workers that each accept a connection and serve its requests one after the other. A new worker comes
 * when all are busy, so that nobody waits behind somebody slow; those that are not needed go again. */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/string.h>
#include <auton/sync.h>
#include "http_connection.h"

#define BACKLOG 128
#define MAX_WORKERS 64
#define SPARE_WORKERS 4
#define BORED_AFTER_MS 10000  /* a worker without a connection */

static struct {
    socket_t *listener;
    uint16_t port;
    bool stopping;
    uint32_t workers, idle;
    uint64_t requests, errors;
    socket_t *serving[MAX_WORKERS];
} server;
static spinlock_t lock;

void http_server_count(int status) {
    uint64_t irq = spin_lock(&lock);
    server.requests++;
    server.errors += status >= 400;
    spin_unlock(&lock, irq);
}

static void worker(void *arg);

/* With the lock held: a worker that does not yet count. */
static bool may_grow(void) {
    return server.idle == 0 && server.workers < MAX_WORKERS && !server.stopping;
}

static bool add_worker(void) {
    uint64_t irq = spin_lock(&lock);
    server.workers++;
    server.idle++;
    spin_unlock(&lock, irq);
    if (thread_create("http", PRIO_USER, worker, NULL))
        return true;
    irq = spin_lock(&lock);
    server.workers--;
    server.idle--;
    spin_unlock(&lock, irq);
    return false;
}

/* The socket is among those that http_server_stop() cancels, or is taken out again. */
static bool set_serving(socket_t *old, socket_t *new) {
    uint64_t irq = spin_lock(&lock);
    bool found = false;
    for (size_t i = 0; i < MAX_WORKERS && !found; i++)
        if (server.serving[i] == old) {
            server.serving[i] = new;
            found = true;
        }
    bool stopping = server.stopping;
    spin_unlock(&lock, irq);
    return found && !(new && stopping);
}

static void worker(void *arg) {
    struct http_connection *c = kmalloc(sizeof *c);
    bool last = !c;
    (void)arg;
    while (!last) {
        int status = net_accept(server.listener, &c->socket, NULL, NULL);
        uint64_t irq = spin_lock(&lock);
        if (status != 0) {
            last = status != -ETIMEDOUT || server.stopping || server.idle > SPARE_WORKERS;
            spin_unlock(&lock, irq);
            if (status == -ENOMEM)
                thread_sleep_ms(100), last = false;
            continue;
        }
        server.idle--;
        bool grow = may_grow();
        spin_unlock(&lock, irq);
        if (grow)
            add_worker();
        if (set_serving(NULL, c->socket))
            http_serve(c);
        set_serving(c->socket, NULL);
        net_close(c->socket);
        irq = spin_lock(&lock);
        server.idle++;
        spin_unlock(&lock, irq);
    }
    kfree(c);
    uint64_t irq = spin_lock(&lock);
    server.idle--;
    server.workers--;
    spin_unlock(&lock, irq);
}

int http_server_start(uint16_t port) {
    if (server.listener)
        return -EALREADY;
    socket_t *s = net_socket(SOCKET_TCP);
    int status = s ? net_bind(s, 0, port) : -ENOMEM;
    if (status == 0)
        status = net_listen(s, BACKLOG);
    if (status != 0) {
        net_close(s);
        return status;
    }
    net_set_timeout(s, BORED_AFTER_MS);
    server.listener = s;
    server.port = port;
    server.stopping = false;
    if (!add_worker()) {
        server.listener = NULL;
        net_close(s);
        return -ENOMEM;
    }
    log_info("NET", "HTTP server listens on port %u", port);
    return 0;
}

int http_server_stop(void) {
    if (!server.listener)
        return -ENOENT;
    uint64_t irq = spin_lock(&lock);
    server.stopping = true;
    net_cancel(server.listener);
    for (size_t i = 0; i < MAX_WORKERS; i++)
        if (server.serving[i])
            net_cancel(server.serving[i]);
    spin_unlock(&lock, irq);
    for (unsigned i = 0; server.workers && i < 200; i++)
        thread_sleep_ms(10);
    if (server.workers)
        return -EBUSY;
    net_close(server.listener);
    server.listener = NULL;
    log_info("NET", "HTTP server stopped");
    return 0;
}

void http_server_state(struct http_server_state *out) {
    uint64_t irq = spin_lock(&lock);
    *out = (struct http_server_state){.running = server.listener && !server.stopping, .port = server.port,
                                      .requests = server.requests, .errors = server.errors, .workers = server.workers,
                                      .connections = server.workers - server.idle};
    spin_unlock(&lock, irq);
}
