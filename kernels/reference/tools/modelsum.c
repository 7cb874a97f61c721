/* Host tool: prints the sum of a model file that model.S puts beside it (slm_model/sum.h). */
#include "sum.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "modelsum: cannot read %s\n", argc == 2 ? argv[1] : "(no file was named)");
        return 1;
    }
    size_t size = (size_t)ftell(file);
    uint8_t *bytes = malloc(size + 1);
    rewind(file);
    if (!bytes || fread(bytes, 1, size, file) != size) {
        fprintf(stderr, "modelsum: cannot read all of %s\n", argv[1]);
        return 1;
    }
    printf("0x%016llx\n", (unsigned long long)model_sum(bytes, size));
    return 0;
}
