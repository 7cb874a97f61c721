/* The HTTP client: one answer, wherever redirections lead, given to its taker piece by piece. */
#include <auton/errno.h>
#include <auton/http.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/string.h>
#include "http_message.h"

#define SILENCE_MS 10000
#define LOOK_EVERY_MS 200 /* at whether the fetch is interrupted */

struct transfer {
    const struct http_fetch *fetch;
    struct http_result *result;
    socket_t *socket;
    size_t bytes, used;             /* in the buffer; of them already looked at */
    char buffer[HTTP_HEAD_MAX];
    char target[HTTP_URL_MAX];
};

/* More bytes behind those in the buffer; 0 at the end of the connection. */
static int receive(struct transfer *t) {
    uint32_t silence = t->fetch->timeout_ms ? t->fetch->timeout_ms : SILENCE_MS;
    uint64_t until = uptime_ms() + silence;
    int n;
    do {
        if (t->fetch->interrupted && t->fetch->interrupted())
            return -ECANCELED;
        net_set_timeout(t->socket, silence < LOOK_EVERY_MS ? silence : LOOK_EVERY_MS);
        n = net_receive(t->socket, t->buffer + t->bytes, sizeof t->buffer - t->bytes);
    } while (n == -ETIMEDOUT && uptime_ms() < until);
    if (n > 0)
        t->bytes += (size_t)n;
    return n;
}

static int send_request(struct transfer *t, const struct http_url *url) {
    const char *path = url->path;
    size_t path_bytes = 0;
    while (path[path_bytes] && path[path_bytes] != '#')
        path_bytes++;
    char port[8] = "";
    if (url->port != 80)
        ksnprintf(port, sizeof port, ":%u", url->port);
    int n = ksnprintf(t->buffer, sizeof t->buffer,
                      "GET %s%.*s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: AUTON\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                      path[0] == '/' ? "" : "/", (int)path_bytes, path, url->host, port);
    int sent = net_send(t->socket, t->buffer, (size_t)n);
    return sent < 0 ? sent : 0;
}

static int read_head(struct transfer *t, struct http_head *head) {
    size_t bytes;
    for (;;) { /* 1xx answers precede the real one */
        while (!(bytes = http_head_bytes(t->buffer, t->bytes))) {
            if (t->bytes == sizeof t->buffer)
                return -EBADMSG;
            int n = receive(t);
            if (n <= 0)
                return n < 0 ? n : t->bytes ? -EBADMSG : -ECONNRESET;
        }
        if (!http_parse_response(t->buffer, bytes, head))
            return -EBADMSG;
        t->used = bytes;
        if (head->status >= 200)
            return 0;
        memmove(t->buffer, t->buffer + bytes, t->bytes - bytes);
        t->bytes -= bytes;
    }
}

static int take(struct transfer *t, const char *data, size_t bytes) {
    if (t->fetch->max_bytes && t->result->bytes + bytes > t->fetch->max_bytes)
        return -EFBIG;
    t->result->bytes += bytes;
    bool wanted = t->result->status / 100 == 2 && t->fetch->take;
    return !wanted || t->fetch->take(t->fetch->context, data, bytes) ? 0 : -ECANCELED;
}

static int read_chunked(struct transfer *t) {
    struct http_chunks chunks = {.state = CHUNK_SIZE};
    for (;;) {
        while (t->used < t->bytes && chunks.state != CHUNK_DONE && chunks.state != CHUNK_BAD) {
            const char *piece;
            size_t piece_bytes;
            t->used += http_chunks_feed(&chunks, t->buffer + t->used, t->bytes - t->used, &piece, &piece_bytes);
            int status = piece_bytes ? take(t, piece, piece_bytes) : 0;
            if (status != 0)
                return status;
        }
        if (chunks.state == CHUNK_DONE || chunks.state == CHUNK_BAD)
            return chunks.state == CHUNK_DONE ? 0 : -EBADMSG;
        t->bytes = t->used = 0;
        int n = receive(t);
        if (n <= 0)
            return n < 0 ? n : -ECONNRESET;
    }
}

static int read_plain(struct transfer *t, uint64_t length) {
    if (length != HTTP_LENGTH_NONE && t->fetch->max_bytes && length > t->fetch->max_bytes)
        return -EFBIG;
    for (uint64_t left = length; left > 0;) {
        size_t n = t->bytes - t->used < left ? t->bytes - t->used : (size_t)left;
        int status = n ? take(t, t->buffer + t->used, n) : 0;
        if (status != 0)
            return status;
        left -= n;
        if (left == 0)
            break;
        t->bytes = t->used = 0;
        int got = receive(t);
        if (got <= 0)
            return got < 0 ? got : length == HTTP_LENGTH_NONE ? 0 : -ECONNRESET;
    }
    return 0;
}

static bool leads_on(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* One answer; 1 when it leads to another URL, which is in result->url then. */
static int fetch_one(struct transfer *t) {
    struct http_url url;
    struct http_head head;
    ip_addr_t ip;
    int status = http_parse_url(t->result->url, &url);
    if (status == 0)
        status = net_resolve(url.host, &ip, SILENCE_MS);
    if (status != 0)
        return status;
    t->bytes = t->used = 0;
    net_set_timeout(t->socket, t->fetch->timeout_ms ? t->fetch->timeout_ms : SILENCE_MS);
    status = net_connect(t->socket, ip, url.port);
    if (status == 0)
        status = send_request(t, &url);
    if (status == 0)
        status = read_head(t, &head);
    if (status != 0)
        return status;
    t->result->status = head.status;
    if (!http_field(&head, "content-type", t->result->type, sizeof t->result->type))
        t->result->type[0] = '\0';
    if (leads_on(head.status) && http_field(&head, "location", t->target, sizeof t->target - 1)) {
        char *next = t->buffer;
        if (!http_resolve_url(t->result->url, t->target, next, HTTP_URL_MAX))
            return -EBADMSG;
        strlcpy(t->result->url, next, HTTP_URL_MAX);
        return 1;
    }
    if (head.status == 204 || head.status == 304)
        return 0;
    return head.chunked ? read_chunked(t) : read_plain(t, head.length);
}

int http_get(const struct http_fetch *fetch, struct http_result *result) {
    struct transfer *t = kzalloc(sizeof *t);
    int status = 1;
    memset(result, 0, sizeof *result);
    if (!t || strlcpy(result->url, fetch->url, sizeof result->url) >= sizeof result->url) {
        kfree(t);
        return t ? -EINVAL : -ENOMEM;
    }
    t->fetch = fetch;
    t->result = result;
    for (unsigned hops = 0; status == 1 && hops <= HTTP_REDIRECTS; hops++) {
        t->socket = net_socket(SOCKET_TCP);
        status = t->socket ? fetch_one(t) : -ENOMEM;
        net_close(t->socket);
    }
    kfree(t);
    return status == 1 ? -ELOOP : status;
}
