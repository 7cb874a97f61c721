/* Addresses in a device tree: cells, `reg`, the way up to the processor through each bus's `ranges`, and what that
 * says of memory. */
#include <auton/fdt.h>
#include <auton/string.h>

#define CELL 4u
#define DEFAULT_ADDRESS_CELLS 2u
#define DEFAULT_SIZE_CELLS 1u
#define PCI_CELLS 3u                  /* one of flags, two of address */
#define PCI_SPACE_MASK 0x03000000u    /* configuration, ports, memory, 64-bit memory */

struct layout {
    uint32_t address, size; /* cells */
};
struct bus_address {
    uint32_t space;
    uint64_t value;
};

static struct layout layout_of(const struct fdt *tree, fdt_node_t bus) {
    struct layout l = {DEFAULT_ADDRESS_CELLS, DEFAULT_SIZE_CELLS};
    fdt_cell(tree, bus, "#address-cells", 0, &l.address);
    fdt_cell(tree, bus, "#size-cells", 0, &l.size);
    return l;
}

static bool is_usable(struct layout l) {
    return l.address >= 1 && l.address <= PCI_CELLS && l.size <= 2;
}

static uint64_t number(const uint8_t *p, uint32_t cells) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < cells; i++)
        value = value << 32 | fdt_cell_at(p + i * CELL);
    return value;
}

static struct bus_address address(const uint8_t *p, uint32_t cells) {
    if (cells == PCI_CELLS)
        return (struct bus_address){fdt_cell_at(p), number(p + CELL, 2)};
    return (struct bus_address){0, number(p, cells)};
}

/* Row `index` of the bus's `ranges`, in terms of the bus above. */
static bool range_row(const struct fdt *tree, fdt_node_t bus, fdt_node_t above, uint32_t index, struct bus_address *from,
                      struct bus_address *to, uint64_t *size) {
    struct layout inner = layout_of(tree, bus), outer = layout_of(tree, above);
    uint32_t length, row = (inner.address + outer.address + inner.size) * CELL;
    const uint8_t *data = fdt_property(tree, bus, "ranges", &length);
    if (!data || !is_usable(inner) || !is_usable(outer) || index >= length / row)
        return false;
    data += index * row;
    *from = address(data, inner.address);
    *to = address(data + inner.address * CELL, outer.address);
    *size = number(data + (inner.address + outer.address) * CELL, inner.size);
    return true;
}

/* From an address on `bus` to one of the processor. A bus without `ranges` is not reached from above, one with an
 * empty one passes every address on. */
static bool translate(const struct fdt *tree, fdt_node_t bus, struct bus_address *a, uint64_t size) {
    for (fdt_node_t above; bus != tree->root; bus = above) {
        uint32_t length;
        above = fdt_parent(tree, bus);
        if (above == FDT_NONE || !fdt_property(tree, bus, "ranges", &length))
            return false;
        struct bus_address from, to;
        uint64_t bytes;
        bool found = length == 0;
        for (uint32_t i = 0; !found && range_row(tree, bus, above, i, &from, &to, &bytes); i++) {
            found = (from.space & PCI_SPACE_MASK) == (a->space & PCI_SPACE_MASK) && a->value >= from.value &&
                    size <= bytes && a->value - from.value <= bytes - size;
            if (found)
                *a = (struct bus_address){to.space, to.value + (a->value - from.value)};
        }
        if (!found)
            return false;
    }
    return true;
}

bool fdt_reg(const struct fdt *tree, fdt_node_t node, uint32_t index, struct fdt_range *out) {
    fdt_node_t bus = node == FDT_NONE ? FDT_NONE : fdt_parent(tree, node);
    if (bus == FDT_NONE)
        return false;
    struct layout l = layout_of(tree, bus);
    uint32_t length, entry = (l.address + l.size) * CELL;
    const uint8_t *data = fdt_property(tree, node, "reg", &length);
    if (!data || !is_usable(l) || index >= length / entry)
        return false;
    data += index * entry;
    struct bus_address a = address(data, l.address);
    uint64_t size = number(data + l.address * CELL, l.size);
    if (!translate(tree, bus, &a, size) || a.value + size < a.value)
        return false;
    *out = (struct fdt_range){a.value, size};
    return true;
}

