/* Host program: the kernel's engine for whoever speaks in tokens or wants to know them.
 *   ask MODEL          for each line of token ids on the input the logits behind the last of them, as 32-bit floats; what
 *                      a line has in common with the one before is not computed again
 *   ask MODEL tokens   for each line of text on the input its tokens, as a line of ids
 * Ends with 1 and a reason when the file is refused, with 2 when a line is. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int refuse(const char *line) {
    fprintf(stderr, "this line cannot be taken: %.60s\n", line);
    return 2;
}

static int logits(struct neural *model) {
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
            return refuse(line);
        for (known = 0; known < count; known++)
            before[known] = tokens[known];
        fwrite(neural_logits(model), sizeof(float), info.vocabulary, stdout);
        fflush(stdout);
    }
    return 0;
}

static int tokens_of_texts(struct neural *model) {
    static uint32_t tokens[MAX_TOKENS];
    size_t size = 0;
    ssize_t length;
    for (char *line = NULL; (length = getline(&line, &size, stdin)) > 0;) {
        if (line[length - 1] == '\n')
            length--;
        int32_t count = neural_tokenize(model, line, (size_t)length, tokens, MAX_TOKENS);
        if (count < 0 || count > MAX_TOKENS)
            return refuse(line);
        for (int32_t i = 0; i < count; i++)
            printf("%s%u", i ? " " : "", tokens[i]);
        printf("\n");
    }
    return 0;
}

int main(int argc, char **argv) {
    bool asks_tokens = argc == 3 && strcmp(argv[2], "tokens") == 0;
    if (argc != 2 && !asks_tokens)
        return fprintf(stderr, "usage: %s MODEL [tokens]\n", argv[0]), 1;
    struct neural *model = load(argv[1]);
    if (!model)
        return 1;
    return asks_tokens ? tokens_of_texts(model) : logits(model);
}
