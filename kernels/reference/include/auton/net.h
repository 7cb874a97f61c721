/* The network: addresses, sockets, names, ping. Functions return 0 or a count, or -errno. All calls that wait are a
 * thread's; time-outs are in milliseconds, 0 waits for ever. */
#pragma once
#include <auton/types.h>

typedef uint32_t ip_addr_t; /* IPv4, in the processor's order: 10.0.2.2 is 0x0A000202; 0 for none or any */
#define IP(a, b, c, d) ((ip_addr_t)(a) << 24 | (ip_addr_t)(b) << 16 | (ip_addr_t)(c) << 8 | (ip_addr_t)(d))
#define IP_LOOPBACK IP(127, 0, 0, 1)
#define IP_TEXT 16 /* bytes of an address as text, with its end */

const char *ip_format(ip_addr_t ip, char out[IP_TEXT]); /* returns `out` */
bool ip_parse(const char *text, ip_addr_t *out);        /* four decimal numbers and nothing else */

/* Sockets. One thread reads and one writes at a time; any other may call net_cancel(). */
typedef struct socket socket_t;
enum socket_type { SOCKET_UDP, SOCKET_TCP };

socket_t *net_socket(enum socket_type type); /* NULL: out of memory */
/* Ends the socket; what was written is still delivered. No thread may be in a call on it. */
void net_close(socket_t *s);
/* Every call on it that waits, now or later, returns -ECANCELED. */
void net_cancel(socket_t *s);
/* Time-outs of this socket's calls, milliseconds; 0 (as at first) waits for ever. */
void net_set_timeout(socket_t *s, uint32_t ms);
/* TCP: small writes go out at once instead of waiting to become a full segment. */
int net_set_nodelay(socket_t *s, bool on);
/* TCP: a probe after `idle_s` seconds of silence, nine more 75 s apart, then -ETIMEDOUT. 0 turns it off, as at first. */
int net_set_keepalive(socket_t *s, uint32_t idle_s);
/* `ip` 0: every address of this machine; `port` 0: one that is free. 0; -EADDRINUSE, -EADDRNOTAVAIL. */
int net_bind(socket_t *s, ip_addr_t ip, uint16_t port);
int net_listen(socket_t *s, unsigned backlog);
int net_accept(socket_t *s, socket_t **out, ip_addr_t *ip, uint16_t *port); /* `ip` and `port` may be NULL */
/* TCP: 0, -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH, -ENETUNREACH. UDP: sets the only peer. */
int net_connect(socket_t *s, ip_addr_t ip, uint16_t port);
/* All of it, or an error: TCP blocks while the peer takes no more. */
int net_send(socket_t *s, const void *data, size_t bytes);
/* What is there, at least 1 byte; 0 when the peer has ended. UDP: one datagram, cut to `room`. */
int net_receive(socket_t *s, void *data, size_t room);
int net_send_to(socket_t *s, const void *data, size_t bytes, ip_addr_t ip, uint16_t port);
int net_receive_from(socket_t *s, void *data, size_t room, ip_addr_t *ip, uint16_t *port);
int net_shutdown(socket_t *s);               /* TCP: nothing more will be written; reading goes on */
int net_local(socket_t *s, ip_addr_t *ip, uint16_t *port);

/* Address of a name, or of an address as text. 0; -ENOENT no such name, -ETIMEDOUT, -ENETUNREACH no server, -EINVAL. */
int net_resolve(const char *name, ip_addr_t *out, uint32_t timeout_ms);
/* One echo of `bytes` bytes; its round trip in microseconds. 0; -ETIMEDOUT, -EHOSTUNREACH, -EMSGSIZE. */
int net_ping(ip_addr_t ip, size_t bytes, uint32_t timeout_ms, uint32_t *rtt_us);

/* State, for those who tell about it. */
struct net_interface {
    char name[16];
    uint8_t mac[6];
    bool link_up, dhcp;
    ip_addr_t ip, mask, gateway, dns;
    uint32_t lease_left_s;
    uint64_t rx_frames, rx_bytes, rx_dropped, tx_frames, tx_bytes, tx_dropped;
};
size_t net_interfaces(struct net_interface *out, size_t max);
/* Waits until an interface besides `lo` has an address. 0; -ENODEV no card with a link, -ETIMEDOUT. */
int net_wait_online(uint32_t timeout_ms);

/* The address of an interface as people set it. */
struct net_settings {
    bool dhcp; /* by DHCP, and the rest is 0 */
    ip_addr_t ip, mask, gateway, dns; /* the last two may be 0 for none */
};
#define NET_SETTINGS_TEXT 80
#define NET_SETTINGS_FILE "/etc/network"
/* "dhcp" or "10.0.2.15/24,gw=10.0.2.2,dns=10.0.2.3". NULL, or the reason why that is nonsense. */
const char *net_settings_parse(const char *text, struct net_settings *out);
const char *net_settings_format(const struct net_settings *s, char out[NET_SETTINGS_TEXT]); /* returns `out` */
/* Gives them to an interface, now and whenever it comes up. 0; -ENODEV there is none of that name, -EAGAIN as soon as the
 * service `network` runs. */
int net_configure(const char *interface, const struct net_settings *s);
/* Interfaces with an address that was set, in any order; false after the last. */
bool net_settings_at(size_t index, char interface[16], struct net_settings *out);
/* Writes them to a file: 1 on a disk, 0 when / is in memory; -EOPNOTSUPP without file systems, or another -errno. */
int net_settings_save(const char *path);

struct net_connection {
    bool tcp;
    const char *state; /* "LISTEN", "ESTABLISHED", ...; "" for UDP */
    ip_addr_t local_ip, remote_ip;
    uint16_t local_port, remote_port;
    uint32_t receive_queue, send_queue; /* bytes */
};
size_t net_connections(struct net_connection *out, size_t max);
