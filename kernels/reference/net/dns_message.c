/* DNS messages (RFC 1035): a question for one address, and what an answer says to it. */
#include <auton/errno.h>
#include <auton/string.h>
#include "dns.h"

#define HEADER 12
#define MAX_ALIASES 8
#define NEGATIVE_TTL_S 30

enum { TYPE_A = 1, TYPE_CNAME = 5, CLASS_IN = 1 };
enum { FLAG_ANSWER = 0x8000, OPCODE = 0x7800, RCODE = 15, FLAG_RECURSION = 0x0100, NO_SUCH_NAME = 3 };

bool dns_normalize(const char *name, char out[DNS_NAME_MAX]) {
    size_t length = strnlen(name, DNS_NAME_MAX + 1), label = 0;
    if (length && name[length - 1] == '.')
        length--;
    if (!length || length >= DNS_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (c <= ' ' || c > '~' || (c == '.' && !label))
            return false;
        label = c == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    out[length] = '\0';
    return label > 0;
}

size_t dns_write(const char *name, uint16_t id, uint8_t out[DNS_MESSAGE_MAX]) {
    memset(out, 0, HEADER);
    put16(out, id);
    put16(out + 2, FLAG_RECURSION);
    put16(out + 4, 1);
    uint8_t *o = out + HEADER;
    while (*name) {
        const char *dot = strchr(name, '.');
        size_t length = dot ? (size_t)(dot - name) : strlen(name);
        *o++ = (uint8_t)length;
        memcpy(o, name, length);
        o += length;
        name += length + (dot != NULL);
    }
    *o++ = 0;
    put16(o, TYPE_A);
    put16(o + 2, CLASS_IN);
    return (size_t)(o + 4 - out);
}

/* Reads the name at `at`; returns where the next thing begins, 0 when it is damaged. Pointers only lead backwards, so
 * every name ends. */
static size_t read_name(const uint8_t *data, size_t bytes, size_t at, char out[DNS_NAME_MAX]) {
    size_t used = 0, after = 0, limit = at;
    for (;;) {
        if (at >= bytes)
            return 0;
        uint8_t length = data[at];
        if (length >= 0xC0) {
            if (at + 2 > bytes)
                return 0;
            size_t target = (size_t)(get16(data + at) & 0x3FFF);
            if (!after)
                after = at + 2;
            if (target >= limit)
                return 0;
            at = limit = target;
            continue;
        }
        at++;
        if (length == 0)
            break;
        if (length > 63 || at + length > bytes || used + length + 1 >= DNS_NAME_MAX)
            return 0;
        if (used)
            out[used++] = '.';
        for (size_t i = 0; i < length; i++, at++) {
            uint8_t c = data[at];
            out[used++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c ? (char)c : '?';
        }
    }
    out[used] = '\0';
    return after ? after : at;
}

struct record {
    char name[DNS_NAME_MAX];
    uint16_t type, class;
    uint32_t ttl;
    size_t data, bytes;
};

static size_t read_record(const uint8_t *data, size_t bytes, size_t at, struct record *out) {
    at = read_name(data, bytes, at, out->name);
    if (!at || at + 10 > bytes)
        return 0;
    out->type = get16(data + at);
    out->class = get16(data + at + 2);
    out->ttl = get32(data + at + 4);
    out->bytes = get16(data + at + 8);
    out->data = at + 10;
    return out->data + out->bytes <= bytes ? out->data + out->bytes : 0;
}

/* The address of `name` among the answers, or the name that it is an alias for, copied to `name`. */
enum found { FOUND_NOTHING, FOUND_ADDRESS, FOUND_ALIAS };
static enum found look_for(const uint8_t *data, size_t bytes, size_t at, char name[DNS_NAME_MAX], ip_addr_t *ip, uint32_t *ttl) {
    struct record r;
    for (unsigned left = get16(data + 6); left > 0; left--) {
        at = read_record(data, bytes, at, &r);
        if (!at)
            return FOUND_NOTHING;
        if (r.class != CLASS_IN || strcmp(r.name, name) != 0)
            continue;
        if (r.type == TYPE_A && r.bytes == 4) {
            *ip = get32(data + r.data);
            *ttl = r.ttl < *ttl ? r.ttl : *ttl;
            return FOUND_ADDRESS;
        }
        if (r.type == TYPE_CNAME && read_name(data, bytes, r.data, name)) {
            *ttl = r.ttl < *ttl ? r.ttl : *ttl;
            return FOUND_ALIAS;
        }
    }
    return FOUND_NOTHING;
}

int dns_read(const uint8_t *data, size_t bytes, uint16_t id, const char *name, ip_addr_t *ip, uint32_t *ttl_s) {
    char current[DNS_NAME_MAX];
    if (bytes < HEADER || get16(data) != id || get16(data + 4) != 1)
        return -EAGAIN;
    uint16_t flags = get16(data + 2);
    size_t at = read_name(data, bytes, HEADER, current);
    if (!(flags & FLAG_ANSWER) || (flags & OPCODE) || !at || at + 4 > bytes || strcmp(current, name) != 0 ||
        get16(data + at) != TYPE_A || get16(data + at + 2) != CLASS_IN)
        return -EAGAIN;
    at += 4;
    *ttl_s = NEGATIVE_TTL_S;
    if ((flags & RCODE) == NO_SUCH_NAME)
        return -ENOENT;
    if ((flags & RCODE) != 0)
        return -EIO;
    *ttl_s = UINT32_MAX;
    for (unsigned aliases = 0; aliases <= MAX_ALIASES; aliases++)
        switch (look_for(data, bytes, at, current, ip, ttl_s)) {
        case FOUND_ADDRESS: return 0;
        case FOUND_NOTHING: *ttl_s = NEGATIVE_TTL_S; return -ENOENT;
        case FOUND_ALIAS: break;
        }
    *ttl_s = NEGATIVE_TTL_S;
    return -ENOENT;
}
