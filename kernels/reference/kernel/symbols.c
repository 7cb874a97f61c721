/* Function names for addresses, from the table that tools/ksyms.c has put into the image. */
#include <auton/string.h>
#include <auton/symbols.h>

struct ksym {
    uint64_t address;
    uint32_t size, name;
};
extern const uint8_t __ksyms_start[], __ksyms_end[];

const char *symbol_lookup(uint64_t address, uint64_t *offset) {
    if (&__ksyms_start[0] == &__ksyms_end[0])
        return NULL;
    uint64_t count = *(const uint64_t *)(const void *)__ksyms_start;
    const struct ksym *table = (const void *)(__ksyms_start + sizeof count);
    const char *names = (const char *)(table + count);
    uint64_t low = 0, high = count; /* table[low - 1].address <= address < table[high].address */
    while (low < high) {
        uint64_t mid = (low + high) / 2;
        if (table[mid].address <= address)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return NULL;
    const struct ksym *sym = &table[low - 1];
    *offset = address - sym->address;
    if (sym->size ? *offset >= sym->size : low == count)
        return NULL;
    return names + sym->name;
}
