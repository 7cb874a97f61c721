/* TCP (RFC 9293): the connection and what the files of the protocol share about it. */
#pragma once
#include "stack.h"

#define TCP_BUFFER_FIRST 16384u /* bytes to send, bytes to read, of each connection: powers of two */
#define TCP_BUFFER_MOST 65536u  /* of one that moves many */
#define TCP_MSS (NET_MTU - IPV4_HEADER - TCP_HEADER)
#define TCP_DEFAULT_MSS 536
#define TCP_RANGES 16           /* pieces out of order that are kept */
#define TCP_MAX_CONNECTIONS 1024 /* without those in TIME_WAIT */
#define TCP_MAX_TIME_WAIT 1024  /* the oldest gives way */

#define TCP_RTO_FIRST_MS 1000
#define TCP_RTO_MIN_MS 200
#define TCP_RTO_MAX_MS 60000
#define TCP_RETRIES 8
#define TCP_SYN_RETRIES 5
#define TCP_TIME_WAIT_MS 60000  /* twice the longest life of a segment */
#define TCP_FIN_WAIT_2_MS 60000 /* a peer that never closes, once nobody is here to read */
#define TCP_ACK_DELAY_MS 40
#define TCP_ACK_EVERY 8         /* segments that come together, at most, for one acknowledgement */
#define TCP_KEEPALIVE_EVERY_MS 75000
#define TCP_KEEPALIVE_PROBES 9

enum tcp_state {
    TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
    TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT
};
enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

struct ring {
    uint8_t *data; /* NULL until the first is needed */
    uint32_t head, used, size;
};
struct range {
    uint32_t start, end;
};

struct tcp_conn {
    struct net_stack *net;
    struct tcp_conn *hash_next, *prev, *next; /* its bucket; all of them, or those in TIME_WAIT, oldest first */
    ip_addr_t local_ip, remote_ip;
    uint16_t local_port, remote_port;
    enum tcp_state state;
    int error;        /* why it ended, for who asks next */
    void *owner;
    bool orphan;      /* nobody holds it any more: freed when it ends */
    bool nodelay;

    /* sending: una <= nxt <= max; the ring begins at una. After a time-out nxt goes back and max stays. */
    uint32_t iss, snd_una, snd_nxt, snd_max, snd_wnd, snd_wl1, snd_wl2, snd_wnd_max;
    bool scaling;     /* both sides said that they know of it */
    uint8_t snd_scale;
    uint16_t mss;
    struct ring tx;
    bool fin_queued;  /* after what is in the ring */

    /* receiving: the ring ends at rcv_nxt; what is out of order lies behind that, where it belongs */
    uint32_t irs, rcv_nxt, rcv_adv; /* rcv_adv: end of the window that the peer knows of */
    struct ring rx;
    uint32_t read_since; /* bytes since the ring has its size */
    struct range ranges[TCP_RANGES]; /* sorted, apart from each other */
    unsigned range_count;
    bool fin_seen;
    uint32_t fin_seq;
    unsigned unacked; /* segments */

    /* timers, ms; 0: off */
    uint64_t retransmit_at, ack_at, probe_at, keepalive_at, end_at;
    unsigned retries, probes; /* without an answer; of this closed window */
    uint32_t keepalive_idle_s;
    unsigned keepalive_sent;
    uint64_t oow_at;  /* when a segment outside of the window was last answered */

    /* round trips and congestion, tcp_congestion.c */
    uint32_t srtt8, rttvar4, rto; /* ms, times 8, times 4, ms */
    bool timing;
    uint32_t timed_seq;
    uint64_t timed_at;
    uint32_t cwnd, ssthresh, recover;
    unsigned dupacks;
    bool recovering;

    /* listening */
    unsigned backlog, pending, ready; /* not yet established; established and not yet accepted */
    struct tcp_conn *listener;        /* of one that has not been accepted */
    struct tcp_conn *queue_next, *queue; /* its listener's queue, in order of arrival */
};

struct tcp_segment {
    ip_addr_t src, dst;
    uint16_t src_port, dst_port;
    uint32_t seq, ack, window;
    uint8_t flags;
    uint16_t mss;          /* 0: no such option */
    int scale;             /* -1: no such option */
    const uint8_t *data;
    uint32_t bytes;
};

static inline bool seq_lt(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) < 0;
}
static inline bool seq_le(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) <= 0;
}

