/* Flattened device trees: the check of a blob, its nodes and their properties. The structure block is a row of tokens
 * that is only read forwards; a node is named by the place of its first token. */
#include <auton/fdt.h>
#include <auton/string.h>

#define MAGIC 0xD00DFEEDu
#define VERSION 17 /* the first that gives the size of the structure block; what is newer says if it can be read so */
#define CELL 4u

enum header { H_MAGIC = 0, H_SIZE = 4, H_STRUCTURE = 8, H_STRINGS = 12, H_RESERVATIONS = 16, H_VERSION = 20,
              H_COMPATIBLE = 24, H_STRINGS_SIZE = 32, H_STRUCTURE_SIZE = 36, H_BYTES = 40 };
enum token { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };
#define PROPERTY_HEADER 12u /* token, length, offset of the name */

uint32_t fdt_cell_at(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t cell(const struct fdt *tree, uint32_t at) {
    return fdt_cell_at(tree->blob + at);
}

static bool has_end(const uint8_t *text, uint32_t room) {
    return strnlen((const char *)text, room) < room;
}

/* Goes on in a list of strings, of which the first has an end. */
static void next_string(const uint8_t **list, uint32_t *length) {
    uint32_t bytes = (uint32_t)strlen((const char *)*list) + 1;
    *list += bytes;
    *length -= bytes;
}

/* --- the check --- */

static const char *check_blocks(struct fdt *tree, size_t available) {
    uint32_t size = tree->size = cell(tree, H_SIZE);
    if (size < H_BYTES || size > available || size > FDT_MAX_SIZE)
        return "its size makes no sense";
    if (cell(tree, H_VERSION) < VERSION || cell(tree, H_COMPATIBLE) > VERSION)
        return "its version is not supported";
    uint32_t structure_size = cell(tree, H_STRUCTURE_SIZE), strings_size = cell(tree, H_STRINGS_SIZE);
    tree->structure = cell(tree, H_STRUCTURE);
    tree->strings = cell(tree, H_STRINGS);
    tree->reservations = cell(tree, H_RESERVATIONS);
    if (tree->structure < H_BYTES || tree->structure > size || structure_size > size - tree->structure)
        return "the structure block lies outside";
    if (tree->strings < H_BYTES || tree->strings > size || strings_size > size - tree->strings)
        return "the strings block lies outside";
    if (tree->structure % CELL || tree->reservations % 8)
        return "a block is not aligned";
    tree->structure_end = tree->structure + structure_size;
    tree->strings_end = tree->strings + strings_size;
    for (uint32_t at = tree->reservations;; at += FDT_RESERVATION_BYTES, tree->reservation_count++) {
        if (at < H_BYTES || at > size || size - at < FDT_RESERVATION_BYTES)
            return "the memory reservations have no end";
        if (!cell(tree, at) && !cell(tree, at + 4) && !cell(tree, at + 8) && !cell(tree, at + 12))
            return NULL;
    }
}

/* The property at `at` up to its end, or NULL with *next behind it. */
static const char *check_property(const struct fdt *tree, uint32_t at, uint32_t *next) {
    uint32_t room = tree->structure_end - at;
    if (room < PROPERTY_HEADER)
        return "a property lies outside";
    uint32_t length = cell(tree, at + 4), name = cell(tree, at + 8);
    if (length > room - PROPERTY_HEADER || ALIGN_UP((uint64_t)length, CELL) > room - PROPERTY_HEADER)
        return "a property lies outside";
    uint32_t strings = tree->strings_end - tree->strings;
    if (name >= strings || !has_end(tree->blob + tree->strings + name, strings - name))
        return "a property has no name";
    *next = at + PROPERTY_HEADER + (uint32_t)ALIGN_UP((uint64_t)length, CELL);
    return NULL;
}

static const char *check_structure(struct fdt *tree) {
    unsigned depth = 0;
    bool properties = false; /* they come before the children */
    for (uint32_t at = tree->structure;;) {
        if (at > tree->structure_end || tree->structure_end - at < CELL)
            return "the structure block has no end";
        const char *wrong;
        switch (cell(tree, at)) {
        case BEGIN_NODE:
            if (depth == FDT_MAX_DEPTH)
                return "its nodes are nested too deeply";
            if (depth == 0 && tree->root != FDT_NONE)
                return "it has two roots";
            if (!has_end(tree->blob + at + CELL, tree->structure_end - at - CELL))
                return "a node has no name";
            if (depth++ == 0)
                tree->root = at;
            properties = true;
            at += CELL + (uint32_t)ALIGN_UP(strlen((const char *)tree->blob + at + CELL) + 1, CELL);
            break;
        case END_NODE:
            if (depth-- == 0)
                return "a node ends that has not begun";
            properties = false;
            at += CELL;
            break;
        case PROPERTY:
            if (!properties)
                return "a property stands outside of a node's head";
            if ((wrong = check_property(tree, at, &at)))
                return wrong;
            break;
        case NOP:
            at += CELL;
            break;
        case END:
            return depth ? "a node has no end" : tree->root == FDT_NONE ? "it has no root" : NULL;
        default:
            return "the structure block holds an unknown token";
        }
    }
}

const char *fdt_open(struct fdt *tree, const void *blob, size_t available) {
    *tree = (struct fdt){.blob = blob};
    if (!blob || available < H_BYTES || cell(tree, H_MAGIC) != MAGIC)
        return "there is none";
    const char *wrong = check_blocks(tree, available);
    return wrong ? wrong : check_structure(tree);
}

/* --- walking; from here on every token is known to be whole --- */

static uint32_t behind(const struct fdt *tree, uint32_t at) {
    switch (cell(tree, at)) {
    case BEGIN_NODE:
        return at + CELL + (uint32_t)ALIGN_UP(strlen((const char *)tree->blob + at + CELL) + 1, CELL);
    case PROPERTY:
        return at + PROPERTY_HEADER + (uint32_t)ALIGN_UP((uint64_t)cell(tree, at + 4), CELL);
    default:
        return at + CELL;
    }
}

/* The first token from `at` on that is no property. */
static uint32_t skip_properties(const struct fdt *tree, uint32_t at) {
    while (cell(tree, at) == PROPERTY || cell(tree, at) == NOP)
        at = behind(tree, at);
    return at;
}

/* The next node in the blob, and how much deeper it lies than `node`. */
static fdt_node_t walk(const struct fdt *tree, fdt_node_t node, int *deeper) {
    *deeper = 1;
    for (uint32_t at = behind(tree, node);; at = behind(tree, at)) {
        at = skip_properties(tree, at);
        if (cell(tree, at) == BEGIN_NODE)
            return at;
        if (cell(tree, at) == END)
            return FDT_NONE;
        --*deeper;
    }
}

fdt_node_t fdt_next(const struct fdt *tree, fdt_node_t node) {
    int deeper;
    return walk(tree, node, &deeper);
}

fdt_node_t fdt_first_child(const struct fdt *tree, fdt_node_t node) {
    int deeper;
    fdt_node_t child = walk(tree, node, &deeper);
    return deeper == 1 ? child : FDT_NONE;
}

fdt_node_t fdt_next_sibling(const struct fdt *tree, fdt_node_t node) {
    int depth = 0, deeper;
    while ((node = walk(tree, node, &deeper)) != FDT_NONE) {
        depth += deeper;
        if (depth <= 0)
            return depth == 0 ? node : FDT_NONE;
    }
    return FDT_NONE;
}

fdt_node_t fdt_parent(const struct fdt *tree, fdt_node_t node) {
    fdt_node_t above[FDT_MAX_DEPTH];
    int depth = 0, deeper;
    for (fdt_node_t at = tree->root; at != FDT_NONE && depth >= 0; at = walk(tree, at, &deeper), depth += deeper) {
        if (at == node)
            return depth ? above[depth - 1] : FDT_NONE;
        above[depth] = at;
    }
    return FDT_NONE;
}

const char *fdt_name(const struct fdt *tree, fdt_node_t node) {
    return (const char *)tree->blob + node + CELL;
}

/* --- finding --- */

/* Is `name` what a path calls `wanted`? "uart" stands for "uart@9000000" as well. */
static bool is_called(const char *name, const char *wanted, size_t length) {
    return strncmp(name, wanted, length) == 0 && (name[length] == '\0' || name[length] == '@');
}

fdt_node_t fdt_find_path(const struct fdt *tree, const char *path) {
    fdt_node_t node = tree->root;
    if (*path != '/') {
        const char *end = strchr(path, '/');
        size_t length = end ? (size_t)(end - path) : strlen(path);
        char alias[32];
        if (length >= sizeof alias)
            return FDT_NONE;
        memcpy(alias, path, length);
        alias[length] = '\0';
        const char *full = fdt_string(tree, fdt_find_path(tree, "/aliases"), alias, 0);
        node = full && *full == '/' ? fdt_find_path(tree, full) : FDT_NONE;
        path += length;
    }
    while (node != FDT_NONE) {
        while (*path == '/')
            path++;
        if (!*path)
            break;
        size_t length = 0;
        while (path[length] && path[length] != '/')
            length++;
        node = fdt_first_child(tree, node);
        while (node != FDT_NONE && !is_called(fdt_name(tree, node), path, length))
            node = fdt_next_sibling(tree, node);
        path += length;
    }
    return node;
}

fdt_node_t fdt_find_phandle(const struct fdt *tree, uint32_t phandle) {
    uint32_t value;
    for (fdt_node_t node = tree->root; node != FDT_NONE; node = fdt_next(tree, node))
        if (fdt_cell(tree, node, "phandle", 0, &value) && value == phandle)
            return node;
    return FDT_NONE;
}

fdt_node_t fdt_find_compatible(const struct fdt *tree, fdt_node_t after, const char *compatible) {
    for (fdt_node_t node = after == FDT_NONE ? tree->root : fdt_next(tree, after); node != FDT_NONE;
         node = fdt_next(tree, node))
        if (fdt_is_compatible(tree, node, compatible) && fdt_is_enabled(tree, node))
            return node;
    return FDT_NONE;
}

bool fdt_is_compatible(const struct fdt *tree, fdt_node_t node, const char *compatible) {
    uint32_t length;
    const uint8_t *data = fdt_property(tree, node, "compatible", &length);
    while (data && has_end(data, length)) {
        if (strcmp((const char *)data, compatible) == 0)
            return true;
        next_string(&data, &length);
    }
    return false;
}

bool fdt_is_enabled(const struct fdt *tree, fdt_node_t node) {
    const char *status = fdt_string(tree, node, "status", 0);
    return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

/* --- properties --- */

const uint8_t *fdt_property(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t *length) {
    if (node == FDT_NONE)
        return NULL;
    for (uint32_t at = behind(tree, node); cell(tree, at) == PROPERTY || cell(tree, at) == NOP; at = behind(tree, at)) {
        if (cell(tree, at) == NOP || strcmp((const char *)tree->blob + tree->strings + cell(tree, at + 8), name) != 0)
            continue;
        *length = cell(tree, at + 4);
        return tree->blob + at + PROPERTY_HEADER;
    }
    return NULL;
}

bool fdt_cell(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t index, uint32_t *out) {
    uint32_t length;
    const uint8_t *data = fdt_property(tree, node, name, &length);
    if (!data || index >= length / CELL)
        return false;
    *out = fdt_cell_at(data + index * CELL);
    return true;
}

bool fdt_number(const struct fdt *tree, fdt_node_t node, const char *name, uint64_t *out) {
    uint32_t length;
    const uint8_t *data = fdt_property(tree, node, name, &length);
    if (!data || (length != CELL && length != 2 * CELL))
        return false;
    *out = fdt_cell_at(data);
    if (length == 2 * CELL)
        *out = *out << 32 | fdt_cell_at(data + CELL);
    return true;
}

const char *fdt_string(const struct fdt *tree, fdt_node_t node, const char *name, uint32_t index) {
    uint32_t length;
    const uint8_t *data = fdt_property(tree, node, name, &length);
    while (data && has_end(data, length)) {
        if (index-- == 0)
            return (const char *)data;
        next_string(&data, &length);
    }
    return NULL;
}
