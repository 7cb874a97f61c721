/* Between the kernel's instance of the network and what decides about its addresses. */
#pragma once
#include "net_kernel.h"

/* With the lock held. */
int net_settings_remember(const char *card, const struct net_settings *s); /* 0, -ENOSPC; DHCP: forgets what there was */
/* Brings an interface to what it shall have: nothing unless `wanted`. */
void net_apply(struct net_if *iface, bool wanted, bool link_changed);

void net_settings_load(void); /* once, from where they are kept and from the command line */

/* Set where there are file systems (settings_file.c). */
extern void (*net_settings_load_hook)(void);
extern int (*net_settings_save_hook)(const char *path);
