/* What TCP keeps for a whole stack: private to tcp_table.c and the walk of its timers. */
#pragma once
#include "tcp.h"

#define TCP_BUCKETS 256

struct tcp_list {
    struct tcp_conn *first, *last;
    unsigned count;
};
struct tcp_state_of_stack {
    struct tcp_conn *hash[TCP_BUCKETS];
    uint32_t hash_secret;
    struct tcp_list active, waiting;
    struct tcp_conn *acking; /* owes an acknowledgement at the end of what has come together; NULL: nobody */
    uint64_t challenge_second;
    unsigned challenges; /* acknowledgements to suspicious segments in that second */
};