/* For sockets. What can wait returns -EAGAIN, and the owner is notified when it is worth another try. */
struct tcp_conn *tcp_listen(struct net_stack *net, ip_addr_t ip, uint16_t port, unsigned backlog, int *error);
struct tcp_conn *tcp_accept(struct tcp_conn *listener); /* NULL: none there */
struct tcp_conn *tcp_connect(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t ip, uint16_t port, int *error);
int tcp_connected(struct tcp_conn *c); /* 0, -EAGAIN, or why not */
int tcp_read(struct tcp_conn *c, void *data, size_t room); /* bytes; 0: the peer has ended */
int tcp_write(struct tcp_conn *c, const void *data, size_t bytes); /* bytes taken */
int tcp_shutdown(struct tcp_conn *c);
void tcp_set_keepalive(struct tcp_conn *c, uint32_t idle_s);
void tcp_close(struct tcp_conn *c); /* gives it up: what was written still goes out */
const char *tcp_state_name(enum tcp_state state);
struct tcp_conn *tcp_next(struct net_stack *net, struct tcp_conn *c); /* all of them; NULL begins, NULL ends */

/* For the stack. */
int tcp_init(struct net_stack *net);
void tcp_free(struct net_stack *net);
void tcp_input(struct ip_packet *packet);
void tcp_timers(struct net_stack *net);
void tcp_input_done(struct net_stack *net); /* nothing more is there now: what waited for more is acknowledged */
void tcp_address_gone(struct net_stack *net, ip_addr_t ip);
void tcp_unreachable(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t ip, uint16_t port, uint32_t seq, int error);
void tcp_neighbour_gone(struct net_stack *net, struct net_if *iface, ip_addr_t neighbour);

/* tcp_table.c: who is there */
struct tcp_conn *tcp_find(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t remote, uint16_t remote_port);
struct tcp_conn *tcp_find_listener(struct net_stack *net, ip_addr_t ip, uint16_t port);
struct tcp_conn *tcp_new(struct net_stack *net, ip_addr_t local, uint16_t local_port, ip_addr_t remote, uint16_t remote_port);
void tcp_time_wait(struct tcp_conn *c);
void tcp_end(struct tcp_conn *c, int error); /* closed now; `c` is gone when nobody holds it */

/* tcp_output.c */
void tcp_output(struct tcp_conn *c);      /* what may be sent */
void tcp_send_ack(struct tcp_conn *c);
void tcp_ack_soon(struct tcp_conn *c);    /* once nothing more is there */
void tcp_send_syn(struct tcp_conn *c);
/* The first segment that is not acknowledged, again; returns how much of the sequence it takes. */
uint32_t tcp_send_first(struct tcp_conn *c);
void tcp_send_probe(struct tcp_conn *c);
void tcp_send_reset(struct tcp_conn *c);
void tcp_challenge(struct tcp_conn *c);   /* to a segment that may be forged: our state, so that an honest peer can react */
void tcp_refuse(struct net_stack *net, const struct tcp_segment *about); /* a reset to a segment of no connection */
uint32_t tcp_window(const struct tcp_conn *c); /* bytes that may come */

/* tcp_segment.c */
bool tcp_parse(const struct ip_packet *packet, struct tcp_segment *out); /* false: damaged, or from nobody */
uint32_t tcp_segment_length(const struct tcp_segment *s);                /* in sequence numbers */

/* tcp_ring.c; offsets are from the first byte that is there */
bool ring_ready(struct ring *ring); /* has its memory now; false: there is none */
bool ring_grow(struct ring *ring);  /* to twice its size; what lies behind its end is lost. False: no more, or no memory */
void ring_store(struct ring *ring, uint32_t offset, const void *data, uint32_t bytes);
void ring_read(const struct ring *ring, void *out, uint32_t offset, uint32_t bytes);
void ring_pieces(const struct ring *ring, uint32_t offset, uint32_t bytes, struct piece pieces[2]);
void ring_drop(struct ring *ring, uint32_t bytes); /* the first ones */
void ring_free(struct ring *ring);                 /* to its first size, without memory */

/* tcp_receive.c */
void tcp_take_data(struct tcp_conn *c, uint32_t seq, const uint8_t *data, uint32_t bytes);

/* tcp_congestion.c */
void tcp_congestion_start(struct tcp_conn *c);
void tcp_time_segment(struct tcp_conn *c, uint32_t seq);
void tcp_on_ack(struct tcp_conn *c, uint32_t acked);  /* snd_una has moved */
void tcp_on_dupack(struct tcp_conn *c);
void tcp_on_timeout(struct tcp_conn *c);
