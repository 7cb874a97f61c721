/* One connection of the HTTP server: requests are received, understood and answered one after the other, with a file or a page. */
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/string.h>
#include "http_connection.h"

#define IDLE_MS 5000          /* a connection without a request */
#define HEAD_MS 10000         /* a head that does not come to its end */
#define SEND_MS 10000         /* a client that takes nothing */
#define DISCARD_MAX 65536     /* of a body that nobody wants */
#define PAGE_MAX 4096

const struct http_files *http_files;

static const char *reason(int status) {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
    default: return "Internal Server Error";
    }
}

static size_t put_head(struct http_connection *c, int status, const char *type, uint64_t bytes) {
    return (size_t)ksnprintf(c->out, REPLY_HEAD_MAX,
                             "HTTP/1.1 %d %s\r\nServer: AUTON\r\nContent-Type: %s\r\nContent-Length: %lu\r\n%sConnection: %s\r\n\r\n",
                             status, reason(status), type, bytes, status == 405 ? "Allow: GET, HEAD\r\n" : "",
                             c->keep_alive ? "keep-alive" : "close");
}

/* Head and page in one piece; false when the client is gone. */
static bool reply_page(struct http_connection *c, int status, const char *type, const char *page, size_t bytes) {
    size_t head = put_head(c, status, type, bytes);
    http_server_count(status);
    if (c->head_only)
        bytes = 0;
    memmove(c->out + head, page, bytes);
    return net_send(c->socket, c->out, head + bytes) > 0;
}

static bool reply_error(struct http_connection *c, int status) {
    char page[160];
    if (status != 404 && status != 405)
        c->keep_alive = false; /* what follows cannot be trusted to be a request */
    int n = ksnprintf(page, sizeof page, "<!doctype html><title>%d</title><h1>%d %s</h1>\n", status, status, reason(status));
    return reply_page(c, status, "text/html; charset=utf-8", page, (size_t)n) && c->keep_alive;
}

static bool reply_file(struct http_connection *c, int file, uint64_t bytes, const char *type) {
    size_t head = put_head(c, 200, type, bytes), filled = head;
    uint64_t at = 0;
    bool ok = true;
    http_server_count(200);
    if (c->head_only)
        bytes = 0;
    do { /* the head goes out with the first block */
        size_t want = sizeof c->out - filled < bytes - at ? sizeof c->out - filled : (size_t)(bytes - at);
        int64_t n = want ? http_files->read(file, c->out + filled, want, at) : 0;
        if (n < 0 || (want && n == 0)) { /* it has become shorter: the client has to see that */
            c->keep_alive = false;
            ok = false;
            break;
        }
        at += (uint64_t)n;
        ok = net_send(c->socket, c->out, filled + (size_t)n) > 0;
        filled = 0;
    } while (ok && at < bytes);
    http_files->close(file);
    return ok;
}

static bool reply(struct http_connection *c) {
    char path[512], host[64];
    if (c->head.minor >= 1 && !http_field(&c->head, "host", host, sizeof host))
        return reply_error(c, 400);
    c->head_only = strcmp(c->head.method, "HEAD") == 0;
    if (!c->head_only && strcmp(c->head.method, "GET") != 0)
        return reply_error(c, 405);
    if (!http_decode_path(c->head.target, c->head.target_bytes, path, sizeof path))
        return reply_error(c, 400);
    if (http_files && strcmp(path, "/status") != 0) {
        uint64_t bytes;
        const char *type;
        int file = http_files->open(path, &bytes, &type);
        if (file >= 0)
            return reply_file(c, file, bytes, type) && c->keep_alive;
        if (file == -EACCES)
            return reply_error(c, 403);
    }
    if (strcmp(path, "/") != 0 && strcmp(path, "/status") != 0)
        return reply_error(c, 404);
    char *page = c->out + REPLY_HEAD_MAX; /* moved down behind the head */
    return reply_page(c, 200, "text/html; charset=utf-8", page, http_status_page(page, PAGE_MAX)) && c->keep_alive;
}

/* True when a head is there. Time is given for the whole of it: a client that sends a byte now and then gains nothing. */
static bool receive_head(struct http_connection *c, size_t *head_bytes) {
    uint64_t until = uptime_ms() + (c->bytes ? HEAD_MS : IDLE_MS);
    while (!(*head_bytes = http_head_bytes(c->in, c->bytes))) {
        uint64_t now = uptime_ms();
        if (c->bytes == sizeof c->in || (c->bytes && now >= until)) {
            reply_error(c, c->bytes == sizeof c->in ? 431 : 408);
            return false;
        }
        net_set_timeout(c->socket, now < until ? (uint32_t)(until - now) : 1);
        int n = net_receive(c->socket, c->in + c->bytes, sizeof c->in - c->bytes);
        if (n == -ETIMEDOUT && c->bytes)
            continue;
        if (n <= 0)
            return false;
        if (!c->bytes)
            until = uptime_ms() + HEAD_MS;
        c->bytes += (size_t)n;
    }
    return true;
}

/* Takes the body of a request out of the way; false when it is too long or does not come. */
static bool discard_body(struct http_connection *c) {
    uint64_t left = c->head.length == HTTP_LENGTH_NONE ? 0 : c->head.length;
    if (c->head.chunked || left > DISCARD_MAX)
        return false;
    while (left > 0) {
        size_t n = c->bytes < left ? c->bytes : (size_t)left;
        memmove(c->in, c->in + n, c->bytes - n);
        c->bytes -= n;
        left -= n;
        if (left == 0)
            break;
        int got = net_receive(c->socket, c->in, sizeof c->in);
        if (got <= 0)
            return false;
        c->bytes = (size_t)got;
    }
    return true;
}

void http_serve(struct http_connection *c) {
    c->bytes = 0;
    net_set_nodelay(c->socket, true);
    for (;;) {
        size_t head;
        c->keep_alive = c->head_only = false;
        net_set_timeout(c->socket, SEND_MS);
        if (!receive_head(c, &head))
            return;
        net_set_timeout(c->socket, SEND_MS);
        bool understood = http_parse_request(c->in, head, &c->head);
        if (!understood) {
            reply_error(c, 400);
            return;
        }
        c->keep_alive = c->head.keep_alive;
        bool has_body = c->head.chunked || (c->head.length != HTTP_LENGTH_NONE && c->head.length > 0);
        bool go_on = reply(c);
        if (!go_on)
            return;
        memmove(c->in, c->in + head, c->bytes - head);
        c->bytes -= head;
        if (has_body && !discard_body(c))
            return;
    }
}
