/* The file systems of the kernel as part of an ordinary program, see host.c. */
#pragma once
#include "fs_internal.h"

extern bool host_verbose;        /* print the log */
void host_start(void);           /* mounts a root in memory, with /mnt */
size_t host_pages_used(void);
