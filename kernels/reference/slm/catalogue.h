/* The driver catalogue: which Linux driver serves which device. Facts only; what this kernel has is asked of dev. */
#pragma once
#include <auton/slm.h>

#define ANY_PROG_IF 0x1FF /* beside 0x00..0xFF */

struct catalogue_driver {
    const char *name, *description;
    const char *keywords; /* further words that name its hardware, separated by spaces */
};

/* The first row that a device fits is its driver: exact ids stand before ranges, ranges before classes. */
struct catalogue_row {
    uint16_t vendor;              /* 0xFFFF any */
    uint16_t first, last;         /* device ids; 0 and 0xFFFF for any */
    uint8_t class_code, subclass; /* 0xFF any */
    uint16_t prog_if;             /* ANY_PROG_IF */
    const char *driver;
};

extern const struct catalogue_driver catalogue_drivers[];
extern const size_t catalogue_driver_count;
extern const struct catalogue_row catalogue_rows[];
extern const size_t catalogue_row_count;

/* Like kb_driver_for(), for a device whose programming interface is known too. An unknown class_code is 0xFF. */
const struct kb_driver *catalogue_for(uint16_t vendor, uint16_t device, uint8_t class_code, uint8_t subclass,
                                      uint16_t prog_if);
/* The driver of that name (dash and underscore are the same), or NULL. */
const struct kb_driver *catalogue_find(const char *name);
/* The driver that has `word` (lower case) among its keywords, or NULL. */
const struct kb_driver *catalogue_by_keyword(const char *word, size_t length);
