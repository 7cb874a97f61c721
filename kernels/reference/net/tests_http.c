/* Self-tests of HTTP: the server and the client of this kernel with each other, and the client with servers that lie. */
#include <auton/errno.h>
#include <auton/http.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "http_message.h"

#define PORT 47080
#define URL "http://127.0.0.1:47080"
#define LIAR_PORT 47081
#define LIAR_URL "http://127.0.0.1:47081/x"
#define CLIENTS 8

static char body[8192];
static size_t body_bytes;
static bool collect(void *context, const void *data, size_t bytes) {
    (void)context;
    if (body_bytes + bytes >= sizeof body)
        return false;
    memcpy(body + body_bytes, data, bytes);
    body_bytes += bytes;
    body[body_bytes] = '\0';
    return true;
}

static struct http_result result;
static int get(const char *url, uint64_t max_bytes) {
    struct http_fetch fetch = {.url = url, .timeout_ms = 3000, .max_bytes = max_bytes, .take = collect};
    body_bytes = 0;
    body[0] = '\0';
    return http_get(&fetch, &result);
}

SELFTEST(net_http_text, "net") {
    struct http_url url;
    char out[64];
    CHECK(http_parse_url("http://a.b:81/c?d", &url) == 0 && strcmp(url.host, "a.b") == 0 && url.port == 81);
    CHECK(strcmp(url.path, "/c?d") == 0 && http_parse_url("http://a", &url) == 0 && url.port == 80);
    CHECK(http_parse_url("https://a/", &url) == -EPROTONOSUPPORT && http_parse_url("http://", &url) == -EINVAL);
    CHECK(http_parse_url("http://a:0/", &url) == -EINVAL && http_parse_url("http://a/b c", &url) == -EINVAL);
    CHECK(http_resolve_url("http://a/b/c", "d", out, sizeof out) && strcmp(out, "http://a/b/d") == 0);
    CHECK(http_resolve_url("http://a/b/c", "/d", out, sizeof out) && strcmp(out, "http://a/d") == 0);
    CHECK(http_resolve_url("http://a", "http://e/", out, sizeof out) && strcmp(out, "http://e/") == 0);
    CHECK(http_decode_path("/a%20b?q", 8, out, sizeof out) && strcmp(out, "/a b") == 0);
    CHECK(!http_decode_path("/../x", 5, out, sizeof out) && !http_decode_path("/a/%2e%2E", 9, out, sizeof out));
    CHECK(!http_decode_path("/a%2fb", 6, out, sizeof out) && !http_decode_path("/a%0", 4, out, sizeof out));
    CHECK(!http_decode_path("/a%00b", 6, out, sizeof out) && http_decode_path("/..a/b..", 8, out, sizeof out));
    return NULL;
}

SELFTEST(net_http_head, "net") {
    static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    static const char *const bad[] = {
        "GET  /x HTTP/1.1\r\n\r\n", "GET /x HTTP/2.0\r\n\r\n", "GET /x\r\n\r\n", "GETTOOLONGMETHOD / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"};
    struct http_head head;
    char value[8];
    size_t bytes = http_head_bytes(request, sizeof request - 1);
    CHECK(bytes == sizeof request - 1 - 5 && http_head_bytes(request, bytes - 1) == 0);
    CHECK(http_parse_request(request, bytes, &head) && head.length == 5 && head.keep_alive && head.minor == 1);
    CHECK(head.target_bytes == 2 && http_field(&head, "HOST", value, sizeof value) && strcmp(value, "a") == 0);
    CHECK(!http_field(&head, "hos", value, sizeof value));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        CHECK(!http_parse_request(bad[i], strlen(bad[i]), &head));
    CHECK(http_parse_response("HTTP/1.0 404 Not Found\r\n\r\n", 26, &head) && head.status == 404 && !head.keep_alive);
    CHECK(!http_parse_response("HTTP/1.1 4O4 x\r\n\r\n", 18, &head));
    return NULL;
}

