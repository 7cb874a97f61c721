/* The running kernel as a file. */
#pragma once

int own_image_write(const char *path); /* an ELF file that every loader of this kernel takes; 0 or -errno */
