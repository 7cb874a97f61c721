/* Heads of HTTP messages: what they ask, what they say, how long the body is. */
#include <auton/string.h>
#include "http_message.h"

size_t http_head_bytes(const char *data, size_t bytes) {
    size_t line = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (data[i] != '\n')
            continue;
        if (i > 0 && (i == line || (i == line + 1 && data[line] == '\r')))
            return i + 1;
        line = i + 1;
    }
    return 0;
}

static bool same_name(const char *a, const char *name, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        char x = a[i], y = name[i];
        x = x >= 'A' && x <= 'Z' ? (char)(x | 0x20) : x;
        y = y >= 'A' && y <= 'Z' ? (char)(y | 0x20) : y;
        if (x != y || !y) /* bytes may be zero, too */
            return false;
    }
    return name[bytes] == '\0';
}

/* The next field from *at on; false at the end. *ok turns false when a line is none. */
struct field {
    const char *name, *value;
    size_t name_bytes, value_bytes;
};
static bool next_field(const struct http_head *h, size_t *at, struct field *f, bool *ok) {
    size_t start = *at, end = start;
    while (end < h->bytes && h->text[end] != '\n')
        end++;
    if (end >= h->bytes)
        return false;
    *at = end + 1;
    if (end > start && h->text[end - 1] == '\r')
        end--;
    if (end == start)
        return false;
    size_t colon = start;
    while (colon < end && h->text[colon] > ' ' && h->text[colon] != ':')
        colon++;
    if (colon == start || colon == end || h->text[colon] != ':') {
        *ok = false; /* also folded lines and blanks before the colon: both are tricks by now */
        return false;
    }
    f->name = h->text + start;
    f->name_bytes = colon - start;
    start = colon + 1;
    while (start < end && (h->text[start] == ' ' || h->text[start] == '\t'))
        start++;
    while (end > start && (h->text[end - 1] == ' ' || h->text[end - 1] == '\t'))
        end--;
    f->value = h->text + start;
    f->value_bytes = end - start;
    return true;
}

bool http_field(const struct http_head *h, const char *name, char *out, size_t size) {
    struct field f;
    size_t at = 0;
    bool ok = true;
    while (next_field(h, &at, &f, &ok))
        if (same_name(f.name, name, f.name_bytes)) {
            size_t n = f.value_bytes < size - 1 ? f.value_bytes : size - 1;
            for (size_t i = 0; i < n; i++)
                out[i] = f.value[i] ? f.value[i] : '?';
            out[n] = '\0';
            return true;
        }
    return false;
}

static bool read_number(const char *text, size_t bytes, uint64_t *out) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (UINT64_MAX - 10) / 10)
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *out = value;
    return bytes > 0;
}

/* What the fields say about the body and the connection. Two lengths that differ, or a length beside chunks in a
 * request, are how one message is smuggled into another. */
static bool read_fields(struct http_head *h, bool request) {
    struct field f;
    size_t at = 0;
    bool ok = true, close = false, keep = false;
    h->length = HTTP_LENGTH_NONE;
    while (next_field(h, &at, &f, &ok)) {
        if (same_name(f.name, "content-length", f.name_bytes)) {
            uint64_t length;
            if (!read_number(f.value, f.value_bytes, &length) || (h->length != HTTP_LENGTH_NONE && h->length != length))
                return false;
            h->length = length;
        } else if (same_name(f.name, "transfer-encoding", f.name_bytes)) {
            if (!same_name(f.value, "chunked", f.value_bytes) || h->chunked)
                return false;
            h->chunked = true;
        } else if (same_name(f.name, "connection", f.name_bytes)) {
            close |= same_name(f.value, "close", f.value_bytes);
            keep |= same_name(f.value, "keep-alive", f.value_bytes);
        }
    }
    h->keep_alive = !close && (h->minor >= 1 || keep);
    if (h->chunked && request && h->length != HTTP_LENGTH_NONE)
        return false;
    if (h->chunked)
        h->length = HTTP_LENGTH_NONE;
    return ok;
}

static bool read_version(const char *text, size_t bytes, int *minor) {
    if (bytes != 8 || strncmp(text, "HTTP/1.", 7) != 0 || text[7] < '0' || text[7] > '9')
        return false;
    *minor = text[7] - '0';
    return true;
}

static size_t first_line(const char *data, size_t bytes, struct http_head *out) {
    size_t end = 0;
    while (end < bytes && data[end] != '\n')
        end++;
    if (end == bytes)
        return 0;
    out->text = data + end + 1;
    out->bytes = bytes - end - 1;
    return end > 0 && data[end - 1] == '\r' ? end - 1 : end;
}

bool http_parse_request(const char *data, size_t bytes, struct http_head *out) {
    memset(out, 0, sizeof *out);
    size_t line = first_line(data, bytes, out), a = 0, b;
    while (a < line && data[a] != ' ')
        a++;
    for (b = a + 1; b < line && data[b] > ' ' && data[b] < 127; b++)
        continue;
    if (a == 0 || a >= sizeof out->method || b >= line || data[b] != ' ' || b == a + 1 ||
        !read_version(data + b + 1, line - b - 1, &out->minor))
        return false;
    memcpy(out->method, data, a);
    out->method[a] = '\0';
    out->target = data + a + 1;
    out->target_bytes = b - a - 1;
    return read_fields(out, true);
}

bool http_parse_response(const char *data, size_t bytes, struct http_head *out) {
    memset(out, 0, sizeof *out);
    size_t line = first_line(data, bytes, out);
    uint64_t status;
    if (line < 12 || !read_version(data, 8, &out->minor) || data[8] != ' ' || !read_number(data + 9, 3, &status) ||
        status < 100 || (line > 12 && data[12] != ' '))
        return false;
    out->status = (int)status;
    return read_fields(out, false);
}
