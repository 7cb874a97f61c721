/* Self-tests of the device tree reader, on a small tree that is built here: a bus that shifts addresses, a PCI host
 * bridge with an interrupt map, memory in two pieces, and every way in which a blob can be wrong. */
#include <auton/fdt.h>
#include <auton/selftest.h>
#include <auton/string.h>

enum { HEADER = 40, RESERVED_AT = 40, STRUCTURE_AT = 72, STRUCTURE_MAX = 1600, STRINGS_AT = STRUCTURE_AT + STRUCTURE_MAX,
       STRINGS_MAX = 512, BLOB_MAX = STRINGS_AT + STRINGS_MAX };

static uint8_t blob[BLOB_MAX];
static uint32_t at, strings_used;

static void put_at(uint32_t offset, uint32_t value) {
    for (unsigned i = 0; i < 4; i++)
        blob[offset + i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put(uint32_t value) {
    put_at(at, value);
    at += 4;
}

static void put_bytes(const void *data, uint32_t length) {
    memset(blob + at, 0, ALIGN_UP((uint64_t)length, 4));
    memcpy(blob + at, data, length);
    at += (uint32_t)ALIGN_UP((uint64_t)length, 4);
}

static void begin(const char *name) {
    put(1);
    put_bytes(name, (uint32_t)strlen(name) + 1);
}

static void end(void) {
    put(2);
}

static uint32_t string_offset(const char *name) {
    uint32_t offset = 0;
    while (offset < strings_used && strcmp((const char *)blob + STRINGS_AT + offset, name) != 0)
        offset += (uint32_t)strlen((const char *)blob + STRINGS_AT + offset) + 1;
    if (offset == strings_used) {
        strlcpy((char *)blob + STRINGS_AT + offset, name, STRINGS_MAX - offset);
        strings_used += (uint32_t)strlen(name) + 1;
    }
    return offset;
}

static void property(const char *name, const void *data, uint32_t length) {
    put(3);
    put(length);
    put(string_offset(name));
    put_bytes(data, length);
}

static void text(const char *name, const char *value) {
    property(name, value, (uint32_t)strlen(value) + 1);
}

static void cells(const char *name, const uint32_t *values, uint32_t count) {
    put(3);
    put(count * 4);
    put(string_offset(name));
    for (uint32_t i = 0; i < count; i++)
        put(values[i]);
}
#define CELLS(name, ...) cells((name), (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void build_bus(void) {
    begin("bus@1000"); /* one cell of address and size; its 0x100 is the processor's 0x8_0000_1100 */
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    CELLS("ranges", 0x0, 0x8, 0x1000, 0x10000);
    CELLS("interrupt-parent", 1);
    begin("uart@100");
    property("compatible", "vendor,uart\0ns16550a", 21);
    CELLS("reg", 0x100, 0x20, 0x20000, 0x20);
    CELLS("interrupts", 0, 7, 4, 1, 9, 4);
    CELLS("serial", 0x41424344);
    end();
    begin("uart@200");
    text("compatible", "ns16550a");
    text("status", "disabled");
    end();
    begin("timer@300");
    text("compatible", "timer");
    CELLS("reg", 0x300, 0x10);
    CELLS("interrupts-extended", 1, 0, 3, 1, 1, 1, 13, 2);
    end();
    end();
}

static void build_pci(void) {
    begin("pcie@2000");
    text("compatible", "pci-host-ecam-generic");
    CELLS("#address-cells", 3);
    CELLS("#size-cells", 2);
    CELLS("#interrupt-cells", 1);
    CELLS("ranges", 0x01000000, 0, 0, 0, 0x3EFF0000, 0, 0x10000, 0x02000000, 0, 0x10000000, 0, 0x10000000, 0, 0x2EFF0000);
    CELLS("interrupt-map-mask", 0x1800, 0, 0, 7);
    CELLS("interrupt-map", 0x0000, 0, 0, 1, 1, 0, 0, 0, 3, 4, 0x0000, 0, 0, 2, 1, 0, 0, 0, 4, 4,
          0x0800, 0, 0, 1, 1, 0, 0, 0, 4, 4, 0x0800, 0, 0, 2, 1, 0, 0, 0, 5, 4);
    end();
}

/* A whole and correct tree; returns its size. */
static uint32_t build(void) {
    memset(blob, 0, sizeof blob);
    at = STRUCTURE_AT;
    strings_used = 0;
    begin("");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    begin("aliases");
    text("serial0", "/bus@1000/uart@100");
    end();
    begin("chosen");
    text("bootargs", "test=all exit");
    text("stdout-path", "serial0:115200n8");
    CELLS("linux,initrd-start", 0x48000000);
    CELLS("linux,initrd-end", 0, 0x48001000);
    end();
    begin("memory@80000000");
    text("device_type", "memory");
    CELLS("reg", 0, 0x80000000, 0, 0x4000000, 2, 0, 1, 0);
    end();
    begin("reserved-memory");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    property("ranges", "", 0);
    begin("firmware@80000000");
    CELLS("reg", 0, 0x80000000, 0, 0x20000);
    end();
    end();
    put(4);
    begin("intc@f000");
    CELLS("phandle", 1);
    CELLS("#address-cells", 2);
    CELLS("#interrupt-cells", 3);
    property("interrupt-controller", "", 0);
    end();
    build_bus();
    build_pci();
    end();
    put(9);
    uint32_t structure_size = at - STRUCTURE_AT;
    at = 0;
    put(0xD00DFEED);
    put(BLOB_MAX);
    put(STRUCTURE_AT);
    put(STRINGS_AT);
    put(RESERVED_AT);
    put(17);
    put(16);
    put(0);
    put(strings_used);
    put(structure_size);
    const uint32_t reservation[] = {0x1, 0x90000000, 0, 0x3000, 0, 0, 0, 0};
    for (unsigned i = 0; i < ARRAY_SIZE(reservation); i++)
        put(reservation[i]);
    return structure_size;
}

SELFTEST(fdt_nodes, "boot") {
    struct fdt t;
    build();
    CHECK(fdt_open(&t, blob, sizeof blob) == NULL);
    fdt_node_t uart = fdt_find_path(&t, "/bus@1000/uart@100"), bus = fdt_find_path(&t, "/bus");
    CHECK(uart != FDT_NONE && strcmp(fdt_name(&t, uart), "uart@100") == 0);
    CHECK(bus != FDT_NONE && fdt_parent(&t, uart) == bus && fdt_parent(&t, bus) == t.root);
    CHECK(fdt_parent(&t, t.root) == FDT_NONE && fdt_find_path(&t, "/") == t.root);
    CHECK(fdt_first_child(&t, bus) == uart && fdt_first_child(&t, uart) == FDT_NONE);
    CHECK(strcmp(fdt_name(&t, fdt_next_sibling(&t, bus)), "pcie@2000") == 0);
    CHECK(fdt_next_sibling(&t, fdt_find_path(&t, "/bus/timer")) == FDT_NONE);
    CHECK(fdt_find_path(&t, "/bus@1000/uar") == FDT_NONE && fdt_find_path(&t, "/bus@2000") == FDT_NONE);
    CHECK(fdt_find_path(&t, "serial0") == uart && fdt_find_path(&t, "serial1") == FDT_NONE);
    CHECK(fdt_stdout(&t) == uart);
    CHECK(fdt_find_compatible(&t, FDT_NONE, "ns16550a") == uart);
    CHECK(fdt_find_compatible(&t, uart, "ns16550a") == FDT_NONE); /* the second is disabled */
    CHECK(fdt_find_compatible(&t, FDT_NONE, "ns16550") == FDT_NONE);
    CHECK(strcmp(fdt_name(&t, fdt_find_phandle(&t, 1)), "intc@f000") == 0 && fdt_find_phandle(&t, 2) == FDT_NONE);
    return NULL;
}

SELFTEST(fdt_properties, "boot") {
    struct fdt t;
    uint32_t value, length;
    uint64_t number;
    build();
    CHECK(fdt_open(&t, blob, sizeof blob) == NULL);
    fdt_node_t uart = fdt_find_path(&t, "serial0"), chosen = fdt_find_path(&t, "/chosen");
    CHECK(strcmp(fdt_string(&t, uart, "compatible", 1), "ns16550a") == 0 && !fdt_string(&t, uart, "compatible", 2));
    CHECK(!fdt_string(&t, uart, "serial", 0)); /* has no end */
    CHECK(!fdt_property(&t, uart, "missing", &length));
    CHECK(fdt_cell(&t, uart, "reg", 3, &value) && value == 0x20 && !fdt_cell(&t, uart, "reg", 4, &value));
    CHECK(fdt_number(&t, chosen, "linux,initrd-end", &number) && number == 0x48001000);
    CHECK(!fdt_number(&t, uart, "reg", &number));
    CHECK(strcmp(fdt_string(&t, chosen, "bootargs", 0), "test=all exit") == 0);
    CHECK(!fdt_property(&t, FDT_NONE, "reg", &length));
    return NULL;
}

static bool is_range(const struct fdt_range *r, uint64_t base, uint64_t size) {
    return r->base == base && r->size == size;
}

SELFTEST(fdt_addresses, "boot") {
    struct fdt t;
    struct fdt_range r;
    struct fdt_window w;
    build();
    CHECK(fdt_open(&t, blob, sizeof blob) == NULL);
    fdt_node_t uart = fdt_find_path(&t, "serial0"), pci = fdt_find_path(&t, "/pcie");
    CHECK(fdt_reg(&t, uart, 0, &r) && is_range(&r, 0x800001100, 0x20));
    CHECK(!fdt_reg(&t, uart, 1, &r) && !fdt_reg(&t, uart, 2, &r)); /* beyond the bus's window; not there */
    CHECK(fdt_window(&t, pci, 1, &w) && w.space == 0x02000000 && w.bus == 0x10000000 && w.size == 0x2EFF0000);
    CHECK(fdt_window(&t, pci, 0, &w) && w.space == 0x01000000 && w.bus == 0 && w.cpu == 0x3EFF0000);
    CHECK(!fdt_window(&t, pci, 2, &w));
    CHECK(fdt_memory(&t, 0, &r) && is_range(&r, 0x80000000, 0x4000000));
    CHECK(fdt_memory(&t, 1, &r) && is_range(&r, 0x200000000, 0x100000000) && !fdt_memory(&t, 2, &r));
    CHECK(fdt_reserved(&t, 0, &r) && is_range(&r, 0x190000000, 0x3000));
    CHECK(fdt_reserved(&t, 1, &r) && is_range(&r, 0x80000000, 0x20000) && !fdt_reserved(&t, 2, &r));
    CHECK(fdt_initrd(&t, &r) && is_range(&r, 0x48000000, 0x1000));
    return NULL;
}

static bool is_interrupt(const struct fdt_interrupt *i, uint32_t a, uint32_t b, uint32_t c) {
    return i->count == 3 && i->cells[0] == a && i->cells[1] == b && i->cells[2] == c;
}

SELFTEST(fdt_interrupts, "boot") {
    struct fdt t;
    struct fdt_interrupt i;
    build();
    CHECK(fdt_open(&t, blob, sizeof blob) == NULL);
    fdt_node_t uart = fdt_find_path(&t, "serial0"), timer = fdt_find_path(&t, "/bus/timer");
    fdt_node_t pci = fdt_find_path(&t, "/pcie");
    CHECK(fdt_interrupt(&t, uart, 0, &i) && is_interrupt(&i, 0, 7, 4) && i.controller == fdt_find_phandle(&t, 1));
    CHECK(fdt_interrupt(&t, uart, 1, &i) && is_interrupt(&i, 1, 9, 4) && !fdt_interrupt(&t, uart, 2, &i));
    CHECK(fdt_interrupt(&t, timer, 1, &i) && is_interrupt(&i, 1, 13, 2) && !fdt_interrupt(&t, timer, 2, &i));
    CHECK(!fdt_interrupt(&t, pci, 0, &i));
    CHECK(fdt_pci_interrupt(&t, pci, 0, 1, &i) && is_interrupt(&i, 0, 3, 4));
    CHECK(fdt_pci_interrupt(&t, pci, 1, 2, &i) && is_interrupt(&i, 0, 5, 4));
    CHECK(fdt_pci_interrupt(&t, pci, 4, 2, &i) && is_interrupt(&i, 0, 4, 4)); /* the mask folds device 4 to 0 */
    CHECK(!fdt_pci_interrupt(&t, pci, 0, 3, &i) && !fdt_pci_interrupt(&t, uart, 0, 1, &i));
    return NULL;
}

/* Is the tree refused when the cell at `offset` is `value`? */
static bool refuses(uint32_t offset, uint32_t value) {
    struct fdt t;
    build();
    put_at(offset, value);
    return fdt_open(&t, blob, sizeof blob) != NULL;
}

SELFTEST(fdt_refuses_malformed, "boot") {
    struct fdt t;
    uint32_t structure_size = build(), first_property = STRUCTURE_AT + 8;
    CHECK(fdt_open(&t, NULL, sizeof blob) && fdt_open(&t, blob, 39) && fdt_open(&t, blob, sizeof blob - 1));
    CHECK(refuses(0, 0xD00DFEEE) && refuses(4, BLOB_MAX + 1) && refuses(4, 39));
    CHECK(refuses(8, BLOB_MAX) && refuses(8, STRUCTURE_AT + 2) && refuses(8, 0xFFFFFFFC) && refuses(8, 0));
    CHECK(refuses(12, BLOB_MAX) && refuses(16, BLOB_MAX - 8) && refuses(16, 44));
    CHECK(refuses(20, 16) && refuses(24, 18));
    CHECK(refuses(32, 0xFFFFFFFF) && refuses(32, 4) && refuses(36, structure_size - 4) && refuses(36, 0xFFFFFFFC));
    CHECK(refuses(first_property + 4, 0x7FFFFFFF) && refuses(first_property + 4, 0xFFFFFFFF));
    CHECK(refuses(first_property + 8, strings_used) && refuses(first_property + 8, 0xFFFFFFFF));
    CHECK(refuses(first_property, 2) && refuses(first_property, 5) && refuses(STRUCTURE_AT, 4));
    CHECK(refuses(STRUCTURE_AT + structure_size - 4, 4)); /* no end */
    build();
    memset(blob + STRUCTURE_AT, 0, STRUCTURE_MAX);
    for (at = STRUCTURE_AT; at < STRINGS_AT - 8;) /* nodes in nodes in nodes */
        begin("");
    CHECK(fdt_open(&t, blob, sizeof blob) != NULL);
    return NULL;
}

/* Whatever one changed cell makes of the tree, reading all of it comes to an end and stays inside. */
SELFTEST(fdt_survives_damage, "boot") {
    struct fdt t;
    struct fdt_range r;
    struct fdt_window w;
    struct fdt_interrupt i;
    uint32_t structure_size = build();
    for (uint32_t offset = STRUCTURE_AT; offset < STRUCTURE_AT + structure_size; offset += 4) {
        static const uint32_t values[] = {0, 1, 0xFFFFFFFF};
        uint32_t old = fdt_cell_at(blob + offset);
        put_at(offset, values[offset / 4 % ARRAY_SIZE(values)]);
        if (fdt_open(&t, blob, sizeof blob) == NULL) {
            for (fdt_node_t node = t.root; node != FDT_NONE; node = fdt_next(&t, node)) {
                fdt_reg(&t, node, 0, &r);
                fdt_window(&t, node, 1, &w);
                fdt_interrupt(&t, node, 1, &i);
                fdt_pci_interrupt(&t, node, 1, 2, &i);
                CHECK(node > STRUCTURE_AT - 1 && node < STRUCTURE_AT + structure_size);
            }
            fdt_memory(&t, 1, &r);
            fdt_reserved(&t, 1, &r);
            fdt_initrd(&t, &r);
            fdt_stdout(&t);
        }
        put_at(offset, old);
    }
    return NULL;
}
