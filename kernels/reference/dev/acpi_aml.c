/* Finds \_S5 without an AML interpreter: compilers write it as a name followed at once by a package of constants. */
#include "acpi_tables.h"
#include <auton/string.h>

enum aml { AML_ZERO = 0x00, AML_ONE = 0x01, AML_NAME = 0x08, AML_BYTE = 0x0A, AML_WORD = 0x0B, AML_DWORD = 0x0C,
           AML_PACKAGE = 0x12, AML_ROOT = '\\' };

struct cursor {
    const uint8_t *at, *end;
};

static bool take(struct cursor *c, uint8_t *out) {
    if (c->at >= c->end)
        return false;
    *out = *c->at++;
    return true;
}

/* Package length: the upper two bits of its first byte say how many more bytes there are. */
static bool skip_package_length(struct cursor *c) {
    uint8_t lead;
    if (!take(c, &lead) || c->end - c->at < lead >> 6)
        return false;
    c->at += lead >> 6;
    return true;
}

/* An integer constant; a sleep type has three bits, so its lowest byte is all of it. */
static bool take_constant(struct cursor *c, uint8_t *out) {
    uint8_t op;
    if (!take(c, &op))
        return false;
    if (op == AML_ZERO || op == AML_ONE) {
        *out = op;
        return true;
    }
    ptrdiff_t bytes = op == AML_BYTE ? 1 : op == AML_WORD ? 2 : op == AML_DWORD ? 4 : 0;
    if (bytes == 0 || c->end - c->at < bytes)
        return false;
    *out = c->at[0];
    c->at += bytes;
    return true;
}

static bool is_named(const uint8_t *aml, size_t name_at) {
    return (name_at >= 1 && aml[name_at - 1] == AML_NAME) ||
           (name_at >= 2 && aml[name_at - 1] == AML_ROOT && aml[name_at - 2] == AML_NAME);
}

static bool parse_package(struct cursor c, struct acpi_power *power) {
    uint8_t op, elements, a, b;
    if (!take(&c, &op) || op != AML_PACKAGE || !skip_package_length(&c) || !take(&c, &elements) || elements < 1)
        return false;
    if (!take_constant(&c, &a))
        return false;
    if (elements < 2 || !take_constant(&c, &b))
        b = a;
    if (a > 7 || b > 7)
        return false;
    power->s5_type_a = a;
    power->s5_type_b = b;
    return true;
}

bool acpi_find_s5(const uint8_t *aml, size_t length, struct acpi_power *power) {
    for (size_t i = 1; i + 4 <= length; i++)
        if (aml[i] == '_' && memcmp(aml + i, "_S5_", 4) == 0 && is_named(aml, i) &&
            parse_package((struct cursor){aml + i + 4, aml + length}, power))
            return power->s5_known = true;
    return false;
}
