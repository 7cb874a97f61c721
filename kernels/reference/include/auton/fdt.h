/* Reader of a flattened device tree (Devicetree Specification, chapter 5). fdt_open() checks the whole blob once; no
 * function leaves it after that, whatever it holds, and what makes no sense reads as absent. Nothing is allocated,
 * the blob must stay where it is. Uses nothing of the kernel but string.h, so that it also builds on a host. */
#pragma once
#include <auton/types.h>

#define FDT_MAX_SIZE MB(2)
#define FDT_MAX_DEPTH 16
#define FDT_MAX_CELLS 4 /* of an address, a size or an interrupt */
#define FDT_NONE 0u     /* no such node */
#define FDT_RESERVATION_BYTES 16u

typedef uint32_t fdt_node_t; /* where the node begins in the blob */

struct fdt {
    const uint8_t *blob;
    uint32_t size;                           /* bytes, all of the blob */
    uint32_t reservations, reservation_count; /* offsets of the blocks from here on */
    uint32_t structure, structure_end;
    uint32_t strings, strings_end;
    fdt_node_t root;
};
struct fdt_range {
    uint64_t base, size;                     /* as the processor sees it; bytes */
};
struct fdt_window {                          /* a row of `ranges` */
    uint32_t space;                          /* first cell of a three-cell (PCI) bus address, else 0 */
    uint64_t bus, cpu, size;                 /* bus address, processor address, bytes */
};
struct fdt_interrupt {
    fdt_node_t controller;
    uint32_t cells[FDT_MAX_CELLS], count;    /* in the controller's own terms */
};

/* Takes a tree of at most `available` bytes. NULL, or why it is refused. */
const char *fdt_open(struct fdt *tree, const void *blob, size_t available);

/* --- nodes --- */
fdt_node_t fdt_next(const struct fdt *tree, fdt_node_t node); /* the whole tree, parents first; FDT_NONE at its end */
fdt_node_t fdt_first_child(const struct fdt *tree, fdt_node_t node);
fdt_node_t fdt_next_sibling(const struct fdt *tree, fdt_node_t node);
fdt_node_t fdt_parent(const struct fdt *tree, fdt_node_t node);
const char *fdt_name(const struct fdt *tree, fdt_node_t node); /* "uart@9000000"; "" for the root */
/* "/soc/serial@10000000"; a unit address may be left out, and a path without the slash begins with an alias. */
fdt_node_t fdt_find_path(const struct fdt *tree, const char *path);
fdt_node_t fdt_find_phandle(const struct fdt *tree, uint32_t phandle);
/* The next node behind `after` (FDT_NONE: the first) that is compatible and not disabled. */
fdt_node_t fdt_find_compatible(const struct fdt *tree, fdt_node_t after, const char *compatible);
bool fdt_is_compatible(const struct fdt *tree, fdt_node_t node, const char *compatible);
bool fdt_is_enabled(const struct fdt *tree, fdt_node_t node);

/* --- properties --- */
const uint8_t *fdt_property(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t *length); /* or NULL */
bool fdt_cell(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t index, uint32_t *out);
bool fdt_number(const struct fdt *tree, fdt_node_t node, const char *name, uint64_t *out); /* of one or two cells */
const char *fdt_string(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t index); /* or NULL */
uint32_t fdt_cell_at(const uint8_t *p); /* a big-endian cell */

/* --- addresses (fdt_address.c): false when there is no entry `index`, or it cannot be reached by the processor --- */
bool fdt_reg(const struct fdt *tree, fdt_node_t node, uint32_t index, struct fdt_range *out);
bool fdt_window(const struct fdt *tree, fdt_node_t bus, uint32_t index, struct fdt_window *out);
/* RAM, all `/memory` nodes as one list; what nobody may touch, from the reservation block and `/reserved-memory`. */
bool fdt_memory(const struct fdt *tree, uint32_t index, struct fdt_range *out);
bool fdt_reserved(const struct fdt *tree, uint32_t index, struct fdt_range *out);
/* `/chosen`: the initial ramdisk, and the node that stdout-path names (FDT_NONE without one). */
bool fdt_initrd(const struct fdt *tree, struct fdt_range *out);
fdt_node_t fdt_stdout(const struct fdt *tree);

/* --- interrupts (fdt_interrupt.c) --- */
bool fdt_interrupt(const struct fdt *tree, fdt_node_t node, uint32_t index, struct fdt_interrupt *out);
/* Pin 1 (INTA) to 4 of a function on the root bus of a PCI host bridge. */
bool fdt_pci_interrupt(const struct fdt *tree, fdt_node_t host, uint8_t dev, uint8_t pin, struct fdt_interrupt *out);
