/* Messages of DNS, DHCP and HTTP: the first byte says which reader gets the rest. */
#include "fuzz.h"
#include "../../../kernels/reference/net/dhcp_message.h"
#include "../../../kernels/reference/net/dns.h"
#include "../../../kernels/reference/net/http_message.h"
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>

#define MESSAGES 7

extern void *malloc(size_t bytes);
void *kmalloc(size_t bytes) {
    return bytes ? malloc(bytes) : NULL;
}

static void dns(const uint8_t *data, size_t size) {
    ip_addr_t ip;
    uint32_t ttl = 0;
    int status = dns_read(data, size, 0x1234, "example.net", &ip, &ttl);
    PROMISE(status == 0 || status == -ENOENT || status == -EIO || status == -EAGAIN);
}

static void dhcp(const uint8_t *data, size_t size) {
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    struct dhcp_answer a;
    if (dhcp_read(data, size, 0x12345678, mac, &a) && a.type != DHCP_NAK) {
        PROMISE(a.ip && a.mask && a.server && (~a.mask & (~a.mask + 1)) == 0);
        PROMISE(!a.gateway || ((a.gateway ^ a.ip) & a.mask) == 0);
    }
}

static void heads(const char *data, size_t size) {
    struct http_head head;
    char value[16];
    size_t bytes = http_head_bytes(data, size);
    PROMISE(bytes <= size);
    if (!bytes)
        return;
    if (http_parse_request(data, bytes, &head)) {
        PROMISE(head.target >= data && head.target + head.target_bytes <= data + bytes);
        PROMISE(!head.chunked || head.length == HTTP_LENGTH_NONE);
        http_field(&head, "host", value, sizeof value);
        PROMISE(strnlen(value, sizeof value) < sizeof value || !http_field(&head, "host", value, sizeof value));
    }
    if (http_parse_response(data, bytes, &head))
        PROMISE(head.status >= 100 && head.status <= 999);
}

static void chunks(const char *data, size_t size) {
    struct http_chunks c = {.state = CHUNK_SIZE};
    uint64_t body = 0;
    for (size_t at = 0; at < size && c.state != CHUNK_DONE && c.state != CHUNK_BAD;) {
        const char *piece = NULL;
        size_t piece_bytes, n = http_chunks_feed(&c, data + at, size - at, &piece, &piece_bytes);
        PROMISE(n > 0 && at + n <= size && (!piece_bytes || (piece >= data + at && piece + piece_bytes <= data + at + n)));
        touch(piece, piece_bytes);
        body += piece_bytes;
        at += n;
    }
    PROMISE(body <= size);
}

static void urls(const char *text) {
    struct http_url url;
    char out[128], decoded[64];
    if (http_parse_url(text, &url) == 0)
        PROMISE(url.port && url.host[0] && url.path >= text && url.path <= text + strlen(text));
    if (http_resolve_url("http://a.b/c/d", text, out, sizeof out))
        PROMISE(strlen(out) < sizeof out);
    if (http_decode_path(text, strlen(text), decoded, sizeof decoded))
        PROMISE(decoded[0] == '/' && !strstr(decoded, "/../") && strlen(decoded) < sizeof decoded);
}

static void names(const char *text) {
    char name[DNS_NAME_MAX];
    uint8_t message[DNS_MESSAGE_MAX];
    ip_addr_t ip;
    char again[IP_TEXT];
    if (dns_normalize(text, name))
        PROMISE(dns_write(name, 1, message) <= DNS_MESSAGE_MAX);
    if (ip_parse(text, &ip))
        PROMISE(ip_format(ip, again)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size)
        return 0;
    unsigned which = data[0] % MESSAGES;
    size--;
    char *copy = malloc(size + 1);
    memcpy(copy, data + 1, size);
    copy[size] = '\0';
    switch (which) {
    case 0: dns((const uint8_t *)copy, size); break;
    case 1: dhcp((const uint8_t *)copy, size); break;
    case 2: case 3: heads(copy, size); break;
    case 4: chunks(copy, size); break;
    case 5: urls(copy); break;
    default: names(copy);
    }
    kfree(copy);
    return 0;
}
