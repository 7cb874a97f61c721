/* The first root file system. */
#pragma once
#include <auton/types.h>

void initramfs_mount(void); /* at /, from the image in the kernel and those that the boot loader brought */
/* Makes the files of an archive below the directory `base` ("" for the root): how many. -EBADMSG where the archive is
 * damaged; what came before is there. The archive stays in use. */
int initramfs_unpack(const char *base, const void *archive, size_t size, size_t *bytes);
