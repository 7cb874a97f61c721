/* Host program: the kernel's engine for whoever speaks in tokens. Takes a GGUF file; for each line of token ids on its
 * input it writes the logits behind the last of them, as 32-bit floats. What a line has in common with the one before is
 * not computed again. Ends with 1 and a reason when the file is refused, with 2 when a line is none. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "neural.h"

#define MAX_TOKENS 4096

static struct neural *load(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return perror(path), NULL;
    const void *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    neural_reason_t reason = "it cannot be mapped";
    struct neural_options options = {0};
    size_t bytes = file == MAP_FAILED ? 0 : neural_memory(file, (size_t)st.st_size, &options, reason);
    void *memory = bytes ? aligned_alloc(64, (bytes + 63) & ~63ul) : NULL;
    struct neural *model = memory ? neural_load(file, (size_t)st.st_size, &options, memory, bytes, reason) : NULL;
    if (!model)
        fprintf(stderr, "%s\n", reason);
    return model;
}

int main(int argc, char **argv) {
    struct neural *model = argc == 2 ? load(argv[1]) : NULL;
    if (!model)
        return 1;
    struct neural_info info;
    neural_get_info(model, &info);

    static uint32_t before[MAX_TOKENS], tokens[MAX_TOKENS];
    size_t known = 0, size = 0;
    for (char *line = NULL; getline(&line, &size, stdin) > 0;) {
        size_t count = 0, same = 0;
        for (char *at = line, *end; count < MAX_TOKENS; at = end) {
            tokens[count] = (uint32_t)strtoul(at, &end, 10);
            if (end == at)
                break;
            count++;
        }
        /* The last one is evaluated in any case: its logits are what is asked for. */
        while (same + 1 < count && same < known && before[same] == tokens[same])
            same++;
        neural_rewind(model, (uint32_t)same);
        if (count == 0 || neural_eval(model, tokens + same, count - same) < 0)
            return 2;
        for (known = 0; known < count; known++)
            before[known] = tokens[known];
        fwrite(neural_logits(model), sizeof(float), info.vocabulary, stdout);
        fflush(stdout);
    }
    return 0;
}
