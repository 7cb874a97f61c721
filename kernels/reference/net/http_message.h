/* HTTP messages as text (RFC 9112): heads, how long a body is, chunks. Pure functions over bytes that may be anything. */
#pragma once
#include <auton/types.h>

#define HTTP_HEAD_MAX 8192
#define HTTP_LENGTH_NONE UINT64_MAX /* until the connection ends, or no body in a request */

/* Bytes of the head with its empty line; 0 when it is not whole yet. */
size_t http_head_bytes(const char *data, size_t bytes);

struct http_head {
    const char *text;      /* the fields, each line ended by CR LF or LF; not terminated */
    size_t bytes;
    int minor;             /* HTTP/1.minor */
    char method[8];        /* request */
    const char *target;    /* request; not terminated */
    size_t target_bytes;
    int status;            /* response */
    uint64_t length;       /* of the body; HTTP_LENGTH_NONE */
    bool chunked, keep_alive;
};
/* False: this is no HTTP/1.x, or it contradicts itself about its length. */
bool http_parse_request(const char *data, size_t bytes, struct http_head *out);
bool http_parse_response(const char *data, size_t bytes, struct http_head *out);
/* The value of a field, copied and trimmed; false when there is none. Names do not care about case. */
bool http_field(const struct http_head *head, const char *name, char *out, size_t size);

/* A chunked body, fed as it comes. */
struct http_chunks {
    enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_DONE, CHUNK_BAD } state;
    uint64_t left;         /* of the chunk */
    unsigned digits;
    size_t line, ignored;  /* bytes of the trailer's line; of extensions and trailers in all */
};
/* Takes some of `data`; returns how many bytes. A piece of the body among them is at *piece, *piece_bytes long. Feed
 * the rest again until all is taken or the state is CHUNK_DONE or CHUNK_BAD. */
size_t http_chunks_feed(struct http_chunks *c, const char *data, size_t bytes, const char **piece, size_t *piece_bytes);

struct http_url {
    char host[256];
    uint16_t port;
    const char *path; /* within the text given, or "/" */
};
int http_parse_url(const char *text, struct http_url *out); /* 0, -EINVAL, -EPROTONOSUPPORT */
/* Where `location` leads from `base`; false when it does not fit. */
bool http_resolve_url(const char *base, const char *location, char *out, size_t size);
/* Decodes %xx of a request's path up to ? or #, and refuses one that leaves its root. */
bool http_decode_path(const char *target, size_t bytes, char *out, size_t size);
