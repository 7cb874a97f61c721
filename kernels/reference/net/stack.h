/* One network stack: its state, and what its layers offer each other. A stack has no lock and no clock of its own; its
 * owner calls it from one place at a time and gives it time, random numbers and cards. */
#pragma once
#include <auton/net.h>
#include "wire.h"

#define NET_MAX_IFS 4
#define ARP_ENTRIES 32
#define FRAGMENT_SLOTS 8
#define LOOPBACK_MAX 256 /* packets waiting in it */

struct net_stack;

struct net_env {
    uint64_t (*now_us)(void *context); /* monotonic */
    void (*random)(void *context, void *out, size_t bytes);
    /* Something happened to what `owner` waits for. May be NULL. */
    void (*notify)(void *context, void *owner);
    /* net_poll() has something to do earlier than its last answer said. May be NULL. */
    void (*kick)(void *context);
    void *context;
};

struct dhcp_client;
struct net_if {
    struct net_stack *net;
    char name[16];
    uint8_t mac[6];
    bool loopback, link_up;
    ip_addr_t ip, mask, gateway;
    /* Sends one Ethernet frame; 0 or -errno. Not called for the loopback interface. */
    int (*transmit)(void *card, const void *frame, size_t bytes);
    void *card;
    struct dhcp_client *dhcp;
};

struct arp_entry;
struct datagram;
struct packet {
    struct packet *next;
    size_t bytes;
    uint8_t data[];
};

struct net_stack {
    struct net_env env;
    uint64_t now;      /* ms, as of the call that is being served */
    uint64_t deadline; /* ms; some timer ends then, none earlier */
    struct net_if ifs[NET_MAX_IFS];
    size_t if_count;   /* ifs[0] is lo */
    ip_addr_t dns;
    uint16_t ip_id;
    struct packet *loop_first, *loop_last;
    size_t loop_count;
    struct arp_entry *arp;
    struct datagram *fragments[FRAGMENT_SLOTS];
    struct udp_endpoint *udp;
    struct tcp_state_of_stack *tcp;
    struct dns_client *resolver;
    struct ping *pings;
    uint64_t icmp_second;
    unsigned icmp_sent; /* errors in that second */
    uint64_t dropped;   /* packets that were not understood, not ours, or damaged */
    uint8_t frame[NET_FRAME]; /* being sent */
};

/* stack.c */
int net_stack_init(struct net_stack *net, const struct net_env *env); /* 0, -ENOMEM */
void net_stack_free(struct net_stack *net);
struct net_if *net_add_if(struct net_stack *net, const char *name, const uint8_t mac[6],
                          int (*transmit)(void *card, const void *frame, size_t bytes), void *card); /* NULL: too many */
void net_remove_if(struct net_stack *net, struct net_if *iface); /* which is another one's place after that */
void net_set_address(struct net_if *iface, ip_addr_t ip, ip_addr_t mask, ip_addr_t gateway);
void net_update_time(struct net_stack *net); /* at the beginning of every call from outside */
/* A frame has come. Once all have that came together, net_poll() is to follow. */
void net_input(struct net_if *iface, const uint8_t *frame, size_t bytes);
/* Delivers what is in the loopback interface and runs timers; returns the ms until it wants to be called again. */
uint32_t net_poll(struct net_stack *net);
void net_timer(struct net_stack *net, uint64_t at); /* makes sure that net_poll() runs by then; 0 is no time */
void net_notify(struct net_stack *net, void *owner);
uint32_t net_random32(struct net_stack *net);

/* ethernet.c, arp.c */
void eth_send(struct net_if *iface, const uint8_t dst[6], uint16_t type, uint8_t *frame, size_t payload);
int arp_init(struct net_stack *net);
void arp_input(struct net_if *iface, const uint8_t *data, size_t bytes);
/* Sends `frame` (with room for its Ethernet header) to the neighbour, now or when it has answered. 0, -ENOBUFS. */
int arp_send(struct net_if *iface, ip_addr_t neighbour, uint8_t *frame, size_t payload);
void arp_announce(struct net_if *iface);
void arp_forget(struct net_if *iface);
void arp_timers(struct net_stack *net);

