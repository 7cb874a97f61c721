/* Messages between threads over numbered channels, and the channel to the SLM. */
#pragma once
#include <auton/types.h>

#define IPC_MAGIC 0x49504321u
#define IPC_MAX_PAYLOAD 4096
#define IPC_RING_SLOTS 64
#define IPC_MAX_CHANNELS 256
#define IPC_SLM_RING_SLOTS 128

enum ipc_type { /* the high byte is the family */
    IPC_GENERAL = 0x0000, IPC_SLM_QUERY = 0x0100, IPC_SLM_REPLY = 0x0101, IPC_DEVICE = 0x0200,
    IPC_DRIVER = 0x0300, IPC_SYSTEM = 0x0400, IPC_NET = 0x0500, IPC_PACKAGE = 0x0600
};
enum ipc_flag { IPC_URGENT = 1, IPC_REPLY = 2, IPC_BROADCAST = 4, IPC_SLM = 8 };
enum ipc_error {
    IPC_OK = 0, IPC_EINVAL = -1, IPC_ENOCHANNEL = -2, IPC_EFULL = -3, IPC_EEMPTY = -4,
    IPC_ETOOBIG = -5, IPC_ENOMEM = -6, IPC_ETIMEOUT = -7, IPC_EPERM = -8
};

typedef struct ipc_header {
    uint32_t magic;
    uint32_t type;
    uint32_t sender, receiver;
    uint64_t timestamp; /* ms since boot */
    uint32_t length;    /* payload bytes */
    uint32_t sequence;  /* per channel, from 1 */
    uint32_t flags;
} ipc_header_t;

typedef struct ipc_message {
    ipc_header_t header;
    uint8_t payload[IPC_MAX_PAYLOAD];
} ipc_message_t;

typedef int ipc_channel_t; /* >= 0, or an ipc_error */
ipc_channel_t ipc_channel_create(const char *name);
ipc_channel_t ipc_channel_find(const char *name);
int ipc_channel_destroy(ipc_channel_t ch);
int ipc_send(ipc_channel_t ch, uint32_t type, uint32_t flags, const void *payload, uint32_t length);
int ipc_receive(ipc_channel_t ch, ipc_message_t *out, uint32_t timeout_ms); /* 0 waits for ever */
int ipc_try_receive(ipc_channel_t ch, ipc_message_t *out);
int ipc_broadcast(uint32_t type, const void *payload, uint32_t length);     /* number of channels reached */

/* The SLM channel: requests are served urgent first; a request waits for its own reply. */
int ipc_slm_request(const char *text, uint32_t session, uint32_t flags, char *reply, uint32_t size, uint32_t timeout_ms);
int ipc_slm_next(ipc_message_t *out, uint32_t timeout_ms);                  /* the SLM thread's side */
uint32_t ipc_slm_session(const ipc_message_t *request);
const char *ipc_slm_text(const ipc_message_t *request);                     /* terminated */
int ipc_slm_reply(const ipc_message_t *request, const char *text);
