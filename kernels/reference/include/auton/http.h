/* HTTP/1.1: a client that fetches, a server that shows what this machine has. Without TLS: https:// is refused. */
#pragma once
#include <auton/types.h>

#define HTTP_URL_MAX 1024
#define HTTP_REDIRECTS 5

struct http_fetch {
    const char *url;         /* http://host[:port][/path] */
    uint32_t timeout_ms;     /* of silence; 0: 10 s */
    uint64_t max_bytes;      /* of the body; 0: no limit */
    /* Takes a piece of the body of a 2xx answer; false ends the fetch with -ECANCELED. NULL: nobody wants it. */
    bool (*take)(void *context, const void *data, size_t bytes);
    bool (*interrupted)(void); /* asked now and then; true ends the fetch with -ECANCELED. May be NULL. */
    void *context;
};
struct http_result {
    int status;              /* 200, 404, ... of the last answer */
    uint64_t bytes;          /* of its body that were taken */
    char type[64];           /* Content-Type, "" when it has none */
    char url[HTTP_URL_MAX];  /* where the redirections led */
};
/* 0 when there was a whole answer, whatever its status. -EINVAL bad URL, -EPROTONOSUPPORT https, -ELOOP too many
 * redirections, -EBADMSG no HTTP, -EFBIG more than max_bytes, -ECONNRESET ended too early, and those of net.h. */
int http_get(const struct http_fetch *fetch, struct http_result *result);

/* The server: one, in the background. 0; -EALREADY it runs, -EADDRINUSE, -ENOMEM. */
int http_server_start(uint16_t port);
int http_server_stop(void);  /* 0 when nothing of it is left; -ENOENT it did not run, -EBUSY a worker does not end */
struct http_server_state {
    bool running;
    uint16_t port;
    uint64_t requests, errors; /* since boot; answered with 4xx or 5xx */
    uint32_t connections, workers;
};
void http_server_state(struct http_server_state *out);
