/* Interrupts in a device tree: from a device to the controller that its line reaches. What stands between them, a PCI
 * host bridge above all, translates by its `interrupt-map`. */
#include <auton/fdt.h>
#include <auton/string.h>

#define CELL 4u
#define MAX_NEXUSES 8    /* translations in a row; a map that leads back to itself must not go on for ever */
#define MAX_ROWS 512     /* four pins of 32 devices are 128 */
#define MAX_UNIT_CELLS 3 /* of a device's address on its bus */
#define PCI_DEVICE_SHIFT 11

struct unit {
    uint32_t cells[MAX_UNIT_CELLS];
};

static uint32_t cells_of(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t otherwise) {
    uint32_t cells = otherwise;
    fdt_cell(tree, node, name, 0, &cells);
    return cells;
}

static bool has(const struct fdt *tree, fdt_node_t node, const char *name) {
    uint32_t length;
    return fdt_property(tree, node, name, &length) != NULL;
}

/* The node that takes the interrupts of `node`: named by it, or by the nearest one above that names any. */
static fdt_node_t parent_of(const struct fdt *tree, fdt_node_t node) {
    uint32_t phandle;
    for (; node != FDT_NONE; node = fdt_parent(tree, node))
        if (fdt_cell(tree, node, "interrupt-parent", 0, &phandle))
            return fdt_find_phandle(tree, phandle);
    return FDT_NONE;
}

static bool read_cells(const uint8_t *data, uint32_t length, uint32_t count, struct fdt_interrupt *out) {
    if (count == 0 || count > FDT_MAX_CELLS || length / CELL < count)
        return false;
    out->count = count;
    for (uint32_t i = 0; i < count; i++)
        out->cells[i] = fdt_cell_at(data + i * CELL);
    return true;
}

/* One row of a map: unit address and interrupt on this side, a controller, unit address and interrupt on its side.
 * How many cells the far side has, its controller says. */
struct row {
    uint32_t near, far_unit, far; /* cells */
    fdt_node_t controller;
};

static bool row_at(const struct fdt *tree, const uint8_t *data, uint32_t length, uint32_t near, struct row *row) {
    if (length / CELL <= near)
        return false;
    uint32_t phandle = fdt_cell_at(data + near * CELL);
    row->near = near;
    row->controller = fdt_find_phandle(tree, phandle);
    row->far_unit = cells_of(tree, row->controller, "#address-cells", 0);
    row->far = cells_of(tree, row->controller, "#interrupt-cells", 0);
    return row->controller != FDT_NONE && row->far_unit <= FDT_MAX_CELLS && row->far <= FDT_MAX_CELLS &&
           length / CELL >= near + 1 + row->far_unit + row->far;
}

static bool row_matches(const uint8_t *data, const uint8_t *mask, const uint32_t *wanted, uint32_t cells) {
    for (uint32_t i = 0; i < cells; i++) {
        uint32_t bits = mask ? fdt_cell_at(mask + i * CELL) : UINT32_MAX;
        if ((fdt_cell_at(data + i * CELL) & bits) != (wanted[i] & bits))
            return false;
    }
    return true;
}

/* Translates `out`, an interrupt in terms of the nexus, by one step. */
static bool step(const struct fdt *tree, fdt_node_t nexus, const struct unit *unit, struct fdt_interrupt *out) {
    uint32_t length, mask_length, wanted[MAX_UNIT_CELLS + FDT_MAX_CELLS];
    uint32_t unit_cells = cells_of(tree, nexus, "#address-cells", 0), near = unit_cells + out->count;
    const uint8_t *data = fdt_property(tree, nexus, "interrupt-map", &length);
    const uint8_t *mask = fdt_property(tree, nexus, "interrupt-map-mask", &mask_length);
    if (unit_cells > MAX_UNIT_CELLS || (mask && mask_length / CELL < near))
        return false;
    for (uint32_t i = 0; i < unit_cells; i++)
        wanted[i] = unit->cells[i];
    for (uint32_t i = 0; i < out->count; i++)
        wanted[unit_cells + i] = out->cells[i];

    struct row row;
    for (unsigned i = 0; i < MAX_ROWS && row_at(tree, data, length, near, &row); i++) {
        if (row_matches(data, mask, wanted, near)) {
            out->controller = row.controller;
            return read_cells(data + (near + 1 + row.far_unit) * CELL, row.far * CELL, row.far, out);
        }
        uint32_t bytes = (near + 1 + row.far_unit + row.far) * CELL;
        data += bytes;
        length -= bytes;
    }
    return false;
}

static struct unit unit_of(const struct fdt *tree, fdt_node_t node) {
    struct unit unit = {{0}};
    for (uint32_t i = 0; i < MAX_UNIT_CELLS; i++)
        fdt_cell(tree, node, "reg", i, &unit.cells[i]);
    return unit;
}

/* Follows the interrupt from out->controller, which may only be a nexus, to the controller itself. */
static bool resolve(const struct fdt *tree, struct unit unit, struct fdt_interrupt *out) {
    for (unsigned steps = 0; steps < MAX_NEXUSES && out->controller != FDT_NONE; steps++) {
        fdt_node_t nexus = out->controller;
        if (!has(tree, nexus, "interrupt-map"))
            return has(tree, nexus, "interrupt-controller");
        if (!step(tree, nexus, &unit, out))
            return false;
        unit = unit_of(tree, nexus);
    }
    return false;
}

static bool extended(const struct fdt *tree, const uint8_t *data, uint32_t length, uint32_t index,
                     struct fdt_interrupt *out) {
    while (length >= CELL) {
        out->controller = fdt_find_phandle(tree, fdt_cell_at(data));
        uint32_t cells = cells_of(tree, out->controller, "#interrupt-cells", 0);
        data += CELL;
        length -= CELL;
        if (out->controller == FDT_NONE || cells > FDT_MAX_CELLS || length / CELL < cells)
            return false;
        if (index-- == 0)
            return read_cells(data, length, cells, out);
        data += cells * CELL;
        length -= cells * CELL;
    }
    return false;
}

bool fdt_interrupt(const struct fdt *tree, fdt_node_t node, uint32_t index, struct fdt_interrupt *out) {
    uint32_t length;
    const uint8_t *data = fdt_property(tree, node, "interrupts-extended", &length);
    if (data)
        return index < MAX_ROWS && extended(tree, data, length, index, out) && resolve(tree, unit_of(tree, node), out);
    if (!(data = fdt_property(tree, node, "interrupts", &length)))
        return false;
    out->controller = parent_of(tree, node);
    uint32_t cells = cells_of(tree, out->controller, "#interrupt-cells", 0);
    if (cells == 0 || cells > FDT_MAX_CELLS || index >= length / CELL / cells)
        return false;
    return read_cells(data + index * cells * CELL, length, cells, out) && resolve(tree, unit_of(tree, node), out);
}

bool fdt_pci_interrupt(const struct fdt *tree, fdt_node_t host, uint8_t dev, uint8_t pin, struct fdt_interrupt *out) {
    if (host == FDT_NONE || !has(tree, host, "interrupt-map"))
        return false;
    *out = (struct fdt_interrupt){.controller = host, .cells = {pin}, .count = 1};
    return resolve(tree, (struct unit){{(uint32_t)dev << PCI_DEVICE_SHIFT, 0, 0}}, out);
}