static volatile unsigned good;
static void client_thread(void *arg) {
    struct http_result *r = kmalloc(sizeof *r);
    struct http_fetch fetch = {.url = URL "/status", .timeout_ms = 5000};
    (void)arg;
    for (unsigned i = 0; r && i < 5; i++)
        if (http_get(&fetch, r) == 0 && r->status == 200 && r->bytes > 100)
            __atomic_add_fetch(&good, 1, __ATOMIC_RELAXED);
    kfree(r);
}

SELFTEST(net_http_server, "net") {
    struct http_server_state before, state;
    http_server_state(&before);
    if (before.running) { /* started by its user: it is not ours to stop */
        char own[64];
        ksnprintf(own, sizeof own, "http://127.0.0.1:%u/status", before.port);
        CHECK(get(own, 0) == 0 && result.status == 200);
        return NULL;
    }
    CHECK(http_server_stop() == -ENOENT && http_server_start(PORT) == 0 && http_server_start(PORT) == -EALREADY);
    CHECK(get(URL "/status", 0) == 0 && result.status == 200 && result.bytes == body_bytes && strstr(body, "<h1>AUTON</h1>"));
    CHECK(strncmp(result.type, "text/html", 9) == 0);
    CHECK(get(URL "/no/such/page", 0) == 0 && result.status == 404 && body_bytes == 0);
    CHECK(get(URL "/..%2f..", 0) == 0 && result.status == 400);
    CHECK(get(URL "/status", 20) == -EFBIG);
    tid_t clients[CLIENTS];
    good = 0;
    for (size_t i = 0; i < CLIENTS; i++)
        CHECK((clients[i] = thread_create("test-client", PRIO_USER, client_thread, NULL)));
    for (size_t i = 0; i < CLIENTS; i++)
        CHECK(thread_join(clients[i], 20000) == 0);
    CHECK(good == CLIENTS * 5);
    http_server_state(&state);
    CHECK(state.running && state.port == PORT && state.requests >= before.requests + CLIENTS * 5 + 4);
    CHECK(state.errors == before.errors + 2);
    CHECK(http_server_stop() == 0 && http_server_stop() == -ENOENT && get(URL "/", 0) == -ECONNREFUSED);
    return NULL;
}

/* What the server asked for next says, byte by byte in two pieces. */
static const char *volatile lie;
static socket_t *liar;
static void liar_thread(void *arg) {
    socket_t *s;
    char request[512];
    (void)arg;
    while (net_accept(liar, &s, NULL, NULL) == 0) {
        const char *text = lie;
        size_t half = strlen(text) / 2;
        if (net_receive(s, request, sizeof request) > 0 && net_send(s, text, half) >= 0) {
            thread_sleep_ms(20);
            net_send(s, text + half, strlen(text) - half);
        }
        net_close(s);
    }
}

static const struct {
    const char *text;
    int status;
    const char *body; /* NULL: does not matter */
} answers[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, "hello"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n", 0, "hello"},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end", 0, "to the end"},
    {"HTTP/1.1 204 No Content\r\n\r\n", 0, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", -ECONNRESET, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", -ECONNRESET, NULL},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", -EBADMSG, NULL},
    {"SSH-2.0-OpenSSH\r\n\r\n", -EBADMSG, NULL},
    {"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", -ELOOP, NULL},
    {"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n", -EPROTONOSUPPORT, NULL},
    {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nx", -EBADMSG, NULL},
};

SELFTEST(net_http_client, "net") {
    liar = net_socket(SOCKET_TCP);
    CHECK(liar && net_bind(liar, IP_LOOPBACK, LIAR_PORT) == 0 && net_listen(liar, 4) == 0);
    tid_t tid = thread_create("test-liar", PRIO_USER, liar_thread, NULL);
    CHECK(tid);
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        lie = answers[i].text;
        CHECK(get(LIAR_URL, 100) == answers[i].status);
        CHECK(!answers[i].body || strcmp(body, answers[i].body) == 0);
    }
    net_cancel(liar);
    CHECK(thread_join(tid, 5000) == 0);
    net_close(liar);
    return NULL;
}