bool fdt_window(const struct fdt *tree, fdt_node_t bus, uint32_t index, struct fdt_window *out) {
    struct bus_address from, to;
    uint64_t size;
    fdt_node_t above = bus == FDT_NONE ? FDT_NONE : fdt_parent(tree, bus);
    if (above == FDT_NONE || !range_row(tree, bus, above, index, &from, &to, &size) ||
        !translate(tree, above, &to, size))
        return false;
    *out = (struct fdt_window){from.space, from.value, to.value, size};
    return from.value + size >= from.value && to.value + size >= to.value;
}

/* --- memory --- */

/* Entry `*index` of the node's `reg`; else takes the entries that it has off the index. */
static bool take_reg(const struct fdt *tree, fdt_node_t node, uint32_t *index, struct fdt_range *out) {
    uint32_t length, entries = 0;
    struct layout l = layout_of(tree, fdt_parent(tree, node));
    if (fdt_property(tree, node, "reg", &length) && is_usable(l))
        entries = length / ((l.address + l.size) * CELL);
    if (*index >= entries) {
        *index -= entries;
        return false;
    }
    if (!fdt_reg(tree, node, *index, out))
        *out = (struct fdt_range){0, 0};
    return true;
}

bool fdt_memory(const struct fdt *tree, uint32_t index, struct fdt_range *out) {
    for (fdt_node_t node = fdt_first_child(tree, tree->root); node != FDT_NONE; node = fdt_next_sibling(tree, node)) {
        const char *type = fdt_string(tree, node, "device_type", 0);
        if (type && strcmp(type, "memory") == 0 && fdt_is_enabled(tree, node) && take_reg(tree, node, &index, out))
            return true;
    }
    return false;
}

bool fdt_reserved(const struct fdt *tree, uint32_t index, struct fdt_range *out) {
    if (index < tree->reservation_count) {
        const uint8_t *row = tree->blob + tree->reservations + index * FDT_RESERVATION_BYTES;
        *out = (struct fdt_range){number(row, 2), number(row + 2 * CELL, 2)};
        return true;
    }
    index -= tree->reservation_count;
    fdt_node_t parent = fdt_find_path(tree, "/reserved-memory");
    if (parent == FDT_NONE)
        return false;
    for (fdt_node_t node = fdt_first_child(tree, parent); node != FDT_NONE; node = fdt_next_sibling(tree, node))
        if (fdt_is_enabled(tree, node) && take_reg(tree, node, &index, out))
            return true;
    return false;
}

/* --- /chosen --- */

bool fdt_initrd(const struct fdt *tree, struct fdt_range *out) {
    fdt_node_t chosen = fdt_find_path(tree, "/chosen");
    uint64_t start, end;
    if (!fdt_number(tree, chosen, "linux,initrd-start", &start) || !fdt_number(tree, chosen, "linux,initrd-end", &end) ||
        end <= start)
        return false;
    *out = (struct fdt_range){start, end - start};
    return true;
}

fdt_node_t fdt_stdout(const struct fdt *tree) {
    const char *path = fdt_string(tree, fdt_find_path(tree, "/chosen"), "stdout-path", 0);
    char plain[128];
    if (!path)
        return FDT_NONE;
    size_t length = 0; /* "/pl011@9000000:115200n8": the line's settings are not part of the path */
    while (path[length] && path[length] != ':')
        length++;
    if (length >= sizeof plain)
        return FDT_NONE;
    memcpy(plain, path, length);
    plain[length] = '\0';
    return fdt_find_path(tree, plain);
}
