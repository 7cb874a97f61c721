/* Between the HTTP server's workers and what each does with its connection. */
#pragma once
#include "http_server.h"

#define REPLY_HEAD_MAX 512
#define FILE_BLOCK 8192

struct http_connection {
    socket_t *socket;
    size_t bytes;              /* received and not yet served */
    struct http_head head;
    bool keep_alive, head_only;
    char in[HTTP_HEAD_MAX];
    char out[REPLY_HEAD_MAX + FILE_BLOCK];
};
void http_serve(struct http_connection *c); /* its requests, until it ends; the socket stays the caller's */
void http_server_count(int status);         /* a request was answered so */