/* ipv4.c, fragment.c */
struct ip_packet {
    struct net_if *iface;
    ip_addr_t src, dst;
    uint8_t protocol;
    bool broadcast;          /* was sent to everybody: no errors about it */
    const uint8_t *header;   /* with options, for ICMP errors */
    size_t header_bytes;
    const uint8_t *data;
    size_t bytes;
};
void ipv4_input(struct net_if *iface, const uint8_t *data, size_t bytes);
void ipv4_deliver(struct ip_packet *packet);
/* `src` 0: the interface's. Larger payloads are sent in fragments. 0; -ENETUNREACH, -EMSGSIZE, or the card's. */
int ipv4_send(struct net_stack *net, ip_addr_t src, ip_addr_t dst, uint8_t protocol, const struct piece *pieces, size_t count);
/* By this interface to everybody, from `src`: for DHCP, which has no address yet. */
int ipv4_broadcast(struct net_if *iface, ip_addr_t src, uint8_t protocol, const struct piece *pieces, size_t count);
/* The interface for `dst` and the neighbour to send to; NULL when there is no way. */
struct net_if *ipv4_route(struct net_stack *net, ip_addr_t dst, ip_addr_t *neighbour);
bool ipv4_is_own(struct net_stack *net, ip_addr_t ip);
bool ip_is_multicast(ip_addr_t ip); /* also 240.0.0.0/4 and broadcast: nobody a packet can come from */
void fragment_input(struct ip_packet *packet, uint16_t id, size_t offset, bool more);
void fragment_timers(struct net_stack *net);
void fragment_free_all(struct net_stack *net);

/* icmp.c */
enum { ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_ECHO = 8, ICMP_TIME_EXCEEDED = 11 };
enum { ICMP_PROTOCOL_UNREACHABLE = 2, ICMP_PORT_UNREACHABLE = 3 };
struct ping {
    ip_addr_t ip;
    uint16_t id, sequence;
    uint64_t sent_us;
    bool answered;
    int error; /* -EHOSTUNREACH when somebody says so */
    uint32_t rtt_us;
    void *owner;
    struct ping *next;
};
void icmp_input(struct ip_packet *packet);
void icmp_error(struct ip_packet *about, uint8_t type, uint8_t code);
int ping_send(struct net_stack *net, struct ping *ping, size_t bytes); /* the caller sets ip and owner */
void ping_end(struct net_stack *net, struct ping *ping);
/* A neighbour does not answer: whoever wants to reach something through it may be told. */
void net_unreachable(struct net_stack *net, struct net_if *iface, ip_addr_t neighbour);

/* udp.c */
#define UDP_QUEUE_BYTES 65536
struct udp_endpoint {
    struct net_stack *net;
    ip_addr_t ip, peer_ip;
    uint16_t port, peer_port; /* a peer: takes nothing from others */
    struct net_if *iface;     /* set: from this one only */
    void (*handler)(void *context, ip_addr_t src, uint16_t port, const uint8_t *data, size_t bytes); /* else queued */
    void *context;
    struct packet *first, *last; /* each: address, port, datagram */
    size_t queued;
    int error;
    void *owner;
    struct udp_endpoint *next;
};
void udp_input(struct ip_packet *packet);
int udp_open(struct net_stack *net, struct udp_endpoint *ep, ip_addr_t ip, uint16_t port); /* port 0: a random one */
void udp_close(struct udp_endpoint *ep);
int udp_send(struct udp_endpoint *ep, ip_addr_t ip, uint16_t port, const void *data, size_t bytes);
int udp_receive(struct udp_endpoint *ep, void *data, size_t room, ip_addr_t *ip, uint16_t *port); /* or -EAGAIN */
void udp_unreachable(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t ip, uint16_t port);

/* dhcp.c */
int dhcp_start(struct net_if *iface); /* 0, -ENOMEM, -EADDRINUSE */
void dhcp_stop(struct net_if *iface);
void dhcp_timers(struct net_stack *net);
uint32_t dhcp_lease_left(const struct net_if *iface); /* seconds */
