/* Addresses as text. */
#include <auton/klog.h>
#include <auton/net.h>

const char *ip_format(ip_addr_t ip, char out[IP_TEXT]) {
    ksnprintf(out, IP_TEXT, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
    return out;
}

bool ip_parse(const char *text, ip_addr_t *out) {
    ip_addr_t ip = 0;
    for (int part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++)
            value = value * 10 + (unsigned)(*text - '0');
        if (!digits || value > 255 || *text++ != (part < 3 ? '.' : '\0'))
            return false;
        ip = ip << 8 | value;
    }
    *out = ip;
    return true;
}
