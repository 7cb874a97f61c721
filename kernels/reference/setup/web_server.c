/* "Be a web server": the pages are installed, the service is started, and a page is fetched from it to see that it
 * really serves. The prompt stays; the server goes on in the background. */
#include <auton/errno.h>
#include <auton/http.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/pkg.h>
#include <auton/service.h>
#include <auton/slm_skill.h>
#include <auton/string.h>

#define PACKAGE "httpd"
#define SERVICE_NAME "http"
#define OWN_PAGE "http://127.0.0.1/"
#define FETCH_TIMEOUT_MS 3000

enum step { INSTALL = 1, START, TRY };

static bool installed(void) {
    struct pkg_info *p = kmalloc(sizeof *p);
    bool is = p && pkg_find(PACKAGE, p) == 0 && p->installed;
    kfree(p);
    return is;
}

static void propose(const struct slm_ask *ask, slm_result_t *out) {
    struct service_info service;
    bool running = service_info(SERVICE_NAME, &service) && service.state == SERVICE_RUNNING;
    ask->say(out, "Plan:\n1. Install the package " PACKAGE "%s.\n", installed() ? ", which is there already" : "");
    ask->say(out, "2. Start the service " SERVICE_NAME "%s.\n", running ? ", which runs already" : "");
    ask->say(out, "3. Fetch a page from it, to see that it serves.\n");
    out->plan_steps = TRY;
}

static void fail(const struct slm_ask *ask, slm_result_t *out, const char *what, const char *why) {
    out->status = SLM_ERROR;
    ask->say(out, "%s: %s.\n", what, why);
}

static void install(const struct slm_ask *ask, slm_result_t *out) {
    int result = installed() ? -EEXIST : pkg_install(PACKAGE);
    if (result < 0 && result != -EEXIST)
        fail(ask, out, "The package could not be installed", pkg_error());
    else
        ask->say(out, PACKAGE " is installed.\n");
}

static void start(const struct slm_ask *ask, slm_result_t *out) {
    int result = service_start(SERVICE_NAME);
    if (result < 0)
        fail(ask, out, "The service did not start", result == -EADDRINUSE ? "its port is in use" : "the log may tell why");
    else
        ask->say(out, "The service " SERVICE_NAME " runs.\n");
}

/* The address at which others find this machine. */
static void say_address(const struct slm_ask *ask, slm_result_t *out, uint16_t port) {
    struct net_interface list[8];
    char text[IP_TEXT];
    size_t n = net_interfaces(list, ARRAY_SIZE(list));
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (!list[i].ip || list[i].ip == IP_LOOPBACK)
            continue;
        ask->say(out, any ? ", http://%s:%u/" : "This machine serves at http://%s:%u/", ip_format(list[i].ip, text), port);
        any = true;
    }
    ask->say(out, any ? ".\n" : "The network has no address yet, so only this machine itself can reach it.\n");
}

static void try_it(const struct slm_ask *ask, slm_result_t *out) {
    struct http_server_state server;
    struct http_result *result = kzalloc(sizeof *result);
    http_server_state(&server);
    struct http_fetch fetch = {.url = OWN_PAGE, .timeout_ms = FETCH_TIMEOUT_MS};
    int error = result ? http_get(&fetch, result) : -ENOMEM;
    if (error < 0 || result->status != 200) {
        out->status = SLM_ERROR;
        ask->say(out, "It does not serve: error %d, HTTP status %d.\n", error, result ? result->status : 0);
    } else {
        ask->say(out, "It works: " OWN_PAGE " was fetched, %lu bytes. ", result->bytes);
        say_address(ask, out, server.port);
    }
    kfree(result);
}

static void act(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    switch ((enum step)step) {
    case INSTALL: install(ask, out); break;
    case START: start(ask, out); break;
    case TRY: try_it(ask, out); break;
    }
}
SLM_SKILL(web_server, .name = "role-web-server", .intent = INTENT_APP_INSTALL,
          .unmistakable = true,
          .words = {"web http webserver website site page pages", "server serve host webserver publish",
                    "be become act turn make need want set+up setup into host serve like"},
          .none = "stop why status list which", .example = "be a web server", .answer = propose, .act = act);
