/* Included before every C file: the kernel is one image, so no symbol needs the detour over a global offset table. */
#pragma GCC visibility push(hidden)
