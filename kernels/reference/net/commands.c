/* The network's shell commands. Those that wait look at the keyboard meanwhile: Ctrl-C ends them. */
#include <auton/console.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/shell.h>
#include <auton/string.h>
#include "commands.h"

#define SETTLE_MS 10
#define PINGS 4
#define PING_BYTES 56
#define PING_TIMEOUT_MS 2000
#define RESOLVE_TIMEOUT_MS 8000
#define CONNECTIONS_MAX 2048 /* looked at */

const char *net_why(int error) {
    switch (-error) {
    case ENOENT: return "there is no such name";
    case EINVAL: return "that is no name and no address";
    case ETIMEDOUT: return "no answer";
    case ENETUNREACH: return "no way there: this machine has no address or no gateway (`ip` shows it)";
    case EHOSTUNREACH: return "that machine does not answer";
    case ECONNREFUSED: return "nobody listens there";
    case ECONNRESET: return "the other side has broken the connection off";
    case ECANCELED: return "interrupted";
    case ENOMEM: case ENOBUFS: return "out of memory";
    case EADDRINUSE: return "that port is in use";
    case EIO: return "the name server has failed";
    case EMSGSIZE: return "too large";
    default: return "it failed";
    }
}

static int ping_command(int argc, char **argv) {
    ip_addr_t ip;
    char text[IP_TEXT];
    if (argc < 2)
        return SHELL_NOT_A_COMMAND;
    int status = net_resolve(argv[1], &ip, RESOLVE_TIMEOUT_MS);
    if (status != 0) {
        kprintf("ping: %s: %s\n", argv[1], net_why(status));
        return 1;
    }
    unsigned answers = 0;
    ip_format(ip, text);
    console_interrupted(); /* one that came before is not about this */
    for (unsigned i = 0; i < PINGS; i++) {
        uint32_t rtt_us = 0;
        status = net_ping(ip, PING_BYTES, PING_TIMEOUT_MS, &rtt_us);
        if (status == 0) {
            answers++;
            kprintf("%u bytes from %s: %u.%03u ms\n", PING_BYTES, text, rtt_us / 1000, rtt_us % 1000);
        } else {
            kprintf("%s: %s\n", text, net_why(status));
        }
        if (status == -ENETUNREACH || console_interrupted())
            break;
        for (unsigned wait = 0; i + 1 < PINGS && wait < 5; wait++)
            thread_sleep_ms(50);
    }
    return answers ? 0 : 1;
}
SHELL_COMMAND(ping, "ping <host>", "Ask a machine for an echo, four times", ping_command);

static int nslookup_command(int argc, char **argv) {
    ip_addr_t ip;
    char text[IP_TEXT];
    if (argc < 2)
        return SHELL_NOT_A_COMMAND;
    int status = net_resolve(argv[1], &ip, RESOLVE_TIMEOUT_MS);
    if (status == 0)
        kprintf("%s has address %s\n", argv[1], ip_format(ip, text));
    else
        kprintf("nslookup: %s: %s\n", argv[1], net_why(status));
    return status == 0 ? 0 : 1;
}
SHELL_COMMAND(nslookup, "nslookup <name>", "Look up the address of a name", nslookup_command);

static int netstat_command(int argc, char **argv) {
    struct net_connection *list = kmalloc(CONNECTIONS_MAX * sizeof *list);
    bool all = argc > 1;
    if (all && strcmp(argv[1], "all") != 0) {
        kfree(list);
        return SHELL_NOT_A_COMMAND;
    }
    if (!list) {
        kputs("netstat: out of memory\n");
        return 1;
    }
    size_t n = net_connections(list, CONNECTIONS_MAX), waiting = 0;
    kprintf("%-5s %6s %6s  %-21s  %-21s  %s\n", "PROTO", "RECV", "SEND", "LOCAL", "REMOTE", "STATE");
    for (size_t i = 0; i < n; i++) {
        if (!all && strcmp(list[i].state, "TIME_WAIT") == 0) {
            waiting++;
            continue;
        }
        char ip[IP_TEXT], local[24], remote[24] = "*";
        ksnprintf(local, sizeof local, "%s:%u", list[i].local_ip ? ip_format(list[i].local_ip, ip) : "*", list[i].local_port);
        if (list[i].remote_port)
            ksnprintf(remote, sizeof remote, "%s:%u", ip_format(list[i].remote_ip, ip), list[i].remote_port);
        kprintf("%-5s %6u %6u  %-21s  %-21s  %s\n", list[i].tcp ? "tcp" : "udp", list[i].receive_queue,
                list[i].send_queue, local, remote, list[i].state);
    }
    if (waiting)
        kprintf("and %zu that have ended and are remembered for a minute (`netstat all`)\n", waiting);
    kfree(list);
    return 0;
}
SHELL_COMMAND(netstat, "netstat [all]", "List connections and open ports", netstat_command);

/* The prompt waits for a lease as long as nobody notices: its lines come before, not into what is being typed. */
static void settle(void) {
    net_wait_online(SETTLE_MS);
}
static void settle_init(void) {
    shell_settle_hook = settle;
}
INITCALL(INIT_SYS, settle_init);
