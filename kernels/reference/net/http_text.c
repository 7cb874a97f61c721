/* The small languages around HTTP messages: chunks, URLs, paths with %xx. */
#include <auton/errno.h>
#include <auton/string.h>
#include "http_message.h"

#define IGNORED_MAX 8192 /* bytes of chunk extensions and trailers that nobody reads */

static int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void one_byte(struct http_chunks *c, char byte) {
    int digit;
    switch (c->state) {
    case CHUNK_SIZE:
        digit = hex(byte);
        if (digit >= 0 && c->digits < 15) {
            c->left = c->left << 4 | (uint64_t)digit;
            c->digits++;
        } else if (digit < 0 && c->digits && (byte == ';' || byte == ' ' || byte == '\t' || byte == '\r')) {
            c->state = CHUNK_EXTENSION;
        } else if (byte == '\n' && c->digits) {
            c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER;
        } else {
            c->state = CHUNK_BAD;
        }
        break;
    case CHUNK_EXTENSION:
        if (byte == '\n')
            c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER;
        else if (++c->ignored > IGNORED_MAX)
            c->state = CHUNK_BAD;
        break;
    case CHUNK_DATA_END:
        if (byte == '\n') {
            c->state = CHUNK_SIZE;
            c->digits = 0;
        } else if (byte != '\r') {
            c->state = CHUNK_BAD;
        }
        break;
    case CHUNK_TRAILER:
        if (byte == '\n') {
            c->state = c->line ? CHUNK_TRAILER : CHUNK_DONE;
            c->line = 0;
        } else if (byte != '\r' && (c->line++, ++c->ignored > IGNORED_MAX)) {
            c->state = CHUNK_BAD;
        }
        break;
    default: break;
    }
}

size_t http_chunks_feed(struct http_chunks *c, const char *data, size_t bytes, const char **piece, size_t *piece_bytes) {
    *piece_bytes = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (c->state == CHUNK_DONE || c->state == CHUNK_BAD)
            return i;
        if (c->state != CHUNK_DATA) {
            one_byte(c, data[i]);
            continue;
        }
        size_t n = bytes - i < c->left ? bytes - i : (size_t)c->left;
        *piece = data + i;
        *piece_bytes = n;
        c->left -= n;
        if (!c->left)
            c->state = CHUNK_DATA_END;
        return i + n;
    }
    return bytes;
}

int http_parse_url(const char *text, struct http_url *out) {
    size_t n = 0;
    if (strncmp(text, "https://", 8) == 0)
        return -EPROTONOSUPPORT;
    if (strncmp(text, "http://", 7) != 0)
        return -EINVAL;
    text += 7;
    while (text[n] && text[n] != '/' && text[n] != ':' && text[n] != '?' && text[n] != '#') {
        if (n + 1 >= sizeof out->host || text[n] <= ' ' || text[n] == '@' || text[n] > '~')
            return -EINVAL;
        out->host[n] = text[n];
        n++;
    }
    out->host[n] = '\0';
    out->port = 80;
    text += n;
    if (*text == ':') {
        uint32_t port = 0;
        unsigned digits = 0;
        for (text++; *text >= '0' && *text <= '9' && digits < 6; text++, digits++)
            port = port * 10 + (uint32_t)(*text - '0');
        if (!digits || port == 0 || port > 65535)
            return -EINVAL;
        out->port = (uint16_t)port;
    }
    if (!n || (*text && *text != '/' && *text != '?' && *text != '#'))
        return -EINVAL;
    out->path = text;
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return -EINVAL;
    return 0;
}

bool http_resolve_url(const char *base, const char *location, char *out, size_t size) {
    if (strncmp(location, "http://", 7) == 0 || strncmp(location, "https://", 8) == 0)
        return strlcpy(out, location, size) < size;
    if (location[0] == '/' && location[1] == '/')
        return strlcpy(out, "http:", size) < size && strlcat(out, location, size) < size;
    const char *end = base + 7; /* http:// */
    while (*end && *end != '/' && *end != '?' && *end != '#')
        end++;
    if (location[0] != '/') { /* beside the document that the base is */
        const char *slash = end;
        for (const char *p = end; *p && *p != '?' && *p != '#'; p++)
            slash = *p == '/' ? p : slash;
        end = slash;
    }
    size_t keep = (size_t)(end - base);
    if (keep + 2 > size)
        return false;
    memcpy(out, base, keep);
    out[keep] = '\0';
    if (location[0] != '/')
        strlcat(out, "/", size);
    return strlcat(out, location, size) < size;
}

bool http_decode_path(const char *target, size_t bytes, char *out, size_t size) {
    size_t used = 0, segment = 0;
    if (!bytes || target[0] != '/')
        return false;
    for (size_t i = 0; i <= bytes; i++) {
        char c = i < bytes ? target[i] : '/';
        bool end = i == bytes || c == '?' || c == '#';
        if (c == '%' && !end) {
            int high = i + 2 < bytes ? hex(target[i + 1]) : -1, low = high >= 0 ? hex(target[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
            if (c == '/')
                return false;
        }
        if (end || c == '/') { /* a whole segment lies before this */
            size_t n = used - segment;
            if ((n == 1 && out[segment] == '.') || (n == 2 && out[segment] == '.' && out[segment + 1] == '.'))
                return false;
            segment = used + 1;
        }
        if (end)
            break;
        if (c == '\0' || used + 1 >= size)
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}
