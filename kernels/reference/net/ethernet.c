/* Ethernet frames: whose they are and what is in them. */
#include <auton/string.h>
#include "stack.h"

static const uint8_t everybody[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

void net_input(struct net_if *iface, const uint8_t *frame, size_t bytes) {
    struct net_stack *net = iface->net;
    net_update_time(net);
    if (bytes < ETH_HEADER ||
        (memcmp(frame, iface->mac, 6) != 0 && memcmp(frame, everybody, 6) != 0) || (frame[6] & 1)) {
        net->dropped++; /* also frames that claim to come from a group */
        return;
    }
    const uint8_t *payload = frame + ETH_HEADER;
    switch (get16(frame + 12)) {
    case ETH_TYPE_ARP: arp_input(iface, payload, bytes - ETH_HEADER); break;
    case ETH_TYPE_IPV4: ipv4_input(iface, payload, bytes - ETH_HEADER); break;
    default: net->dropped++;
    }
}

void eth_send(struct net_if *iface, const uint8_t dst[6], uint16_t type, uint8_t *frame, size_t payload) {
    memcpy(frame, dst ? dst : everybody, 6);
    memcpy(frame + 6, iface->mac, 6);
    put16(frame + 12, type);
    if (iface->transmit(iface->card, frame, ETH_HEADER + payload) != 0)
        iface->net->dropped++; /* as a link may lose it: who needs it sends it again */
}
