/* Servers: one that takes bytes, one that gives them, and the least that answers HTTP. */
#include "guest.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (64u << 10)
#define PAGE_MAX 16384
#define REQUEST_MAX 4096

static int listen_on(uint16_t port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    FAIL_IF(fd < 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    FAIL_IF(bind(fd, (struct sockaddr *)&here, sizeof here) != 0);
    FAIL_IF(listen(fd, 128) != 0);
    return fd;
}

static void take(int peer, char *chunk) {
    uint64_t bytes = 0;
    ssize_t n;
    while ((n = read(peer, chunk, CHUNK)) > 0)
        bytes += (uint64_t)n;
    dprintf(peer, "%lu\n", bytes);
}

static void give(int peer, char *chunk) {
    while (write(peer, chunk, CHUNK) > 0)
        ;
}

static void serve_one_by_one(uint16_t port, void (*serve)(int peer, char *chunk)) {
    int listener = listen_on(port);
    if (fork() != 0) {
        close(listener);
        return;
    }
    signal(SIGPIPE, SIG_IGN);
    char *chunk = calloc(1, CHUNK);
    int peer;
    while (chunk && (peer = accept(listener, NULL, NULL)) >= 0) {
        serve(peer, chunk);
        close(peer);
    }
    _exit(1);
}

void serve_bytes(uint16_t sink_port, uint16_t source_port) {
    serve_one_by_one(sink_port, take);
    serve_one_by_one(source_port, give);
}

struct client {
    int fd;
    size_t bytes;
    char request[REQUEST_MAX + 1];
};

/* Answers the requests that are there; false when the connection has come to its end. */
static bool answer(struct client *c, const char *file) {
    static char out[PAGE_MAX + 512];
    ssize_t n = read(c->fd, c->request + c->bytes, REQUEST_MAX - c->bytes);
    if (n <= 0)
        return false;
    c->bytes += (size_t)n;
    c->request[c->bytes] = '\0';
    char *end;
    while ((end = strstr(c->request, "\r\n\r\n")) != NULL) {
        *end = '\0';
        bool keep = strcasestr(c->request, "keep-alive") != NULL;
        FILE *f = fopen(file, "r"); /* anew each time, as a server of files does */
        if (!f)
            return false;
        char page[PAGE_MAX];
        size_t bytes = fread(page, 1, sizeof page, f);
        fclose(f);
        int head = sprintf(out, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\nConnection: %s\r\n\r\n",
                           bytes, keep ? "keep-alive" : "close");
        memcpy(out + head, page, bytes);
        if (write(c->fd, out, (size_t)head + bytes) < 0 || !keep)
            return false;
        c->bytes -= (size_t)(end + 4 - c->request);
        memmove(c->request, end + 4, c->bytes + 1);
    }
    return c->bytes < REQUEST_MAX;
}

void serve_http(uint16_t port, const char *file) {
    int listener = listen_on(port), yes = 1;
    if (fork() != 0) {
        close(listener);
        return;
    }
    signal(SIGPIPE, SIG_IGN);
    int ready = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(ready, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        if (epoll_wait(ready, &event, 1, -1) != 1)
            continue;
        struct client *c = event.data.ptr;
        if (c) {
            if (answer(c, file))
                continue;
            close(c->fd);
            free(c);
        } else if ((c = calloc(1, sizeof *c)) != NULL) {
            c->fd = accept(listener, NULL, NULL);
            setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            struct epoll_event its = {.events = EPOLLIN, .data.ptr = c};
            epoll_ctl(ready, EPOLL_CTL_ADD, c->fd, &its);
        }
    }
}
