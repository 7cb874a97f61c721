/* A device tree that the firmware made up: everything the kernel asks of one, asked of each node. */
#include "fuzz.h"
#include <auton/fdt.h>
#include <auton/string.h>

extern void *malloc(size_t size);
extern void free(void *p);

#define LIST_END 8 /* entries of one property that are looked at */

static void visit_strings(const struct fdt *tree, fdt_node_t node) {
    static const char *const names[] = {"compatible", "status", "device_type", "model", "bootargs", "stdout-path", "method"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *text = fdt_string(tree, node, names[i], 0);
        if (text)
            touch(text, strlen(text) + 1);
        fdt_string(tree, node, names[i], 3);
    }
}

static void visit_properties(const struct fdt *tree, fdt_node_t node) {
    static const char *const names[] = {"reg", "ranges", "interrupts", "interrupt-map", "interrupts-extended", "bus-range"};
    uint32_t length, cell;
    uint64_t number;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const uint8_t *data = fdt_property(tree, node, names[i], &length);
        if (data)
            touch(data, length);
        PROMISE(!fdt_cell(tree, node, names[i], UINT32_MAX, &cell));
        fdt_cell(tree, node, names[i], 1, &cell);
        fdt_number(tree, node, names[i], &number);
    }
}

static void visit_addresses(const struct fdt *tree, fdt_node_t node) {
    struct fdt_range range;
    struct fdt_window window;
    struct fdt_interrupt interrupt;
    for (uint32_t i = 0; i < LIST_END && fdt_reg(tree, node, i, &range); i++)
        PROMISE(range.base + range.size >= range.base);
    for (uint32_t i = 0; i < LIST_END; i++)
        fdt_window(tree, node, i, &window);
    for (uint32_t i = 0; i < LIST_END && fdt_interrupt(tree, node, i, &interrupt); i++)
        PROMISE(interrupt.controller != FDT_NONE && interrupt.count >= 1 && interrupt.count <= FDT_MAX_CELLS);
    for (uint8_t pin = 0; pin <= 5; pin++)
        fdt_pci_interrupt(tree, node, 3, pin, &interrupt);
    fdt_reg(tree, node, UINT32_MAX, &range);
    fdt_window(tree, node, UINT32_MAX, &window);
    fdt_interrupt(tree, node, UINT32_MAX, &interrupt);
}

/* The ways through the tree agree: parent and children, siblings, and the order of the whole. */
static void visit_family(const struct fdt *tree, fdt_node_t node) {
    fdt_node_t parent = fdt_parent(tree, node), child = fdt_first_child(tree, node);
    PROMISE((parent == FDT_NONE) == (node == tree->root));
    PROMISE(child == FDT_NONE || (fdt_parent(tree, child) == node && fdt_next(tree, node) == child));
    fdt_node_t sibling = fdt_next_sibling(tree, node);
    PROMISE(sibling == FDT_NONE || (sibling > node && fdt_parent(tree, sibling) == parent));
    touch(fdt_name(tree, node), strlen(fdt_name(tree, node)) + 1);
}

static void visit_memory(const struct fdt *tree) {
    struct fdt_range range;
    for (uint32_t i = 0; i < LIST_END && fdt_memory(tree, i, &range); i++)
        PROMISE(range.base + range.size >= range.base);
    for (uint32_t i = 0; i < LIST_END && fdt_reserved(tree, i, &range); i++) {
    }
    if (fdt_initrd(tree, &range))
        PROMISE(range.size > 0 && range.base + range.size > range.base);
    fdt_stdout(tree);
}

static void visit(const uint8_t *data, size_t size) {
    struct fdt tree;
    if (fdt_open(&tree, data, size) != NULL)
        return;
    PROMISE(tree.size <= size && tree.root != FDT_NONE);
    unsigned nodes = 0;
    for (fdt_node_t node = tree.root; node != FDT_NONE && nodes < 256; node = fdt_next(&tree, node), nodes++) {
        visit_family(&tree, node);
        visit_strings(&tree, node);
        visit_properties(&tree, node);
        visit_addresses(&tree, node);
    }
    visit_memory(&tree);
    static const char *const paths[] = {"/", "/cpus", "/cpus/cpu@0", "/soc/serial", "serial0", "serial0/x", "//chosen", ""};
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        fdt_find_path(&tree, paths[i]);
    fdt_find_compatible(&tree, FDT_NONE, "ns16550a");
    fdt_find_phandle(&tree, 0);
}

/* The memory ends where the tree says that it does, so that nothing can be read behind it unseen. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size >= 8 && fdt_cell_at(data + 4) < size)
        size = fdt_cell_at(data + 4);
    uint8_t *blob = malloc(size ? size : 1);
    memcpy(blob, data, size);
    visit(blob, size);
    free(blob);
    return 0;
}
