/* The shell commands of HTTP: fetch something, serve something. */
#include <auton/console.h>
#include <auton/errno.h>
#include <auton/http.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/service.h>
#include <auton/shell.h>
#include <auton/string.h>
#include "commands.h"

#define SHOWN_MAX 16384 /* bytes of a body on the terminal */
#define FETCH_MAX (16u << 20)
#define SERVICE_NAME "http"

struct shown {
    uint64_t bytes;
};

static bool show(void *context, const void *data, size_t bytes) {
    struct shown *shown = context;
    const char *p = data;
    char clean[128];
    size_t used = 0;
    for (size_t i = 0; i < bytes && shown->bytes < SHOWN_MAX; i++, shown->bytes++) {
        bool plain = p[i] == '\n' || p[i] == '\t' || (uint8_t)p[i] >= ' ';
        if (p[i] != '\r')
            clean[used++] = plain && p[i] != 127 ? p[i] : '.'; /* a terminal would obey control characters */
        if (used == sizeof clean) {
            console_write(clean, used);
            used = 0;
        }
    }
    console_write(clean, used);
    return true;
}

static int http_command(int argc, char **argv) {
    struct shown shown = {0};
    struct http_result *result = kmalloc(sizeof *result);
    if (argc < 2 || !result) {
        kfree(result);
        return argc < 2 ? SHELL_NOT_A_COMMAND : 1;
    }
    struct http_fetch fetch = {.url = argv[1], .max_bytes = FETCH_MAX, .take = show, .interrupted = console_interrupted,
                               .context = &shown};
    console_interrupted();
    int status = http_get(&fetch, result);
    bool ok = status == 0 && result->status / 100 == 2;
    if (status == 0)
        kprintf("%sHTTP %d, %lu bytes%s%s\n", shown.bytes ? "\n" : "", result->status, result->bytes,
                result->type[0] ? ", " : "", result->type);
    else
        kprintf("http: %s: %s\n", result->url,
                status == -EPROTONOSUPPORT ? "this kernel has no TLS, only http://" : status == -EINVAL ? "that is no URL" :
                status == -EFBIG ? "too large" : status == -ELOOP ? "it redirects for ever" :
                status == -EBADMSG ? "the server does not speak HTTP" : net_why(status));
    if (status == 0 && result->bytes > SHOWN_MAX)
        kprintf("(only the first %d bytes are shown)\n", SHOWN_MAX);
    kfree(result);
    return ok ? 0 : 1;
}
SHELL_COMMAND(http, "http <url>", "Fetch a page by HTTP and show it", http_command);

static uint16_t service_port = 80;

static int service_up(void) {
    int status = http_server_start(service_port);
    return status == -EALREADY ? 0 : status;
}
static int service_alive(void) {
    struct http_server_state state;
    http_server_state(&state);
    return state.running;
}
SERVICE(http, .name = SERVICE_NAME, .description = "HTTP server: a page about this machine, files below /srv/www",
        .kind = SERVICE_DAEMON, .stage = STAGE_SERVICES, .restart = RESTART_ON_FAILURE, .on_demand = true,
        .needs = {"network"}, .start = service_up, .stop = http_server_stop, .alive = service_alive);

static void tell_server(void) {
    struct http_server_state state;
    http_server_state(&state);
    if (state.running)
        kprintf("HTTP server on port %u: %lu requests, %lu errors, %u connections, %u workers\n", state.port,
                state.requests, state.errors, state.connections, state.workers);
    else
        kputs("The HTTP server does not run.\n");
}

static int serve_command(int argc, char **argv) {
    uint64_t port = 80;
    if (argc > 1 && strcmp(argv[1], "stop") == 0) {
        if (!service_alive()) {
            tell_server();
            return 1;
        }
        int status = service_stop(SERVICE_NAME);
        if (status == -EBUSY)
            kputs("serve: a connection does not end; once more in a moment.\n");
        return status == 0 ? 0 : 1;
    }
    if (argc > 1 && strcmp(argv[1], "status") == 0) {
        tell_server();
        return 0;
    }
    if (argc > 1 && (!parse_u64(argv[1], &port) || port == 0 || port > 65535))
        return SHELL_NOT_A_COMMAND;
    if (service_alive()) {
        tell_server();
        return 0;
    }
    service_port = (uint16_t)port;
    int status = service_start(SERVICE_NAME);
    if (status != 0)
        kprintf("serve: %s\n", net_why(status));
    return status == 0 ? 0 : 1;
}
SHELL_COMMAND(serve, "serve [port|status|stop]", "Serve pages by HTTP in the background", serve_command);
