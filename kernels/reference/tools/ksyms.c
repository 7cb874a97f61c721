/* Writes the functions of a linked kernel as the table that kernel/symbols.c reads:
 *   u64 count, then per function, by address: u64 address, u32 size, u32 offset of its name; then the names. */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t address;
    uint32_t size, name;
};

static int by_address(const void *a, const void *b) {
    uint64_t x = ((const struct entry *)a)->address, y = ((const struct entry *)b)->address;
    return (x > y) - (x < y);
}

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        return NULL;
    *size = (size_t)ftell(f);
    rewind(f);
    unsigned char *data = malloc(*size);
    if (!data || fread(data, 1, *size, f) != *size)
        return NULL;
    fclose(f);
    return data;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: ksyms KERNEL.ELF OUT\n");
        return 2;
    }
    size_t size;
    unsigned char *image = read_file(argv[1], &size);
    if (!image || size < sizeof(Elf64_Ehdr) || memcmp(image, ELFMAG, SELFMAG) != 0) {
        fprintf(stderr, "ksyms: %s is not a readable ELF file\n", argv[1]);
        return 1;
    }
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)image;
    const Elf64_Shdr *sh = (const Elf64_Shdr *)(image + eh->e_shoff);
    const char *section_names = (const char *)image + sh[eh->e_shstrndx].sh_offset;
    const Elf64_Shdr *symtab = NULL;
    for (int i = 0; i < eh->e_shnum; i++)
        if (sh[i].sh_type == SHT_SYMTAB)
            symtab = &sh[i];
    if (!symtab) {
        fprintf(stderr, "ksyms: %s has no symbol table\n", argv[1]);
        return 1;
    }
    const Elf64_Sym *syms = (const Elf64_Sym *)(image + symtab->sh_offset);
    const char *strings = (const char *)image + sh[symtab->sh_link].sh_offset;
    size_t n = symtab->sh_size / sizeof *syms;
    struct entry *table = calloc(n + 1, sizeof *table);
    char *names = malloc(sh[symtab->sh_link].sh_size + 1);
    uint64_t count = 0;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        /* Functions, and the labels that assembler code exports. */
        int type = ELF64_ST_TYPE(syms[i].st_info);
        int global = ELF64_ST_BIND(syms[i].st_info) == STB_GLOBAL;
        if (syms[i].st_shndx == SHN_UNDEF || syms[i].st_shndx >= SHN_LORESERVE)
            continue;
        if (strcmp(section_names + sh[syms[i].st_shndx].sh_name, ".text") != 0)
            continue; /* data, and boot code that is gone when the kernel runs */
        if (type != STT_FUNC && !(type == STT_NOTYPE && global))
            continue;
        const char *name = strings + syms[i].st_name;
        if (strncmp(name, "__text_", 7) == 0)
            continue;
        table[count++] = (struct entry){syms[i].st_value, (uint32_t)syms[i].st_size, (uint32_t)used};
        memcpy(names + used, name, strlen(name) + 1);
        used += strlen(name) + 1;
    }
    qsort(table, count, sizeof *table, by_address);
    FILE *out = fopen(argv[2], "wb");
    if (!out || fwrite(&count, sizeof count, 1, out) != 1 || fwrite(table, sizeof *table, count, out) != count ||
        fwrite(names, 1, used, out) != used || fclose(out) != 0) {
        fprintf(stderr, "ksyms: cannot write %s\n", argv[2]);
        return 1;
    }
    return 0;
}
